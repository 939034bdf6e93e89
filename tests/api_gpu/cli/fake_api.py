"""An API on loopback that answers as a test wants, for the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "ag_key_of_the_command_line_tests"
JOB = "11111111-2222-3333-4444-555555555555"


@dataclass
class Seen:
    """A request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeApi:
    """Answers by method and path, and every request that came."""

    url: str
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    """The status and the body, or what returns them; of a list, one after the other, the last one again and again."""
    seen: list[Seen] = field(default_factory=list)
    bucket: dict[str, bytes] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    """Uploads wait until it is set."""
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def job(self, status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
        """Return a job as the API shows it."""
        done = status == "COMPLETED"
        file = {"name": "output.mp4", "kind": "video", "content_type": "video/mp4", "size_bytes": 5,
                "url": f"{self.url}/files/output.mp4", "sha256": None}  # fmt: skip
        return {
            "job_id": JOB, "operation": "caption", "status": status, "created_at": "2026-12-01T12:00:00Z",
            "progress": {"percent": 100 if done else 40, "stage": "done" if done else "encode"}, "metadata": {},
            "video_url": file["url"] if done else None, "artifacts": [file] if done else [], "error": None,
            "cost": {"gpu_usd": 0.0012, "billed_seconds": 4.0, "basis": "measured"} if done else None,
            "execution": {"warnings": []}, "links": {"self": f"/job/{JOB}"}, **changes,
        }  # fmt: skip

    def finds(self, *jobs: dict[str, Any]) -> None:
        """Accept any submission, and show these states of the job one after the other."""
        first = jobs[0] if jobs else self.job()
        for path in ("video/caption", "video/slideshow", "video/trim", "video/img2vid", "media/probe"):
            self.answers["POST", f"/{path}"] = (202, {**first, "status": "ACCEPTED", "artifacts": []})
        self.answers["GET", f"/job/{JOB}"] = [(200, job) for job in jobs or (first,)]
        self.bucket["/files/output.mp4"] = b"video"

    def sent(self, method: str, path: str) -> list[Seen]:
        """Return the requests of a route."""
        return [seen for seen in self.seen if (seen.method, seen.path) == (method, path)]

    def await_request(self, method: str, path: str) -> None:
        """Return once such a request has come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.sent(method, path), 20), f"no {method} {path}"

    def answer(self, seen: Seen) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        with self.arrived:
            self.seen.append(seen)
            self.arrived.notify_all()
        if seen.path in {"/health", "/openapi.json"}:
            return 200, {"status": "healthy", "info": {"version": "0.2.0"}}
        if seen.path.startswith(("/files/", "/bucket/")):
            if seen.method == "PUT":
                self.gate.wait(20)
                self.bucket[seen.path] = seen.body
                return 200, b""
            return 200, self.bucket[seen.path]
        if seen.headers.get("x-api-key") != KEY:
            return problem(401, "unauthorized", "Send a valid X-API-Key.")
        found = self.answers.get((seen.method, seen.path))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if found is not None:
            return found(seen) if callable(found) else found
        return self._usual(seen)

    def _usual(self, seen: Seen) -> tuple[int, Any]:
        if (seen.method, seen.path) == ("POST", "/uploads"):
            return 201, self._upload(seen.body)
        if seen.path.startswith("/uploads/"):
            return 200, {"upload_id": seen.path.split("/")[2], "state": "ready"}
        if (seen.method, seen.path) == ("GET", "/jobs"):
            return 200, {"jobs": [], "next_cursor": None}
        return problem(404, "not_found", "There is no such job.")

    def _upload(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body["filename"]
        return {**body, "upload_id": name, "state": "waiting", "method": "PUT",
                "url": f"{self.url}/bucket/{name}", "headers": {}, "part_size": None, "parts": None,
                "expires_at": "2026-12-01T13:00:00Z", "object_expires_at": "2026-12-02T12:00:00Z",
                "links": {}}  # fmt: skip


def problem(status: int, code: str, detail: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Return a refusal."""
    return status, {"type": f"urn:api-gpu:problem:{code}", "title": code, "status": status, "detail": detail,
                    "code": code, "request_id": "req-7", "errors": [], **more}  # fmt: skip


@contextmanager
def fake_api() -> Iterator[FakeApi]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            path, _, query = self.path.partition("?")
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = (self.headers.get("Content-Type") or "").startswith("application/json")
            body = json.loads(raw) if is_json and raw else raw
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = api.answer(Seen(self.command, path, query, headers, body))
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            kind = "application/problem+json" if status >= 400 else "application/json"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("ETag", '"etag"')
            self.send_header("Content-Length", "0" if status == 204 else str(len(data)))
            self.end_headers()
            if self.command != "HEAD" and status != 204:
                self.wfile.write(data)

        def handle(self) -> None:
            # A client that was interrupted has gone.
            with suppress(ConnectionError):
                super().handle()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = FakeApi(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
