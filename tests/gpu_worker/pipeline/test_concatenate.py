"""Join videos: which frames and samples the result has, and when. Clips of one kind keep their packets."""

from __future__ import annotations

import subprocess
from array import array
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code
from contract.operations.concatenate import Concatenate
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import VideoFacts
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.transcode import Output
from gpu_worker.plan.input_args import open_list_args
from gpu_worker.plan.join.join_files import LIST, ListedFile, write_list
from gpu_worker.plan.join.parts import output_rate
from tests.support.media.factory import URL, MediaFactory
from tests.support.programs import write_ffmpeg

RATE = 48000
NTSC = Fraction(30000, 1001)
MILLISECOND = RATE // 1000


def join(
    media: MediaFactory,
    files: Sequence[Path],
    parts: Sequence[dict[str, float]] = (),
    *,
    machine: Machine | None = None,
    **options: Any,
) -> tuple[Output, Path]:
    """Join files; `parts` has `start` and `end` of each."""
    videos = [{"url_video": URL, **(parts[index] if parts else {})} for index in range(len(files))]
    operation = Concatenate.model_validate({"videos": videos, **options})
    named = {f"videos.{at}.url_video": path for at, path in enumerate(files)}
    return media.transcode(operation, machine=machine, files=named)


def fail(media: MediaFactory, files: Sequence[Path], parts: Sequence[dict[str, float]] = (), **options: Any) -> Any:
    with pytest.raises(JobFailed) as raised:
        join(media, files, parts, **options)
    return raised.value.failure


def samples(media: MediaFactory, path: Path) -> array[int]:
    """Return the decoded sound of a file, mono at 48 kHz, as a player that heeds edit lists plays it."""
    return array("h", media.run_ffmpeg("-i", path, "-map", "0:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"))


