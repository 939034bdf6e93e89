"""Files of a client, through the running system: uploaded, refused, and read by a job."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

from contract.limits import UPLOAD_SINGLE_BYTES
from tests.e2e.test_operations import check
from tests.support.http import send
from tests.support.system import System


def announce(system: System, data: bytes, name: str, **more: Any) -> dict[str, Any]:
    status, upload = system.call("POST", "/uploads", {"filename": name, "size_bytes": len(data), **more})
    assert status == 201, upload
    return dict(upload)


def test_uploaded_picture_becomes_a_clip(system: System, media: Path, tmp_path: Path) -> None:
    data = (media / "photo.jpg").read_bytes()
    upload = announce(system, data, "photo.jpg", sha256=hashlib.sha256(data).hexdigest())
    reference, headers = f"upload:{upload['upload_id']}", upload["headers"]
    assert headers["x-amz-checksum-sha256"] == base64.b64encode(hashlib.sha256(data).digest()).decode()

    shorter = headers | {"Content-Length": str(len(data) - 1)}
    assert send("PUT", upload["url"], data[:-1], shorter).status == 403
    assert send("PUT", upload["url"], os.urandom(len(data)), headers).status == 400
    status, problem = system.call("POST", "/video/img2vid", {"url_image": reference})
    assert (status, problem["code"]) == (422, "upload_not_ready")

    assert send("PUT", upload["url"], data, headers).status == 200
    assert system.call("GET", upload["links"]["self"])[1]["state"] == "ready"
    job = system.run("img2vid", url_image=reference, duration=0.5)
    check(job, tmp_path, size=(1920, 1080), seconds=0.5, frames=12, sound=False)

    status, problem = system.call("POST", "/video/img2vid", {"url_image": reference}, key="other-key")
    assert (status, problem["code"]) == (422, "upload_not_found")
    assert system.call("GET", upload["links"]["self"], key="other-key")[0] == 404


def test_video_uploaded_in_parts_gets_its_captions(system: System, media: Path, tmp_path: Path) -> None:
    # A free box at the end of an MP4 file is ignored by every reader.
    clip = (media / "clip.mp4").read_bytes()
    free = UPLOAD_SINGLE_BYTES + 1 - len(clip)
    data = clip + free.to_bytes(4, "big") + b"free" + bytes(free - 8)
    upload = announce(system, data, "clip.mp4")
    parts, start = [], 0
    for part in upload["parts"]:
        sent = send("PUT", part["url"], data[start : start + part["size_bytes"]])
        assert sent.status == 200
        parts.append({"number": part["number"], "etag": sent.headers["ETag"]})
        start += part["size_bytes"]

    body: dict[str, Any] = {"url_video": f"upload:{upload['upload_id']}", "captions": "Two words"}
    assert system.call("POST", "/video/caption", body)[1]["code"] == "upload_not_ready"
    status, problem = system.call("POST", upload["links"]["complete"], {"parts": parts[:-1]})
    assert (status, problem["errors"][0]["field"]) == (422, "parts")
    assert system.call("POST", upload["links"]["complete"], {"parts": parts})[1]["state"] == "ready"
    (checked,) = system.call("POST", "/video/caption", body | {"dry_run": True})[1]["inputs"]
    assert (checked["field"], checked["reachable"], checked["size_bytes"]) == ("url_video", True, len(data))
    job = system.run("caption", **body)
    check(job, tmp_path, size=(640, 360), seconds=3, frames=75, sound=True)
