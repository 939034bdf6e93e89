"""`python -m gpu_worker`: the worker. `python -m gpu_worker caption …`: one video from the command line."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def _leave(number: int, _frame: object) -> NoReturn:
    os._exit(128 + number)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith(("--rp_", "--test_input")):
        try:
            from gpu_worker.cli.main import main

            raise SystemExit(main(sys.argv[1:]))
        except KeyboardInterrupt:
            # Before anything was started: importing takes half a second.
            sys.stderr.write("interrupted; nothing was written\n")
            raise SystemExit(130) from None
    # The SDK listens only when it has been loaded, which takes seconds, and until then process 1 of a container,
    # which is what this is on RunPod, would not be ended by a signal.
    signal.signal(signal.SIGTERM, _leave)
    from gpu_worker.handler import start

    start()
