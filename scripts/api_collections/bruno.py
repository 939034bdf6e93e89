"""A collection for Bruno: a folder of files in its language `.bru`, which Git shows well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from api_collections.requests import NAME, Json, Parameter, Request, folders, path_parts, read_requests, variables
from api_collections.walkthrough import DESCRIPTION, FOLDER, Dialect, steps

_DIALECT = Dialect(
    test="test",
    expect="expect",
    status="res.getStatus()",
    body="res.getBody()",
    remember="bru.setVar",
    recall="bru.getVar",
    again="bru.runner.setNextRequest",
    later="await bru.sleep(1000)",
)


def bruno_collection(document: Json) -> dict[str, str]:
    """Return the files of a collection: their paths inside its folder, and their texts."""
    requests = read_requests(document)
    files = {
        "bruno.json": json.dumps({"version": "1", "name": NAME, "type": "collection"}, indent=2) + "\n",
        "collection.bru": _join(
            _block("meta", {"name": NAME}),
            _block("auth", {"mode": "apikey"}),
            _block("auth:apikey", {"key": "X-API-Key", "value": "{{apiKey}}", "placement": "header"}),
            _text("docs", document["info"]["description"]),
        ),
        "environments/local.bru": _block("vars", {name: value for name, value in variables(requests).items() if value}),
        **_folder(FOLDER, 1, DESCRIPTION),
    }
    for number, step in enumerate(steps(_DIALECT), 1):
        files[f"{FOLDER}/{number}-{step.request.key}.bru"] = _request(step.request, number, step.script)
    for place, (name, text) in enumerate(folders(document).items(), 2):
        files |= _folder(name, place, text)
        for number, request in enumerate([found for found in requests if found.folder == name], 1):
            files[f"{name}/{request.key}.bru"] = _request(request, number)
    return files


def _folder(name: str, place: int, description: str) -> dict[str, str]:
    return {f"{name}/folder.bru": _join(_block("meta", {"name": name, "seq": str(place)}), _text("docs", description))}


def _request(request: Request, number: int, script: str = "") -> str:
    sent = "&".join(f"{p.name}={p.value}" for p in request.query if p.is_sent)
    url = "{{baseUrl}}/" + "/".join(path_parts(request.path)) + (f"?{sent}" if sent else "")
    body = request.body
    return _join(
        _block("meta", {"name": request.name, "type": "http", "seq": str(number)}),
        _block(
            request.method.lower(),
            {
                "url": url,
                "body": "none" if body is None else "json",
                "auth": "inherit" if request.needs_key else "none",
            },
        ),
        _parameters("params:query", request.query),
        _parameters("params:path", request.path_parameters),
        _parameters("headers", request.headers),
        "" if body is None else _text("body:json", json.dumps(body, indent=2, ensure_ascii=False)),
        _text("tests", script),
        _text("docs", request.description),
    )


def _parameters(name: str, parameters: Iterable[Parameter]) -> str:
    return _block(name, {("" if p.is_sent else "~") + p.name: p.value for p in parameters})


def _block(name: str, values: Mapping[str, str]) -> str:
    lines = [f"  {key}: {value}".rstrip() for key, value in values.items()]
    return "\n".join([f"{name} {{", *lines, "}", ""]) if values else ""


def _text(name: str, text: str) -> str:
    """Return a block of text. Each line is indented, so that none can end the block."""
    lines = [f"  {line}".rstrip() for line in text.strip().splitlines()]
    return "\n".join([f"{name} {{", *lines, "}", ""]) if text else ""


def _join(*blocks: str) -> str:
    return "\n".join(filter(None, blocks))
