"""Write the files that are derived from the operations: `make generate`.

docs/openapi.json, the table of operations in README.md, and a golden API Gateway event for each operation.
"""

from __future__ import annotations

import json
from pathlib import Path

from contract.operations import OPERATIONS
from contract.operations.describe import Description, Option, describe
from lambda_api.web.app import create_documented_app

ROOT = Path(__file__).resolve().parents[1]
OPENAPI = ROOT / "docs" / "openapi.json"
README = ROOT / "README.md"
EVENTS = ROOT / "events" / "api"
BEGIN, END = "<!-- operations: begin (make generate) -->\n", "<!-- operations: end -->\n"


def render() -> dict[Path, str]:
    """Return the contents of all derived files."""
    descriptions = [describe(operation) for operation in OPERATIONS.values()]
    files = {EVENTS / f"{description.kind}.json": _event(description) for description in descriptions}
    files[OPENAPI] = json.dumps(create_documented_app().openapi(), indent=2, ensure_ascii=False) + "\n"
    files[README] = _readme(README.read_text(encoding="utf-8"), descriptions)
    return files


def _readme(text: str, descriptions: list[Description]) -> str:
    before, _, rest = text.partition(BEGIN)
    inputs = {option.field: option for description in descriptions for option in description.options if option.role}
    lines = [
        "| route | body | what it does |",
        "|---|---|---|",
        *map(_row, descriptions),
        "",
        "Input files are public http or https URLs:",
        "",
        *(f"- `{option.field}`: {option.description}" for option in inputs.values()),
    ]
    return before + BEGIN + "\n".join(lines) + "\n" + END + rest.partition(END)[2]


def _row(description: Description) -> str:
    body = ", ".join(map(_field, description.options))
    purpose = " ".join(f"{description.summary}. {description.details}".split())
    return f"| `POST {description.path}` | {body} | {purpose} |"


def _field(option: Option) -> str:
    """Return the name with the default and the valid values. A question mark means optional without a default."""
    name = option.field if option.required or option.default else f"{option.field}?"
    if option.choices:
        return f"`{name}` " + " \\| ".join(option.choices)
    allowed = f"({option.range})" if option.range else ""
    return " ".join(filter(None, [f"`{name}`", option.default, allowed]))


def _event(description: Description) -> str:
    """Return an API Gateway event (payload 2.0) that submits the smallest example."""
    event = json.loads((EVENTS / "cancel.json").read_text(encoding="utf-8"))
    event["rawPath"] = event["requestContext"]["http"]["path"] = description.path
    event["headers"] = dict(sorted({**event["headers"], "idempotency-key": "n8n-run-1042"}.items()))
    event["body"] = json.dumps({**description.smallest, "metadata": {"scene": "7"}})
    return json.dumps(event, indent=2) + "\n"


if __name__ == "__main__":
    for path, text in render().items():
        path.write_text(text, encoding="utf-8")
