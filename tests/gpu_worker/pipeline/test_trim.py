"""Trim numbered films: exactly the frames that begin within each part, undamaged, with their sound to the sample."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageChops, ImageStat

from contract.errors import Code
from contract.limits import Limits
from contract.operations.trim import Trim
from gpu_worker.errors import JobFailed
from gpu_worker.formats.mp4 import read_track_ends
from gpu_worker.probe.probe import probe_part
from tests.gpu_worker.pipeline.test_exact_cut import FILMS, FRAMES, decode_frames, make_film, make_trimmed, read_number
from tests.support.media.factory import URL, MediaFactory

RATE = 48000
NOISE = ("-f", "lavfi", "-i", f"anoisesrc=d=4:c=pink:r={RATE}:seed=1:a=0.5")


def trim(media: MediaFactory, film: Path, **options: Any) -> tuple[Any, Path]:
    return media.transcode(Trim(url_video=URL, **options), video=film)


def start_times(media: MediaFactory, path: Path) -> list[Fraction]:
    video = media.probe(path).video
    assert video is not None
    times = (time * video.time_base for time in sorted(video.packet_times))
    return [time for time in times if video.start <= time < video.end]


def with_noise(media: MediaFactory, name: str, *options: str) -> Path:
    """Return a numbered film with noise, of which every sample can be recognized."""
    film = make_film(media, FILMS[name])
    codec = options or ("-c:a", "aac", "-b:a", "192k", "-aac_pns", "0")
    return media.make_file(f"noisy-{codec[1]}-{film.name}", "-i", film, *NOISE, "-c:v", "copy", *codec, "-t", "2.2")


def samples(media: MediaFactory, path: Path) -> np.ndarray:
    raw = media.run_ffmpeg("-i", path, "-map", "0:a:0", "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-")
    return np.frombuffer(raw, np.float32)


def offset(part: np.ndarray, whole: np.ndarray, near: int) -> int:
    """Return how many samples after `near` the sound of a part begins in the whole."""
    window, reach = part[2000:10000], 1200
    heard = whole[near + 2000 - reach : near + 10000 + reach]
    return int(np.argmax(np.correlate(heard, window, "valid"))) - reach


OFTEN = ("b-frames", "uneven", "hevc", "vp9", "transport stream")
"""Films of the default run."""


def mostly_full(*names: str) -> list[Any]:
    return [name if name in OFTEN else pytest.param(name, marks=pytest.mark.full) for name in names]


@pytest.mark.parametrize("name", mostly_full(*FILMS))
def test_copied_part_has_exactly_its_frames(media: MediaFactory, name: str) -> None:
    film = make_film(media, FILMS[name])
    whole, starts = decode_frames(media, film), start_times(media, film)
    cuts = ((37, 60, 0.004), (31, 39, -0.004), (0, 30, 0), (24, 40, 0), (50, FRAMES, -0.0002))
    for low, high, nudge in cuts if name in {"b-frames", "uneven"} else cuts[:2]:
        start = float(starts[low]) + nudge if low else 0.0
        end = float(starts[high]) + nudge if high < FRAMES else 99.0
        first, last = low + (nudge > 0), min(high + (nudge > 0), FRAMES)
        made, path = trim(media, film, start=start, end=end)
        assert made.video_mode == ("encode" if name == "transport stream" else "copy"), (first, last)
        frames = decode_frames(media, path)
        assert [read_number(frame) for frame in frames] == list(range(first, last)), (first, last)
        assert made.video_mode == "encode" or frames == whole[first:last]
        assert made.media.frames == last - first
        shown = start_times(media, path)
        assert shown[0] == 0
        due = [time - starts[first] for time in starts[first:last]]
        assert all(abs(a - b) <= Fraction(1, 10000) for a, b in zip(shown, due, strict=True))
        if last < FRAMES:
            assert abs(read_track_ends(path)["vide"] - (starts[last] - starts[first])) <= Fraction(1, 1000)


@pytest.mark.parametrize("codec", [(), ("-c:a", "libmp3lame", "-b:a", "192k")])
@pytest.mark.parametrize("options", [{}, {"reencode": True}])
@pytest.mark.parametrize("first", [24, 31])
def test_sound_of_a_part_starts_at_the_sample(
    media: MediaFactory, codec: tuple[str, ...], options: dict[str, Any], first: int
) -> None:
    film = with_noise(media, "b-frames", *codec)
    start = start_times(media, film)[first]
    _made, path = trim(media, film, start=float(start), end=float(start) + 0.8, **options)
    near, ours, theirs = round(start * RATE), samples(media, path), samples(media, film)
    assert abs(offset(ours, theirs, near)) <= 1
    assert len(ours) == pytest.approx(0.8 * RATE, abs=1100)
    copied = not codec and not options
    error = np.abs(ours[:4000] - theirs[near : near + 4000])
    assert error.max() < (1e-4 if copied else 0.2)


@pytest.mark.parametrize("name", mostly_full("b-frames", "uneven", "23.976", "transport stream", "matroska"))
def test_joined_parts_have_exactly_their_frames(media: MediaFactory, name: str) -> None:
    film = make_film(media, FILMS[name])
    starts = start_times(media, film)
    cuts = ((2, 11), (20, 29), (29, 40), (50, 60))
    keep = [{"start": float(starts[low]), "end": float(starts[high])} for low, high in cuts]
    made, path = trim(media, film, keep=keep)
    numbers = [number for low, high in cuts for number in range(low, high)]
    assert [read_number(frame) for frame in decode_frames(media, path)] == numbers
    assert (made.video_mode, made.copied_seconds) == ("encode", 0)
    done, due = Fraction(0), []
    for low, high in cuts:
        due += [done + starts[at] - starts[low] for at in range(low, high)]
        done += starts[high] - starts[low]
    assert all(abs(a - b) < Fraction(1, 1000) for a, b in zip(start_times(media, path), due, strict=True))
    assert float(read_track_ends(path)["vide"]) == pytest.approx(float(done), abs=0.001)
    assert made.encoded_seconds == pytest.approx(float(done), abs=0.001)


def test_far_parts_are_sought_and_their_sound_is_joined_without_drift(
    media: MediaFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu_worker.plan.cuts.encode._FAR", Fraction(1, 3))
    monkeypatch.setattr("gpu_worker.plan.cuts.encode._AFTER", Fraction(1, 5))
    film = with_noise(media, "29.97")
    starts = start_times(media, film)
    cuts = ((3, 8), (12, 20), (31, 39), (50, 57))
    keep = [{"start": float(starts[low]), "end": float(starts[high])} for low, high in cuts]
    made, path = trim(media, film, keep=keep)
    assert [read_number(frame) for frame in decode_frames(media, path)] == [n for a, b in cuts for n in range(a, b)]
    ours, theirs = samples(media, path), samples(media, film)
    done = 0.0
    for low, high in cuts:
        # The middle of each part, away from the fades.
        at, near = round((done + 0.05) * RATE), round((float(starts[low]) + 0.05) * RATE)
        window, reach = ours[at : at + 3000], 500
        found = int(np.argmax(np.correlate(theirs[near - reach : near + 3000 + reach], window, "valid"))) - reach
        assert abs(found) <= 1
        done += float(starts[high] - starts[low])
    assert made.media.duration_seconds == pytest.approx(done, abs=0.002)
    join = round(float(starts[8] - starts[3]) * RATE)
    assert np.abs(ours[join - 24 : join + 24]).max() < np.abs(ours).max() / 4


def make_slides(media: MediaFactory) -> Path:
    """Return a film of four pictures, at 0 s, 1 s, 3 s and 3.8 s, whose sound ends at 4 s."""
    times = "select='lt(n,4)',setpts='if(eq(N,0),0,if(eq(N,1),1,if(eq(N,2),3,3.8)))/TB'"
    film = make_film(media, FILMS["no b-frames"])
    return media.make_file(
        "slides.mp4", "-i", film, "-f", "lavfi", "-i", f"sine=440:d=4:r={RATE}", "-vf", times,
        "-fps_mode", "passthrough", "-c:v", "libx264", "-bf", "0", "-video_track_timescale", "1000",
    )  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"reencode": True}])
def test_picture_on_display_at_the_start_is_shown_from_the_start(media: MediaFactory, options: dict[str, Any]) -> None:
    _made, path = trim(media, make_slides(media), start=1.5, end=3.25, **options)
    assert [read_number(frame) for frame in decode_frames(media, path)] == [1, 2]
    assert start_times(media, path) == [0, Fraction(3, 2)]
    assert float(read_track_ends(path)["vide"]) == pytest.approx(1.75, abs=0.001)


@pytest.mark.parametrize("mode", ["copy", "encode"])
@pytest.mark.parametrize("keep", [{"start": 0.8}, {"end": 1.1}, {"start": 0.6, "duration": 0.5}])
def test_film_with_an_edit_list_is_cut_on_its_own_timeline(
    media: MediaFactory, mode: str, keep: dict[str, float]
) -> None:
    film = make_trimmed(media)
    whole, starts = decode_frames(media, film), start_times(media, film)
    start = keep.get("start", 0)
    end = keep.get("end", start + keep.get("duration", 99))
    made, path = trim(media, film, reencode=mode == "encode", **keep)
    due = [
        read_number(frame) for frame, time in zip(whole, starts, strict=True) if start - 0.0005 <= time < end - 0.0005
    ]
    assert made.video_mode == mode
    assert [read_number(frame) for frame in decode_frames(media, path)] == due


@pytest.mark.parametrize("codec", ["x264", "x265"])
def test_open_gop_is_copied_from_a_keyframe_that_needs_nothing_before(media: MediaFactory, codec: str) -> None:
    options = "open-gop=1:keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0:log-level=0"
    film = media.make_file(
        f"open-gop-{codec}.mp4", "-i", make_film(media, FILMS["b-frames"]), "-c:v", f"lib{codec}",
        "-preset", "ultrafast",
        f"-{codec}-params", options, "-bf", "3",
    )  # fmt: skip
    whole, starts = decode_frames(media, film), start_times(media, film)
    for first in (25, 34, 37):
        made, path = trim(media, film, start=float(starts[first]), end=float(starts[60]))
        assert made.video_mode == "copy"
        assert decode_frames(media, path) == whole[first:60]
        hidden = len(media.list_packets(path, "0:V:0")) - 36
        assert hidden <= 20 or codec == "x264"


def test_rotation_is_kept(media: MediaFactory) -> None:
    film = media.make_rotated("trim-turned.mp4", media.make_video("trim-upright.mp4", 2, "160x90", extra=("-g", "10")))
    for options in ({}, {"reencode": True}):
        made, path = trim(media, film, start=0.6, end=1.2, **options)
        assert (made.media.width, made.media.height, made.media.frames) == (90, 160, 15)
        assert media.decode_frame(path, 0).size == (90, 160)


def test_fast_start_is_the_keyframe_and_is_reported(media: MediaFactory) -> None:
    film = make_film(media, FILMS["b-frames"])
    starts = start_times(media, film)
    made, path = trim(media, film, start=float(starts[30]), end=float(starts[40]), accuracy="fast")
    assert made.warnings == ("The result starts at the keyframe at 0.800 s.",)
    assert [read_number(frame) for frame in decode_frames(media, path)] == list(range(24, 40))
    assert len(media.list_packets(path, "0:V:0")) <= 20


def test_end_after_the_film_is_its_end(media: MediaFactory) -> None:
    film = make_film(media, FILMS["b-frames"])
    made, path = trim(media, film, start=2, end=5)
    assert made.warnings == ("The video ends at 2.200 s; so does the result.",)
    assert [read_number(frame) for frame in decode_frames(media, path)] == list(range(60, FRAMES))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"start": 2.2}, "start"),
        ({"keep": [{"start": 0, "end": 1}, {"start": 3, "end": 4}]}, "keep.1.start"),
    ],
)
def test_start_after_the_film_is_refused_by_its_field(media: MediaFactory, options: dict[str, Any], field: str) -> None:
    with pytest.raises(JobFailed) as failure:
        trim(media, make_film(media, FILMS["b-frames"]), **options)
    assert failure.value.failure.code == Code.RANGE_OUTSIDE_MEDIA
    assert failure.value.failure.message.startswith(f"{field} is not within the video, which lasts 2.200 s.")


@pytest.mark.parametrize("late", ["sound", "picture"])
def test_late_track_stays_in_time(media: MediaFactory, late: str) -> None:
    film = make_film(media, FILMS["b-frames"])
    delay = ("-itsoffset", "0.7")
    both = ((*NOISE,), ("-i", film)) if late == "picture" else (("-i", film), (*NOISE,))
    path = media.make_file(
        f"late-{late}.mp4", *both[0], *delay, *both[1], "-c:v", "copy", "-c:a", "aac", "-aac_pns", "0", "-t", "2.8"
    )
    starts = start_times(media, path)
    first = 21 if late == "picture" else 3
    _made, ours = trim(media, path, start=float(starts[first]), end=float(starts[first + 30]))
    assert [read_number(frame) for frame in decode_frames(media, ours)] == list(range(first, first + 30))
    heard, whole = samples(media, ours), samples(media, path)
    # A decoded file begins with its first sample, not with the silence before.
    silence = media.probe(path).audio
    assert silence is not None
    begin = max(silence.start, starts[first]) - starts[first]
    from_source = round((starts[first] + begin - max(silence.start, Fraction(0))) * RATE)
    assert abs(offset(heard, whole, from_source)) <= 1
    track = media.probe(ours).audio
    assert track is not None
    assert abs(max(track.start, Fraction(0)) - begin) <= Fraction(1, 1000)


@pytest.fixture(scope="module")
def long_film(media: MediaFactory) -> Path:
    return media.make_video(
        "trim-long.mp4", 90, "64x36", "5", extra=("-g", "15", "-bf", "2", "-c:a", "aac", "-b:a", "32k")
    )


@pytest.mark.parametrize(
    ("options", "first", "frames"),
    [
        ({"start": 60, "end": 62.2}, 300, 11),
        ({"start": 61}, 305, 145),
        ({"keep": [{"start": 60, "end": 61}, {"start": 70.2, "end": 71}]}, 300, 9),
    ],
)
def test_only_the_surroundings_of_a_part_are_read(
    media: MediaFactory, long_film: Path, options: dict[str, Any], first: int, frames: int
) -> None:
    part = asyncio.run(
        probe_part(
            media.sandboxed_ffmpeg, long_film, "url_video", Trim(url_video=URL, **options).window_of(""), Limits()
        )
    )
    whole = media.probe(long_film)
    assert part.video is not None
    assert whole.video is not None
    assert part.video.packet_times[0] * part.video.time_base >= 36
    known = set(whole.video.packet_times)
    assert known.issuperset(part.video.packet_times), "times are those of the whole file"
    made, path = trim(media, long_film, **options)
    assert made.media.frames == frames
    ours, theirs = media.decode_frame(path, 0), media.decode_frame(long_film, first / 5)
    assert max(ImageStat.Stat(ImageChops.difference(ours, theirs)).mean) < (1 if made.video_mode == "copy" else 6)


def test_part_near_the_end_of_a_long_film_is_known_to_end_there(media: MediaFactory, long_film: Path) -> None:
    made, _path = trim(media, long_film, start=80, end=100)
    assert made.warnings == ("The video ends at 90.000 s; so does the result.",)
    assert made.media.frames == 50
    with pytest.raises(JobFailed) as failure:
        trim(media, long_film, start=95)
    assert "which lasts 90.000 s" in failure.value.failure.message


def test_hundred_parts_are_joined(media: MediaFactory, long_film: Path) -> None:
    keep = [{"start": at * 0.8, "end": at * 0.8 + 0.2} for at in range(100)]
    made, path = trim(media, long_film, keep=keep)
    assert made.media.frames == 100
    assert float(read_track_ends(path)["soun"]) == pytest.approx(20, abs=0.022)
