"""The entry point of the command `api-gpu`."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from api_gpu.cli.app import PROGRAM, create_app


def main() -> NoReturn:
    """Run the program and exit with its code."""
    # Let the cleanup run that Ctrl-C gets, too: no incomplete file stays.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    create_app().run(prog_name=PROGRAM)
