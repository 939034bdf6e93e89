"""Malicious media: each file gives facts or an error code with the party to blame, and opens no other file."""

from __future__ import annotations

import asyncio
import re
import shutil
import stat
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from contract.errors import CATALOGUE, Blame, Code
from contract.limits import Limits
from contract.operations import Operation, Role
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.pipeline.cost import check_input_limits
from gpu_worker.probe.probe import probe
from tests.support.canary import Canary
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.hostile import (
    animated_png,
    damaged_files,
    make_seed_files,
    make_wav,
    run_with_file,
    with_address,
    with_alias,
    with_codec,
    with_tracks,
)
from tests.support.media.inputs import inputs_of, local_role

SRT = "1\n00:00:00,000 --> 00:00:00,300\nhi\n"
CONCURRENCY = 2


def write_input(directory: Path, role: str, data: bytes) -> Path:
    """Write the file as a job gets it for this role."""
    directory.mkdir()
    path = directory / local_role(role)
    path.write_bytes(data)
    return path


async def probe_file(ffmpeg: Ffmpeg, role: str, path: Path) -> Code | None:
    """Return the code with which the worker refuses a file before encoding; None if it accepts the file."""
    limits = Limits()
    try:
        if role == "image":
            await read_photo(ffmpeg.sandbox, path, f"url_{role}", limits.max_pixels, (64, 64))
            return None
        facts = await probe(ffmpeg, path, Role(role), f"url_{role}", limits.max_pixels)
        check_input_limits(inputs_of(**{role: facts}), limits)
    except JobFailed as failure:
        return failure.failure.code
    return None


def probe_all(ffmpeg: Ffmpeg, folder: Path, offers: Iterable[tuple[str, bytes]]) -> Counter[Code | None]:
    async def work() -> list[Code | None]:
        turns = asyncio.Semaphore(CONCURRENCY)

        async def one(number: int, role: str, data: bytes) -> Code | None:
            async with turns:
                return await probe_file(ffmpeg, role, write_input(folder / str(number), role, data))

        return await asyncio.gather(*(one(number, *offer) for number, offer in enumerate(offers)))

    return Counter(asyncio.run(work()))


@pytest.mark.fault("G3")
@pytest.mark.parametrize("numbers", [range(1000, 1080), pytest.param(range(1080, 1400), marks=pytest.mark.full)])
def test_damaged_files_are_used_or_blamed_on_the_caller(
    media: MediaFactory, tmp_path: Path, canary: Canary, numbers: range
) -> None:
    found = probe_all(media.sandboxed_ffmpeg, tmp_path, damaged_files(media, numbers))
    assert sum(found.values()) == len(numbers)
    assert found[None] > len(numbers) // 5
    codes = {code for code in found if code is not None}
    assert len(codes) >= 4
    assert {CATALOGUE[code].blame for code in codes} == {Blame.CALLER}, found


