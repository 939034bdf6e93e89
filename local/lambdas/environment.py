"""The loop inside an execution environment: read an event, call the handler, send its result.

It replaces the Lambda runtime, so it uses the standard library only.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from typing import Any

from local.lambdas import frames

MEMORY_MB = 1024


class LambdaContext:
    """The context of an invocation (Lambda docs: Python context object)."""

    def __init__(self, function_name: str, request_id: str, seconds: float) -> None:
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = MEMORY_MB
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function_name}"
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = f"local/{os.getpid()}"
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def serve(sock: socket.socket, function_name: str, module: str) -> None:
    """Process events until the supervisor closes the socket. Never raises for a handler's failure."""
    # Ctrl-C reaches the whole process group, but only the supervisor ends an environment.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    handler: Any = None
    with contextlib.suppress(ConnectionError):
        while (request := frames.read(sock)) is not None:
            context = LambdaContext(function_name, request["request_id"], request["seconds"])
            try:
                handler = handler or importlib.import_module(module).handler
                reply = {"ok": True, "result": json.loads(json.dumps(handler(request["event"], context)))}
            except Exception as error:  # noqa: BLE001 - the runtime reports every exception of a handler
                reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            sock.sendall(frames.encode(reply))
