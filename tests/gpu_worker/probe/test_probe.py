"""Probing: exact facts from good files, the right code for each kind of bad one."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import threading
import time
from collections.abc import Coroutine
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Operation, Role
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.probe.framecrc import PacketListing
from gpu_worker.probe.probe import probe
from gpu_worker.probe.stderr_parser import StderrParser
from gpu_worker.probe.stream_line import count_channels
from tests.support.media.factory import URL, MediaFactory


def find_code(media: MediaFactory, path: Path, role: Role = Role.VIDEO) -> Code:
    if role is Role.IMAGE:
        reading: Coroutine[Any, Any, object] = read_photo(media.sandbox, path, "url_x", 10**9, (1, 1))
    else:
        reading = probe(media.sandboxed_ffmpeg, path, role, "url_x", 10**9)
    with pytest.raises(JobFailed) as failure:
        asyncio.run(reading)
    assert failure.value.failure.params["field"] == "url_x"
    return failure.value.failure.code


def children_seconds() -> float:
    """CPU time of finished child processes, which excludes other load on the machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_file(media: MediaFactory, name: str, data: bytes) -> Path:
    path = media.folder / name
    path.write_bytes(data)
    return path


def test_facts_are_exact(media: MediaFactory) -> None:
    facts = media.probe(media.make_video("ntsc.mp4", 2, rate="30000/1001"))
    assert facts.video is not None
    assert facts.audio is not None
    assert facts.video.frames == 60
    assert facts.video.frame_rate == Fraction(30000, 1001)
    assert facts.video.duration == Fraction(60 * 1001, 30000)
    assert facts.video.has_constant_rate
    assert (facts.video.codec, facts.video.width, facts.video.height) == ("h264", 320, 180)
    assert (facts.audio.codec, facts.audio.sample_rate, facts.audio.channels) == ("aac", 48000, 1)


def test_durations_come_from_packets_not_from_headers(media: MediaFactory) -> None:
    # An MP3 without a Xing header: ffmpeg guesses its length from the bit rate of the first frames.
    song = media.make_file("vbr.mp3", "-f", "lavfi", "-i", "aevalsrc='if(lt(t,3),0,random(0)-0.5)':d=8", "-q:a", "5",
                       "-write_xing", "0")  # fmt: skip
    audio = media.probe(song, Role.AUDIO).audio
    assert audio is not None
    assert float(audio.end - audio.start) == pytest.approx(8.0, abs=0.1)


BAD = {
    "text": b"this is not a video\n" * 50,
    "noise": bytes((i * 7919 >> 3) & 255 for i in range(20_000)),
    "one byte": b"x",
    "zip": b"PK\x03\x04" + bytes(500),
    "elf": b"\x7fELF" + bytes(500),
}


@pytest.mark.fault("G3")
@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("role", [Role.VIDEO, Role.AUDIO, Role.IMAGE])
def test_files_that_are_not_media_are_unreadable(media: MediaFactory, kind: str, role: Role) -> None:
    began = children_seconds()
    expected = Code.MEDIA_UNSUPPORTED if kind == "zip" else Code.MEDIA_UNREADABLE
    assert find_code(media, write_file(media, "bad.mp4", BAD[kind]), role) == expected
    assert children_seconds() - began < 5


