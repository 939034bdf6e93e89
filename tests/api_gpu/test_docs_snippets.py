"""Every snippet of docs/python.md runs, in its order, against an API on loopback."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_server import Peer, answer, peer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BYTES = b"a video"


def snippets() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def job(url: str, job_id: str = "j1") -> dict[str, Any]:
    entry = {"name": "output.mp4", "url": f"{url}/bucket/file", "size_bytes": len(BYTES),
             "sha256": hashlib.sha256(BYTES).hexdigest()}  # fmt: skip
    return {"job_id": job_id, "operation": "caption", "status": "COMPLETED", "artifacts": [entry],
            "progress": {"percent": 100, "stage": "done"}, "video_url": entry["url"]}  # fmt: skip


@pytest.fixture
def api() -> Iterator[Peer]:
    with peer() as serving:

        def reply(handler: BaseHTTPRequestHandler) -> None:
            path, body = handler.path.partition("?")[0], serving.seen[-1].body
            read = json.loads(body) if body.startswith(b"{") else {}
            if path == "/uploads":
                plan = {"upload_id": "u1", "url": f"{serving.url}/bucket/u1", "headers": {}, "parts": None}
                answer(201, plan)(handler)
            elif path.startswith("/bucket"):
                answer(200, BYTES)(handler)
            elif path == "/video/caption" and "url_srt" not in read:
                problem = {
                    "code": "invalid",
                    "detail": "Send captions.",
                    "errors": [{"field": "captions", "message": "m"}],
                }
                answer(422, problem)(handler)
            elif path == "/jobs":
                answer(200, {"jobs": [job(serving.url)], "next_cursor": None})(handler)
            elif path.startswith(("/video", "/media", "/audio", "/job/")):
                answer(202, job(serving.url))(handler)
            else:
                answer(200, {"status": "ok"})(handler)

        serving.replies = [reply]
        yield serving


def test_every_snippet_runs(
    api: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("API_GPU_URL", api.url)
    monkeypatch.setenv("API_GPU_KEY", "key")
    for name in ("clip.mp4", "clip.srt", "photo.jpg", "voice.mp3"):
        (tmp_path / name).write_bytes(name.encode())
    names: dict[str, Any] = {"job_id": "j1", "secret": "whsec_c2VjcmV0"}
    found = snippets()
    for snippet in found:
        exec(compile(snippet, "docs/python.md", "exec"), names)  # noqa: S102 - our own page
    assert len(found) >= 9
    assert (tmp_path / "captioned.mp4").read_bytes() == BYTES
    assert (tmp_path / "results" / "output.mp4").read_bytes() == BYTES
    out = capsys.readouterr().out
    assert "photo.jpg: 9 of 9 bytes" in out
    assert str(names["upload"]) == "upload:u1"
    assert "COMPLETED 100 done" in out
    assert "invalid Send captions." in out
    assert names["receive"](b"{}", {}) == 400
