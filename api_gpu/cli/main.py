"""The entry point: `api-gpu`, or `python -m api_gpu.cli`."""

from __future__ import annotations

from api_gpu.cli.app import PROGRAM, create_app


def main() -> None:
    """Run the program and exit with its code."""
    create_app()(prog_name=PROGRAM)
