"""Measure addaudio: a sound of 75 s under 60 s of 1080p30, and the exact end of the output."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks import baselines, product, sources
from benchmarks.bench import Bench
from benchmarks.cut_accuracy import Verdict, compare_cuts
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations.addaudio import AddAudio

_OPERATION = AddAudio(url_video=product.U, url_audio=product.U)
_RATE = ("-b:v", "4400k")
"""One minute is 33 MB."""


def measure(bench: Bench) -> list[Row]:
    bench.say("addaudio")
    return [*_cost(bench), _exactness(bench)]


def _cost(bench: Bench) -> Iterator[Row]:
    seconds = bench.seconds(60)
    film = sources.film(bench, seconds, _RATE, "long.mp4")
    mp3, m4a = (sources.sound(bench, seconds * 5 // 4, name) for name in ("long.mp3", "long.m4a"))

    def job(sound: Path) -> None:
        product.run_job(bench, _OPERATION, {"url_video": film, "url_audio": sound})

    def limit() -> None:
        bench.copy(film, bench.folder / "copy.mp4")
        bench.run("-t", str(seconds), "-i", mp3, "-c:a", "aac", "-b:a", "192k", "-f", "null", "-")

    out = bench.folder / "peer.mp4"
    again = Contender(lambda: baselines.addaudio(bench, "veryfast", film, mp3, out), bench.few)
    copied = Contender(lambda: baselines.copy_shortest(bench, film, mp3, out), bench.runs)
    job(mp3)
    spent = interleaved(
        {
            "product": Contender(lambda: job(mp3), bench.runs),
            "product, AAC": Contender(lambda: job(m4a), bench.runs),
            "copy and AAC encode": Contender(limit, bench.runs),
            **({"re-encode veryfast": again, "copy -shortest": copied} if bench.peers else {}),
        },
        bench.say,
    )
    cpu = medians(spent)
    peers = ("re-encode veryfast", "copy -shortest")
    others = {name: cpu[name] / cpu["copy and AAC encode"] for name in peers if name in cpu}
    facts = {"cpu_seconds": cpu, "film_seconds": seconds, "film_bytes": film.stat().st_size}
    for key, name in (("addaudio.cpu", "product"), ("addaudio.cpu.aac", "product, AAC")):
        ratio = Ratio.of(spent[name], spent["copy and AAC encode"])
        yield Row(key, platform.python_version(), ratio.value, others, {**ratio.facts(), **facts})


def _exactness(bench: Bench) -> Row:
    bench.say("  cuts")
    ours: list[Verdict] = []
    theirs: list[Verdict] = []
    wrong: list[str] = []
    per_film: Counter[str] = Counter()
    for film, end, verdict, other in compare_cuts(bench):
        if film not in per_film:
            bench.say(f"  {film}")
        per_film[film] += 1
        ours.append(verdict)
        theirs.append(other)
        if not verdict.exact:
            wrong.append(f"{film} at {float(end):.5f} s: {_describe(verdict)}")
    bad, others_bad = (sum(not verdict.exact for verdict in verdicts) for verdicts in (ours, theirs))
    facts = {
        "cuts": len(ours),
        "cuts_per_film": dict(per_film),
        "wrong": wrong,
        "copy_shortest": {
            "off_by_at_most": max(verdict.missing + verdict.surplus for verdict in theirs),
            "damaged": sum(verdict.damaged for verdict in theirs),
        },
    }
    others = {"copy -shortest": float(others_bad)}
    return Row("addaudio.exact", platform.python_version(), float(bad), others, facts, f"of {len(ours)} cuts")


def _describe(verdict: Verdict) -> str:
    return f"{verdict.missing} missing, {verdict.surplus} too many, {verdict.damaged} damaged"
