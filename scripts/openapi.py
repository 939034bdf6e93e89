"""The document of the API, as `GET /openapi.json` serves it: `make openapi` writes it to docs/openapi.json."""

from __future__ import annotations

import json
from pathlib import Path

from lambda_api.web.app import create_documented_app

PATH = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def render() -> str:
    """In the order of the routes, so that a change is seen where it was made."""
    return json.dumps(create_documented_app().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
