"""Write the command `api-gpu` into an environment that has its packages but not this project: `… .venv/bin/api-gpu`.

The environments are installed from pinned files with hashes, which a project in a folder has none of.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A line with `#!` and an interpreter ends at the first space of its path, so that the shell starts Python. Python reads
# the shell's two lines as one text.
_COMMAND = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import signal
import sys

# Ctrl-C while modules are read ends the program without a traceback.
handler = signal.getsignal(signal.SIGINT)
if handler is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.path.insert(0, {root!r})
from api_gpu.cli.main import main

signal.signal(signal.SIGINT, handler)
sys.exit(main())
"""


def link(target: Path, python: str, root: Path = ROOT) -> None:
    """Write the command."""
    quoted = re.sub(r'([\\"$`])', r"\\\1", python)
    target.write_text(_COMMAND.format(python=quoted, root=str(root)), encoding="utf-8")
    target.chmod(0o755)


if __name__ == "__main__":
    link(Path(sys.argv[1]), sys.executable)
