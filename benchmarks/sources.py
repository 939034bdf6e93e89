"""Photos, clips, sounds and subtitles to work on: real ones where there are any, drawn ones elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PIL import Image, ImageFilter, ImageOps

from benchmarks.bench import Bench
from benchmarks.pictures import Points, dots
from local.samples.image import draw_landscape
from local.samples.media import make_clip, make_voice

PHOTO_SIZE = (4608, 2592)
LARGE_SIZE = (12000, 8400)
SLIDE_SIZE = (4000, 3000)
FILM_SIZE, FILM_RATE = (1920, 1080), 30
_SECTION = 6
"""Seconds of film that are encoded; the rest repeats the same packets."""

_LENS = 1.0
"""Radius of a blur, in pixels: no lens gives edges as sharp as those of a drawing."""

_MUSIC = (
    "aevalsrc='0.25*(sin(2*PI*220*t)+sin(2*PI*277.18*t)+sin(2*PI*329.63*t))*(0.6+0.4*sin(PI*t))':s=44100:d=13.7",
    "anoisesrc=c=pink:r=44100:d=13.7:a=0.5:seed=3",
)
_BEATS = "[1]volume='if(lt(mod(t,0.5),0.08),1,0.02)':eval=frame[beat];[0][beat]amix=inputs=2:normalize=0"

_WORDS = (
    "The morning came slowly over the lake",
    "and nobody on the boat said a word.",
    "There was coffee, and bread from the day before,\nand a radio that knew one song.",
    "By noon the wind had turned,",
    "so we rowed back along the shore",
    "and counted the houses as they passed.",
)


def photo(bench: Bench) -> Path:
    """Return a JPEG of 12 megapixels."""
    if bench.media is not None and (real := bench.media / "kleiber_4608x2592.jpg").is_file():
        return real
    return _tiled(bench, "photo.jpg", PHOTO_SIZE)


def large_photo(bench: Bench) -> Path:
    """Return a drawn JPEG of 100 megapixels."""
    return _tiled(bench, "large.jpg", LARGE_SIZE)


def photos(bench: Bench, count: int) -> list[Path]:
    """Return different JPEGs of 4000x3000: parts of the photo, every second one mirrored."""
    width, height = SLIDE_SIZE
    paths = [bench.folder / f"slide_{index}.jpg" for index in range(count)]
    with Image.open(photo(bench)) as whole:
        part = whole.height * width // height
        for index, path in enumerate(paths):
            if not path.exists():
                left = (whole.width - part) * index // max(1, count - 1)
                slide = whole.convert("RGB").crop((left, 0, left + part, whole.height))
                slide = slide.resize(SLIDE_SIZE, Image.Resampling.LANCZOS)
                (ImageOps.mirror(slide) if index % 2 else slide).save(path, quality=90)
    return paths


def music(bench: Bench) -> Path:
    """Make music of chords and beats of pink noise, 13.7 s."""
    path = bench.folder / "music.mp3"
    if not path.exists():
        inputs = [option for source in _MUSIC for option in ("-f", "lavfi", "-i", source)]
        bench.run(*inputs, "-filter_complex", _BEATS, "-ac", "2", "-b:a", "192k", path)
    return path


def _tiled(bench: Bench, name: str, size: tuple[int, int]) -> Path:
    path = bench.folder / name
    if not path.exists():
        bench.say(f"drawing a photo of {size[0]}x{size[1]}")
        tiles = []
        for seed in range(4):
            draw_landscape(bench.folder / "tile.jpg", seed)
            with Image.open(bench.folder / "tile.jpg") as tile:
                tiles.append(tile.filter(ImageFilter.GaussianBlur(_LENS)))
        picture = Image.new("RGB", size)
        width, height = tiles[0].size
        for row in range(-(-size[1] // height)):
            for column in range(-(-size[0] // width)):
                picture.paste(tiles[(2 * row + column) % 4], (column * width, row * height))
        picture.save(path, quality=92)
    return path


def dotted_photo(bench: Bench) -> tuple[Path, Points]:
    """A picture of dots, and where they are. A JPEG, as photos are."""
    path = bench.folder / "dots.jpg"
    picture, places = dots(PHOTO_SIZE)
    if not path.exists():
        Image.fromarray(picture).convert("RGB").save(path, quality=98)
    return path, places


def clip(bench: Bench) -> Path:
    """Return a film of some seconds, of any size."""
    if bench.media is not None and (real := bench.media / "bigbuckbunny.mp4").is_file():
        return real
    path = bench.folder / "clip.mp4"
    if not path.exists():
        bench.say("drawing a clip")
        asyncio.run(make_clip(bench.ffmpeg, path))
    return path


def film(bench: Bench, seconds: int, rate: tuple[str, ...], name: str, sound: Path | None = None) -> Path:
    """Make 1080p30 H.264 with B-frames and a keyframe every 2 s. `rate` are the encoder's quality options."""
    path, section = bench.folder / name, bench.folder / f"section-{name}"
    if not path.exists():
        bench.say(f"making {seconds} s of film")
        width, height = FILM_SIZE
        shape = f"scale={width}:{height}:flags=bicubic,fps={FILM_RATE},setsar=1,format=yuv420p"
        x264 = ("-c:v", "libx264", "-preset", "veryfast", *rate, "-bf", "3", "-g", "60", "-sc_threshold", "0")
        length = ("-t", str(min(_SECTION, seconds)))
        bench.run("-stream_loop", "-1", "-i", clip(bench), "-vf", shape, "-an", *length, *x264, section)
        second = () if sound is None else ("-i", sound)
        maps = ("-map", "0:v", *(() if sound is None else ("-map", "1:a")), "-c", "copy", "-t", str(seconds))
        bench.run("-stream_loop", "-1", "-i", section, *second, *maps, "-movflags", "+faststart", path)
    return path


def sound(bench: Bench, seconds: int, name: str) -> Path:
    """Make speech of that duration: stereo at 44.1 kHz, encoded according to the name (mp3 or m4a)."""
    path = bench.folder / name
    if not path.exists():
        voice = bench.folder / "voice.wav"
        if bench.media is not None and (real := bench.media / "a40.mp3").is_file():
            voice = real
        elif not voice.exists():
            make_voice(voice)
        codec = ("-c:a", "aac", "-b:a", "192k") if path.suffix == ".m4a" else ("-c:a", "libmp3lame", "-b:a", "128k")
        shape = ("-ac", "2", "-ar", "44100", "-t", str(seconds))
        bench.run("-stream_loop", "-1", "-i", voice, *shape, *codec, path)
    return path


def subtitles(bench: Bench, name: str, spans: list[tuple[float, float]]) -> Path:
    """Write an SRT with a line of speech for each (start, end), in seconds."""
    blocks = [
        f"{number}\n{_time(start)} --> {_time(end)}\n{_WORDS[number % len(_WORDS)]}\n"
        for number, (start, end) in enumerate(spans, 1)
    ]
    path = bench.folder / name
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


def speech(seconds: int) -> list[tuple[float, float]]:
    """Return the times of subtitles for continuous speech: 2.5 s, a pause of 0.3 s, 2.5 s…"""
    return [
        (at / 10 + 0.3, min(at / 10 + 2.8, seconds)) for at in range(0, seconds * 10, 28) if at / 10 + 0.5 < seconds
    ]


def _time(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"00:{minutes:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"