@pytest.mark.fault("G3")
@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.mov"])
def test_a_file_cut_in_the_middle_is_truncated(media: MediaFactory, name: str) -> None:
    whole = media.make_video(f"whole-{name}", 2, extra=("-movflags", "+faststart") if name != "cut.mkv" else ())
    data = whole.read_bytes()
    assert find_code(media, write_file(media, name, data[: len(data) * 6 // 10])) == Code.MEDIA_TRUNCATED


@pytest.mark.fault("G3")
def test_a_file_whose_index_is_missing_is_truncated(media: MediaFactory) -> None:
    data = media.make_video("late-index.mp4", 2, extra=("-movflags", "0")).read_bytes()
    assert find_code(media, write_file(media, "noindex.mp4", data[: len(data) // 2])) == Code.MEDIA_TRUNCATED


@pytest.mark.fault("G8")
def test_missing_tracks_have_their_own_codes(media: MediaFactory) -> None:
    assert find_code(media, media.make_audio("only.m4a")) == Code.MEDIA_NO_VIDEO
    assert find_code(media, media.make_audio()) == Code.MEDIA_NO_VIDEO
    assert find_code(media, media.make_video("mute.mp4", 1, sound=False), Role.AUDIO) == Code.MEDIA_NO_AUDIO


@pytest.mark.fault("G1", "G2")
def test_playlists_open_no_connection(media: MediaFactory) -> None:
    """Each playlist names a canary server, which counts connections."""
    hits = 0
    with socket.create_server(("127.0.0.1", 0)) as canary:
        port = canary.getsockname()[1]
        canary.settimeout(0.1)
        done = threading.Event()

        def listen() -> None:
            nonlocal hits
            while not done.is_set():
                try:
                    canary.accept()[0].close()
                    hits += 1
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        url = f"http://127.0.0.1:{port}/x.ts"
        secret = media.make_video()
        lists = {
            "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
            "hls file": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n",
            "concat": f"ffconcat version 1.0\nfile '{secret}'\nfile '{url}'\n",
            "dash": f"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{url}</BaseURL></MPD>",
            "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        }
        try:
            for text in lists.values():
                assert find_code(media, write_file(media, "list.mp4", text.encode())) == Code.MEDIA_UNSUPPORTED
                assert find_code(media, write_file(media, "in_video", text.encode())) == Code.MEDIA_UNSUPPORTED
        finally:
            done.set()
            thread.join()
    assert hits == 0


@pytest.mark.fault("G5")
def test_too_much_work_is_refused_before_it_starts(media: MediaFactory) -> None:
    srt = write_file(media, "w.srt", b"1\n00:00:00,000 --> 00:00:01,000\nhi\n")
    captioned = {"video": media.make_video(), "subtitles": srt}
    sounded = {"video": media.make_video("s.mp4", 0.5), "audio": media.make_audio()}
    cases: list[tuple[Operation, Limits, dict[str, Path], str]] = [
        (Caption(url_video=URL, url_srt=URL), Limits(max_media_seconds=1.0), captioned, "url_video"),
        (AddAudio(url_video=URL, url_audio=URL), Limits(max_media_seconds=1.0), sounded, "url_audio"),
        (Compose(url_video=URL, url_srt=URL), Limits(max_pixels=10_000), captioned, "url_video"),
    ]
    for operation, limits, inputs, field in cases:
        with pytest.raises(JobFailed) as failure:
            media.transcode(operation, limits, **inputs)
        assert (failure.value.failure.code, failure.value.failure.params["field"]) == (Code.MEDIA_OVER_BUDGET, field)


def test_an_output_over_its_limit_has_its_own_code(media: MediaFactory) -> None:
    with pytest.raises(JobFailed) as failure:
        media.transcode(
            AddAudio(url_video=URL, url_audio=URL),
            Limits(max_output_bytes=20_000),
            video=media.make_video(),
            audio=media.make_audio(),
        )
    assert failure.value.failure.code == Code.OUTPUT_TOO_LARGE


@pytest.mark.skipif(not os.environ.get("SLOW"), reason="a long file; set SLOW=1")
def test_an_hour_is_probed_in_seconds(media: MediaFactory) -> None:
    long = media.make_video("hour.mkv", 3600, "64x64")
    started = time.monotonic()
    assert media.probe(long).video is not None
    assert time.monotonic() - started < 20


FILM = (
    b"  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), "
    b"yuv420p10le(tv, bt2020nc/bt2020/smpte2084, top first), 1920x1080"
)


def test_metadata_cannot_imitate_a_stream() -> None:
    dump = StderrParser()
    for line in (
        b"Input #0, mov,mp4, from 'in_video':",
        b"  Metadata:",
        b"    title           : x",
        b"                    :   Stream #0:7: Video: h264, yuv420p, 1x1",
        FILM,
        b"      Display Matrix: rotation of -90.00 degrees",
        b"  Stream #0:0 -> #0:0 (copy)",
        b"Output #0, framecrc, to 'pipe:':",
        b"  Stream #0:1: Video: fake, rgb24, 1x1",
    ):  # fmt: skip
        dump.read(line)
    assert set(dump.streams) == {0}
    stream = dump.find_mapped_stream("Video")
    assert stream is not None
    assert (stream.codec, stream.pix_fmt, stream.rotation, stream.is_interlaced) == ("h264", "yuv420p10le", 90, True)
    assert stream.parse_color().is_hdr
    assert stream.parse_color().matrix == "bt2020nc"


@pytest.mark.parametrize(
    "line", [b"    displaymatrix: rotation of 90.00 degrees", b"      Display Matrix: rotation of 90.00 degrees"]
)
def test_old_and_new_spellings_of_rotation_are_known(line: bytes) -> None:
    dump = StderrParser()
    for each in (
        b"Input #0, mov, from 'x':",
        b"  Stream #0:0: Video: h264, yuv420p(tv), 10x10",
        line,
        b"  Stream #0:0 -> #0:0 (copy)",
    ):
        dump.read(each)
    stream = dump.find_mapped_stream("Video")
    assert stream is not None
    assert stream.rotation == 270


def test_packets_are_summed_up() -> None:
    table = PacketListing(4)
    for line in (
        b"#tb 0: 1/10", b"#media_type 0: video", b"#tb 1: 1/5", b"#media_type 1: audio",
        b"0, -1, -1, 1, 9, 0x1, F=0x5", b"0, 0, 2, 1, 9, 0x1, S=1, Skip Samples, 10, 0x0", b"0, 1, 0, 3, 9, 0x1, F=0x2",
        b"junk", b"0, 1, NOPTS, 1, 9, 0x1", b"1, 0, 0, 1, 9, 0x1",
    ):  # fmt: skip
        table.read(line)
    table.finish()
    track = table.find_track("video")
    assert track is not None
    assert (list(track.times), track.hidden, track.shown, track.has_corrupt_packets) == ([-1, 2, 0], 1, 2, True)
    assert (track.start, track.end) == (0, Fraction(3, 10))
    assert table.is_over_limit


@pytest.mark.parametrize(
    ("layout", "text", "channels"),
    [
        ("5.1(side)", "", 6),
        ("mono", "", 1),
        ("", "aac (LC), 48000 Hz, 7.1, fltp", 8),
        ("12 channels", "", 12),
        ("", "", 2),
    ],
)
def test_channels_are_counted_from_names(layout: str, text: str, channels: int) -> None:
    assert count_channels(layout, text) == channels


def test_an_ffmpeg_that_cannot_start_is_our_fault(media: MediaFactory, tmp_path: Path) -> None:
    path = tmp_path / "in_video"
    path.write_bytes(b"no film")
    no_program = tmp_path / "ffmpeg"
    for made in (False, True):
        if made:
            no_program.write_bytes(b"\x7fELF but not really")
            no_program.chmod(0o755)
        with pytest.raises((JobFailed, OSError)) as failure:
            asyncio.run(probe(Ffmpeg(str(no_program)), path, Role.VIDEO, "url_video", 10**6))
        if isinstance(failure.value, JobFailed):
            assert failure.value.failure.code == Code.INTERNAL


@pytest.mark.parametrize(("indent", "opacity"), [(6, True), (8, True), (4, False), (10, False)])
def test_webm_opacity_is_detected(indent: int, opacity: bool) -> None:
    """ffmpeg 7 indents a stream's tags more deeply; the container's tags, by 4 spaces, may be anything."""
    dump = StderrParser()
    for line in (
        "Input #0, matroska,webm, from 'in_video':",
        "  Stream #0:0: Video: vp9 (Profile 0), yuv420p(tv, progressive), 64x64, 25 fps, 25 tbr, 1k tbn",
        f"{' ' * indent}alpha_mode      : 1",
    ):
        dump.read(line.encode())
    assert dump.streams[0].pix_fmt == ("yuva420p" if opacity else "yuv420p")
