"""Pages for people: they load nothing from another host."""

from __future__ import annotations

import base64
import gzip
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from contract.operations import OPERATIONS
from lambda_api.web.app import create_app
from lambda_api.web.mangum_adapter import event_handler
from lambda_api.web.routes.pages import prefers_html
from tests.support.fakes import World
from tests.support.gateway import Client, context, golden, settings
from tests.support.wsgi import Wsgi

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
N8N = "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7"


@pytest.mark.parametrize(
    ("accept", "page"), [(CHROME, True), (N8N, False), ("*/*", False), ("", False), ("application/json", False)]
)
def test_browser_gets_html_and_program_gets_json(client: Client, accept: str, page: bool) -> None:
    answer = client.call("GET", "/", key=None, headers={"accept": accept})
    assert prefers_html(accept) is page
    assert answer.headers["content-type"].startswith("text/html" if page else "application/json")
    assert all(operation.path in answer.text for operation in OPERATIONS.values())


def test_index_links_exist(client: Client) -> None:
    text = client.call("GET", "/", key=None, headers={"accept": CHROME}).text
    links = re.findall(r'href="([^"]+)"', text)
    assert links
    for link in links:
        assert client.call("GET", link, key=None).status == 200


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_other_hosts(client: Client, path: str) -> None:
    answer = client.call("GET", path, key=None, headers={"accept": CHROME})
    policy = answer.headers["content-security-policy"]
    assert not re.search(r"https?:|//", policy + answer.text)
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy.partition("style-src")[0]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css"), ("start.js", "text/javascript")],
)
def test_assets_are_compressed_if_accepted(name: str, kind: str) -> None:
    world = World()
    event = golden("api/docs") | {"rawPath": f"/docs/{name}"}
    event["headers"]["accept-encoding"] = "gzip, deflate, br"
    packed = event_handler(create_app(world.services, settings().cors_allow_origins))(event, context())
    plain = Client(world).call("GET", f"/docs/{name}", key=None)
    assert (packed["headers"]["content-encoding"], packed["isBase64Encoded"]) == ("gzip", True)
    assert packed["headers"]["content-type"].startswith(kind)
    # Lambda answers with 6 MB at most.
    assert len(packed["body"]) < 1_000_000
    assert gzip.decompress(base64.b64decode(packed["body"])) == plain.text.encode()
    assert "max-age" in plain.headers["cache-control"]


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages.py", "redoc.standalone.js"])
def test_no_other_file_is_served(client: Client, name: str) -> None:
    assert client.call("GET", f"/docs/{name}", key=None).status == 404


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    app = Wsgi(World())
    server = make_server(
        "127.0.0.1", 0, lambda env, start: app({**env, "REQUEST_URI": env["PATH_INFO"]}, start), handler_class=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.full
def test_offline_browser_shows_the_documentation(site: str, tmp_path: Path) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on this machine")
    argv = [
        program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={tmp_path}",
        "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--enable-logging=stderr", "--virtual-time-budget=20000", "--dump-dom", f"{site}/docs",
    ]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, timeout=150, check=False)
    for operation in OPERATIONS.values():
        assert f'data-path="{operation.path}"' in done.stdout
    assert "Failed to load API definition" not in done.stdout
    refused = [line for line in done.stderr.splitlines() if "CONSOLE" in line and "violates" in line]
    assert refused == []
