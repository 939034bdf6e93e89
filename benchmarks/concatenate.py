"""Measure concatenate: ten clips of 3 s, of one kind and of different ones, and where their sounds begin."""

from __future__ import annotations

import functools
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import baselines, product, sources
from benchmarks.bench import Bench
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations.concatenate import Concatenate

_CLIPS, _SECONDS, _RATE = 10, 3, 25
_SIZE = 1280, 720
_KINDS = (
    ("1920x1080", "30", ("-c:v", "libx264", "-preset", "veryfast")),
    ("1280x720", "25", ("-c:v", "libx264", "-preset", "veryfast")),
    ("720x1280", "30000/1001", ("-c:v", "libx264", "-preset", "veryfast")),
    ("1280x720", "50", ("-c:v", "libx264", "-preset", "veryfast")),
    ("854x480", "24", ("-c:v", "mpeg4", "-q:v", "3")),
)
_JOINS, _FRAMES = 40, 13
_SOUND_RATE = 48000


def measure(bench: Bench) -> list[Row]:
    bench.say("concatenate")
    return [*_copies(bench), _encodes(bench), _drift(bench)]


def _copies(bench: Bench) -> list[Row]:
    clips = [_clip(bench, f"equal_{index}.mp4", index, _KINDS[1]) for index in range(_CLIPS)]
    silent = [_without_sound(bench, clip) for clip in clips]
    spent = interleaved(
        {
            "product": Contender(functools.partial(_join, bench, clips), bench.runs),
            "plain copy": Contender(functools.partial(_plain_copy, bench, clips, "-c", "copy"), bench.runs),
            "copy and AAC encode": Contender(
                functools.partial(_plain_copy, bench, clips, "-c:v", "copy", "-c:a", "aac", "-b:a", "192k"), bench.runs
            ),
            "product, silent": Contender(functools.partial(_join, bench, silent), bench.runs),
            "plain copy, silent": Contender(functools.partial(_plain_copy, bench, silent, "-c", "copy"), bench.runs),
        },
        bench.say,
    )
    facts = {"cpu_seconds": medians(spent), "clips": _CLIPS, "seconds": _CLIPS * _SECONDS}
    pairs = {
        "concatenate.copy": ("product", "plain copy"),
        "concatenate.copy.aac": ("product", "copy and AAC encode"),
        "concatenate.copy.silent": ("product, silent", "plain copy, silent"),
    }
    ratios = {key: Ratio.of(spent[over], spent[under]) for key, (over, under) in pairs.items()}
    python = platform.python_version()
    return [Row(key, python, ratio.value, {}, {**ratio.facts(), **facts}) for key, ratio in ratios.items()]


def _encodes(bench: Bench) -> Row:
    clips = [_clip(bench, f"kind_{index}.mp4", index, _KINDS[index % len(_KINDS)]) for index in range(_CLIPS)]
    spent = interleaved(
        {
            "product": Contender(
                lambda: _join(bench, clips, size=f"{_SIZE[0]}x{_SIZE[1]}", frame_rate=_RATE), bench.runs
            ),
            "one graph": Contender(lambda: _one_graph(bench, clips), bench.runs),
        },
        bench.say,
    )
    ratio = Ratio.of(spent["product"], spent["one graph"])
    facts = {"cpu_seconds": medians(spent), "clips": _CLIPS, "seconds": _CLIPS * _SECONDS}
    return Row("concatenate.encode", platform.python_version(), ratio.value, {}, {**ratio.facts(), **facts})


def _drift(bench: Bench) -> Row:
    """Compare where a beep begins in each of 41 clips with where its picture does, in milliseconds."""
    clip = bench.folder / "beep.mp4"
    rate = 30000 / 1001
    seconds = _FRAMES / rate
    beep = f"aevalsrc='0.5*sin(2*PI*1000*t)*between(t,0.15,0.25)':s=44100:d={seconds}"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x36:r=30000/1001")
    bench.run(*picture, "-f", "lavfi", "-i", beep, "-frames:v", str(_FRAMES), "-pix_fmt", "yuv420p", clip)
    ours, theirs = bench.folder / "beeps.mp4", bench.folder / "beeps_copied.mp4"
    clips = [clip] * (_JOINS + 1)
    _join(bench, clips, keep=ours)
    _plain_copy(bench, clips, "-c", "copy", out=theirs)
    found = {name: _beep_errors(bench, path, seconds) for name, path in (("ours", ours), ("copied", theirs))}
    facts = {f"{name}_last_ms": errors[-1] for name, errors in found.items()}
    return Row(
        "concatenate.drift",
        platform.python_version(),
        max(map(abs, found["ours"])),
        {"-c copy": max(map(abs, found["copied"]))},
        {**facts, "joins": _JOINS},
    )


def _beep_errors(bench: Bench, path: Path, seconds: float) -> list[float]:
    raw = bench.read("-i", path, "-map", "0:a:0", "-ac", "1", "-ar", str(_SOUND_RATE), "-f", "s16le", "-")
    loud = np.flatnonzero(np.abs(np.frombuffer(raw, np.int16).astype(np.int32)) > 3000)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-_SOUND_RATE) > _SOUND_RATE // 20)] / _SOUND_RATE
    return [float(at - starts[0] - index * seconds) * 1000 for index, at in enumerate(starts)]


def _join(bench: Bench, clips: Sequence[Path], keep: Path | None = None, **options: object) -> None:
    operation = Concatenate.model_validate({"videos": [product.U] * len(clips), **options})
    product.run_job(bench, operation, {f"videos.{index}.url_video": clip for index, clip in enumerate(clips)}, keep)


def _plain_copy(bench: Bench, clips: Sequence[Path], *codecs: str, out: Path | None = None) -> None:
    listed = bench.folder / "plain.txt"
    listed.write_text("".join(f"file '{clip}'\n" for clip in clips), encoding="utf-8")
    target = out or bench.folder / "plain.mp4"
    bench.run("-f", "concat", "-safe", "0", "-i", listed, *codecs, "-movflags", "+faststart", target)


def _one_graph(bench: Bench, clips: Sequence[Path]) -> None:
    """Join as most users of ffmpeg do: one run that opens all files."""
    width, height = _SIZE
    shape = f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},fps={_RATE},setsar=1"
    legs = "".join(f"[{index}:v]{shape}[v{index}];" for index in range(len(clips)))
    pairs = "".join(f"[v{index}][{index}:a]" for index in range(len(clips)))
    graph = f"{legs}{pairs}concat=n={len(clips)}:v=1:a=1[v][a]"
    inputs = (argument for clip in clips for argument in ("-threads", "1", "-i", clip))
    sound = ("-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart")
    maps = ("-filter_complex", graph, "-map", "[v]", "-map", "[a]")
    bench.run(*inputs, *maps, *baselines.x264(bench, "veryfast"), *sound, bench.folder / "graph.mp4")


def _clip(bench: Bench, name: str, index: int, kind: tuple[str, str, tuple[str, ...]]) -> Path:
    path = bench.folder / name
    size, rate, codec = kind
    source = ("-stream_loop", "-1", "-ss", f"{index / 10}", "-i", sources.clip(bench), "-t", str(_SECONDS))
    shape = f"scale={size.replace('x', ':')},setsar=1,fps={rate}"
    sound = ("-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", "128k")
    bench.run(*source, "-vf", shape, *codec, "-pix_fmt", "yuv420p", *sound, path)
    return path


def _without_sound(bench: Bench, clip: Path) -> Path:
    path = clip.with_stem(f"{clip.stem}_silent")
    bench.run("-i", clip, "-an", "-c", "copy", path)
    return path
