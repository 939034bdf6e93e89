"""A worker without the SDK and without ffmpeg: takes, reports, publishes and answers as the real one does.

    python -I -S worker.py      in the environment that RunPod gives to a container

A real worker costs seconds to start and as many to encode, so two thousand jobs with one killed in twenty would take
hours. This one costs a tenth of a second to start. An image named `bad.jpg` makes its job fail.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import time
from typing import Any
from urllib.parse import urlsplit

_TRIES = 3
_TIMEOUT = 60.0
_PAUSE = 0.05
"""Longest time between two steps, so that a kill meets every one of them."""
_FAILURE = json.dumps(
    {"code": "source_http", "message": "url_image could not be downloaded.", "blame": "caller", "retryable": False}
)


def send(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
    """One request on a connection of its own. Status 0: no answer."""
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


def persist(method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status, after some tries if it is 0 or says that trying again may help."""
    for tried in range(_TRIES):
        status, _ = send(method, url, body, headers)
        if status and status < 500:
            break
        time.sleep(0.1 * 2**tried)
    return status


def work(order: dict[str, Any]) -> dict[str, Any] | None:
    """What job-done is told, or None if the gateway no longer wants the job."""
    if order["operation"]["url_image"].endswith("bad.jpg"):
        return {"error": _FAILURE}
    pause()
    report = {"attempt": order["attempt"], "seq": 1, "percent": 50, "stage": "encode"}
    status, told = send("POST", order["progress_url"], json.dumps(report).encode(), {})
    if status == 200 and json.loads(told)["stop"]:
        return None
    pause()
    video = f"the video of {order['job_id']}".encode()
    # 412: an execution before this one stored the same.
    if persist("PUT", order["output"]["put_url"], video, put("video/mp4")) not in {200, 412}:
        return {"error": _FAILURE}
    pause()
    manifest = json.dumps(record(order, len(video))).encode()
    if persist("PUT", order["manifest"]["put_url"], manifest, put("application/json")) not in {200, 412}:
        return {"error": _FAILURE}
    pause()
    return {"output": {"job_id": order["job_id"], "attempt": order["attempt"]}}


def record(order: dict[str, Any], size: int) -> dict[str, Any]:
    """The manifest."""
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
        # As the SDK: again after a 5xx, never after a 4xx.
        persist("POST", done.replace("$ID", job["id"]), json.dumps(result).encode(), key)


if __name__ == "__main__":
    main()
