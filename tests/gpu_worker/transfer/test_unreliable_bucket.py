"""Upload to a bucket whose connections break."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import threading
from pathlib import Path

import aiohttp
import pytest

from contract.errors import Code
from contract.retry import Backoff
from gpu_worker.errors import JobFailed
from gpu_worker.transfer.upload import Uploader


class UnreliableBucket:
    """A bucket whose connections fail: each with the next of `troubles`, then none."""

    def __init__(self, *troubles: str) -> None:
        self.troubles = list(troubles)
        self.stored: dict[str, bytes] = {}
        self._server = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _address = self._server.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                self._take(caller, self.troubles.pop(0) if self.troubles else "")

    def _take(self, caller: socket.socket, trouble: str) -> None:
        head, _, body = caller.recv(65536).partition(b"\r\n\r\n")
        name = head.split()[1].decode().partition("?")[0].strip("/")
        size = int(head.lower().split(b"content-length:")[1].split()[0])
        most = size * 9 // 10 if trouble == "reset" else size
        while len(body) < most:
            body += caller.recv(65536)
        if trouble == "reset":
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        there = name in self.stored
        self.stored.setdefault(name, body)
        if trouble != "no answer":
            caller.sendall(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (412 if there else 200))

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


@pytest.mark.fault("I4", "I7")
@pytest.mark.parametrize(
    ("troubles", "stays"),
    [(["reset"], True), (["reset", "reset", "reset"], True), (["no answer"], False), (["reset"] * 4, None)],
)
def test_upload_is_retried_over_broken_connections(tmp_path: Path, troubles: list[str], stays: bool | None) -> None:
    """`stays` is False if an earlier attempt was stored and its response lost, None if all attempts fail."""
    video = tmp_path / "out.mp4"
    video.write_bytes(os.urandom(3_000_000))
    uplink = UnreliableBucket(*troubles)

    async def work() -> bool:
        async with aiohttp.ClientSession() as session:
            uploader = Uploader(session, backoff=Backoff(attempts=4, base=0.01), stall_seconds=5)
            return await uploader.upload_file(f"{uplink.base}/output.mp4?sig=x", video, "video/mp4", lambda _: None)

    try:
        if stays is None:
            with pytest.raises(JobFailed) as failure:
                asyncio.run(work())
            assert failure.value.failure.code == Code.PUBLISH_FAILED
            assert uplink.stored == {}
        else:
            assert asyncio.run(work()) is stays
            assert uplink.stored == {"output.mp4": video.read_bytes()}
    finally:
        uplink.close()
