"""Inputs that refer to other files and hosts: only the input itself is opened.

The kernel reports opens of a canary file, and a canary host counts connections. Where possible, each bait is shown to
work on an ffmpeg without our options.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.operations import Operation
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.hostile import with_alias

_IN_OPEN = 0x20


@dataclass
class Canary:
    """A video that no program may open, and a host that no program may call."""

    file: Path
    port: int
    watch: int
    callers: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/x.ts"

    def opened(self) -> bool:
        """Return True if any process opened the file since the last call."""
        try:
            return bool(os.read(self.watch, 65536))
        except BlockingIOError:
            return False


@pytest.fixture
def canary(media: MediaFactory, tmp_path: Path) -> Iterator[Canary]:
    file = tmp_path / "canary.ts"
    file.write_bytes(media.make_video("canary.ts", 0.5, "64x48").read_bytes())
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0
    assert libc.inotify_add_watch(watch, os.fsencode(file), _IN_OPEN) >= 0
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        bird = Canary(file, server.getsockname()[1], watch)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                with contextlib.suppress(TimeoutError):
                    caller, _address = server.accept()
                    bird.callers += 1
                    caller.close()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield bird
        finally:
            done.set()
            thread.join()
            os.close(watch)


def hls_playlist(target: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n".encode()


def offer_to_all_operations(media: MediaFactory, bait: Path) -> None:
    """Give the file to every operation as every input; the results do not matter here."""
    srt = media.folder / "hello.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:00,300\nhi\n")
    offers: list[tuple[Operation, dict[str, Path]]] = [
        (Caption(url_video=URL, url_srt=URL), {"video": bait, "subtitles": srt}),
        (
            Caption(url_video=URL, url_srt=URL),
            {"video": media.make_video("baited.mp4", 0.4, "64x48"), "subtitles": bait},
        ),
        (AddAudio(url_video=URL, url_audio=URL), {"video": bait, "audio": media.make_audio()}),
        (
            AddAudio(url_video=URL, url_audio=URL),
            {"video": media.make_video("baited.mp4", 0.4, "64x48"), "audio": bait},
        ),
        (Img2Vid(url_image=URL, size="64x64", duration=0.1), {"image": bait}),
    ]
    for operation, inputs in offers:
        with contextlib.suppress(JobFailed):
            media.transcode(operation, **inputs)


def open_without_protection(media: MediaFactory, bait: Path, *options: str) -> None:
    argv = [media.ffmpeg, "-v", "quiet", "-nostdin", *options, "-i", str(bait), "-t", "1", "-f", "null", "-"]
    subprocess.run(argv, check=False, capture_output=True, timeout=20)


LISTS: dict[str, tuple[Callable[[Canary], bytes], tuple[str, ...]]] = {
    "hls": (lambda c: hls_playlist(f"file://{c.file}"), ("-f", "hls")),
    "hls by another name": (lambda c: hls_playlist(str(c.file)), ()),
    "concat": (lambda c: f"ffconcat version 1.0\nfile '{c.file}'\n".encode(), ("-safe", "0")),
    "subfile": (lambda c: f"ffconcat version 1.0\nfile 'subfile,,start,0,end,999,,:{c.file}'\n".encode(), ()),
    "dash": (
        lambda c: (
            "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet>"
            f"<Representation id='1' bandwidth='1'><BaseURL>file://{c.file}</BaseURL></Representation>"
            "</AdaptationSet></Period></MPD>"
        ).encode(),
        (),
    ),
    "svg": (
        lambda c: (
            "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'>"
            f"<image href='file://{c.file}' width='64' height='64'/><image href='{c.url}'/></svg>"
        ).encode(),
        (),
    ),
    "subtitles with a font and a picture": (
        lambda c: (
            "[Script Info]\nScriptType: v4.00+\n[Events]\nFormat: Start, End, Text\n"
            f"Dialogue: 0:00:00.00,0:00:09.00,{{\\fn{c.file}}}{{\\1img({c.file})}}x\n"
        ).encode(),
        (),
    ),
    "asx": (lambda c: f"<asx version='3.0'><entry><ref href='{c.url}'/></entry></asx>".encode(), ()),
    "a shortcut": (lambda c: f"[Reference]\nRef1={c.url}\nRef2=file://{c.file}\n".encode(), ()),
}


@pytest.mark.fault("G1", "G2")
@pytest.mark.parametrize("kind", LISTS)
def test_playlist_opens_nothing(media: MediaFactory, canary: Canary, tmp_path: Path, kind: str) -> None:
    write, options = LISTS[kind]
    for target in (canary, Canary(Path(canary.url), canary.port, canary.watch)):
        bait = tmp_path / "bait.mp4"
        bait.write_bytes(write(target))
        offer_to_all_operations(media, bait)
    assert not canary.opened()
    assert canary.callers == 0
    if kind in {"hls", "concat"}:
        bait.write_bytes(write(canary))
        open_without_protection(media, bait, "-protocol_whitelist", "file", *options)
        assert canary.opened(), "the bait does not work"


@pytest.mark.fault("G2")
def test_external_data_reference_opens_nothing(media: MediaFactory, canary: Canary, tmp_path: Path) -> None:
    video = media.make_video("reference.mov", 0.4, "64x48", sound=False).read_bytes()
    bait = tmp_path / "bait.mp4"
    bait.write_bytes(with_alias(video, canary.file))
    offer_to_all_operations(media, bait)
    assert not canary.opened()
    open_without_protection(media, bait, "-enable_drefs", "1", "-use_absolute_path", "1")
    assert canary.opened(), "the bait does not work"


@pytest.mark.fault("G6", "H6")
def test_attachments_are_not_written(media: MediaFactory, tmp_path: Path) -> None:
    """A font in a Matroska file would be loaded by ffmpeg's subtitle filters, and its name could be a path."""
    name = tmp_path / "escaped.ttf"
    font = media.folder / "font.ttf"
    font.write_bytes(b"\0\1\0\0" + bytes(200))
    bait = tmp_path / "bait.mkv"
    video = media.make_video("attached-to.mp4", 0.4, "64x48")
    attach = ("-attach", font, "-metadata:s:t", "mimetype=font/ttf", "-metadata:s:t", f"filename={name}")
    media.run_ffmpeg("-i", video, *attach, "-c", "copy", bait)
    assert str(name).encode() in bait.read_bytes()
    before = set(tmp_path.iterdir())
    offer_to_all_operations(media, bait)
    assert set(tmp_path.iterdir()) == before


def test_canary_detects_opens_and_connections(media: MediaFactory, canary: Canary) -> None:
    assert not canary.opened()
    open_without_protection(media, canary.file)
    assert canary.opened()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", canary.port), timeout=2) as call:
        call.settimeout(2)
        call.recv(1)
    assert canary.callers == 1
