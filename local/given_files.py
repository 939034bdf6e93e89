"""The files that a person gives to the demo, looked at before anything is started."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from contract.limits import Limits
from contract.operations import Input, Role
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.execute_plan import Machine
from gpu_worker.pipeline.transcode import check_inputs, local_name
from gpu_worker.sandbox.cpus import usable_cpus
from local.media import MediaFiles

_INPUTS = {
    "PHOTO": Input("url_image", Role.IMAGE, ""),
    "VIDEO": Input("url_video", Role.VIDEO, ""),
    "AUDIO": Input("url_audio", Role.AUDIO, ""),
    "SRT": Input("url_srt", Role.SUBTITLES, ""),
}
"""By the names that make has for them."""


@dataclass(frozen=True, slots=True)
class Given:
    """The files a user brought; None for what the demo makes."""

    photo: Path | None = None
    video: Path | None = None
    audio: Path | None = None
    srt: Path | None = None

    def problem(self, outputs: Sequence[Path]) -> str | None:
        """Return why one of them is no file that can be read and stays, or None."""
        for name, path in self._paths().items():
            if not path.exists():
                return f"{name}: there is no file {path}"
            if not path.is_file():
                return f"{name}: {path} is a folder, a device or a pipe"
            if not os.access(path, os.R_OK):
                return f"{name}: {path} may not be read"
            if any(output.exists() and output.samefile(path) for output in outputs):
                return f"{name}: {path} would be replaced by the demo; copy it elsewhere first"
        return None

    def completed_by(self, made: MediaFiles) -> MediaFiles:
        """Take what was made where nothing was given."""
        return MediaFiles(
            self.photo or made.photo, self.video or made.video, self.audio or made.audio, self.srt or made.srt
        )

    async def refusal(self, ffmpeg: str) -> str | None:
        """Return why the worker would refuse one of them, or None."""
        paths = {_INPUTS[name]: path for name, path in self._paths().items()}
        with tempfile.TemporaryDirectory(prefix="api-gpu-demo-") as name:
            for given, path in paths.items():
                Path(name, local_name(given.role)).symlink_to(path.resolve())  # noqa: ASYNC240
            try:
                await check_inputs(tuple(paths), Path(name), Machine(ffmpeg, None, usable_cpus()), Limits())
            except JobFailed as failure:
                sentence = failure.failure.message
                for given, path in paths.items():
                    sentence = sentence.replace(given.field, str(path))
                return sentence
        return None

    def _paths(self) -> dict[str, Path]:
        """Those that were given, as make names them."""
        found = {one.name.upper(): getattr(self, one.name) for one in fields(self)}
        return {name: path for name, path in found.items() if path is not None}
