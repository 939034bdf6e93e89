"""Measure trim: 60 s out of 10 minutes of 1080p30, and the exact start and end of the output."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from benchmarks import product, sources
from benchmarks.bench import Bench
from benchmarks.cut_accuracy import FILMS, Verdict, frame_checksums
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations.trim import Trim

_RATE = ("-b:v", "4400k")
"""One minute is 33 MB."""

_FRAMES = 72
_PARTS = ((3, 40), (24, 50), (25, 33), (31, 60), (47, 71))
"""The first frame of a part, and the one after its last: keyframes are 24 frames apart."""


def measure(bench: Bench) -> list[Row]:
    bench.say("trim")
    return [_cost(bench), _exactness(bench)]


def _cost(bench: Bench) -> Row:
    whole, part = bench.seconds(600), bench.seconds(60)
    film = sources.film(bench, whole, _RATE, "ten-minutes.mp4", _sound(bench, whole))
    # Between two keyframes, which are 2 s apart.
    start = whole // 2 + 1
    operation = Trim(url_video=product.U, start=start, duration=part)
    copied = bench.folder / "part.mp4"

    def copy() -> None:
        bench.run("-ss", str(start), "-i", film, "-t", str(part), "-c", "copy", "-movflags", "+faststart", copied)

    def encode() -> None:
        bench.run("-ss", str(start), "-i", film, "-t", str(part), "-preset", "veryfast", copied)

    product.run_job(bench, operation, {"url_video": film})
    spent = interleaved(
        {
            "product": Contender(lambda: product.run_job(bench, operation, {"url_video": film}), bench.runs),
            "copy": Contender(copy, bench.runs),
            **({"re-encode veryfast": Contender(encode, bench.few)} if bench.peers else {}),
        },
        bench.say,
    )
    cpu, ratio = medians(spent), Ratio.of(spent["product"], spent["copy"])
    others = {name: cpu[name] / cpu["copy"] for name in ("re-encode veryfast",) if name in cpu}
    facts = {"cpu_seconds": cpu, "film_seconds": whole, "film_bytes": film.stat().st_size}
    return Row("trim.cpu", platform.python_version(), ratio.value, others, {**ratio.facts(), **facts})


def _sound(bench: Bench, seconds: int) -> Path:
    """Return AAC without a gap; repeated speech that is encoded at once has some."""
    path = bench.folder / "ten-minutes.m4a"
    bench.run("-i", sources.sound(bench, seconds, "ten-minutes.mp3"), "-c:a", "aac", "-b:a", "192k", path)
    return path


def _exactness(bench: Bench) -> Row:
    bench.say("  parts")
    verdicts = list(_compare_parts(bench))
    wrong = [
        f"{film} {part}: {it.missing} missing, {it.surplus} too many, {it.damaged} damaged"
        for film, part, it in verdicts
        if not it.exact
    ]
    off = sum(it.missing + it.surplus + it.damaged for _, _, it in verdicts)
    per_film = Counter(film for film, _, _ in verdicts)
    facts = {"parts": len(verdicts), "parts_per_film": dict(per_film), "wrong": wrong}
    return Row("trim.exact", platform.python_version(), float(off), {}, facts, f"in {len(verdicts)} parts")


def _compare_parts(bench: Bench) -> Iterator[tuple[str, str, Verdict]]:
    """Yield for each part: kind of film, its frames, and the verdict on the product."""
    out = bench.folder / "trim-out.mp4"
    for name, (rate, file, options) in FILMS.items():
        film = bench.folder / f"trim-{file}"
        picture = f"testsrc2=s=192x108:r={rate}"
        bench.run("-f", "lavfi", "-i", picture, "-frames:v", str(_FRAMES), "-pix_fmt", "yuv420p", *options, film)
        frames = frame_checksums(bench, film)
        for first, last in _PARTS[: 2 if bench.quick else None]:
            yield name, f"{first}-{last}", _verdict(bench, film, frames[first:last], frames, frames[last][0], out)


def _verdict(
    bench: Bench,
    film: Path,
    part: list[tuple[Fraction, str]],
    whole: list[tuple[Fraction, str]],
    end: Fraction,
    out: Path,
) -> Verdict:
    operation = Trim(url_video=product.U, start=float(part[0][0]), end=float(end))
    product.run_job(bench, operation, {"url_video": film}, keep=out)
    found, expected, source = ([frame for _, frame in frames] for frames in (frame_checksums(bench, out), part, whole))
    return Verdict.of(found, expected, source)
