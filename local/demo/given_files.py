"""The user's own files for the demo, checked before anything is started."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract.limits import Limits
from contract.operations import Input, Role
from contract.options.inputs import ROLES
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.probe_inputs import check_inputs
from gpu_worker.plan.model import local_name
from gpu_worker.sandbox.cpus import usable_cpus

OPTIONS = {"photo": Role.IMAGE, "video": Role.VIDEO, "audio": Role.AUDIO, "srt": Role.SUBTITLES}
"""Options of the demo, which `make demo` takes in upper case."""


def check_paths(files: Mapping[Role, Path], outputs: Sequence[Path]) -> str | None:
    """Return why a file cannot be read or would be replaced by an output, or None."""
    for option, role in OPTIONS.items():
        if role not in files:
            continue
        name, path = option.upper(), files[role]
        if not path.exists():
            return f"{name}: there is no file {path}"
        if not path.is_file():
            return f"{name}: {path} is a folder, a device or a pipe; name a file"
        if not os.access(path, os.R_OK):
            return f"{name}: no permission to read {path}"
        if any(output.exists() and output.samefile(path) for output in outputs):
            return f"{name}: {path} would be replaced by the demo; copy it elsewhere first"
    return None


async def check_contents(files: Mapping[Role, Path], ffmpeg: str) -> str | None:
    """Return why the worker would refuse a file, or None."""
    inputs = {Input(field, role, ""): files[role] for field, role in ROLES.items() if role in files}
    with tempfile.TemporaryDirectory(prefix="api-gpu-demo-") as folder:
        for given, path in inputs.items():
            Path(folder, local_name(given.field)).symlink_to(path.resolve())  # noqa: ASYNC240
        try:
            await check_inputs(tuple(inputs), Path(folder), Machine(Ffmpeg(ffmpeg), None, usable_cpus()), Limits())
        except JobFailed as failure:
            sentence = failure.failure.message
            for given, path in inputs.items():
                sentence = sentence.replace(given.field, str(path))
            return sentence
    return None
