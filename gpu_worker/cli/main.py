"""Run one operation on local files: the same plans and ffmpeg runs as in a job, without queue or bucket."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from contract.artifacts import ArtifactKind
from contract.documentation.command_line import output_names
from contract.limits import Limits
from gpu_worker.cli.describe_output import describe_video
from gpu_worker.cli.output_file import OutputRefusedError, check_outputs, deliver
from gpu_worker.cli.parser import Request, parse
from gpu_worker.cli.progress_bar import ProgressBar
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import FfmpegUnusableError
from gpu_worker.pipeline.machine import MachineProbe
from gpu_worker.pipeline.transcode import Output, transcode
from gpu_worker.plan.model import local_name
from gpu_worker.sandbox.workdir import temporary_workdir
from gpu_worker.settings import Settings

OK, FAILED, KILLED = 0, 1, 128
"""Exit codes; KILLED plus the number of the signal. argparse exits with 2 on a wrong command line."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str]) -> int:
    """Parse the command line, run one operation and print the facts about its files. Returns the exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # Closed by the shell (`2>&-`). Occupy the descriptor, or the next open file would get it and the output.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        # Filenames may be bytes that are not valid text.
        getattr(sys, name).reconfigure(errors="backslashreplace")
    try:
        return _run_operation(argv)
    finally:
        for stream in (sys.stdout, sys.stderr):
            _flush(stream)


def _run_operation(argv: Sequence[str]) -> int:
    parser, request = parse(argv)
    outputs = _check_files(parser, request)
    received: list[int] = []
    try:
        result = asyncio.run(_run(request, outputs, received))
    except FfmpegUnusableError as unusable:
        return _report_failure(unusable.reason)
    except JobFailed as failure:
        named = failure.failure.naming(request.operation.sent_field)
        return _report_failure(request.description.with_flags(named.message), named.code)
    except OutputRefusedError as refused:
        return _report_failure(f"-o: {refused}")
    except asyncio.CancelledError:
        _say("interrupted; nothing was written")
        return KILLED + received[0]
    except OSError as error:
        return _report_failure(f"the temporary folder cannot be used ({error.strerror}); set WORK_DIR to another")
    _print_facts(result, request, outputs)
    return OK


def _flush(stream: TextIO) -> None:
    """Flush the stream, or discard the rest if its reader has gone: Python would exit with code 120."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _check_files(parser: argparse.ArgumentParser, request: Request) -> dict[str, Path]:
    """Return the files to write by the names of the artifacts. Exits with code 2 if one or an input cannot be used."""
    for field, path in request.files.items():
        flag = request.flag(field)
        if not path.exists():
            parser.error(f"{flag}: there is no file {path}")
        if not path.is_file():
            parser.error(f"{flag}: {path} is a folder, a device or a pipe; name a file")
        if not os.access(path, os.R_OK):
            parser.error(f"{flag}: no permission to read {path}")
    try:
        inputs = {path: request.flag(field) for field, path in request.files.items()}
        return check_outputs(request.output, request.operation.artifacts(), inputs)
    except OutputRefusedError as refused:
        parser.error(f"-o: {refused}")


async def _run(request: Request, outputs: Mapping[str, Path], received: list[int]) -> Output:
    _cancel_on_signals(received)
    settings = Settings.from_environ(os.environ)
    probe = MachineProbe(settings.ffmpeg, whisper_model=settings.whisper_model)
    machine = await probe.find_machine()
    if probe.speech_problem is not None:
        _say(f"note: {probe.speech_problem}")
    for warning in machine.warnings:
        _say(f"note: {warning}")
    bar = ProgressBar()
    with temporary_workdir(settings.work_dir) as directory, contextlib.closing(bar):
        for field, path in request.files.items():
            (directory / local_name(field)).symlink_to(path.resolve())
        for field, text in request.texts.items():
            (directory / local_name(field)).write_bytes(text)
        limits = Limits(execution_seconds=24 * 3600.0)
        result = await transcode(request.operation, directory, replace(machine, warnings=()), limits, bar.show)
        await deliver({target: result.paths[name] for name, target in outputs.items()})
        bar.finish()
    return result


def _cancel_on_signals(received: list[int]) -> None:
    """Cancel this task on the first signal. Later ones do not interrupt the cleanup, which takes a second at most."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop(number: int) -> None:
        received.append(number)
        if len(received) == 1 and task is not None:
            task.cancel()

    for number in _SIGNALS:
        # Under nohup, or in the background of a script, a signal may be ignored on purpose.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop, number)


def _report_failure(sentence: str, code: str | None = None) -> int:
    _say(f"failed ({code}): {sentence}" if code else f"failed: {sentence}")
    return FAILED


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def _print_facts(result: Output, request: Request, outputs: Mapping[str, Path]) -> None:
    """Print one line for each file, the named one first."""
    for warning in result.warnings:
        _say(f"note: {warning}")
    kinds = {artifact.name: artifact.kind for artifact in request.operation.artifacts()}
    main = next(iter(kinds))
    names = output_names(request.output, list(kinds))
    for name, output in outputs.items():
        shown = Path(names[name])
        with contextlib.suppress(OSError):
            size = f"{output.stat().st_size} bytes"
            is_measured = kinds[name] is ArtifactKind.VIDEO and name == main
            about = describe_video(result, size) if is_measured else f"{kinds[name]}, {size}"
            print(f"{shown}: {about}", flush=True)  # noqa: T201
