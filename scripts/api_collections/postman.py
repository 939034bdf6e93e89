"""A collection for Postman and newman, in the format 2.1."""

from __future__ import annotations

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from api_collections.requests import NAME, Parameter, Request, folders, path_parts, read_requests, variables
from api_collections.requests import Json as Document
from api_collections.walkthrough import DESCRIPTION, FOLDER, Dialect, steps

Json = dict[str, Any]

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_DIALECT = Dialect(
    test="pm.test",
    expect="pm.expect",
    status="pm.response.code",
    body="pm.response.json()",
    remember="pm.collectionVariables.set",
    recall="pm.collectionVariables.get",
    again="pm.execution.setNextRequest",
    later="setTimeout(function () {}, 1000)",
)


def postman_collection(document: Document) -> str:
    """Return the collection of an OpenAPI document, as JSON."""
    requests = read_requests(document)
    walkthrough = [_item(step.request, step.script) for step in steps(_DIALECT)]
    tagged = [
        _folder(name, text, [_item(request) for request in requests if request.folder == name])
        for name, text in folders(document).items()
    ]
    key = [
        {"key": "key", "value": "X-API-Key"},
        {"key": "value", "value": "{{apiKey}}"},
        {"key": "in", "value": "header"},
    ]
    collection = {
        "info": {
            "_postman_id": _id("collection"),
            "name": NAME,
            "description": document["info"]["description"],
            "schema": _SCHEMA,
        },
        "auth": {"type": "apikey", "apikey": [{**entry, "type": "string"} for entry in key]},
        "variable": [{"key": name, "value": value} for name, value in variables(requests).items()],
        "item": [_folder(FOLDER, DESCRIPTION, walkthrough), *tagged],
    }
    return json.dumps(collection, indent=2, ensure_ascii=False) + "\n"


def _id(name: str) -> str:
    """Return an id that stays the same, so that an import replaces the collection that is there."""
    return str(uuid5(NAMESPACE_URL, f"urn:{NAME}:postman:{name}"))


def _folder(name: str, description: str, items: list[Json]) -> Json:
    return {"id": _id(f"folder {name}"), "name": name, "description": description, "item": items}


def _item(request: Request, script: str = "") -> Json:
    sent: Json = {"method": request.method, "url": _url(request), "description": request.description}
    sent["header"] = [_entry(header) for header in request.headers]
    if not request.needs_key:
        sent["auth"] = {"type": "noauth"}
    if request.body is not None:
        sent["header"].append({"key": "Content-Type", "value": "application/json"})
        raw = json.dumps(request.body, indent=2, ensure_ascii=False)
        sent["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    item: Json = {"id": _id(request.key), "name": request.name, "request": sent}
    if script:
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": script.splitlines()}}]
    return item


def _url(request: Request) -> Json:
    parts = list(path_parts(request.path))
    sent = "&".join(f"{p.name}={p.value}" for p in request.query if p.is_sent)
    url: Json = {"raw": "{{baseUrl}}/" + "/".join(parts) + (f"?{sent}" if sent else ""), "host": ["{{baseUrl}}"]}
    url["path"] = parts
    if request.query:
        url["query"] = [_entry(parameter) for parameter in request.query]
    if request.path_parameters:
        url["variable"] = [_entry(parameter) for parameter in request.path_parameters]
    return url


def _entry(parameter: Parameter) -> Json:
    entry: Json = {"key": parameter.name, "value": parameter.value, "description": parameter.description}
    return entry if parameter.is_sent else {**entry, "disabled": True}
