"""Write the files that are derived from the operations: `make generate`.

docs/openapi.json, the table of operations in README.md, their fields and objects in docs/fields.md, the commands in
docs/cli.md, a golden API Gateway event for each operation, the collections for Postman and Bruno in integrations/, and
the client's methods in api_gpu/operations.py and api_gpu/objects.py.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

from api_collections.bruno import bruno_collection
from api_collections.postman import postman_collection
from client_methods import render_objects, render_operations

from api_gpu.cli.reference import render_reference
from contract.documentation.describe import Description, describe
from contract.documentation.objects import ObjectDescription, describe_objects
from contract.documentation.properties import Property
from contract.operations import OPERATIONS
from contract.options.inputs import ROLES
from lambda_api.web.app import create_documented_app

ROOT = Path(__file__).resolve().parents[1]
OPENAPI = ROOT / "docs" / "openapi.json"
README = ROOT / "README.md"
FIELDS = ROOT / "docs" / "fields.md"
EVENTS = ROOT / "events" / "api"
POSTMAN = ROOT / "integrations" / "postman" / "api-gpu.postman_collection.json"
BRUNO = ROOT / "integrations" / "bruno"
CLIENT = ROOT / "api_gpu"
CLI = ROOT / "docs" / "cli.md"
BEGIN, END = "<!-- operations: begin (make generate) -->\n", "<!-- operations: end -->\n"


def render() -> dict[Path, str]:
    """Return the contents of all derived files."""
    descriptions = [describe(operation) for operation in OPERATIONS.values()]
    files = {EVENTS / f"{description.kind}.json": _event(description) for description in descriptions}
    document = create_documented_app().openapi()
    files[OPENAPI] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    files[POSTMAN] = postman_collection(document)
    files |= {BRUNO / name: text for name, text in bruno_collection(document).items()}
    files[FIELDS] = _fields(descriptions)
    files[README] = _readme(README.read_text(encoding="utf-8"), descriptions)
    files[CLIENT / "operations.py"] = render_operations()
    files[CLIENT / "objects.py"] = render_objects()
    files[CLI] = _insert(CLI.read_text(encoding="utf-8"), "commands", render_reference())
    return files


def _insert(text: str, name: str, made: str) -> str:
    """Return a page with the part between its marks replaced."""
    begin, end = f"<!-- {name}: begin (make generate) -->\n", f"<!-- {name}: end -->\n"
    before, _, rest = text.partition(begin)
    return before + begin + made + end + rest.partition(end)[2]


def _readme(text: str, descriptions: list[Description]) -> str:
    before, _, rest = text.partition(BEGIN)
    lines = ["| route | input | what it does |", "|---|---|---|", *map(_row, descriptions)]
    return before + BEGIN + "\n".join(lines) + "\n" + END + rest.partition(END)[2]


def _row(description: Description) -> str:
    link = f"[`POST {description.path}`](docs/fields.md#{description.kind})"
    inputs = ", ".join(f"`{option.field}`" for option in description.options if option.role or option.is_list_of_files)
    return f"| {link} | {inputs} | {description.summary} |"


def _fields(descriptions: list[Description]) -> str:
    inputs = {option.field: option for description in descriptions for option in description.options if option.role}
    objects = describe_objects(OPERATIONS)
    links = {name: found.title for name, found in objects.items()}
    lines = [
        "# Fields of the operations",
        "",
        "Made from the models by `make generate`. Every operation also takes `webhook_url` and `metadata`",
        "([the API](api.md#submit-a-job)). Input files are public http or https URLs, or `upload:<upload_id>`",
        "([uploads](api.md#uploads)):",
        "",
        *(f"- `{option.field}`: {option.description}" for option in inputs.values()),
    ]
    for description in descriptions:
        lines += _section(description, links)
    lines += ["", "## Objects", "", "Objects that fields take, alone or in a list."]
    for found in objects.values():
        lines += _object_section(found, links)
    return "\n".join(lines) + "\n"


def _section(description: Description, links: Mapping[str, str]) -> list[str]:
    pairs = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in description.example.items())
    example = "{" + ",\n ".join(pairs) + "}"
    return [
        "",
        f"## {description.kind}",
        "",
        f"`POST {description.path}`: {description.summary}.",
        "",
        *textwrap.wrap(" ".join(description.details.split()), 120),
        "",
        *("```json", example, "```"),
        "",
        *_table(description.options, links),
    ]


def _object_section(found: ObjectDescription, links: Mapping[str, str]) -> list[str]:
    users = ", ".join(f"[{user}](#{_anchor(user)})" for user in found.users)
    what = f"An entry of `{found.field}`" if found.is_entry else f"`{found.field}` as an object"
    return [
        "",
        f"### {found.title}",
        "",
        *textwrap.wrap(f"{what}: {found.summary[0].lower()}{found.summary[1:]}.", 120),
        "",
        f"In {users}.",
        "",
        *_table(found.properties, links),
    ]


def _table(properties: Iterable[Property], links: Mapping[str, str]) -> list[str]:
    return ["| field | values | default | |", "|---|---|---|---|", *(_field(field, links) for field in properties)]


def _field(field: Property, links: Mapping[str, str]) -> str:
    name = f"`{field.field}`"
    for target in dict.fromkeys(links[found] for found in field.objects):
        name = f"[{name}](#{_anchor(target)})"
    values = " \\| ".join(f"`{choice}`" for choice in field.choices) or field.range or ""
    default = "required" if field.required else f"`{field.default}`" if field.default else ""
    text = field.description[:1].upper() + field.description[1:]
    if field.notes and field.field not in ROLES:
        text += ". " + field.notes.removesuffix(".")
    return f"| {name} | {values} | {default} | {text} |"


def _anchor(title: str) -> str:
    return title.replace(" ", "-")


def _event(description: Description) -> str:
    """Return an API Gateway event (payload 2.0) that submits the smallest example."""
    event = json.loads((EVENTS / "cancel.json").read_text(encoding="utf-8"))
    event["rawPath"] = event["requestContext"]["http"]["path"] = description.path
    event["headers"] = dict(sorted({**event["headers"], "idempotency-key": "n8n-run-1042"}.items()))
    event["body"] = json.dumps({**description.smallest, "metadata": {"scene": "7"}})
    return json.dumps(event, indent=2) + "\n"


def stale(files: Iterable[Path]) -> list[Path]:
    """Return the requests of the collection for Bruno that are no longer made."""
    return sorted(set(BRUNO.rglob("*.bru")) - set(files))


def main() -> None:
    files = render()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in stale(files):
        path.unlink()


if __name__ == "__main__":
    main()
