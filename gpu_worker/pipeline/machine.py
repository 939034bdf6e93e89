"""The capabilities of this host: ffmpeg, GPU, processors, fonts, speech. Probed once per worker and passed down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from gpu_worker.ffmpeg.locate import Ffmpeg, find_ffmpeg
from gpu_worker.pipeline.glyph_check import GlyphCheck
from gpu_worker.pipeline.gpu_probe import GpuProbe, find_gpu_name
from gpu_worker.plan.gpu import Gpu
from gpu_worker.plan.measure import Typefaces
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.cpus import usable_cpus
from gpu_worker.speech.find_speech import Speech, SpeechUnusableError, find_speech
from gpu_worker.typefaces.font_files import FontFiles

FONTS_DIRECTORY = Path(__file__).parents[1] / "fonts"


@dataclass(frozen=True, slots=True)
class Machine:
    """The capabilities of this host.

    `gpu` is None if jobs must not use one; `gpu_name` is None if there is none. `cpus` is the number of threads to use,
    `fonts` the directory of the shipped fonts, `typefaces` their measures, `speech` the speech model (None: no speech
    recognition). `warnings` about the host are added to those of each job.
    """

    ffmpeg: Ffmpeg
    gpu: Gpu | None
    cpus: int
    gpu_name: str | None = None
    fonts: Path = FONTS_DIRECTORY
    warnings: tuple[str, ...] = ()
    glyph_check: GlyphCheck = field(default_factory=GlyphCheck)
    typefaces: Typefaces = field(default_factory=lambda: FontFiles(FONTS_DIRECTORY))
    speech: Speech | None = None

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox for programs other than ffmpeg."""
        return self.ffmpeg.sandbox


class MachineProbe:
    """Probes this host for one worker.

    Every finding is kept, except those that a busy host may have caused: an ffmpeg whose version could not be read, a
    temporary failure of the GPU, and a GPU name that could not be read are probed again at the next job.
    """

    def __init__(
        self,
        ffmpeg: str | None = None,
        *,
        sandbox: Sandbox | None = None,
        gpu_probe: GpuProbe | None = None,
        fonts: Path = FONTS_DIRECTORY,
        whisper_model: Path | None = None,
    ) -> None:
        """`ffmpeg`: the path or name of the program; None to search for it. `whisper_model`: a model's directory."""
        self.sandbox = sandbox or Sandbox()
        self._path = ffmpeg
        self._gpu_probe = gpu_probe or GpuProbe()
        self._fonts = fonts
        self._ffmpeg: Ffmpeg | None = None
        self._gpu_name: str | None = None
        self._glyph_check = GlyphCheck()
        self._typefaces = FontFiles(fonts)
        self._cpus = usable_cpus()
        # Absolute, because the model is loaded by a process in the directory of a job.
        self._whisper_model = whisper_model and whisper_model.absolute()
        self._speech: Speech | None = None
        self.speech_problem: str | None = None
        """Why the speech model cannot be used, for the operator; None if it can, or is not set."""

    async def find_machine(self) -> Machine:
        """Return the capabilities of this host. Raises FfmpegUnusableError, and OSError if the sandbox is too busy."""
        ffmpeg = await self._find_ffmpeg()
        gpu = await self._gpu_probe.find_gpu(ffmpeg)
        self._gpu_name = self._gpu_name or await find_gpu_name(self.sandbox)
        await self._find_speech()
        return Machine(
            ffmpeg,
            gpu,
            self._cpus,
            self._gpu_name,
            self._fonts,
            ffmpeg.build.warnings(),
            self._glyph_check,
            self._typefaces,
            self._speech,
        )

    async def _find_speech(self) -> None:
        if self._whisper_model is None:
            return
        try:
            self._speech = await find_speech(self._whisper_model, self.sandbox)
        except SpeechUnusableError as error:
            self.speech_problem = error.reason
        self._whisper_model = None

    async def _find_ffmpeg(self) -> Ffmpeg:
        if self._ffmpeg is None or self._ffmpeg.build.libavcodec is None:
            self._ffmpeg = await asyncio.to_thread(find_ffmpeg, self._path, self.sandbox)
        return self._ffmpeg
