"""Measure slideshow: 40 s of ten photos of 12 megapixels, with a voice, music under it and captions.

As a program (`python -m benchmarks.slideshow FFMPEG THREADS FOLDER COUNT SECONDS PHOTO…`) it makes one slideshow of
COUNT pictures in a process of its own, so that its memory can be measured.
"""

from __future__ import annotations

import itertools
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import product, sources
from benchmarks.bench import Bench, pick_large_folder
from benchmarks.measure import Contender, Ratio, interleaved, medians, peak_memory
from benchmarks.results import Row
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.concatenate import Concatenate
from contract.operations.img2vid import Img2Vid
from contract.operations.slideshow import Slideshow

_SIZE, _RATE = (1920, 1080), 30
_PHOTOS, _SECONDS = 10, 40
_STYLE = "karaoke"
_ROOT = Path(__file__).resolve().parents[1]
_MANY, _MANY_SECONDS = 200, 0.3

_Files = Mapping[str, Path]


def measure(bench: Bench) -> list[Row]:
    bench.say("slideshow")
    return [*_costs(bench), *_memory(bench)]


def fade(seconds: float, count: int = _PHOTOS) -> dict[str, Any]:
    """Return the usual fade, shorter in a quick run, whose pictures are short."""
    return {"kind": "fade", "duration": min(0.5, seconds / count / 4)}


def operation(seconds: float, count: int = _PHOTOS, *, sound: bool = True, quality: str = "standard") -> Slideshow:
    """Return a slideshow of pictures that share the seconds, with captions."""
    images = [{"url_image": product.U, "duration": seconds / count}] * count
    sounds = {"url_audio": product.U, "music": product.U} if sound else {}
    fixed = {"images": images, "frame_rate": _RATE, "url_srt": product.U, "style": _STYLE}
    return Slideshow.model_validate({**fixed, **sounds, "transition": fade(seconds, count), "quality": quality})


def files(bench: Bench, seconds: int) -> dict[str, Path]:
    """Return the inputs of such a slideshow, by their fields."""
    return {
        **{f"images.{index}.url_image": path for index, path in enumerate(sources.photos(bench, _PHOTOS))},
        "url_audio": sources.sound(bench, seconds, "narration.mp3"),
        "music.url_audio": sources.music(bench),
        "url_srt": sources.subtitles(bench, "slides.srt", sources.speech(seconds)),
    }


def run(bench: Bench, slideshow: Slideshow, given: _Files, keep: Path | None = None) -> None:
    """Run a slideshow with those of the files that it uses."""
    product.run_job(bench, slideshow, {one.field: given[one.field] for one in slideshow.inputs()}, keep)


def _costs(bench: Bench) -> list[Row]:
    seconds = bench.seconds(_SECONDS)
    given = files(bench, seconds)
    whole, silent = operation(seconds), operation(seconds, sound=False)
    size = seconds * _RATE * _SIZE[0] * _SIZE[1] * 3 // 2
    with tempfile.TemporaryDirectory(prefix="frames-", dir=pick_large_folder(size, bench.folder)) as name:
        frames = Path(name) / "frames.yuv"
        product.write_frames(bench, silent, {one.field: given[one.field] for one in silent.inputs()}, frames)
        encode = (*product.raw_input(_SIZE, _RATE, frames), *product.x264_args(bench))
        contenders = {
            "product": Contender(lambda: run(bench, whole, given), bench.runs),
            "without sound": Contender(lambda: run(bench, silent, given), bench.few),
            "encode alone": Contender(lambda: bench.run(*encode, bench.folder / "alone.mp4"), bench.runs),
            "single jobs": Contender(lambda: _chain(bench, given, seconds, fades=True), bench.few),
            "single jobs, cuts": Contender(lambda: _chain(bench, given, seconds, fades=False), bench.few),
        }
        spent = interleaved(contenders, bench.say)
    cpu, python = medians(spent), platform.python_version()
    ratios = {
        key: Ratio.of(spent["product"], spent[under])
        for key, under in (("slideshow.cpu", "encode alone"), ("slideshow.chain", "single jobs"))
    }
    facts = {
        "cpu_seconds": cpu,
        "film_seconds": seconds,
        "sound_ms_per_second": (cpu["product"] - cpu["without sound"]) / seconds * 1000,
        "with_cuts": cpu["product"] / cpu["single jobs, cuts"],
        "resampler": product.resampler(),
    }
    return [Row(key, python, ratio.value, {}, {**ratio.facts(), **facts}) for key, ratio in ratios.items()]


