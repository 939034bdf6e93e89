"""Measure loudness and true peak of finished files against what was requested, and the cost of leveling."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import product, sources
from benchmarks.bench import Bench, BenchError
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations.addaudio import AddAudio
from contract.options.sound.music import Music

_SECONDS = 40
_GOALS = (-14.0, -16.0, -23.0)
_PEAK = -1.0
_METER = "aresample=48000,ebur128=peak=true:metadata=1:framelog=quiet,ametadata=mode=print:file=-"


def measure(bench: Bench) -> list[Row]:
    bench.say("loudness")
    film = sources.film(bench, bench.seconds(_SECONDS), ("-b:v", "1000k"), "leveled.mp4")
    voice, music = sources.sound(bench, bench.seconds(_SECONDS), "spoken.mp3"), sources.music(bench)
    return [*_accuracy(bench, film, voice, music), _cost(bench, film, voice, music)]


def _operation(goal: float | None, *, has_music: bool) -> AddAudio:
    return AddAudio(
        url_video=product.U,
        url_audio=product.U,
        music=Music(url_audio=product.U, volume_db=-12) if has_music else None,
        loudness="none" if goal is None else goal,
        true_peak_db=_PEAK,
    )


def _accuracy(bench: Bench, film: Path, voice: Path, music: Path) -> Iterator[Row]:
    out = bench.folder / "leveled-out.mp4"
    found: dict[str, tuple[float, float]] = {}
    others: dict[str, tuple[float, float]] = {}
    off, off_others = [], []
    for goal in _GOALS:
        for has_music in (False, True):
            inputs = {"url_video": film, "url_audio": voice, **({"music.url_audio": music} if has_music else {})}
            product.run_job(bench, _operation(goal, has_music=has_music), inputs, keep=out)
            name = f"{'speech and music' if has_music else 'speech'} to {goal:g}"
            found[name] = _read_meter(bench, out)
            off.append(abs(found[name][0] - goal))
            bench.say(f"  {name}: {found[name][0]:.2f} LUFS, {found[name][1]:.2f} dBTP")
        if bench.peers:
            others[f"speech to {goal:g}"] = _read_meter(bench, _normalize(bench, voice, goal))
            off_others.append(abs(others[f"speech to {goal:g}"][0] - goal))
    facts = {"files": {name: {"lufs": lufs, "true_peak_db": peak} for name, (lufs, peak) in found.items()}}
    peers = {"loudnorm": max(off_others)} if others else {}
    yield Row("loudness.off", platform.python_version(), max(off), peers, facts)
    peers = {"loudnorm": max(peak for _, peak in others.values())} if others else {}
    yield Row("loudness.peak", platform.python_version(), max(peak for _, peak in found.values()), peers)


def _normalize(bench: Bench, voice: Path, goal: float) -> Path:
    """Level as most recipes do: one pass of `loudnorm`, and AAC."""
    path = bench.folder / "loudnorm.m4a"
    filters = f"aformat=channel_layouts=stereo,loudnorm=I={goal:g}:TP={_PEAK:g}"
    bench.run("-i", voice, "-af", filters, "-ar", "48000", "-c:a", "aac", "-b:a", "192k", path)
    return path


def _read_meter(bench: Bench, path: Path) -> tuple[float, float]:
    """Return the loudness in LUFS and the true peak in dBTP of a file."""
    report = bench.read("-i", path, "-map", "0:a:0", "-af", _METER, "-f", "null", "-").decode()
    lufs, peaks = re.findall(r"r128\.I=(-?[\d.]+)", report), re.findall(r"r128\.true_peaks_ch\d=([\d.]+)", report)
    if not lufs or not peaks:
        raise BenchError("ffmpeg measured no loudness")
    return float(lufs[-1]), 20 * math.log10(max(map(float, peaks)))


def _cost(bench: Bench, film: Path, voice: Path, music: Path) -> Row:
    inputs = {"url_video": film, "url_audio": voice, "music.url_audio": music}

    def job(goal: float | None) -> None:
        product.run_job(bench, _operation(goal, has_music=True), inputs)

    job(None)
    contenders = {
        "leveled": Contender(lambda: job(_GOALS[0]), bench.runs),
        "mixed": Contender(lambda: job(None), bench.runs),
    }
    spent = interleaved(contenders, bench.say)
    ratio = Ratio.of(spent["leveled"], spent["mixed"])
    facts = {**ratio.facts(), "cpu_seconds": medians(spent), "seconds": bench.seconds(_SECONDS)}
    return Row("loudness.cpu", platform.python_version(), ratio.value, {}, facts)
