"""A sheet of pictures, and its index: which picture a player shows over each part of its progress bar."""

from __future__ import annotations

import math
from fractions import Fraction

from gpu_worker.media.info import even
from gpu_worker.plan.model import PlanOptions, Step
from gpu_worker.plan.pictures.encoding import ENCODINGS, Encoding
from gpu_worker.plan.pictures.extract import Snapshots, seek_steps

_COLUMNS = 10


def sprite_steps(shots: Snapshots, name: str, encoding: Encoding, options: PlanOptions) -> tuple[Step, ...]:
    """Return the runs that write the sheet to the file `name`."""
    count = len(shots.times)
    columns = min(_COLUMNS, count)
    tile = f"tile={columns}x{math.ceil(count / columns)}"
    output = ("-frames:v", "1", "-fps_mode", "passthrough", *encoding.args, *encoding.one_file, "-y", name)
    if shots.is_one_pass():
        chain = ",".join((shots.select_filter(), *shots.filters(encoding), tile))
        args = (*shots.read_all_args(options), "-map", f"0:{shots.video.selector}", "-vf", chain, *output)
        return (Step(args, 0, frame_size=(shots.video.width, shots.video.height)),)
    png = next(entry for entry in ENCODINGS.values() if "png" in entry.args)
    tiles = seek_steps(shots, [f"tile_{number}.png" for number in range(1, count + 1)], png, options)
    colors = f"scale=flags=accurate_rnd+full_chroma_int:{encoding.colors}," if encoding.colors else ""
    joined = (
        *("-f", "image2", "-framerate", "1", "-start_number", "1", "-i", "tile_%d.png"),
        *("-vf", f"{tile},{colors}format={encoding.pixels}", *output),
    )
    return (*tiles, Step(joined, 0))


def write_index(sheet: str, count: int, size: tuple[int, int], start: Fraction, end: Fraction) -> str:
    """Return a WebVTT file with one cue per picture, whose text is its place in the sheet (Media Fragments URI)."""
    columns = min(_COLUMNS, count)
    cues = []
    for index in range(count):
        begin, stop = (start + (end - start) * Fraction(at, count) for at in (index, index + 1))
        row, column = divmod(index, columns)
        place = f"{column * size[0]},{row * size[1]},{size[0]},{size[1]}"
        cues.append(f"{_clock(begin)} --> {_clock(stop)}\n{sheet}#xywh={place}\n")
    return "\n".join(("WEBVTT\n", *cues))


def tile_size(display: tuple[int, int], width: int) -> tuple[int, int]:
    """Return the size of one picture in a sheet: at most `width` wide and twice as high, with even sides."""
    scale = min(Fraction(1), Fraction(width, display[0]), Fraction(2 * width, display[1]))
    return even(display[0] * scale), even(display[1] * scale)


def _clock(seconds: Fraction) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
