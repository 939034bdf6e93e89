"""Check the last frames of films under a shorter sound, frame by frame, at many cut points in films of many kinds."""

from __future__ import annotations

import math
import wave
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from benchmarks import baselines, product
from benchmarks.bench import Bench, BenchError
from contract.operations.addaudio import AddAudio

_FRAMES, _RATE = 72, 48_000
_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "24")
_PYRAMID = (*_X264, "-bf", "3", "-b_strategy", "0", "-x264-params", "b-pyramid=normal")
_UNEVEN = ("-vf", "setpts='PTS+(floor(N/3)-0.5*floor(N/5))/FR/TB'", "-fps_mode", "vfr")
FILMS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "H.264 B-frames 30": ("30", "b.mp4", _PYRAMID),
    "H.264 no B-frames 25": ("25", "p.mp4", (*_X264, "-bf", "0")),
    "H.264 variable rate": ("30", "v.mp4", (*_UNEVEN, *_PYRAMID)),
    "H.264 23.976": ("24000/1001", "23.mp4", _PYRAMID),
    "H.264 29.97": ("30000/1001", "29.mp4", _PYRAMID),
    "H.264 59.94": ("60000/1001", "59.mp4", _PYRAMID),
    "HEVC 25": ("25", "h.mp4", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0:bframes=3")),
    "VP9 29.97": (
        "30000/1001",
        "9.webm",
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "24"),
    ),
}
_CUTS = 9
_NUDGES = (Fraction(0), Fraction(-1, 2000), Fraction(1, 2000), Fraction(1, 70))
"""Offsets, in seconds, of a cut from the start of a frame: at it, just before, just after, and between two frames."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The difference between the frames of a cut film and the expected ones."""

    missing: int
    surplus: int
    damaged: int

    @property
    def exact(self) -> bool:
        return not (self.missing or self.surplus or self.damaged)

    @classmethod
    def of(cls, found: list[str], expected: list[str], source: list[str]) -> Verdict:
        """Compare checksums of decoded frames. A frame that the source lacks is damaged; order matters."""
        have, want, known = Counter(found), Counter(expected), set(source)
        damaged = sum(count for frame, count in have.items() if frame not in known)
        missing = (want - have).total()
        surplus = (have - want).total() - damaged
        misplaced = 0 if missing or surplus or damaged else sum(a != b for a, b in zip(found, expected, strict=True))
        return cls(missing, surplus, damaged + misplaced)


def compare_cuts(bench: Bench) -> Iterator[tuple[str, Fraction, Verdict, Verdict]]:
    """Yield for each cut: kind of film, time, verdict on the product, verdict on a copy with `-shortest`."""
    for name, (rate, file, options) in FILMS.items():
        film = bench.folder / f"cut-{file}"
        picture = f"testsrc2=s=192x108:r={rate}"
        bench.run("-f", "lavfi", "-i", picture, "-frames:v", str(_FRAMES), "-pix_fmt", "yuv420p", *options, film)
        frames = frame_checksums(bench, film)
        if len({checksum for _, checksum in frames}) != _FRAMES:
            raise BenchError(f"two frames of the film {name} are equal, so cuts in it cannot be checked")
        for cut in range(2 if bench.quick else _CUTS):
            begin = frames[15 + 6 * cut + cut % 3][0]
            samples = math.floor((begin + _NUDGES[cut % len(_NUDGES)]) * _RATE)
            yield name, Fraction(samples, _RATE), *_verdicts(bench, film, frames, samples)


def frame_checksums(bench: Bench, film: Path, *options: str) -> list[tuple[Fraction, str]]:
    """Return the time, in seconds, and the checksum of each decoded frame. `options` are for the decoder."""
    table = ("-fps_mode", "passthrough", "-enc_time_base", "demux", "-f", "framemd5", "-")
    lines = bench.read(*options, "-i", film, "-map", "0:V:0", *table).decode().splitlines()
    base = next(Fraction(line.split(":")[1].strip()) for line in lines if line.startswith("#tb 0:"))
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    return [(int(row[2]) * base, row[-1].strip()) for row in rows]


def _verdicts(bench: Bench, film: Path, frames: list[tuple[Fraction, str]], samples: int) -> tuple[Verdict, Verdict]:
    voice, out = bench.folder / "cut.wav", bench.folder / "cut-out.mp4"
    with wave.open(str(voice), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(bytes(2 * samples))
    source = [checksum for _, checksum in frames]
    expected = [checksum for begin, checksum in frames if begin < Fraction(samples, _RATE)]

    def judged() -> Verdict:
        return Verdict.of([checksum for _, checksum in frame_checksums(bench, out)], expected, source)

    operation = AddAudio(url_video=product.U, url_audio=product.U)
    product.run_job(bench, operation, {"url_video": film, "url_audio": voice}, keep=out)
    ours = judged()
    baselines.copy_shortest(bench, film, voice, out)
    return ours, judged()
