"""The second body of a submit's 200. FastAPI would compile a model of both for each route, at every start."""

from __future__ import annotations

from typing import Any

from lambda_api.domain.views.dry_run_schema import DryRunView

Json = dict[str, Any]


def add_dry_run(response: Json, schemas: Json) -> None:
    """Describe a response as a job or a dry run, which has the property `dry_run` that no job has."""
    schema = DryRunView.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs"))
    schemas["DryRunView"] = schema
    response["headers"]["Location"] = {
        "description": "URL of the job. A dry run has none.",
        "schema": {"type": "string", "format": "uri-reference"},
    }
    media = response["content"]["application/json"]
    media["schema"] = {"anyOf": [media["schema"], {"$ref": "#/components/schemas/DryRunView"}]}
