"""Pages for people: an index and the documentation. They load nothing from another host."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from contract.operations import OPERATIONS

router = APIRouter(include_in_schema=False)

_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#docs", deepLinking: true, tryItOutEnabled: false, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout",
});
"""
_DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>api-gpu: documentation</title>
<link rel="icon" href="docs/favicon.png"><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><main id="docs"></main>
<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body></html>
"""
_DOCS_POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'"
)
"""Swagger UI writes styles into its elements."""
_ASSETS = {
    "favicon.png": "image/png",
    "start.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_STYLE = (
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color:#1b1f24}"
    "code{background:#eef1f4;padding:.1em .3em;border-radius:.2em}a{color:#0550ae}"
    "@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e8ea}code{background:#262b31}a{color:#79b8ff}}"
)
_INDEX_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)


def render_index(version: str, base_path: str) -> Response:
    """Render the index for a browser."""
    base = html.escape(base_path)
    rows = "".join(f"<li><code>POST {o.path}</code> {_summary(o.__doc__)}</li>" for o in OPERATIONS.values())
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>api-gpu</title><style>{_STYLE}</style></head>
<body><h1>api-gpu {html.escape(version)}</h1>
<p>A picture, a narration and subtitles in; a finished video out. This is an API: programs call it with a key in
<code>X-API-Key</code>.</p>
<ul><li><a href="{base}/docs">Documentation</a>, with every field and a form to try it</li>
<li><a href="{base}/openapi.json">OpenAPI document</a>, for code generators and API clients</li>
<li><a href="{base}/health">Health</a></li></ul>
<h2>Operations</h2><ul>{rows}</ul>
<p>Each returns a job. Read it at <code>GET /job/{{job_id}}</code>, or send a <code>webhook_url</code>.</p>
</body></html>
"""
    return HTMLResponse(page, headers={"Content-Security-Policy": _INDEX_POLICY, "Vary": "Accept"})


def prefers_html(accept: str) -> bool:
    """Distinguish a browser from a program: n8n also accepts HTML, but lists JSON first."""
    return "text/html" in accept and "application/json" not in accept


@router.get("/docs")
async def docs() -> Response:
    return HTMLResponse(_DOCS, headers={"Content-Security-Policy": _DOCS_POLICY})


def _add_asset(name: str, media_type: str) -> None:
    async def asset(request: Request) -> Response:
        headers = {"Content-Type": media_type, "Cache-Control": "public, max-age=86400", "Vary": "Accept-Encoding"}
        if media_type.startswith("image/") or "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(_content(name), headers=headers)
        return Response(_compressed(name), headers=headers | {"Content-Encoding": "gzip"})

    router.add_api_route(f"/docs/{name}", asset, name=name)


for _name, _media_type in _ASSETS.items():
    _add_asset(_name, _media_type)


def _summary(doc: str | None) -> str:
    return html.escape((doc or "").strip().splitlines()[0])


def _content(name: str) -> bytes:
    if name == "start.js":
        return _START.encode()
    # Located, not imported: the import would load more of FastAPI than these files need.
    spec = find_spec("fastapi_offline")
    places = spec.submodule_search_locations if spec is not None else None
    return Path((places or [""])[0], "static", name).read_bytes()


@cache
def _compressed(name: str) -> bytes:
    """Compress an asset: API Gateway compresses nothing, and the script has 1.5 MB."""
    return gzip.compress(_content(name), mtime=0)
