"""A worker without the SDK and without ffmpeg: it takes, reports, publishes and responds like the real one.

    python -I -S worker.py      with the environment of a RunPod container

A real worker costs seconds to start and as many to encode, so two thousand jobs with one killed in twenty would take
hours. This one costs a tenth of a second to start. An image named `bad.jpg` makes its job fail. It knows contract
version 1 only, like the release before, in which the gateway states every job that this release can do.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import time
from typing import Any
from urllib.parse import urlsplit

_ATTEMPTS = 3
_TIMEOUT = 60.0
_PAUSE = 0.05
"""Maximum time between two steps, so that kills hit every step."""
_FAILURE = json.dumps(
    {"code": "source_http", "message": "url_image could not be downloaded.", "blame": "caller", "retryable": False}
)


def send(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
    """Send one request on a new connection. Status 0: no response."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    try:
        connection.request(method, parts._replace(scheme="", netloc="").geturl(), body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def send_with_retries(method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
    """Return the status, after up to 3 attempts if it is 0 or 5xx."""
    for attempt in range(_ATTEMPTS):
        status, _ = send(method, url, body, headers)
        if status and status < 500:
            break
        time.sleep(0.1 * 2**attempt)
    return status


def work(order: dict[str, Any]) -> dict[str, Any] | None:
    """Return the body for job-done, or None if the gateway stops the job."""
    if order["operation"]["url_image"].endswith("bad.jpg"):
        return {"error": _FAILURE}
    pause()
    report = {"attempt": order["attempt"], "seq": 1, "percent": 50, "stage": "encode"}
    status, answer = send("POST", order["progress_url"], json.dumps(report).encode(), {})
    if status == 200 and json.loads(answer)["stop"]:
        return None
    pause()
    video = f"the video of {order['job_id']}".encode()
    # 412: an earlier execution stored the same object.
    if send_with_retries("PUT", order["output"]["put_url"], video, put("video/mp4")) not in {200, 412}:
        return {"error": _FAILURE}
    pause()
    manifest = json.dumps(build_manifest(order, len(video))).encode()
    if send_with_retries("PUT", order["manifest"]["put_url"], manifest, put("application/json")) not in {200, 412}:
        return {"error": _FAILURE}
    pause()
    return {"output": {"job_id": order["job_id"], "attempt": order["attempt"]}}


def build_manifest(order: dict[str, Any], size: int) -> dict[str, Any]:
    """Return the manifest of a job."""
    media = {
        "width": 64,
        "height": 64,
        "frame_rate": 24.0,
        "frames": 24,
        "duration_seconds": 1.0,
        "video_codec": "h264",
    }
    return {
        "contract_version": order["contract_version"], "job_id": order["job_id"], "attempt": order["attempt"],
        "output": {"key": order["output"]["key"], "size_bytes": size, "sha256": "0" * 64}, "media": media,
        "execution": {"encoder": "none", "video_mode": "encode", "execution_ms": 100},
    }  # fmt: skip


def put(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "If-None-Match": "*"}


def pause() -> None:
    time.sleep(random.random() * _PAUSE)  # noqa: S311 - no secret


def main() -> None:
    env, worker = os.environ, os.environ["RUNPOD_POD_ID"]
    take = env["RUNPOD_WEBHOOK_GET_JOB"].replace("$ID", worker) + "&job_in_progress=0"
    done = env["RUNPOD_WEBHOOK_POST_OUTPUT"].replace("$RUNPOD_POD_ID", worker) + "&isStream=false"
    key = {"Authorization": env["RUNPOD_AI_API_KEY"]}
    while True:
        status, given = send("GET", take, None, key)
        if status == 0:
            return
        if status != 200:
            continue
        job = json.loads(given)
        result = work(job["input"]) or {"output": {}}
        # Like the SDK: retry after a 5xx, never after a 4xx.
        send_with_retries("POST", done.replace("$ID", job["id"]), json.dumps(result).encode(), key)


if __name__ == "__main__":
    main()
