"""The fork server: imports the handlers once, then forks an execution environment in milliseconds.

Started with exactly the functions' environment variables, so that modules which read them during import see the same
as in Lambda. Nothing here may start a thread before a fork.

    python -m local.lambdas.fork_server SOCKET_FD MODULE…

It sends `{"ready": true}`, then answers each request `{"function", "module"}` (with two descriptors: the
environment's socket and its log pipe) with `{"pid": …}`; it ends when the socket is closed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import traceback

from local.lambdas.environment import serve

_MAX_REQUEST = 4096


def main(argv: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(argv[1]))
    for module in argv[2:]:
        _preload(module)
    # Children are reaped by the kernel; each resets this, since handlers may start processes.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(b'{"ready": true}')
    while True:
        message, fds, _, _ = socket.recv_fds(control, _MAX_REQUEST, 2)
        if not message:
            return
        request = json.loads(message)
        pid = os.fork()
        if pid == 0:
            control.close()
            _become_environment(fds[0], fds[1], request["function"], request["module"])
        for fd in fds:
            os.close(fd)
        control.sendall(json.dumps({"pid": pid}).encode())


def _preload(module: str) -> None:
    try:
        importlib.import_module(module)
    except Exception:  # noqa: BLE001 - the environment that needs the module reports it at its first event
        traceback.print_exc()


def _become_environment(event_fd: int, log_fd: int, function: str, module: str) -> None:
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(log_fd, 1)
        os.dup2(log_fd, 2)
        os.close(log_fd)
        serve(socket.socket(fileno=event_fd), function, module)
        code = 0
    finally:
        # Never return into the fork server's loop, even after an exception.
        os._exit(code)


if __name__ == "__main__":
    # The supervisor may die at any moment, also during the imports.
    with contextlib.suppress(ConnectionError):
        main(sys.argv)
