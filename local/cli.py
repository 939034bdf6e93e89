"""The command line: `python -m local up` and `python -m local demo`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shlex
import sys
from pathlib import Path

from gpu_worker.ffmpeg.locate import FfmpegUnusableError
from local.logs import Log
from local.servers import PortInUseError
from local.settings import API_KEY, CALLBACK_SECRET, Options
from local.supervisor.signals import until_signalled

_INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run a command. Exit codes: 0 success, 1 failure, 2 refused before the start, 130 Ctrl-C in demo."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "up":
            with contextlib.ExitStack() as stack:
                raw = arguments.raw_log and stack.enter_context(arguments.raw_log.open("w", encoding="utf-8"))
                asyncio.run(until_signalled(_up(_options(arguments), Log(sys.stderr, raw=raw))))
            _print_error("Stopped the gateway, AWS, the RunPod emulator and its workers; nothing is left running.")
            return 0
        return _demo(arguments)
    except PortInUseError as problem:
        return _refuse(str(problem))
    except FfmpegUnusableError as problem:
        return _refuse(problem.reason)
    except (RuntimeError, OSError) as problem:
        _print_error(f"api-gpu: {problem}")
        return 1
    except KeyboardInterrupt:
        # Before startup, or between two signals.
        _print_error("interrupted")
        return _INTERRUPTED


def _refuse(reason: str) -> int:
    _print_error(f"api-gpu: {reason}")
    return 2


def _print_error(text: str) -> None:
    # The terminal may have been closed.
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


async def _up(options: Options, log: Log) -> int:
    from local.samples.server import NAMES, PATH  # noqa: PLC0415 - keeps `--help` fast
    from local.system import running  # noqa: PLC0415 - keeps `--help` fast

    async with running(options, log) as system:
        samples = " ".join(f"{system.url}{PATH}/{name}" for name in NAMES)
        ready = f"api-gpu ready: {system.url} key={API_KEY} emulator={system.emulator_url}"
        print(f"{ready}\ncallback secret: {CALLBACK_SECRET}\nsamples: {samples}", flush=True)
        await asyncio.Event().wait()
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from local.demo.given_files import OPTIONS, check_paths  # noqa: PLC0415 - keeps `--help` fast
    from local.demo.requests import outputs_in  # noqa: PLC0415 - keeps `--help` fast
    from local.demo.run_demo import run  # noqa: PLC0415

    given = {role: path for option, role in OPTIONS.items() if (path := getattr(arguments, option)) is not None}
    problem = check_paths(given, outputs_in(arguments.out))
    if problem is not None:
        return _refuse(problem)
    code = asyncio.run(until_signalled(run(given, arguments.out, verbose=arguments.verbose)))
    if code is None:
        _print_error(f"\nInterrupted: everything is stopped. Videos that were finished are in {arguments.out}/.")
        return _INTERRUPTED
    return code


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        port=arguments.port,
        workers=arguments.workers,
        unlimited=arguments.no_limits,
        sweep_seconds=arguments.sweep_seconds,
        idle_seconds=arguments.idle_seconds,
        webhook_scale=arguments.webhook_scale,
        worker_command=tuple(shlex.split(arguments.worker_command)),
        env=dict(arguments.env),
        worker_env=dict(arguments.worker_env),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="Run api-gpu on this machine: gateway, worker, AWS and RunPod, on loopback."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|demo")
    _add_up(commands.add_parser("up", help="start everything and keep it running until Ctrl-C"))
    _add_demo(commands.add_parser("demo", help="run every operation once on real media and save the videos"))
    return parser


def _add_up(up: argparse.ArgumentParser) -> None:
    up.description = (
        "Start everything on 127.0.0.1. Once the API is ready, stdout shows its URL, the API key, the secret that "
        "signs callbacks and URLs of sample inputs; the log goes to stderr. Ctrl-C or SIGTERM stops everything."
    )
    up.add_argument("--port", type=_port, default=8000, help="port of the API; 0 picks a free one (%(default)s)")
    up.add_argument("--workers", type=_count, default=2, help="maximum number of workers (%(default)s)")
    up.add_argument("--sweep-seconds", type=_positive, default=10.0, help="between two sweeps (%(default)g)")
    up.add_argument("--idle-seconds", type=_positive, default=30.0, help="until an idle worker stops (%(default)g)")
    up.add_argument(
        "--webhook-scale",
        type=_positive,
        default=1.0,
        help="factor for RunPod's 10 s between two attempts of a webhook (%(default)g)",
    )
    up.add_argument(
        "--worker-command", default="python -m gpu_worker", metavar="COMMAND", help="command of a worker (%(default)s)"
    )
    up.add_argument("--no-limits", action="store_true", help="disable the quotas that a deployment has")
    up.add_argument("--raw-log", type=Path, metavar="FILE", help="keep the unchanged output of functions and workers")
    up.add_argument(
        "--env", type=_pair, action="append", default=[], metavar="NAME=VALUE", help="a setting of the Lambda functions"
    )
    up.add_argument(
        "--worker-env", type=_pair, action="append", default=[], metavar="NAME=VALUE", help="a setting of the workers"
    )


def _add_demo(demo: argparse.ArgumentParser) -> None:
    demo.description = (
        "Start everything, submit one job for each operation at once, save the finished videos, "
        "check each, print a table and stop. Samples replace the files that are not given."
    )
    demo.add_argument("--photo", type=Path, help="a picture (JPEG, PNG, WebP)")
    demo.add_argument("--video", type=Path, help="a video with sound")
    demo.add_argument("--audio", type=Path, help="a sound: a narration, music")
    demo.add_argument("--srt", type=Path, help="subtitles (SRT)")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), help="folder for the videos (%(default)s)")
    demo.add_argument("--verbose", action="store_true", help="show the log too, on stderr")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError("write NAME=VALUE")
    return name, value


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 16:
        raise argparse.ArgumentTypeError("a number from 1 to 16")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("a number above 0")
    return value
