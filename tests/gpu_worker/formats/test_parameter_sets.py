"""Parameter sets in MP4 files, and the fingerprint of videos that can be joined without encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpu_worker.formats.parameter_sets import read_parameter_sets
from gpu_worker.media.copy_fingerprint import copy_fingerprint
from tests.support.media.factory import MediaFactory


def make(media: MediaFactory, name: str, *extra: str, source: str = "testsrc2", size: str = "64x36") -> Path:
    return media.make_video(name, 0.4, size, "25", source=source, sound=False, extra=extra)


def test_videos_of_one_encoder_share_their_fingerprint(media: MediaFactory) -> None:
    one, other = make(media, "set_one.mp4"), make(media, "set_other.mov", "-vf", "negate")
    assert read_parameter_sets(one) == read_parameter_sets(other)
    found = copy_fingerprint(media.probe(one))
    assert found == copy_fingerprint(media.probe(other))
    assert found is not None
    assert len(found) == 16


@pytest.mark.parametrize(
    "extra",
    [
        ("-crf", "30"), ("-refs", "4"), ("-vf", "setsar=2"), ("-pix_fmt", "yuv444p"), ("-r", "30"),
        ("-video_track_timescale", "90000"), ("-colorspace", "bt709"),
        ("-c:v", "libx265", "-x265-params", "log-level=0"),
    ],
)  # fmt: skip
def test_other_settings_make_another_fingerprint(media: MediaFactory, extra: tuple[str, ...]) -> None:
    other = make(media, f"set_{'_'.join(extra).replace(':', '-')}.mp4", *extra)
    found = copy_fingerprint(media.probe(other))
    assert found is not None
    assert found != copy_fingerprint(media.probe(make(media, "set_one.mp4")))


def test_rotation_makes_another_fingerprint(media: MediaFactory) -> None:
    one = make(media, "set_one.mp4")
    turned = media.make_rotated("set_turned.mp4", one)
    assert read_parameter_sets(turned) == read_parameter_sets(one)
    assert copy_fingerprint(media.probe(turned)) != copy_fingerprint(media.probe(one))


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("set.mkv", ()), ("set.ts", ()), ("set_mpeg4.mp4", ("-c:v", "mpeg4")),
        ("set_vfr.mp4", ("-vf", "setpts=N*N/4/TB/25")),
        ("set_avc3.mp4", ("-tag:v", "avc3")), ("set_late.mp4", ("-output_ts_offset", "3")),
        ("set_fragments.mp4", ("-movflags", "frag_keyframe+empty_moov")),
    ],
)  # fmt: skip
def test_other_videos_have_no_fingerprint(media: MediaFactory, name: str, extra: tuple[str, ...]) -> None:
    facts = media.probe(make(media, name, *extra))
    if name == "set_late.mp4":
        assert facts.video is not None
        assert (facts.video.start > 1) == (copy_fingerprint(facts) is None)
    else:
        assert copy_fingerprint(facts) is None


def test_video_that_starts_between_resets_has_no_fingerprint(media: MediaFactory, tmp_path: Path) -> None:
    data = bytearray(make(media, "set_one.mp4").read_bytes())
    start = data.index(b"mdat") + 4
    position = start
    while data[position + 4] & 31 != 5:  # to the first IDR picture
        position += 4 + int.from_bytes(data[position : position + 4], "big")
    data[position + 4] = data[position + 4] & 0xE0 | 1
    changed = tmp_path / "no_reset.mp4"
    changed.write_bytes(data)
    assert read_parameter_sets(changed) is None


@pytest.mark.parametrize("length", [0, 7, 40, 900])
def test_any_file_can_be_read(media: MediaFactory, tmp_path: Path, length: int) -> None:
    whole = make(media, "set_fast.mp4", "-movflags", "+faststart").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[:length])
    assert read_parameter_sets(cut) is None
    for at in range(0, min(len(whole), 1500), 50):
        cut.write_bytes(whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :])
        read_parameter_sets(cut)
