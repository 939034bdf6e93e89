"""Save a file of a job: into `<name>.part`, continued after a broken connection, renamed when it is verified."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from api_gpu.core.calls import failed
from api_gpu.core.context import Context
from api_gpu.core.effects import Block, Fetch, Flow, Response, Sleep
from api_gpu.core.files import PIECE
from api_gpu.core.jobs import Data, read
from api_gpu.core.retry import delay_after
from api_gpu.errors import APIConnectionError, ApiGpuError, DownloadError
from api_gpu.logs import logger

OnDownload = Callable[[str, int, int], object]
"""Gets the name of the file, the bytes received so far, and all of them."""

_EXPIRED = frozenset({400, 401, 403, 404, 410})
"""How storages answer to a signed URL that is too old."""


class PartialFile:
    """The received part of a file, with its checksum so far."""

    def __init__(self, path: Path, name: str, size: int, report: OnDownload | None) -> None:
        self._path, self._name, self._size, self._report = path, name, size, report
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self.received = 0
        self._reported = -1

    def resume(self) -> None:
        """Continue with what an earlier download left, unless that is too much."""
        if not self._path.is_file() or self._path.stat().st_size > self._size:
            self._restart()
            return
        with self._path.open("rb") as file:
            while chunk := file.read(PIECE):
                self._digest.update(chunk)
                self.received += len(chunk)

    def begin(self, response: Response) -> None:
        """Append the body of a 206 that continues; overwrite with that of a 200."""
        start = f"bytes {self.received}-"
        if response.status != 206 or not response.headers.get("content-range", "").lower().startswith(start):
            if response.status == 206:
                raise DownloadError(f"{self._name}: the storage sent another part than the one that is missing")
            self._restart()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab")

    def write(self, chunk: bytes) -> None:
        if self._file is None:
            raise ValueError("a body has not begun")
        if self.received + len(chunk) > self._size:
            raise DownloadError(f"{self._name}: more than the {self._size} bytes of the job's file arrived")
        self._file.write(chunk)
        self._digest.update(chunk)
        self.received += len(chunk)
        if self._report is not None and self.received > self._reported:
            self._reported = self.received
            self._report(self._name, self.received, self._size)

    def end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Delete what was received."""
        self._restart()
        self._path.unlink(missing_ok=True)

    def has_checksum(self, sha256: str | None) -> bool:
        return sha256 is None or self._digest.hexdigest() == sha256.lower()

    def publish(self, target: Path) -> None:
        """Give the finished file its name."""
        self._path.replace(target)

    def _restart(self) -> None:
        self.end()
        self._digest, self.received = hashlib.sha256(), 0
        self._path.unlink(missing_ok=True)


def find_artifact(job: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    """Return the main file of a job, or the one with this name. Raises ApiGpuError."""
    files = [entry for entry in job.get("artifacts") or () if name in (None, entry.get("name"))]
    if files:
        return files[0]  # type: ignore[no-any-return]
    there = ", ".join(str(entry.get("name")) for entry in job.get("artifacts") or ())
    wanted = f"no file {name}" if name else "no files"
    raise ApiGpuError(
        f"job {job.get('job_id')} is {job.get('status')} and has {wanted}{f'; it has {there}' * bool(there)}"
    )


def target_path(path: str | Path | None, name: str) -> Path:
    """Return where a file goes: into a folder that exists or ends with a slash, else to the path itself."""
    if name in {"", ".", ".."} or "/" in name or "\\" in name or name != Path(name).name:
        raise ApiGpuError("the name of the job's file is not safe to use; pass a path")
    if path is None:
        return Path(name)
    return Path(path) / name if str(path).endswith(("/", "\\")) or Path(path).is_dir() else Path(path)


def download(
    context: Context, job: Data, name: str | None, path: str | Path | None, report: OnDownload | None
) -> Flow[Path]:
    """Save a file of a finished job. Raises DownloadError, APIStatusError, APIConnectionError."""
    artifact = find_artifact(job, name)
    label, size = str(artifact["name"]), int(artifact["size_bytes"])
    target = target_path(path, label)
    partial = PartialFile(target.with_name(target.name + ".part"), label, size, report)
    yield Block(partial.resume)
    for attempt in ("resumed", "new"):
        yield from _receive(context, job, artifact, partial)
        if partial.has_checksum(artifact.get("sha256")):
            break
        # What lay there may be of another file. A second time it is not.
        yield Block(partial.discard)
        if attempt == "new":
            raise DownloadError(f"{label}: the bytes that arrived are not those of the job's file (SHA-256)")
    yield Block(lambda: partial.publish(target))
    return target


def _receive(context: Context, job: Data, artifact: Mapping[str, Any], partial: PartialFile) -> Flow[None]:
    """Fetch until all bytes are there: from where it broke off, and with a new URL if the old one has expired."""
    size, url = int(artifact["size_bytes"]), artifact.get("url")
    failures, is_fresh = 0, False
    while partial.received < size:
        before = partial.received
        response: Response | None = None
        error: APIConnectionError | None = None
        headers = {"Range": f"bytes={before}-"} if before else {}
        request = context.storage("GET", str(url), headers | {"Accept-Encoding": "identity"})
        if url:
            try:
                response = yield Fetch(request, partial)
            except APIConnectionError as caught:
                error = caught
        if not url or (response is not None and response.status in _EXPIRED and not is_fresh):
            if is_fresh:
                raise ApiGpuError(f"job {job['job_id']} has no URL of {artifact['name']}; try again later")
            is_fresh = True
            job = yield from read(context, str(job["job_id"]))
            url = find_artifact(job, str(artifact["name"])).get("url")
            continue
        if response is not None and response.is_success and partial.received >= size:
            return
        failures = 1 if partial.received > before else failures + 1
        final = response if response is not None and not response.is_success else None
        delay = delay_after(final, failures, context.max_retries, context.random(), context.now())
        if delay is None:
            if final is not None:
                raise failed(context, request, final)
            raise error or DownloadError(f"{artifact['name']}: only {partial.received} of {size} bytes arrived")
        logger.debug("%s: %d of %d bytes, again in %.1f s", artifact["name"], partial.received, size, delay)
        yield Sleep(delay)
