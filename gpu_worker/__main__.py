"""`python -m gpu_worker`: the worker. `python -m gpu_worker caption …`: one video from the command line."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith(("--rp_", "--test_input")):
        from gpu_worker.cli import main

        raise SystemExit(main(sys.argv[1:]))
    from gpu_worker.handler import start

    start()
