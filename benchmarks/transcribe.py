"""Measure speech recognition: a transcript of 40 s of speech, and captions of what is said, on the CPU.

As a program (`python -m benchmarks.transcribe MODEL THREADS FILE`) it runs faster-whisper alone, the reference.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks import product, sources
from benchmarks.bench import Bench
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations.compose import Compose
from contract.operations.transcribe import Transcribe
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.speech.find_speech import Speech, SpeechUnusableError, find_speech

_THREADS = 2
_SOUND_SECONDS = 40
_KEYS = ("transcribe.cpu", "transcribe.first")


def measure(bench: Bench) -> list[Row]:
    bench.say("transcribe")
    sound = bench.media / "a40.mp3" if bench.media else None
    model = Path(os.environ.get("WHISPER_MODEL") or Path(sys.prefix) / "whisper" / "tiny.en")
    if importlib.util.find_spec("faster_whisper") is None or not model.is_dir():
        return _absent("speech recognition is not installed: make bench-media SPEECH=1")
    if sound is None or not sound.is_file():
        return _absent("there is no speech: it cannot be drawn")
    try:
        speech = asyncio.run(find_speech(model.absolute(), Sandbox()))
    except SpeechUnusableError as error:
        return _absent(error.reason)
    return _costs(bench, Speech(speech.folder, "cpu"), sound)


def _absent(reason: str) -> list[Row]:
    return [Row(key, platform.python_version(), None, note=reason) for key in _KEYS]


class _FirstCaptionError(Exception):
    """The captions of a job are known, and its video begins: the rest is not measured."""


def _costs(bench: Bench, speech: Speech, sound: Path) -> list[Row]:
    photo = sources.photo(bench)
    captioned = Compose(url_image=product.U, url_audio=product.U, captions="auto", size="1080x1920")
    seconds: dict[str, list[float]] = {"product": [], "first caption": [], "faster-whisper": []}

    def alone() -> None:
        argv = [sys.executable, "-m", "benchmarks.transcribe", str(speech.folder), str(_THREADS), str(sound)]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)

    def transcribe() -> None:
        product.run_job(two, Transcribe(url_audio=product.U), {"url_audio": sound}, speech=speech)

    def first_caption() -> None:
        with contextlib.suppress(_FirstCaptionError):
            product.run_job(
                two, captioned, {"url_image": photo, "url_audio": sound}, speech=speech, on_stage=_stop_at_the_encode
            )

    def timed(name: str, job: Callable[[], None]) -> Contender:
        def run() -> None:
            started = time.monotonic()
            job()
            seconds[name].append(time.monotonic() - started)

        return Contender(run, bench.few if bench.quick else min(3, bench.runs))

    two = replace(bench, threads=_THREADS)
    transcribe()
    jobs = {"product": transcribe, "first caption": first_caption, "faster-whisper": alone}
    spent = interleaved({name: timed(name, job) for name, job in jobs.items()}, bench.say)
    clock = medians(seconds)
    facts = {"cpu_seconds": medians(spent), "seconds": clock, "sound_seconds": _SOUND_SECONDS, "model": speech.name}
    whole = Ratio.of(spent["product"], spent["faster-whisper"])
    first = Ratio.of(spent["first caption"], spent["faster-whisper"])
    python, threads = platform.python_version(), f"{speech.name}, int8, {_THREADS} threads"
    return [
        Row(
            "transcribe.cpu", python, whole.value, {}, {**whole.facts(), **facts},
            f"{threads}: {clock['product'] / _SOUND_SECONDS:.2f} of real time",
        ),
        Row(
            "transcribe.first", python, first.value, {}, {**first.facts(), **facts},
            f"{threads}: {clock['first caption']:.1f} s on the clock",
        ),
    ]  # fmt: skip


def _stop_at_the_encode(stage: str, _done: float) -> None:
    if stage == "encode":
        raise _FirstCaptionError


def _transcribe_alone(model: str, threads: str, path: str) -> None:
    """Do what faster-whisper's documentation shows, with the product's options."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra

    whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=int(threads), local_files_only=True)
    segments, _ = whisper.transcribe(
        path, beam_size=5, word_timestamps=True, condition_on_previous_text=False, vad_filter=True,
        vad_parameters={"threshold": 0.5, "min_silence_duration_ms": 500, "speech_pad_ms": 200},
        hallucination_silence_threshold=2.0,
    )  # fmt: skip
    for segment in segments:
        print(segment.start, segment.end, segment.text)


if __name__ == "__main__":
    _transcribe_alone(*sys.argv[1:])
