"""The entry point of the command `api-gpu`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import NoReturn

from api_gpu.cli.app import PROGRAM, create_app
from api_gpu.cli.exits import Code


def main() -> NoReturn:
    """Run the program and exit with its code."""
    # Let the cleanup run that Ctrl-C gets, too: no incomplete file stays.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        create_app().run(prog_name=PROGRAM)
    except SystemExit as end:
        if end.code != Code.INTERRUPTED:
            raise
    # Everything is cleaned up. Python would now wait for uploads whose threads it cannot stop.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(Code.INTERRUPTED)