def _chain(bench: Bench, given: _Files, seconds: int, *, fades: bool) -> None:
    """Make the same film by one job for each step: clips, join, voice, music, captions.

    Joined with fades, the clips are encoded again, and each is longer by the fade; joined by cuts, they are copied.
    """
    made = [bench.folder / f"chained-{index}.mp4" for index in range(_PHOTOS)]
    films = [bench.folder / f"chained-{name}.mp4" for name in ("joined", "voice", "music")]
    usual, overlap = seconds / _PHOTOS, fade(seconds)
    for index, clip in enumerate(made):
        longer = overlap["duration"] if fades and index else 0.0
        still = Img2Vid.model_validate({"url_image": product.U, "duration": usual + longer, "frame_rate": _RATE})
        product.run_job(bench, still, {"url_image": given[f"images.{index}.url_image"]}, clip)
    join = Concatenate.model_validate({"videos": [product.U] * _PHOTOS, "transition": overlap if fades else "cut"})
    product.run_job(bench, join, {f"videos.{index}.url_video": clip for index, clip in enumerate(made)}, films[0])
    voice = AddAudio(url_video=product.U, url_audio=product.U, fit_audio="pad")
    product.run_job(bench, voice, {"url_video": films[0], "url_audio": given["url_audio"]}, films[1])
    music = AddAudio(url_video=product.U, url_audio=product.U, mode="music")
    product.run_job(bench, music, {"url_video": films[1], "url_audio": given["music.url_audio"]}, films[2])
    captions = Caption.model_validate({"url_video": product.U, "url_srt": product.U, "style": _STYLE})
    product.run_job(bench, captions, {"url_video": films[2], "url_srt": given["url_srt"]})


def _memory(bench: Bench) -> list[Row]:
    many = _PHOTOS * 2 if bench.quick else _MANY
    sizes = {"slideshow.memory": (_PHOTOS, _SECONDS / _PHOTOS), "slideshow.memory.large": (many, _MANY_SECONDS)}
    return [
        Row(key, platform.python_version(), _peak(bench, *size), {}, {"photos": size[0]}) for key, size in sizes.items()
    ]


def _peak(bench: Bench, count: int, seconds_each: float) -> float:
    bench.say(f"  memory of {count} photos")
    given = files(bench, bench.seconds(_SECONDS))
    with tempfile.TemporaryDirectory(prefix="memory-", dir=bench.folder) as name:
        for field, path in given.items():
            (Path(name) / field).symlink_to(path)
        settings = map(str, (bench.ffmpeg, bench.threads, name, count, seconds_each))
        return peak_memory([sys.executable, "-m", "benchmarks.slideshow", *settings], _ROOT) / 1e6


def _make_one(ffmpeg: str, threads: str, folder: str, count: str, seconds_each: str) -> None:
    bench = Bench(ffmpeg, int(threads), Path(folder), media=None, runs=1, quick=False, peers=False, say=print)
    given = {path.name: path for path in Path(folder).iterdir()}
    slides: Sequence[Path] = [path for field, path in given.items() if field.startswith("images.")]
    repeated = itertools.islice(itertools.cycle(slides), int(count))
    given |= {f"images.{index}.url_image": path for index, path in enumerate(repeated)}
    run(bench, operation(int(count) * float(seconds_each), int(count)), given)


if __name__ == "__main__":
    _make_one(*sys.argv[1:])
