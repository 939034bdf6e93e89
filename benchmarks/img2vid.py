"""Measure img2vid: 5 s of 1080p24 from a photo of 12 megapixels."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import baselines, product, sources
from benchmarks.bench import Bench
from benchmarks.measure import Contender, Ratio, interleaved, medians, peak_memory
from benchmarks.pictures import Jitter, Luma, Reference, decibels, jitter, luma, squared_error
from benchmarks.results import Row
from contract.operations.img2vid import Img2Vid

_SECONDS, _RATE = 5, 24
_FRAMES = _SECONDS * _RATE
_SIZE = baselines.SIZE
_CLIP = Img2Vid(url_image=product.U, duration=_SECONDS, frame_rate=_RATE)

_JUDGED = (0, 40, 80, 119)
"""The frames whose PSNR was also measured before this bench existed."""
_MORE = (*range(0, _FRAMES, 10), _FRAMES - 1)

_MEGABYTE = 1e6


def measure(bench: Bench) -> list[Row]:
    """Return the rows for this Python, with peers if the bench compares with them."""
    bench.say(f"img2vid, Python {platform.python_version()}")
    cost, size = _cost_and_size(bench)
    return [cost, size, *_steadiness(bench), _sharpness(bench), *_memory(bench, cost.facts["peers_memory_mb"])]


def _row(key: str, value: float, peers: Mapping[str, float], facts: Mapping[str, Any], note: str = "") -> Row:
    facts = {"resampler": product.resampler(), **facts}
    return Row(key, platform.python_version(), value, peers, facts, note)


def _cost_and_size(bench: Bench) -> tuple[Row, Row]:
    photo = sources.photo(bench)
    with product.drawn(bench, _CLIP, photo) as frames:
        # The first job of a process also pays for its imports.
        product.run_job(bench, _CLIP, {"url_image": photo}, keep=bench.folder / "clip-product.mp4")
        size = _size(bench, frames, bench.folder / "clip-product.mp4")
        peers = _Peers(bench, photo)
        seconds = interleaved(
            {
                "product": Contender(lambda: product.run_job(bench, _CLIP, {"url_image": photo}), bench.runs),
                "encode alone": Contender(lambda: _encode_alone(bench, frames), bench.runs),
                **(peers.contenders() if bench.peers else {}),
            },
            bench.say,
        )
    cpu = medians(seconds)
    ratio = Ratio.of(seconds["product"], seconds["encode alone"])
    others = {name: value / cpu["encode alone"] for name, value in cpu.items() if name in peers.memory}
    key = "img2vid.cpu" if product.resampler() == "VapourSynth" else "img2vid.cpu.oldest"
    facts = {**ratio.facts(), "cpu_seconds": cpu, "peers_memory_mb": peers.memory}
    return _row(key, ratio.value, others, facts), size


def _size(bench: Bench, frames: Path, output: Path) -> Row:
    """Compare with version 0.1.0, whose clips without captions had a keyframe every 2 s."""
    before = bench.folder / "short-gop.mp4"
    short_gop = ("-g", str(2 * _RATE), "-movflags", "+faststart", before)
    bench.run(*product.raw_input(_SIZE, _RATE, frames), *product.x264_args(bench), *short_gop)
    sizes = {"bytes": output.stat().st_size, "bytes_before": before.stat().st_size}
    return _row("img2vid.bytes", sizes["bytes"] / sizes["bytes_before"], {}, sizes)


def _encode_alone(bench: Bench, frames: Path) -> None:
    opening = product.raw_input(_SIZE, _RATE, frames)
    bench.run(*opening, *product.x264_args(bench), "-f", "null", "-")


@dataclass
class _Peers:
    """Run the whole jobs of the peers and return the memory that each took, in MB."""

    bench: Bench
    photo: Path

    def __post_init__(self) -> None:
        self.memory: dict[str, float] = {}

    def contenders(self) -> dict[str, Contender]:
        ways = [(zoom.name, zoom, "veryfast", zoom.costly) for zoom in baselines.ZOOMS]
        ways.append(("NCA as shipped", baselines.NCA, "medium", True))
        return {
            name: Contender(self._job(name, zoom, preset), self.bench.few if costly else self.bench.runs)
            for name, zoom, preset, costly in ways
        }

    def _job(self, name: str, zoom: baselines.Zoom, preset: str) -> Callable[[], None]:
        def job() -> None:
            out = self.bench.folder / "peer.mp4"
            memory = baselines.img2vid(self.bench, zoom, preset, self.photo, (_FRAMES, _RATE), out)
            self.memory[name] = max(self.memory.get(name, 0), memory / _MEGABYTE)

        return job


def _steadiness(bench: Bench) -> list[Row]:
    photo, places = sources.dotted_photo(bench)

    def seen(frames: Iterator[Luma]) -> Jitter:
        return jitter(frames, product.zooms(_FRAMES), places, sources.PHOTO_SIZE, _SIZE)

    bench.say("  jitter")
    ours = seen(luma(planes[0], _SIZE) for planes in product.draw_frames(bench, _CLIP, photo))
    others = {
        zoom.name: seen(luma(picture, _SIZE) for picture in baselines.img2vid_frames(bench, zoom, photo, _FRAMES))
        for zoom in (baselines.ZOOMS if bench.peers else ())
    }
    facts = {"worst_px": ours.worst, "peers_worst_px": {name: found.worst for name, found in others.items()}}
    return [
        _row("img2vid.jitter", ours.rms, {name: found.rms for name, found in others.items()}, facts),
        _row("img2vid.velocity", ours.velocity, {name: found.velocity for name, found in others.items()}, {}),
    ]


def _sharpness(bench: Bench) -> Row:
    bench.say("  PSNR against a float Lanczos render")
    photo = sources.photo(bench)
    reference = Reference(_float_luma(bench, photo), _SIZE)
    zooms = product.zooms(_FRAMES)
    expected = {index: reference.at(zooms[index]) for index in sorted({*_JUDGED, *_MORE})}

    def judged(frames: Iterator[Luma]) -> dict[int, float]:
        return {
            index: decibels(squared_error(frame, expected[index]))
            for index, frame in enumerate(frames)
            if index in expected
        }

    ours = judged(luma(planes[0], _SIZE) for planes in product.draw_frames(bench, _CLIP, photo))
    others = {
        zoom.name: judged(luma(picture, _SIZE) for picture in baselines.img2vid_frames(bench, zoom, photo, _FRAMES))
        for zoom in (baselines.ZOOMS if bench.peers else ())
    }
    facts = {
        "frames": {str(index): ours[index] for index in _JUDGED},
        f"mean_of_{len(_MORE)}": fmean(ours[index] for index in _MORE),
        "least": min(ours.values()),
    }
    return _row("img2vid.psnr", _mean(ours), {name: _mean(found) for name, found in others.items()}, facts)


def _mean(found: Mapping[int, float]) -> float:
    return fmean(found[index] for index in _JUDGED)


def _float_luma(bench: Bench, photo: Path) -> NDArray[np.float32]:
    """Return the BT.709 luma of a photo in limited range, 0 to 255 with fractions."""
    width, height = sources.PHOTO_SIZE
    exact = "scale=flags=accurate_rnd+full_chroma_int+lanczos:out_color_matrix=bt709:out_range=tv,format=yuv444p16le"
    raw = bench.read("-i", photo, "-vf", exact, "-f", "rawvideo", "-")
    exactly: NDArray[np.float32] = np.frombuffer(raw, "<u2", width * height).reshape(height, width).astype(np.float32)
    return exactly / np.float32(256)


def _memory(bench: Bench, peers: Mapping[str, float]) -> Iterator[Row]:
    bench.say("  memory")
    what = "the worker's process, without the RunPod SDK, and its children"
    for key, photo, others in (
        ("img2vid.memory", sources.photo(bench), peers),
        ("img2vid.memory.large", sources.large_photo(bench), {}),
    ):
        argv = (
            sys.executable,
            "-m",
            "benchmarks.product",
            bench.ffmpeg,
            str(bench.threads),
            str(bench.folder),
            str(photo),
        )
        peak = peak_memory(argv, Path(__file__).resolve().parents[1])
        yield _row(key, peak / _MEGABYTE, others, {"what": what})
