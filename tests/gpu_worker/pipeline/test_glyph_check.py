"""Draw characters and captions, measure their pixels, and warn of missing glyphs."""

from __future__ import annotations

import asyncio
import re
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from contract.errors import Code
from contract.operations.caption import Caption
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import Cue
from gpu_worker.pipeline.glyph_check import find_missing_glyphs
from gpu_worker.pipeline.machine import FONTS_DIRECTORY as FONTS
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan.captions.glyphs.glyph_coverage import (
    SHIPPED,
    characters_to_check,
    missing_glyphs_warning,
    script_of,
)
from gpu_worker.sandbox.command import Sandbox
from tests.support.media.caption_ink import write_ass
from tests.support.media.factory import URL, MediaFactory

NO_FONTS = '<?xml version="1.0"?><fontconfig></fontconfig>'


@dataclass
class Host:
    """A machine with its own font configuration, and the directory of a job on it."""

    machine: Machine
    directory: Path

    def check_captions(self, text: str) -> tuple[str, ...]:
        machine = self.machine
        check = machine.glyph_check.check_captions
        return asyncio.run(check(machine.ffmpeg, [text], self.directory, machine.typefaces))


@pytest.fixture
def bare(media: MediaFactory, tmp_path: Path) -> Host:
    """A machine without installed fonts."""
    return make_host(media.ffmpeg, tmp_path, NO_FONTS)


def make_host(ffmpeg: str, directory: Path, font_configuration: str) -> Host:
    (directory / "fonts.conf").write_text(font_configuration)
    (directory / "fonts").symlink_to(FONTS)
    sandbox = Sandbox(environment={"FONTCONFIG_FILE": str(directory / "fonts.conf")})
    return Host(Machine(Ffmpeg(ffmpeg, sandbox), None, 2), directory)


def test_every_character_assumed_to_be_shipped_is_drawn(bare: Host) -> None:
    granted = [
        chr(code)
        for code in range(0x21, 0x3000)
        if SHIPPED.match(chr(code)) and unicodedata.category(chr(code))[0] in "LNPS"
    ]
    assert len(granted) > 1400
    assert asyncio.run(find_missing_glyphs(bare.machine.ffmpeg, granted, bare.directory)) == ()


def test_emoji_are_drawn_by_the_shipped_fonts(bare: Host) -> None:
    text = "😀👍🏽❤️👨‍👩‍👧🇩🇪1️⃣🏴󠁧󠁢󠁥󠁮󠁧󠁿🎉🫠🥲©️™️⭐✨☀️㊗️"
    assert len(characters_to_check([text])) == 16
    assert bare.check_captions(text) == ()


def test_missing_scripts_are_named(bare: Host) -> None:
    text = "Hello 日本語、ひらがな カタカナ 한국어 हिन्दी ไทย مرحبا שלום Привет Ελλάδα 😀 𓀀 \u2800\u00a0\u200d"
    scripts = "East Asian punctuation, Egyptian, Han, Hangul, Hiragana, Katakana"
    assert bare.check_captions(text) == (f"Captions have characters that no font here draws: {scripts}.",)
    assert bare.check_captions("தமிழ்") == ("Captions have characters that no font here draws: Tamil.",)
    assert bare.check_captions("مرحبا שלום Привет Ελλάδα é हिन्दी ไทย") == ()


def test_installed_font_is_found(media: MediaFactory, tmp_path: Path) -> None:
    system = tmp_path / "system"
    system.mkdir()
    (system / "han.ttf").write_bytes(han_font())
    host = make_host(media.ffmpeg, tmp_path, f"<fontconfig><dir>{system}</dir></fontconfig>")
    assert host.check_captions("日") == ()
    assert host.check_captions("本") == ("Captions have characters that no font here draws: Han.",)


def han_font() -> bytes:
    """Return the shipped emoji font under another name, with one character: 日, drawn as a grinning face."""
    data = bytearray((FONTS / "NotoEmoji-Bold.ttf").read_bytes())
    for entry in range(12, 12 + 16 * struct.unpack_from(">H", data, 4)[0], 16):
        tag, _, at, _ = struct.unpack_from(">4sIII", data, entry)
        if tag == b"cmap":
            table = struct.pack(">HHHHIHHIIIIII", 0, 1, 3, 10, 12, 12, 0, 28, 0, 1, 0x65E5, 0x65E5, 895)
            data[at : at + len(table)] = table
        if tag == b"name":
            end = at + struct.unpack_from(">I", data, entry + 12)[0]
            data[at:end] = data[at:end].replace("Noto Emoji".encode("utf-16-be"), "Some Hanzi".encode("utf-16-be"))
    return bytes(data)


