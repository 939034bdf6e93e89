"""Start a worker so that it cannot outlive the emulator, even if that is killed with SIGKILL.

The SDK polls without any pause between refused connections: an orphaned worker would
keep a core busy. Linux only; elsewhere it just starts the command. Run as a script, before anything
heavy is imported: `python -I -S launch.py PARENT_PID COMMAND…`.
"""

import os
import sys

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def main(argv: list[str]) -> None:
    parent, command = int(argv[1]), argv[2:]
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - not needed elsewhere

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() == parent:
        os.execvp(command[0], command)  # noqa: S606 - no shell: the process becomes the worker


if __name__ == "__main__":
    main(sys.argv)
