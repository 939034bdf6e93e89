"""Memory of the local system while a large file is uploaded: `python -m benchmarks.uploads [--gib 1]`.

Sends the file twice, by one PUT and in parts, reads it once, and prints how far the resident memory of each process of
the system rose above what it was before. Objects are files, so it must stay flat, whatever the size.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil

from contract.limits import GIB, MIB
from lambda_api.adapters.aws.s3 import S3Objects
from lambda_api.adapters.aws.session import AwsSession
from local.aws.names import BUCKET, CREDENTIALS, REGION

_READY = re.compile(r"api-gpu ready: (\S+) key=(\S+)")
_CHUNK = MIB
_SAMPLE_SECONDS = 0.05
_TIMEOUT_SECONDS = 120.0
_TYPE = "video/mp4"


class Memory:
    """The resident memory of a process and its descendants, sampled by a thread."""

    def __init__(self, root: psutil.Process) -> None:
        self._root = root
        self.before = self._read()
        self.peak = dict(self.before)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            for name, size in self._read().items():
                self.peak[name] = max(self.peak.get(name, 0), size)

    def _read(self) -> dict[str, int]:
        """Return bytes by the name of the process."""
        found: dict[str, int] = {}
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                found[f"{process.pid} {_name(process)}"] = process.memory_info().rss
            except psutil.Error:
                continue
        return found


def main(argv: list[str] | None = None) -> int:
    """Run it. Exit code 1 if a process grew by more than 64 MiB."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gib", type=float, default=1.0, help="size of the file (%(default)g)")
    size = int(parser.parse_args(argv).gib * GIB)
    worst = 0
    with tempfile.TemporaryDirectory() as scratch, (Path(scratch) / "log").open("w+") as log:
        command = (sys.executable, "-m", "local", "up", "--port=0", "--no-limits")
        system = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            url, key = _wait(system, Path(log.name))
            _upload(url, key, 101 * MIB)
            for title, send in (("PUT", _put), ("multipart", _upload), ("GET", _get)):
                memory, started = Memory(psutil.Process(system.pid)), time.monotonic()
                send(url, key, size)
                seconds = time.monotonic() - started
                memory.stop()
                print(f"{title}: {size / GIB:g} GiB in {seconds:.1f} s, {size / MIB / seconds:.0f} MiB/s")
                for name, peak in sorted(memory.peak.items()):
                    growth = (peak - memory.before.get(name, peak)) // 1024
                    worst = max(worst, growth)
                    print(f"  {name:40} {memory.before.get(name, 0) // MIB:5} MiB  +{growth:6} KiB")
        finally:
            system.terminate()
            system.wait(30)
    print(f"largest growth: {worst / 1024:.1f} MiB")
    return 1 if worst > 64 * 1024 else 0


def _wait(system: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    """Return URL and key of the API once it is ready."""
    until = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < until and system.poll() is None:
        if found := _READY.search(log.read_text()):
            return found[1], found[2]
        time.sleep(0.1)
    raise SystemExit(log.read_text())


def _put(url: str, key: str, size: int) -> None:
    """Send the file by one PUT. The API gives such URLs for smaller files only, so this one is signed here."""
    signed = _objects(url, key).presign_upload("uploads/local/benchmark", _TYPE, size, None, 600)
    _send("PUT", signed.url, size, {"Content-Type": _TYPE})


def _upload(url: str, key: str, size: int) -> None:
    """Send the file in parts, as a client does."""
    upload = _call(url, key, "/uploads", {"filename": "large.mp4", "size_bytes": size})
    parts = [
        {"number": part["number"], "etag": _send("PUT", part["url"], part["size_bytes"], {})}
        for part in upload["parts"]
    ]
    done = _call(url, key, upload["links"]["complete"], {"parts": parts})
    if done["state"] != "ready":
        raise SystemExit(f"not ready: {done['state']}")


def _get(url: str, key: str, _: int) -> None:
    """Read the file of `_put`."""
    _send("GET", _objects(url, key).presign_get("uploads/local/benchmark", 600), 0, {})


def _objects(url: str, key: str) -> S3Objects:
    """Return the gateway's own adapter for the bucket of the running system."""
    small = urlsplit(_call(url, key, "/uploads", {"filename": "a.mp4", "size_bytes": 1})["url"])
    session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    return S3Objects(BUCKET, AwsSession(session, f"http://{small.netloc}").s3)


def _call(url: str, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_SECONDS)
    connection.request("POST", path, json.dumps(body), {"X-API-Key": key, "Content-Type": "application/json"})
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def _send(method: str, url: str, size: int, headers: dict[str, str]) -> str:
    """Send so many zeros, read the response and return its ETag."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
    body = _zeros(size) if method == "PUT" else None
    length = {"Content-Length": str(size)} if method == "PUT" else {}
    connection.request(method, f"{parts.path}?{parts.query}", body, headers | length)
    answer = connection.getresponse()
    read: Callable[[], bytes] = lambda: answer.read(_CHUNK)  # noqa: E731 - two names would say less
    for _ in iter(read, b""):
        pass
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{method}: {answer.status}")
    return answer.headers["ETag"]


def _zeros(size: int) -> Iterator[bytes]:
    for start in range(0, size, _CHUNK):
        yield bytes(min(_CHUNK, size - start))


def _name(process: psutil.Process) -> str:
    """Return what a process is: the module that it runs."""
    command = process.cmdline()
    return command[command.index("-m") + 1] if "-m" in command else Path(command[0]).name if command else "?"


if __name__ == "__main__":
    sys.exit(main())