@pytest.fixture
def traced(media: MediaFactory, tmp_path: Path) -> str:
    """An ffmpeg under strace, which records the files that it opens and the connections that it makes."""
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    program = tmp_path / "traced-ffmpeg"
    watched = "trace=open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,socket,connect"
    program.write_text(f'#!/bin/sh\nexec strace -f -qq -o opened.$$ -e {watched} {media.ffmpeg} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def traced_calls(folder: Path) -> set[str]:
    """Return the system calls in the traces below the folder, without process ids."""
    found: set[str] = set()
    for trace in folder.rglob("opened.*"):
        for line in trace.read_text(errors="replace").splitlines():
            call = line.partition(" ")[2].strip()
            if not re.match(r"\w+\(", call) or re.search(r"= -1 E\w+", call):
                continue
            found.add(re.sub(r"\d+", "N", call.partition(" = ")[0]))
    return found


BAITS: dict[str, Callable[[str, str], bytes]] = {
    "hls": lambda path, _url: f"#EXTM3U\n#EXTINF:9,\nfile://{path}\n#EXT-X-ENDLIST\n".encode(),
    "hls on the net": lambda _path, url: f"#EXTM3U\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n".encode(),
    "hls with a key": lambda path, url: (
        f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="crypto+file://{path}"\n#EXTINF:9,\ndata:,x\n#EXTINF:9,\n{url}\n'
    ).encode(),
    "concat": lambda path, url: f"ffconcat version 1.0\nfile '{path}'\nfile '{url}'\n".encode(),
    "concat protocol": lambda path, _url: f"ffconcat version 1.0\nfile 'concat:{path}|{path}'\n".encode(),
    "subfile": lambda path, _url: f"ffconcat version 1.0\nfile 'subfile,,start,0,end,99,,:{path}'\n".encode(),
    "sdp": lambda _path, _url: b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "dash": lambda path, _url: (
        "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet><Representation id='1' "
        f"bandwidth='1'><BaseURL>file://{path}</BaseURL></Representation></AdaptationSet></Period></MPD>"
    ).encode(),
    "smooth streaming": lambda _path, url: f"<SmoothStreamingMedia Url='{url}'/>".encode(),
    "images": lambda path, _url: f"{path}%03d.png\n".encode(),
}


@pytest.mark.fault("G1", "G2", "G16")
def test_only_the_input_file_is_opened(media: MediaFactory, tmp_path: Path, traced: str, canary: Canary) -> None:
    """Hostile files may cause only the system calls that intact files cause."""
    whole = [(role, path.read_bytes()) for role, paths in make_seed_files(media).items() for path in paths]
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    bad.mkdir()
    assert probe_all(Ffmpeg(traced, media.sandbox), good, whole) == {None: len(whole)}
    secret = tmp_path / "secret.ts"
    secret.write_bytes(media.make_video("secret.ts", 0.4, "64x48").read_bytes())
    film = media.make_video("plain.mov", 0.4, "64x48", sound=False).read_bytes()
    baits = [bait(str(secret), canary.url) for bait in BAITS.values()]
    baits += [with_alias(film, secret), with_address(film, canary.url), with_address(film, f"file://{secret}")]
    offers = [(role, bait) for bait in baits for role in ("video", "audio", "image")]
    probe_all(Ffmpeg(traced, media.sandbox), bad, [*offers, *damaged_files(media, range(40))])
    seen = traced_calls(good)
    assert any("in_video" in call for call in seen)
    assert traced_calls(bad) <= seen
    # Without our options ffmpeg opens the bait, and the trace shows it.
    bait = write_input(tmp_path / "naive", "video", BAITS["concat"](str(secret), "x"))
    command = [traced, "-v", "quiet", "-f", "concat", "-safe", "0", "-i", bait.name, "-f", "null", "-"]
    subprocess.run(command, cwd=bait.parent, capture_output=True, check=False)
    assert any(secret.name in call for call in traced_calls(bait.parent))


@pytest.mark.full
@pytest.mark.fault("G2")
def test_damaged_files_open_no_other_file(media: MediaFactory, tmp_path: Path, traced: str, canary: Canary) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    bad.mkdir()

    async def all_made(folder: Path, offers: Iterable[tuple[str, bytes]]) -> int:
        codes = [await run_with_file(media, traced, folder / str(n), *offer) for n, offer in enumerate(offers)]
        return len(codes)

    asyncio.run(
        all_made(good, [(role, path.read_bytes()) for role, ps in make_seed_files(media).items() for path in ps])
    )
    assert asyncio.run(all_made(bad, damaged_files(media, range(2000, 2600)))) == 600
    assert traced_calls(bad) <= traced_calls(good)


def run_job(media: MediaFactory, operation: Operation, **inputs: Path) -> Code | None:
    try:
        media.transcode(operation, **inputs)
    except JobFailed as failure:
        return failure.failure.code
    return None


@pytest.fixture
def caption_bytes(media: MediaFactory, tmp_path: Path) -> Callable[[bytes], Code | None]:
    """Caption a video that has these bytes."""
    srt = tmp_path / "s.srt"
    srt.write_text(SRT)
    path = tmp_path / "film"

    def caption(data: bytes) -> Code | None:
        path.write_bytes(data)
        return run_job(media, Caption(url_video=URL, url_srt=URL), video=path, subtitles=srt)

    return caption


@pytest.mark.fault("G4")
def test_endless_animated_png_is_read_at_its_first_frame(media: MediaFactory, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(animated_png(100_000))
    assert run_job(media, Img2Vid(url_image=URL, size="64x64", duration=0.1), image=path) is None


@pytest.mark.fault("G6")
def test_hundreds_of_tracks_are_dropped_thousands_are_refused(
    media: MediaFactory, caption_bytes: Callable[[bytes], Code | None]
) -> None:
    film = media.make_video("small-silent.mp4", 0.4, "64x48", sound=False).read_bytes()
    assert caption_bytes(with_tracks(film, 300)) is None
    assert caption_bytes(with_tracks(film, 100_000)) in {Code.MEDIA_UNREADABLE, Code.MEDIA_OVER_BUDGET}


@pytest.mark.fault("G6", "H6")
def test_metadata_and_attachments_of_a_video_are_dropped(media: MediaFactory, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    chapters = "".join(f"[CHAPTER]\nSTART={at}\nEND={at + 1}\ntitle=secret{at}\n" for at in range(1000))
    notes.write_text(f";FFMETADATA1\ncomment=secret{'x' * 2_000_000}\n{chapters}")
    font, srt = tmp_path / "font.ttf", tmp_path / "s.srt"
    font.write_bytes(b"\0\1\0\0secret")
    srt.write_text(SRT.replace("hi", "secret"))
    film = media.make_file(
        "laden.mkv", "-i", media.make_video("f.mp4", 0.4, "64x48"), "-i", srt, "-f", "ffmetadata", "-i", notes,
        *("-map", "0", "-map", "1", "-map_metadata", "2", "-map_chapters", "2", "-c", "copy", "-c:s", "srt"),
        *("-attach", font, "-metadata:s:t", "mimetype=font/ttf"),
    )  # fmt: skip
    assert film.read_bytes().count(b"secret") > 1000
    srt.write_text(SRT)
    _made, out = media.transcode(Caption(url_video=URL, url_srt=URL), video=film, subtitles=srt)
    assert b"secret" not in out.read_bytes()
    assert out.stat().st_size < 50_000
    assert re.findall(r"Stream #0:\d.*?: (\w+)", media.read_header(out)) == ["Video", "Audio"]


@pytest.mark.fault("G5")
@pytest.mark.parametrize(
    ("times", "frames"),
    [
        ("setpts=PTS-10/TB", 10),  # before zero
        ("setpts=PTS+7200/TB", 10),  # from two hours on
        ("setpts='if(lt(N,5),N/1000,1+N)/TB'", 10),  # 1000 frames a second, then one
        ("setpts='(10-N)/25/TB'", 10),  # backwards
    ],
)
def test_extreme_timestamps_are_limited(media: MediaFactory, tmp_path: Path, times: str, frames: int) -> None:
    film = media.make_video(
        f"times{len(times)}{times[10]}.mkv", 0.4, "64x48", sound=False,
        extra=("-vf", times, "-fps_mode", "passthrough", "-enc_time_base", "1/1000", "-bf", "0",
               "-avoid_negative_ts", "disabled"),
    )  # fmt: skip
    srt = tmp_path / "s.srt"
    srt.write_text(SRT)
    made, _out = media.transcode(Caption(url_video=URL, url_srt=URL), video=film, subtitles=srt)
    # Where the times are far apart, a frame is added for each end of the caption.
    assert made.media.frames <= frames + 2
    assert made.media.duration_seconds < 20


@pytest.mark.fault("G9")
def test_disallowed_formats_are_refused_by_name(
    media: MediaFactory, tmp_path: Path, caption_bytes: Callable[[bytes], Code | None]
) -> None:
    film = media.make_video("small-silent.mp4", 0.4, "64x48", sound=False)
    key = ("-encryption_key", "00" * 16, "-encryption_kid", "11" * 16)
    locked = media.make_file("locked.mp4", "-i", film, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", *key)
    # ffmpeg 7 does not report that packets need a key: it decodes them to noise, or to nothing.
    assert caption_bytes(locked.read_bytes()) == Code.MEDIA_UNSUPPORTED
    assert caption_bytes(with_codec(film.read_bytes(), b"xyzw")) == Code.MEDIA_UNSUPPORTED
    rare = media.make_video("rare.avi", 0.4, "64x48", sound=False, extra=("-c:v", "zmbv"))
    assert caption_bytes(rare.read_bytes()) == Code.MEDIA_UNSUPPORTED
    song = media.make_file("rare.mka", "-f", "lavfi", "-i", "sine=d=0.3", "-c:a", "tta")
    assert run_job(media, AddAudio(url_video=URL, url_audio=URL), video=film, audio=song) == Code.MEDIA_UNSUPPORTED


@pytest.mark.fault("G8")
@pytest.mark.parametrize(("hertz", "channels"), [(8, 1), (768_000, 2), (48_000, 64)])
def test_unusual_sounds_are_converted_or_refused(
    media: MediaFactory, tmp_path: Path, hertz: int, channels: int
) -> None:
    song = tmp_path / "song"
    song.write_bytes(make_wav(hertz, channels, hertz // 2))
    film = media.make_video("small-silent.mp4", 0.4, "64x48", sound=False)
    code = run_job(media, AddAudio(url_video=URL, url_audio=URL), video=film, audio=song)
    assert code is None or CATALOGUE[code].blame is Blame.CALLER, code


@pytest.mark.fault("G7")
@pytest.mark.parametrize("size", ["1x1", "2x2", "1x720", "3x5"])
def test_videos_of_one_pixel_are_supported(media: MediaFactory, tmp_path: Path, size: str) -> None:
    film = media.make_video(
        f"tiny{size}.mkv", 0.2, size, sound=False, source="color=c=red", extra=("-c:v", "png", "-pix_fmt", "rgb24")
    )
    srt = tmp_path / "s.srt"
    srt.write_text(SRT)
    code = run_job(media, Caption(url_video=URL, url_srt=URL), video=film, subtitles=srt)
    assert code is None or CATALOGUE[code].blame is Blame.CALLER, code
