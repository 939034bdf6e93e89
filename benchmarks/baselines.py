"""The filter graphs and encoder settings of peers for the same result, on our ffmpeg and our thread count.

The seed is an earlier project of the same name: its last state, and its commit 7541bbc. NCA is the No-Code Architects
Toolkit. `zoompan` moves by whole pixels, so both first enlarge the picture until a pixel is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench

END_ZOOM = 1.324
SIZE = (1920, 1080)
FRAME_BYTES = SIZE[0] * SIZE[1] * 3 // 2
"""One picture in 4:2:0, luma first."""


@dataclass(frozen=True, slots=True)
class Zoom:
    """A way to zoom. `scale` is the size of the enlarged picture; `costly`: more than 20 CPU seconds per clip."""

    name: str
    scale: str
    costly: bool = False


SEED_HEAD = Zoom("seed HEAD", "iw*6:ih*6", costly=True)
SEED = Zoom("seed 7541bbc", "11520:6480")
NCA = Zoom("NCA", "7680:4320")
ZOOMS = (SEED_HEAD, SEED, NCA)


def zoom_filter(zoom: Zoom, frames: int, rate: int, colors: str = "") -> str:
    """Return their graph, with the end of our zoom on our last frame, so that the pictures can be compared.

    `colors` are further options of the enlarging.
    """
    path = f"z='1+{END_ZOOM - 1:.3f}*on/{frames - 1}':x='trunc(iw/2-iw/zoom/2)':y='trunc(ih/2-ih/zoom/2)'"
    shape = f"d={frames}:s={SIZE[0]}x{SIZE[1]}:fps={rate}"
    return f"scale={zoom.scale}:flags=lanczos{colors},zoompan={path}:{shape},format=yuv420p"


def x264(bench: Bench, preset: str) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", preset, "-crf", "23", "-pix_fmt", "yuv420p", "-threads", str(bench.threads))


def img2vid(bench: Bench, zoom: Zoom, preset: str, photo: Path, timing: tuple[int, int], out: Path) -> int:
    """Make a clip from a photo; `timing` is (frames, frames per second). Returns its peak memory in bytes."""
    graph = zoom_filter(zoom, *timing)
    return bench.run("-i", photo, "-vf", graph, "-frames:v", str(timing[0]), *x264(bench, preset), "-an", out)


def img2vid_frames(bench: Bench, zoom: Zoom, photo: Path, frames: int) -> Iterator[bytes]:
    """Yield the pictures that their encoder would get, but in our colors, so that they can be compared."""
    graph = zoom_filter(zoom, frames, 24, ":out_color_matrix=bt709:out_range=tv")
    return bench.pictures(FRAME_BYTES, "-i", photo, "-vf", graph, "-frames:v", str(frames), "-f", "rawvideo", "-")


def addaudio(bench: Bench, preset: str, video: Path, sound: Path, out: Path) -> None:
    """Add a sound as the seed does: it encodes the picture again, needlessly."""
    maps = ("-map", "0:v:0", "-map", "1:a:0", *x264(bench, preset))
    bench.run("-i", video, "-i", sound, *maps, "-c:a", "aac", "-b:a", "192k", "-shortest", out)


def copy_shortest(bench: Bench, video: Path, sound: Path, out: Path) -> None:
    """Add a sound as NCA and most recipes do: copy the picture, and let `-shortest` end the file."""
    maps = ("-map", "0:V:0", "-map", "1:a:0", "-c:v", "copy", "-c:a", "aac", "-b:a", "192k")
    bench.run("-i", video, "-i", sound, *maps, "-shortest", "-movflags", "+faststart", out)


def subtitles_filter(srt: str) -> str:
    """Return the seed's filter, with our font named so that there is one. Run it in the folder of `srt` and `fonts`."""
    return f"subtitles=f={srt}:fontsdir=fonts:force_style='FontName=DejaVu Sans'"


def caption(bench: Bench, folder: Path, video: Path, srt: str, out: Path) -> None:
    """Caption as the seed does, in a folder that holds the subtitles and `fonts`."""
    graph = subtitles_filter(srt)
    bench.run(
        "-i", video, "-vf", graph, *x264(bench, "medium"), "-c:a", "copy", "-movflags", "+faststart", out, cwd=folder
    )