def test_invisible_captions_fail_the_job(bare: Host) -> None:
    (bare.directory / "fonts").unlink()
    (bare.directory / "fonts").mkdir()
    with pytest.raises(JobFailed) as failure:
        bare.check_captions("plain")
    assert failure.value.failure.code == Code.INTERNAL


def test_plain_text_is_measured_once(bare: Host) -> None:
    assert bare.check_captions("plain") == ()
    (bare.directory / "fonts").unlink()
    (bare.directory / "fonts").mkdir()
    assert bare.check_captions("plain again") == ()


def test_a_sample_of_each_script_is_checked() -> None:
    sample = characters_to_check(["".join(map(chr, range(0x4E00, 0x9000))), "ไทย", "A Ω Ж א ع"])
    assert len(sample) < 40
    assert {script_of(char) for char in sample} == {"Han", "Thai"}


def test_warning_fits_the_result() -> None:
    everything = [chr(code) for code in range(0x20, 0x1FFFF) if not 0xD800 <= code < 0xE000]
    warning = missing_glyphs_warning(everything)
    assert warning is not None
    assert len(warning) <= 128
    assert re.fullmatch(r"[A-Za-z ,:.]+", warning)
    assert missing_glyphs_warning([]) is None


def test_caption_job_warns_of_missing_glyphs_and_late_cues(media: MediaFactory, bare: Host) -> None:
    subtitles = bare.directory / "subtitles.srt"
    subtitles.write_bytes("1\n0:0:0 --> 0:0:1\nпривет தமிழ்\n\n2\n0:0:9 --> 0:0:10\nlate\n".encode())
    made, _ = media.transcode(
        Caption(url_video=URL, url_srt=URL), machine=bare.machine, video=media.make_video(), subtitles=subtitles
    )
    assert made.warnings == (
        "Captions have characters that no font here draws: Tamil.",
        "Subtitles that begin after the end of the video: 1 of 2.",
    )


def draw_caption(media: MediaFactory, text: str, size: tuple[int, int]) -> Image.Image:
    """Draw a caption on black with the shipped fonts only."""
    (media.folder / "one.ass").write_text(write_ass([Cue(0, 1000, text)], size), encoding="utf-8")
    pixels = media.run_ffmpeg(
        *("-f", "lavfi", "-i", f"color=c=black:s={size[0]}x{size[1]}:r=1:d=1"),
        *("-vf", f"ass=f=one.ass:fontsdir={FONTS}", "-f", "rawvideo", "-pix_fmt", "gray", "-"),
    )
    return Image.frombytes("L", size, pixels)


_LONG = ["W" * 90, "path/" * 40, "日本語の字幕。" * 20, "😂" * 80, "one two three four " * 90, "a\n" * 12]


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (720, 720), (320, 180), (64, 64)])
@pytest.mark.parametrize("text", _LONG, ids=["wide", "unbroken", "han", "emoji", "long", "many lines"])
def test_caption_stays_inside_the_picture(media: MediaFactory, size: tuple[int, int], text: str) -> None:
    left, top, right, bottom = extent(draw_caption(media, text, size))
    assert left >= 1
    assert top >= 1
    assert right <= size[0] - 1
    assert bottom <= size[1] - 1
    # A Han full stop at the end of a line fills only one corner of its square.
    assert abs(left + right - size[0]) <= max(4, size[0] * 0.025)


def test_arabic_letters_join(media: MediaFactory) -> None:
    joined, apart = (extent(draw_caption(media, text, (640, 360))) for text in ("سلام", "س\u200cل\u200cا\u200cم"))
    assert joined[2] - joined[0] < (apart[2] - apart[0]) * 0.9


@pytest.mark.parametrize("text", ["שלום עולם", "مرحبا بالعالم", "OK"])
def test_sentence_ends_on_the_side_of_its_direction(media: MediaFactory, text: str) -> None:
    picture = draw_caption(media, text + ".", (1280, 720))
    left, _, right, _ = extent(picture)
    ends = [extent(picture.crop((side, 0, side + 10, 720))) for side in (left, right - 10)]
    lefts, rights = (box[3] - box[1] for box in ends)
    assert (lefts < rights) == (text != "OK")
    assert min(lefts, rights) < 20


def extent(picture: Image.Image) -> tuple[int, int, int, int]:
    box = picture.point(lambda value: 255 if value > 64 else 0).getbbox()
    assert box is not None
    return box
