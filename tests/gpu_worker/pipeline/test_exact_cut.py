"""Check the end of copied pictures: exactly the frames that begin before each cut, undamaged, and the sound with them.

Each frame of the sources carries its number, drawn as eight black or white blocks above their complement.
"""

from __future__ import annotations

import math
import wave
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from contract.operations.addaudio import AddAudio
from gpu_worker.formats.mp4 import read_track_ends
from gpu_worker.formats.mp4_boxes import Mp4Error
from gpu_worker.pipeline import execute_plan as executing
from tests.support.media.factory import URL, MediaFactory

WIDTH, HEIGHT, BLOCK = 128, 96, 16
FRAMES = 66
RATE = 48000


def draw_frame(number: int) -> bytes:
    """Draw a raw yuv420p frame: its number, and a moving pattern below."""
    bits = [235 if number >> bit & 1 else 16 for bit in range(8)]
    rows = [bytes(value for value in values for _ in range(BLOCK)) for values in (bits, [251 - v for v in bits])]
    moving = [bytes((x * 2 + number * 3 + y) % 200 + 20 for x in range(WIDTH)) for y in range(2 * BLOCK, HEIGHT)]
    return b"".join([rows[0] * BLOCK, rows[1] * BLOCK, *moving]) + bytes([128]) * (WIDTH * HEIGHT // 2)


def read_number(frame: bytes) -> int:
    """Return the number drawn into a decoded frame; -1 if its two rows disagree."""
    first = [frame[BLOCK // 2 * WIDTH + bit * BLOCK + BLOCK // 2] > 125 for bit in range(8)]
    second = [frame[(BLOCK + BLOCK // 2) * WIDTH + bit * BLOCK + BLOCK // 2] > 125 for bit in range(8)]
    return (
        sum(bit << place for place, bit in enumerate(first))
        if all(a != b for a, b in zip(first, second, strict=True))
        else -1
    )


@dataclass(frozen=True)
class Film:
    """A source: its name, frame rate, encoder options, and whether its frames have uneven times."""

    name: str
    rate: str
    options: tuple[str, ...]
    uneven: bool = False


X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "24", "-threads", "1")
PYRAMID = (*X264, "-bf", "3", "-b_strategy", "0", "-x264-params", "b-pyramid=normal")
FILMS = {
    "b-frames": Film("numbered-b.mp4", "30", PYRAMID),
    "no b-frames": Film("numbered-p.mp4", "30", (*X264, "-bf", "0")),
    "uneven": Film("numbered-vfr.mp4", "30", PYRAMID, uneven=True),
    "23.976": Film("numbered-f23.mp4", "24000/1001", PYRAMID),
    "29.97": Film("numbered-f29.mp4", "30000/1001", PYRAMID),
    "59.94": Film("numbered-f59.mp4", "60000/1001", PYRAMID),
    "hevc": Film(
        "numbered-h.mp4",
        "25",
        ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0:pools=1:bframes=3"),
    ),
    "vp9": Film(
        "numbered-v.webm", "30000/1001", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "24")
    ),
    "mpeg-4": Film("numbered-m.mp4", "25", ("-c:v", "mpeg4", "-bf", "2", "-q:v", "3")),
    "transport stream": Film("numbered-t.ts", "50", PYRAMID),
    "matroska": Film("numbered-k.mkv", "25", PYRAMID),
}


def make_film(media: MediaFactory, film: Film) -> Path:
    raw = media.folder / "numbered.yuv"
    if not raw.exists():
        raw.write_bytes(b"".join(draw_frame(number) for number in range(FRAMES)))
    # Every third frame twice as long, every fifth half as long.
    times = (
        "-vf",
        "setpts='PTS+(floor(N/3)-0.5*floor(N/5))/FR/TB'",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1:90000",
    )
    uneven = times if film.uneven else ()
    return media.make_file(
        film.name, "-f", "rawvideo", "-video_size", f"{WIDTH}x{HEIGHT}", "-pixel_format", "yuv420p",
        "-framerate", film.rate, "-i", raw, *uneven, *film.options,
    )  # fmt: skip


def make_silence(media: MediaFactory, samples: int) -> Path:
    """Write a WAV of exactly this number of samples."""
    path = media.folder / f"silent-{samples}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * samples))
    return path


def decode_frames(media: MediaFactory, path: Path) -> list[bytes]:
    raw = media.run_ffmpeg("-i", path, "-map", "0:V:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-")
    size = WIDTH * HEIGHT * 3 // 2
    return [raw[at : at + size] for at in range(0, len(raw), size)]


EIGHT = range(8)


# Half of the cuts of each film, in turns; all of those whose frames are reordered or uneven.
@pytest.mark.parametrize(
    ("name", "cuts"),
    [(name, EIGHT if name in {"b-frames", "uneven"} else EIGHT[n % 2 * 4 :][:4]) for n, name in enumerate(FILMS)],
    ids=FILMS,
)
def test_every_cut_ends_with_the_expected_frame(media: MediaFactory, name: str, cuts: range) -> None:
    film = make_film(media, FILMS[name])
    source = media.probe(film).video
    assert source is not None
    whole = decode_frames(media, film)
    assert [read_number(frame) for frame in whole] == list(range(FRAMES))
    starts = [time * source.time_base - source.start for time in sorted(source.packet_times)]
    for cut in cuts:
        # All phases of a group of B-frames; at the start of a frame, just before it, just after it, and between frames.
        frame = 29 + 3 * cut
        nudge = (Fraction(0), Fraction(-1, 2000), Fraction(1, 2000), Fraction(1, 70))[cut % 4]
        samples = math.floor((starts[frame] + source.start + nudge) * RATE)
        end = Fraction(samples, RATE)
        made, path = media.transcode(
            AddAudio(url_video=URL, url_audio=URL), video=film, audio=make_silence(media, samples)
        )
        expected = sum(1 for start in starts if start + source.start < end)
        assert (made.video_mode, made.warnings) == ("copy", ())
        assert decode_frames(media, path) == whole[:expected], f"cut at {float(end)}"
        assert made.media.frames == expected
        ends = read_track_ends(path)
        assert abs(ends["vide"] - end) <= Fraction(1, 1000)
        assert abs(ends["soun"] - end) <= Fraction(1, 1000)
        assert made.media.duration_seconds == pytest.approx(float(end), abs=0.0011)
        cut_film = media.probe(path).video
        assert cut_film is not None
        shown = sorted(time * cut_film.time_base - cut_film.start for time in cut_film.packet_times)[:expected]
        assert all(abs(a - b) <= source.time_base for a, b in zip(shown, starts[:expected], strict=True)), (
            "each frame at its own time"
        )


def make_trimmed(media: MediaFactory) -> Path:
    """Make a video whose edit list starts between keyframes: earlier packets are decoded and not shown."""
    return media.make_file(
        "numbered-trimmed.mp4", "-ss", "0.5", "-i", make_film(media, FILMS["b-frames"]), "-c", "copy"
    )


def make_late(media: MediaFactory) -> Path:
    """Make a video whose picture starts 0.4 s after its sound."""
    tone = ("-f", "lavfi", "-i", "sine=440:d=2.5:r=48000")
    return media.make_file("numbered-late.mp4", *tone, "-itsoffset", "0.4", "-i", make_film(media, FILMS["b-frames"]),
                       "-map", "0", "-map", "1", "-c:v", "copy")  # fmt: skip


def make_cut(media: MediaFactory) -> Path:
    """Make one of our outputs, cut between B-frames: packets at its end are decoded and not shown."""
    film = make_film(media, FILMS["b-frames"])
    path = media.folder / "numbered-cut-before.mp4"
    if not path.exists():
        _made, made = media.transcode(
            AddAudio(url_video=URL, url_audio=URL), video=film, audio=make_silence(media, 63840)
        )
        made.replace(path)
    return path


@pytest.mark.parametrize("source", [make_trimmed, make_late, make_cut])
@pytest.mark.parametrize("end", ["0.93", "1.2205", "1.3", "3"])
def test_edit_lists_of_the_source_do_not_change_the_cut(
    media: MediaFactory, source: Callable[[MediaFactory], Path], end: str
) -> None:
    film = source(media)
    facts = media.probe(film).video
    assert facts is not None
    whole = decode_frames(media, film)
    assert facts.frames == len(whole)
    made, path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL), video=film, audio=make_silence(media, round(Fraction(end) * RATE))
    )
    starts = [t * facts.time_base for t in sorted(facts.packet_times) if facts.start <= t * facts.time_base < facts.end]
    assert (made.video_mode, made.warnings) == ("copy", ())
    assert decode_frames(media, path) == whole[: sum(1 for start in starts if start < Fraction(end))]
    ends, due = read_track_ends(path), min(facts.end, Fraction(end))
    assert abs(ends["vide"] - due) <= Fraction(1, 1000)
    assert abs(ends["soun"] - due) <= Fraction(1, 1000)
    result = media.probe(path).video
    assert result is not None
    assert abs(result.start - facts.start) <= Fraction(1, 1000)


@pytest.mark.parametrize("end", [0.93, 1.2205, 1.3, 3])
@pytest.mark.parametrize("how", ["copied", "mixed", "mp3"])
def test_every_sound_ends_with_the_picture(media: MediaFactory, how: str, end: float) -> None:
    film = make_late(media) if how == "mixed" else make_film(media, FILMS["b-frames"])
    kind = {"copied": "m4a", "mixed": "wav", "mp3": "mp3"}[how]
    sound = media.make_audio(f"as-long-{end}.{kind}", end)
    operation = AddAudio(url_video=URL, url_audio=URL, mode="mix" if how == "mixed" else "replace")
    made, path = media.transcode(operation, video=film, audio=sound)
    assert (made.video_mode, made.warnings) == ("copy", ())
    ends = read_track_ends(path)
    assert abs(ends["vide"] - ends["soun"]) <= Fraction(1, 1000)
    if how == "copied":
        ours, theirs = media.list_packets(path, "0:a:0"), media.list_packets(sound, "0:a:0")
        assert ours == theirs[: len(ours)]
    seconds = (
        len(media.run_ffmpeg("-i", path, "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "-")) / 2 / 48000
    )
    assert seconds == pytest.approx(float(ends["soun"]), abs=1024 / 44100)


def test_video_that_cannot_be_trimmed_is_encoded_again(media: MediaFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Mp4Error("as if")

    monkeypatch.setattr(executing, "trim_edit_lists", refuse)
    film = make_film(media, FILMS["b-frames"])
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=film, audio=make_silence(media, 48000))
    assert (made.video_mode, made.media.frames) == ("encode", 30)
    assert made.warnings == ("The picture could not be copied and was encoded again.",)
    assert [read_number(frame) for frame in decode_frames(media, path)] == list(range(30))


@pytest.mark.parametrize(
    ("name", "options", "mode"),
    [
        ("444.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv444p"), "encode"),
        ("h10.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv420p10le"), "encode"),
        ("full.mp4", ("-c:v", "libx264", "-pix_fmt", "yuvj420p"), "copy"),
        ("hevc10.mp4", ("-c:v", "libx265", "-x265-params", "log-level=0", "-pix_fmt", "yuv420p10le"), "copy"),
        ("hevc422.mp4", ("-c:v", "libx265", "-x265-params", "log-level=0", "-pix_fmt", "yuv422p10le"), "encode"),
        ("p.mov", ("-c:v", "prores_ks"), "encode"),
        ("f.mkv", ("-c:v", "ffv1"), "encode"),
        ("j.mov", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"), "encode"),
    ],
)
def test_only_formats_of_players_are_copied(
    media: MediaFactory, name: str, options: tuple[str, ...], mode: str
) -> None:
    film = media.make_file(f"allowed-{name}", "-i", make_film(media, FILMS["no b-frames"]), "-t", "0.6", *options)
    made, _path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=film, audio=make_silence(media, 24000))
    assert (made.video_mode, made.media.frames) == (mode, 15)
