"""The files that a person gives to the demo, looked at before anything is started."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from contract.limits import Limits
from contract.operations import AddAudio, Caption, Compose, Img2Vid, Operation, Role
from gpu_worker.cpus import usable_cpus
from gpu_worker.errors import JobFailed
from gpu_worker.make import check_inputs, local_name
from gpu_worker.perform import Tools
from local.media import MediaFiles

_U = "https://local.invalid/file"
_OPERATIONS: tuple[Operation, ...] = (
    Img2Vid(url_image=_U),
    Caption(url_video=_U, url_srt=_U),
    AddAudio(url_video=_U, url_audio=_U),
    Compose(url_image=_U, url_audio=_U, url_srt=_U),
)


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

    async def refusal(self, media: MediaFiles, ffmpeg: str) -> str | None:
        """Return why the worker would refuse one of them, or None: it is probed, and its work is planned."""
        roles = {Role.IMAGE: media.photo, Role.VIDEO: media.video, Role.AUDIO: media.audio, Role.SUBTITLES: media.srt}
        given = set(self._paths().values())
        tools = Tools(ffmpeg, None, usable_cpus())
        for operation in _OPERATIONS:
            inputs = {found.field: roles[found.role] for found in operation.inputs()}
            if not given.intersection(inputs.values()):
                continue
            with tempfile.TemporaryDirectory(prefix="api-gpu-demo-") as name:
                for found in operation.inputs():
                    Path(name, local_name(found.role)).symlink_to(roles[found.role].resolve())  # noqa: ASYNC240
                try:
                    await check_inputs(operation, Path(name), tools, Limits())
                except JobFailed as failure:
                    sentence = failure.failure.message
                    for field, path in inputs.items():
                        sentence = sentence.replace(field, str(path))
                    return sentence
        return None

    def _paths(self) -> dict[str, Path]:
        """Those that were given, as make names them."""
        found = {one.name.upper(): getattr(self, one.name) for one in fields(self)}
        return {name: path for name, path in found.items() if path is not None}
