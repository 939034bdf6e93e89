"""`python -m gpu_worker` runs the worker, `python -m gpu_worker caption …` makes one video on the command line."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def _exit(number: int, _frame: object) -> NoReturn:
    os._exit(128 + number)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith(("--rp_", "--test_input")):
        try:
            from gpu_worker.cli.main import main

            raise SystemExit(main(sys.argv[1:]))
        except KeyboardInterrupt:
            # Interrupted during the imports, which take half a second: nothing has been started.
            sys.stderr.write("interrupted; nothing was written\n")
            raise SystemExit(130) from None
    # The SDK handles SIGTERM once it is loaded, which takes seconds. Until then this process, which is process 1 of a
    # container on RunPod, would ignore the signal.
    signal.signal(signal.SIGTERM, _exit)
    from gpu_worker.handler import start

    start()
