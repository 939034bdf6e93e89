"""The S3 process: serves the bucket of the local system on a given socket.

python -m local.aws.s3.server LISTENING_FD FOLDER      prints `ready`, exits with its stdin
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path

from local.aws.names import BUCKET, CREDENTIALS, REGION
from local.aws.s3.app import S3App
from local.aws.s3.objects import Bucket
from local.servers import Server


def main(argv: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A reader of an object that was sent in parts opens a file for each of them.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    threading.Thread(target=_exit_with_stdin, daemon=True).start()
    asyncio.run(_serve(socket.socket(fileno=int(argv[1])), Path(argv[2])))


async def _serve(sock: socket.socket, folder: Path) -> None:
    secrets = {CREDENTIALS["AWS_ACCESS_KEY_ID"]: CREDENTIALS["AWS_SECRET_ACCESS_KEY"]}
    await Server(S3App(BUCKET, Bucket(folder), secrets, REGION).app, sock).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def _exit_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv)
