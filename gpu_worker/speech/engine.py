"""Run the sandboxed process that recognizes speech, and check what it returns: hostile sound may control it."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from contract.errors import Code
from gpu_worker.concurrency import run_all
from gpu_worker.errors import job_failed
from gpu_worker.media.info import Cue
from gpu_worker.media.transcription import Transcription
from gpu_worker.sandbox import safe_open
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.output import LogTail, read_lines, read_tail
from gpu_worker.sandbox.process import NOT_STARTED, MemoryLimitExceeded, sandboxed_process
from gpu_worker.speech.child import REPLY, REQUEST
from gpu_worker.speech.find_speech import Speech
from gpu_worker.speech.words.aligned_cues import FoundTimes, list_words
from gpu_worker.speech.words.word_times import HeardWord, repair_words

OnDone = Callable[[float], None]
"""Called with the share of the sound that is done, 0 to 1."""
_MAX_REPLY_BYTES = 64 * 1024 * 1024
_ON_CPU = "The GPU could not be used to recognize speech; the CPU was used instead."
_R = TypeVar("_R", bound=BaseModel)

_Seconds = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Probability = Annotated[float, Field(allow_inf_nan=False)]
_Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class _HeardReply(BaseModel):
    language: _Language
    words: list[tuple[_Seconds, _Seconds, Annotated[str, Field(max_length=1000)], _Probability]]


class _AlignedReply(BaseModel):
    language: _Language
    cues: list[list[tuple[_Seconds, _Seconds, _Probability]] | None]


@dataclass(frozen=True, slots=True)
class Listener:
    """Listens to the sound of one job: the file SOUND in its directory.

    `seconds` limits each run; `threads` are those of the CPU.
    """

    speech: Speech
    sandbox: Sandbox
    directory: Path
    threads: int
    seconds: float
    on_done: OnDone = lambda _done: None
    warnings: list[str] = field(default_factory=list)
    """For the client, about how it was done."""

    async def transcribe(self, length: float, language: str | None, prompt: str | None = None) -> Transcription:
        """Return what is said in the sound of `length` seconds. Raises JobFailed."""
        request = {"task": "transcribe", "language": base_language(language), "prompt": prompt}
        reply = await self._ask(request, _HeardReply)
        self._check_language(language, reply.language)
        spoken = repair_words((HeardWord(*word) for word in reply.words), int(length * 1000))
        return Transcription(
            reply.language,
            length,
            tuple(one.word for one in spoken),
            tuple(one.probability for one in spoken),
        )

    async def align(self, cues: Sequence[Cue], language: str | None) -> list[FoundTimes | None]:
        """Return the times of the words of each cue; None where there are none. Raises JobFailed."""
        asked = [at for at, cue in enumerate(cues) if list_words(cue, language)]
        given = [
            {"start_ms": cues[at].start_ms, "end_ms": cues[at].end_ms, "words": list_words(cues[at], language)}
            for at in asked
        ]
        if not given:
            return [None] * len(cues)
        request = {"task": "align", "language": base_language(language), "cues": given}
        reply = await self._ask(request, _AlignedReply)
        if len(reply.cues) != len(asked):
            raise job_failed(Code.INTERNAL)
        self._check_language(language, reply.language)
        found: list[FoundTimes | None] = [None] * len(cues)
        for at, times in zip(asked, reply.cues, strict=True):
            if times:
                spans = tuple((round(start * 1000), round(end * 1000)) for start, end, _ in times)
                found[at] = FoundTimes(spans, sum(probability for *_, probability in times) / len(times))
        return found

    def _check_language(self, wanted: str | None, used: str) -> None:
        if wanted and base_language(wanted) != used:
            self.warnings.append(f"The speech model does not know the language; the speech was taken as {used}.")

    async def _ask(self, request: dict[str, Any], reply: type[_R]) -> _R:
        """Run the process on its device, and if it fails on the GPU, on the CPU. Raises JobFailed."""
        code = 1
        for device in dict.fromkeys((self.speech.device, "cpu")):
            full = {**request, "model": str(self.speech.folder), "device": device, "threads": self.threads}
            code = await self._run(full)
            if code == 0:
                if device != self.speech.device:
                    self.warnings.append(_ON_CPU)
                return await asyncio.to_thread(_read, self.directory / REPLY, reply)
        if code == -signal.SIGKILL:
            raise job_failed(Code.RESOURCES)
        raise job_failed(Code.INTERNAL)

    async def _run(self, request: dict[str, Any]) -> int:
        """Return the exit code of the process, whose reply is then a file. Raises JobFailed."""
        (self.directory / REPLY).unlink(missing_ok=True)
        safe_open.write(self.directory / REQUEST, json.dumps(request))
        argv, tail = self.speech.command(REQUEST), LogTail()
        try:
            async with (
                asyncio.timeout(self.seconds),
                sandboxed_process(self.sandbox, argv, self.directory, seconds=self.seconds) as process,
            ):
                await run_all(read_lines(process.stdout, self._take_line), read_tail(process.stderr, tail))
                code = await process.wait()
        except TimeoutError:
            raise job_failed(Code.EXECUTION_TIMEOUT) from None
        except (MemoryLimitExceeded, OSError):
            raise job_failed(Code.RESOURCES) from None
        if code in NOT_STARTED:
            raise job_failed(Code.INTERNAL)
        return code

    def _take_line(self, line: bytes) -> None:
        try:
            done = float(line[:16])
        except ValueError:
            return
        self.on_done(max(0.0, min(1.0, done)))


def base_language(language: str | None) -> str | None:
    """Return the code of a language without script and region, as the model names it."""
    return language.partition("-")[0].lower() if language else None


def _read(path: Path, model: type[_R]) -> _R:
    try:
        with safe_open.open_read(path, links=False) as file:
            return model.model_validate_json(file.read(_MAX_REPLY_BYTES))
    except (OSError, ValidationError):
        raise job_failed(Code.INTERNAL) from None