def onsets(sound: Sequence[int], level: int = 3000) -> list[int]:
    """Return the samples at which a sound begins after at least 50 ms of silence."""
    loud = [index for index, value in enumerate(sound) if abs(value) > level]
    return [loud[0], *(after for before, after in pairwise(loud) if after - before > RATE // 20)] if loud else []


def make_beep(media: MediaFactory, name: str, frames: int, size: str = "64x36", rate: str = "30000/1001") -> Path:
    """Return a clip with a tone of 0.1 s in its middle. Its sound is a little longer than its picture."""
    seconds = float(frames / Fraction(rate))
    tone = f"aevalsrc='0.5*sin(2*PI*1000*t)*between(t,0.15,0.25)':s=44100:d={seconds + 0.05}"
    return media.make_file(
        name, "-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}", "-f", "lavfi", "-i", tone, "-frames:v", str(frames),
        "-pix_fmt", "yuv420p", "-preset", "veryfast",
    )  # fmt: skip


def make_color(media: MediaFactory, name: str, color: str, *extra: str, size: str = "160x90", rate: int = 25) -> Path:
    """Return half a second of one color with sound."""
    return media.make_video(name, 0.5, size, str(rate), source=f"color=c={color}", extra=extra)


def colors(media: MediaFactory, path: Path) -> list[tuple[str, int]]:
    """Return the colors of the frames in the middle, and the number of frames of each run."""
    names = []
    for frame in media.decode_frames(path):
        pixel = frame.getpixel((frame.width // 2, frame.height // 2))
        assert isinstance(pixel, tuple)
        red, green, blue = (value > 100 for value in pixel)
        names.append({(True, False, False): "red", (False, True, False): "green", (False, False, True): "blue"}.get(
            (red, green, blue), str(pixel)
        ))  # fmt: skip
    return [(name, len(list(run))) for name, run in groupby(names)]


def times(media: MediaFactory, path: Path) -> list[int]:
    """Return the times of the frames, in units of the file."""
    out = media.run_ffmpeg("-i", path, "-map", "0:v", "-c", "copy", "-f", "framecrc", "-").decode()
    return sorted(int(row.split(",")[2]) for row in out.splitlines() if not row.startswith("#"))


def test_forty_joins_of_one_kind_keep_all_packets_and_never_drift(media: MediaFactory) -> None:
    clip = make_beep(media, "beep.mp4", 13)
    made, path = join(media, [clip] * 41)
    assert (made.video_mode, made.encoder, made.warnings) == ("copy", None, ())
    assert (made.copied_seconds, made.encoded_seconds) == (round(float(41 * 13 / NTSC), 3), 0)
    assert media.list_packets(path, "0:v") == media.list_packets(clip, "0:v") * 41
    assert {after - before for before, after in pairwise(times(media, path))} == {1001}
    (own,) = onsets(samples(media, clip))
    found = onsets(samples(media, path))
    errors = [at - own - round(index * 13 / NTSC * RATE) for index, at in enumerate(found)]
    assert len(found) == 41
    assert max(errors) - min(errors) <= MILLISECOND
    assert abs(errors[-1] - errors[0]) <= MILLISECOND // 2


@pytest.mark.parametrize("joins", [7, pytest.param(40, marks=pytest.mark.full)])
def test_joins_of_many_kinds_never_drift(media: MediaFactory, joins: int) -> None:
    kinds = [
        make_beep(media, "beep_wide.mp4", 13, "96x54"),
        make_beep(media, "beep_pal.mkv", 11, "64x48", "25"),
        make_beep(media, "beep_fast.mp4", 25, "64x36", "60"),
    ]
    clips = [kinds[index % 3] for index in range(joins + 1)]
    made, path = join(media, clips)
    lengths = [13 / NTSC, Fraction(11, 25), Fraction(25, 60)]
    exact = [sum((lengths[earlier % 3] for earlier in range(index)), Fraction(0)) for index in range(joins + 2)]
    starts = [round(start * NTSC) / NTSC for start in exact]
    assert made.video_mode == "encode"
    assert made.media is not None
    assert (made.media.frames, made.media.frame_rate, made.media.width) == (round(starts[-1] * NTSC), 29.97, 96)
    assert (made.copied_seconds, made.encoded_seconds) == (0, round(float(starts[-1]), 3))
    found = onsets(samples(media, path))
    own = [onsets(samples(media, clip))[0] for clip in clips]
    errors = [at - own[index] - round(starts[index] * RATE) for index, at in enumerate(found)]
    assert len(found) == joins + 1
    assert max(map(abs, errors)) <= MILLISECOND


def test_sound_that_continues_in_the_next_clip_does_not_click(media: MediaFactory) -> None:
    clips = [
        media.make_file(
            f"wave_{at}.mov", "-f", "lavfi", "-i", "color=c=gray:s=64x36:r=25:d=1",
            "-f", "lavfi", "-i", f"aevalsrc='0.5*sin(2*PI*441.7*(t+{at}))':s=48000:d=1",
            "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le",
        )
        for at in range(3)
    ]  # fmt: skip
    made, path = join(media, clips)
    sound = samples(media, path)
    assert made.video_mode == "copy"
    jumps = [abs(after - before) for before, after in pairwise(sound)]
    usual = max(jumps[RATE // 4 : RATE // 2])
    for at in (RATE, 2 * RATE):
        assert max(jumps[at - 2000 : at + 2000]) <= 1.1 * usual


def test_video_without_sound_is_silent_for_exactly_its_length(media: MediaFactory) -> None:
    tone, silent = make_color(media, "red_tone.mp4", "red"), media.make_video(
        "blue_silent.mp4", 0.48, "160x90", "25", sound=False, source="color=c=blue"
    )  # fmt: skip
    made, path = join(media, [tone, silent, tone])
    sound = samples(media, path)
    assert colors(media, path) == [("red", 13), ("blue", 12), ("red", 13)]
    assert made.media is not None
    assert made.media.duration_seconds == pytest.approx(38 / 25, abs=1e-3)
    quiet = [index for index, value in enumerate(sound) if abs(value) < 30]
    runs = [list(run) for _, run in groupby(enumerate(quiet), lambda pair: pair[0] - pair[1])]
    longest = max(runs, key=len)
    first, last = longest[0][1], longest[-1][1]
    # The tone of the first clip ends after 0.5 s, or with the last packet of AAC: before its last frame does.
    assert 0.5 * RATE - MILLISECOND < first < 13 / 25 * RATE + MILLISECOND
    assert last == pytest.approx(25 / 25 * RATE, abs=2 * MILLISECOND)


def test_videos_without_any_sound_stay_silent(media: MediaFactory) -> None:
    silent = media.make_video("green_silent.mp4", 0.4, "160x90", "25", sound=False, source="color=c=green")
    made, path = join(media, [silent, silent])
    assert made.video_mode == "copy"
    assert made.media is not None
    assert made.media.audio_codec is None
    assert media.list_packets(path, "0:v") == media.list_packets(silent, "0:v") * 2


def test_all_kinds_of_pictures_come_in_their_order(media: MediaFactory) -> None:
    upright = make_color(media, "blue_tall.mp4", "blue", size="90x160")
    turned = media.make_rotated("blue_turned.mp4", upright)
    deep = make_color(media, "green_deep.mp4", "lime", "-pix_fmt", "yuv422p10le", "-vf", "setsar=2", size="80x90")
    huge = make_color(media, "red_huge.webm", "red", "-c:v", "libvpx", "-deadline", "realtime", size="1920x1080")
    first = make_color(media, "red_first.mp4", "red")
    made, path = join(media, [first, turned, deep, huge], frame_rate=10)
    assert colors(media, path) == [("red", 5), ("blue", 5), ("green", 6), ("red", 5)]
    assert made.media is not None
    assert (made.media.width, made.media.height, made.media.frame_rate) == (160, 90, 10)


def test_frames_without_a_constant_rate_keep_their_times(media: MediaFactory) -> None:
    still = make_color(media, "red_25.mp4", "red")
    lazy = media.make_file(
        "lazy.mkv", "-f", "lavfi", "-i", "color=c=blue:s=160x90:r=25:d=2", "-f", "lavfi", "-i",
        "color=c=lime:s=160x90:r=25:d=1", "-filter_complex",
        r"[0]select='eq(n,0)+eq(n,30)'[a];[1]setpts=PTS+2/TB[b];[a][b]concat=n=2", "-fps_mode", "vfr",
    )  # fmt: skip
    _made, path = join(media, [still, lazy])
    (red, before), (blue, shown), (green, after) = colors(media, path)
    assert (red, before, blue, green) == ("red", 13, "blue", "green")
    assert shown + after == round(media.probe(lazy).video.duration * 25)  # type: ignore[union-attr]


def test_frames_that_change_their_size_midway_keep_their_times(media: MediaFactory, tmp_path: Path) -> None:
    def draw(path: Path) -> None:
        small, large = (
            make_color(media, f"{color}.ivf", color, "-an", "-c:v", "libvpx", size=size).read_bytes()
            for color, size in (("red", "160x90"), ("blue", "320x180"))
        )
        streams = tmp_path / "both.ivf"
        streams.write_bytes(small + large[32:])
        media.run_ffmpeg("-fflags", "+genpts", "-i", streams, "-c", "copy", "-bsf:v", "setts=pts=N:dts=N", path)

    changing = media.make_once("changing.webm", draw, "changing")
    green = make_color(media, "lime_90.mp4", "lime", size="90x90")
    _made, path = join(media, [green, changing, green])
    assert [color for color, _ in colors(media, path)] == ["green", "red", "blue", "green"]
    assert sum(count for _, count in colors(media, path)) == 52


def test_part_begins_and_ends_at_its_frames(media: MediaFactory) -> None:
    steps = media.make_file(
        "steps.mp4", "-f", "lavfi", "-i", "nullsrc=s=64x36:r=25:d=2,geq=lum='20+mod(N*37,200)':cb=128:cr=128",
        "-f", "lavfi", "-i", "aevalsrc='0.5*sin(2*PI*1000*t)*between(t,0.8,0.9)':s=48000:d=2",
        "-pix_fmt", "yuv420p", "-qp", "4", "-bf", "2",
    )  # fmt: skip
    made, path = join(media, [steps, steps], [{"start": 0.4, "end": 0.6}, {"start": 0.72}])
    levels = [frame.convert("L").getpixel((32, 18)) for frame in media.decode_frames(path)]
    whole = [frame.convert("L").getpixel((32, 18)) for frame in media.decode_frames(steps)]
    assert levels == pytest.approx([*whole[10:15], *whole[18:]], abs=6)
    assert made.warnings == ()
    (own,), (found,) = onsets(samples(media, steps)), onsets(samples(media, path))
    assert found - own == pytest.approx((0.2 - 0.72) * RATE, abs=MILLISECOND)


def test_late_part_of_a_long_video_begins_at_its_frame(media: MediaFactory) -> None:
    long = media.make_file(
        "long_steps.mp4", "-f", "lavfi", "-i", "nullsrc=s=64x36:r=25:d=4,geq=lum='20+mod(N*37,200)':cb=128:cr=128",
        "-pix_fmt", "yuv420p", "-qp", "4", "-g", "30",
    )  # fmt: skip
    _made, path = join(media, [long, long], [{"start": 2.48, "end": 2.6}, {"start": 3.2, "end": 3.24}])
    levels = [frame.convert("L").getpixel((32, 18)) for frame in media.decode_frames(path)]
    whole = [frame.convert("L").getpixel((32, 18)) for frame in media.decode_frames(long)]
    assert levels == pytest.approx([*whole[62:65], whole[80]], abs=6)


def test_end_after_the_end_of_the_video_is_its_end(media: MediaFactory) -> None:
    red = make_color(media, "red_25.mp4", "red")
    made, path = join(media, [red, red], [{"end": 9}, {}])
    assert made.warnings == ("`videos.0` ends at 0.520 s, before the requested `end`.",)
    assert made.video_mode == "copy"
    assert colors(media, path) == [("red", 26)]


def test_start_after_the_end_of_the_video_fails_the_job(media: MediaFactory) -> None:
    red = make_color(media, "red_25.mp4", "red")
    failure = fail(media, [red, red], [{}, {"start": 3}])
    assert (failure.code, failure.params) == (
        Code.RANGE_OUTSIDE_MEDIA,
        {"field": "videos.1.start", "limit": "0.520 s"},
    )


def test_transition_overlaps_picture_and_sound(media: MediaFactory) -> None:
    red, blue = make_beep_color(media, "red", 500), make_beep_color(media, "blue", 900)
    made, path = join(media, [red, blue, red], transition={"kind": "fade", "duration": 0.4})
    frames = media.decode_frames(path)
    assert len(frames) == 3 * 25 - 2 * 10
    pixels = [frame.getpixel((80, 45)) for frame in frames]
    levels = [(pixel[0], pixel[2]) for pixel in pixels if isinstance(pixel, tuple)]
    reds, blues = [red for red, _ in levels[14:27]], [blue for _, blue in levels[14:27]]
    assert (reds[0] > 230, reds[-1] < 30, blues[0] < 30, blues[-1] > 230) == (True, True, True, True)
    assert reds == sorted(reds, reverse=True)
    assert blues == sorted(blues)
    assert levels[20][0] == pytest.approx(levels[20][1], abs=40)
    assert made.media is not None
    assert made.media.duration_seconds == pytest.approx(2.2, abs=1e-3)
    sound = samples(media, path)
    assert len(sound) == pytest.approx(2.2 * RATE, abs=1024)
    # At equal power the level stays through a crossfade of different tones.
    loudness = [power(sound[at : at + RATE // 10]) for at in range(RATE // 10, 2 * RATE, RATE // 10)]
    assert max(loudness) < 1.5 * min(loudness)


def make_beep_color(media: MediaFactory, color: str, hertz: int) -> Path:
    return media.make_file(
        f"tone_{color}.mp4", "-f", "lavfi", "-i", f"color=c={color}:s=160x90:r=25:d=1", "-f", "lavfi",
        "-i", f"sine={hertz}:d=1:r=48000", "-pix_fmt", "yuv420p",
    )  # fmt: skip


def power(sound: Sequence[int]) -> float:
    return sum(value * value for value in sound) / len(sound)


def test_transition_that_is_too_long_names_the_shortest_video(media: MediaFactory) -> None:
    red, blue = make_color(media, "red_25.mp4", "red"), make_beep_color(media, "blue", 900)
    failure = fail(media, [blue, red, blue], transition={"kind": "wipe_left", "duration": 0.4})
    assert failure.code == Code.TRANSITION_TOO_LONG
    assert failure.params == {"field": "videos.1.url_video", "limit": "0.24 s"}


def test_video_that_cannot_be_decoded_is_named(media: MediaFactory) -> None:
    red = make_color(media, "red_25.mp4", "red")

    def damage(path: Path) -> None:
        data = bytearray(make_color(media, "lime_small.mp4", "lime").read_bytes())
        start = data.index(b"mdat") + 4
        end = data.index(b"moov") - 4
        data[start:end] = bytes(end - start)
        path.write_bytes(data)

    broken = media.make_once("zeros.mp4", damage, "zeros")
    failure = fail(media, [red, broken, red])
    assert (failure.code, failure.params) == (Code.MEDIA_UNREADABLE, {"field": "videos.1.url_video"})


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\nred.mp4\n", "ffconcat version 1.0\nfile red.mp4\n"])
def test_playlist_is_no_video(media: MediaFactory, tmp_path: Path, text: str) -> None:
    playlist = tmp_path / "list.mp4"
    playlist.write_text(text)
    red = make_color(media, "red_25.mp4", "red")
    assert fail(media, [red, playlist]).params["field"] == "videos.1.url_video"


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\nred.mp4\n", "ffconcat version 1.0\nfile red.mp4\n"])
def test_list_opens_no_playlist(media: MediaFactory, tmp_path: Path, text: str) -> None:
    """Also if one replaced a video after it was probed."""
    (tmp_path / "red.mp4").symlink_to(make_color(media, "red_25.mp4", "red"))
    (tmp_path / "playlist.mp4").write_text(text)
    files = [ListedFile("red.mp4", Fraction(0)), ListedFile("playlist.mp4", Fraction(13, 25))]
    (tmp_path / LIST).write_text(write_list(files, Fraction(1)))
    argv = [media.ffmpeg, "-v", "error", *open_list_args(LIST, 10**9), "-c", "copy", "-map", "0:v", "-f", "framecrc"]
    done = subprocess.run([*argv, "-"], cwd=tmp_path, capture_output=True, check=False)
    assert sum(not row.startswith(b"#") for row in done.stdout.splitlines()) == 13


def test_copy_that_fails_is_encoded(media: MediaFactory, tmp_path: Path) -> None:
    script = f'case "$*" in *{LIST}*) grep -q in_videos {LIST} && exit 1;; esac\nexec "{media.ffmpeg}" "$@"'
    machine = Machine(Ffmpeg(write_ffmpeg(tmp_path, script), media.sandbox), None, 2)
    red = make_color(media, "red_25.mp4", "red")
    made, path = join(media, [red, red], machine=machine)
    assert (made.video_mode, made.encoder) == ("encode", "libx264")
    assert made.warnings == ("The picture could not be copied and was encoded again.",)
    assert colors(media, path) == [("red", 26)]


def test_sound_that_cannot_be_decoded_is_named(media: MediaFactory, tmp_path: Path) -> None:
    lines = "".join(
        f"[in#{number}/mov @ 0x1]   Input stream #{number}:1 (audio): 20 packets read (9 bytes); "
        f"{frames} frames decoded; {20 - frames} decode errors;\\n"
        for number, frames in ((1, 20), (2, 1))
    )
    script = f'case "$*" in *{LIST}*) printf "{lines}" >&2; exit 69;; esac\nexec "{media.ffmpeg}" "$@"'
    machine = Machine(Ffmpeg(write_ffmpeg(tmp_path, script), media.sandbox), None, 2)
    silent = media.make_video("green_silent.mp4", 0.4, "160x90", "25", sound=False, source="color=c=green")
    red = make_color(media, "red_25.mp4", "red")
    assert fail(media, [silent, red, red], machine=machine).params == {"field": "videos.2.url_video"}


def test_hdr_and_standard_range_become_one_range(media: MediaFactory) -> None:
    tags = "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv"
    hdr = media.make_video("hlg.mov", 0.4, "160x90", sound=False, source="color=c=gray", extra=(
        "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-vf", tags,
        "-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc"))  # fmt: skip
    made, path = join(media, [make_color(media, "red_25.mp4", "red"), hdr, hdr])
    assert made.warnings == ("The HDR picture was converted to standard range.",)
    assert "yuv420p(tv, bt709" in media.read_header(path)
    assert len(media.decode_frames(path)) == 33


def test_rate_that_varies_becomes_a_usual_one() -> None:
    def rate_of(frame_rate: str, *, constant: bool) -> Fraction:
        video = VideoFacts("h264", 64, 36, 9, Fraction(0), Fraction(1), Fraction(frame_rate), constant)
        return output_rate(None, video)

    assert rate_of("29969/1001", constant=True) == NTSC
    assert rate_of("12", constant=True) == 12
    assert rate_of("120", constant=True) == 60
    assert [rate_of(rate, constant=False) for rate in ("3", "27", "90")] == [Fraction(24000, 1001), NTSC, 60]


@pytest.mark.parametrize(
    ("ending", "sound_from", "picture_from"),
    [
        ("ts", 0.3, 0),
        ("ts", 0, 0.3),
        ("ts", 0, 0.04),
        ("mpg", 0.3, 0),
        ("mkv", 0, 0.3),
        ("mp4", 0.3, 0),
        ("mp4", 0, 0.04),
    ],
)
def test_flash_and_beep_stay_together(media: MediaFactory, ending: str, sound_from: float, picture_from: float) -> None:
    """Whatever starts later in the file: the sound or the picture."""
    flash = "color=c=black:s=160x90:r=25:d=1,drawbox=c=blue:t=fill:enable='between(t,0.59,0.75)'"
    beep = "aevalsrc='0.5*sin(2*PI*1000*t)*between(t,0.6,0.76)':s=48000:d=1"
    codecs = ("-c:v", "mpeg2video", "-qscale:v", "2", "-c:a", "mp2") if ending == "mpg" else ("-c:a", "aac")
    clip = media.make_file(
        f"flash_{sound_from}_{picture_from}.{ending}", "-filter_complex",
        f"{flash},trim={picture_from}[v];{beep},atrim={sound_from}[a]", "-map", "[v]", "-map", "[a]",
        "-pix_fmt", "yuv420p", *codecs,
    )  # fmt: skip
    red = make_color(media, "red_25.mp4", "red")
    made, path = join(media, [red, clip, clip], frame_rate=25)
    assert made.video_mode == "encode"
    assert_together(media, path)
    made, path = join(media, [clip, clip])
    assert made.video_mode == ("copy" if ending == "mp4" else "encode")
    assert_together(media, path)


def assert_together(media: MediaFactory, path: Path) -> None:
    """Assert that there are two blue flashes, and that each comes with its beep."""
    runs = colors(media, path)
    starts = [sum(count for _, count in runs[:index]) for index, (color, _) in enumerate(runs) if color == "blue"]
    beeps = onsets(samples(media, path), 6000)
    assert len(starts) == len(beeps) == 2
    for flash, beep in zip(starts, beeps, strict=True):
        assert beep / RATE == pytest.approx(flash / 25, abs=0.03)


def test_loudness_of_the_whole_is_set_once(media: MediaFactory) -> None:
    quiet, loud = (
        media.make_file(
            f"pink_{volume}.mp4", "-f", "lavfi", "-i", "color=c=gray:s=64x36:r=25:d=2",
            "-f", "lavfi", "-i", f"anoisesrc=c=pink:a={volume}:d=2:r=48000:seed=1", "-pix_fmt", "yuv420p",
        )
        for volume in (0.05, 0.4)
    )  # fmt: skip
    made, path = join(media, [quiet, loud, quiet], loudness=-20)
    assert made.video_mode == "copy"
    assert made.loudness is not None
    assert made.loudness.lufs == pytest.approx(-20, abs=0.5)
    sound = samples(media, path)
    assert len(sound) == pytest.approx(6 * RATE, abs=1024)
    levels = [power(sound[at : at + RATE]) for at in (RATE // 2, 5 * RATE // 2)]
    assert levels[1] / levels[0] == pytest.approx(64, rel=0.2)
    made, _path = join(media, [quiet, quiet], [{"end": 1}, {"end": 1}], loudness="youtube")
    assert made.warnings == ("The loudness was not changed: a sound of less than 3 s has no reliable loudness.",)
