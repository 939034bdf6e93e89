"""Measure compose: 10 s of 1080p24 from a photo, a voice and subtitles, against three jobs one after the other."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

from benchmarks import baselines, product, sources
from benchmarks.bench import Bench
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.pictures import decibels, luma, squared_error
from benchmarks.results import Row
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid

_RATE = 24
_SIZE = baselines.SIZE
_BYTES = baselines.FRAME_BYTES
_RAW = ("-f", "rawvideo", "-")
"""Without a pixel format, so that frames are compared without conversion."""


def measure(bench: Bench) -> list[Row]:
    bench.say("compose")
    return list(_rows(bench))


def _rows(bench: Bench) -> Iterator[Row]:
    seconds = bench.seconds(10)
    photo = sources.photo(bench)
    voice = sources.sound(bench, seconds, "voice.mp3")
    srt = sources.subtitles(bench, "voice.srt", sources.speech(seconds))
    folder = product.burn_folder(bench.folder / "voice", srt, _SIZE)
    (folder / "voice.srt").symlink_to(srt)
    ours, theirs = bench.folder / "composed.mp4", bench.folder / "chained.mp4"
    operation = Compose(url_image=product.U, url_audio=product.U, url_srt=product.U, duration=seconds, frame_rate=_RATE)

    def job() -> None:
        inputs = {"url_image": photo, "url_audio": voice, "url_srt": srt}
        product.run_job(bench, operation, inputs, keep=ours)

    def chain() -> None:
        first, second = bench.folder / "chain-1.mp4", bench.folder / "chain-2.mp4"
        baselines.img2vid(bench, baselines.SEED, "veryfast", photo, (seconds * _RATE, _RATE), first)
        baselines.addaudio(bench, "medium", first, voice, second)
        baselines.caption(bench, folder, second, "voice.srt", theirs)

    job()
    spent = interleaved({"product": Contender(job, bench.runs), "chain": Contender(chain, bench.runs)}, bench.say)
    ratio = Ratio.of(spent["product"], spent["chain"])
    python = platform.python_version()
    common = {"film_seconds": seconds, "resampler": product.resampler()}
    yield Row("compose.cpu", python, ratio.value, {}, {**ratio.facts(), "cpu_seconds": medians(spent), **common})
    bench.say("  PSNR of each against its own frames before the encoder")
    drawn = _product_psnr(bench, folder, photo, ours, seconds)
    chained = _chain_psnr(bench, folder, photo, theirs, seconds)
    decibels = {"product_db": drawn, "chain_db": chained, **common}
    yield Row("compose.psnr", python, drawn - chained, {}, decibels, f"{drawn:.2f} dB against {chained:.2f}")
    own, chains = ours.stat().st_size, theirs.stat().st_size
    sizes = {"product_bytes": own, "chain_bytes": chains, **common}
    yield Row("compose.bytes", python, own / chains, {}, sizes)


def _product_psnr(bench: Bench, folder: Path, photo: Path, made: Path, seconds: int) -> float:
    """Return the luma PSNR of a file against the captioned frames that its encoder got."""
    clip = Img2Vid(url_image=product.U, duration=seconds, frame_rate=_RATE)
    with product.drawn(bench, clip, photo) as frames:
        opening = product.raw_input(_SIZE, _RATE, frames)
        return _psnr(bench, made, bench.pictures(_BYTES, *opening, "-vf", product.BURN, *_RAW, cwd=folder))


def _chain_psnr(bench: Bench, folder: Path, photo: Path, made: Path, seconds: int) -> float:
    """Return the same for the three jobs, whose filters run without encodes between them for the reference."""
    zoom = baselines.zoom_filter(baselines.SEED, seconds * _RATE, _RATE)
    graph = f"{zoom},{baselines.subtitles_filter('voice.srt')}"
    return _psnr(bench, made, bench.pictures(_BYTES, "-i", photo, "-vf", graph, *_RAW, cwd=folder))


def _psnr(bench: Bench, made: Path, drawn: Iterator[bytes]) -> float:
    decoded = bench.pictures(_BYTES, "-i", made, "-an", *_RAW)
    # The chain may have lost its last frames, so only existing ones are compared.
    pairs = zip(decoded, drawn, strict=False)
    return decibels(fmean(squared_error(luma(a, _SIZE), luma(b, _SIZE)) for a, b in pairs))
