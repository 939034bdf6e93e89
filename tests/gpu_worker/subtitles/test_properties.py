"""Properties of every subtitle file, checked with thousands of examples, the same in every run."""

from __future__ import annotations

import contextlib
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.errors import JobFailed
from gpu_worker.media.info import Cue
from gpu_worker.pipeline.machine import FONTS_DIRECTORY as FONTS
from gpu_worker.plan.captions.glyphs.lettering import Lettering, ass_text
from gpu_worker.subtitles import read_subtitles
from tests.support.media.caption_ink import write_ass
from tests.support.media.factory import MediaFactory

_SAME = settings(derandomize=True, deadline=None, database=None, max_examples=400)

_PIECES = st.sampled_from(
    [
        *("00:00:01,000 --> 00:00:02,500", "0:1 -> 0:2", "-00:00:01,0 --> 100:00:00,0", "-->", "1", "42"),
        *("\n", "\n\n", "\r\n", "\r", " ", "\t", "words", "日本語", "مرحبا", "שלום", "😀", "👨\u200d👩", "e\u0301"),
        *("{\\an8}", "{\\p1}", "{", "}", "\\", "\\N", "<i>", "</i>", "<I >", "<b>", "<v Ann>", "<", ">", "<br>"),
        *("&lt;", "&amp;", "&#13;", "&#x202e;", "&#769;", "WEBVTT\n\n", "NOTE x\n", "[Events]\n"),
        *("Format: Start, End, Text\n", "Dialogue: 0,0:00:01.00,0:00:02.00,,,0,0,0,,", "\u0316", "\0", "\x07"),
        *("\ue000", "\ufdd0", "\ufeff", "\u200b", "\u2060", "\u202e", "\u2028", "\x85", "\ufffd", "\U0010ffff"),
    ]
)
_TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=30).map("".join)
_ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "cp1252", "gb18030"])
_HEADS = st.sampled_from(["", "1\n00:00:01,000 --> 00:00:02,500\n", "WEBVTT\n\n00:01.000 --> 00:02.000\n"])
_FILES = st.builds(lambda head, text, encoding: (head + text).encode(encoding, "replace"), _HEADS, _TEXTS, _ENCODINGS)


def cues_of(data: bytes) -> tuple[Cue, ...]:
    with contextlib.suppress(JobFailed):
        return read_subtitles(data, "url_srt", 100).cues or ()
    return ()


def as_srt(cues: tuple[Cue, ...]) -> str:
    blocks = []
    for number, cue in enumerate(cues, 1):
        text = f"{{\\an{cue.place}}}" + cue.text.replace("&", "&amp;")
        blocks.append(f"{number}\n{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{text}\n\n")
    return "".join(blocks)


def _clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{thousandths:03}"


@pytest.mark.fault("H1")
@_SAME
@given(st.binary(max_size=300) | _FILES)
def test_cues_of_any_bytes_can_be_drawn(data: bytes) -> None:
    for cue in cues_of(data):
        assert 0 <= cue.start_ms < cue.end_ms
        assert 1 <= cue.place <= 9
        assert 0 < len(cue.text) <= 2000
        assert cue.text == unicodedata.normalize("NFC", cue.text)
        assert not {unicodedata.category(char) for char in cue.text.replace("\n", "")} & {"Cc", "Cs", "Co", "Zl", "Zp"}
        assert all(line == line.strip(" ") != "" for line in cue.text.split("\n"))


@_SAME
@given(_FILES)
def test_reading_is_idempotent(data: bytes) -> None:
    cues = cues_of(data)
    # Text that looks like a time line would be read as one.
    if not any("-" in cue.text or "→" in cue.text for cue in cues):
        assert cues_of(as_srt(cues).encode()) == cues


@pytest.mark.fault("H3", "H7")
@_SAME
@given(st.lists(st.builds(Cue, st.just(0), st.just(1000), _TEXTS.filter(bool)), max_size=5), st.integers(64, 2000))
def test_a_script_has_one_line_per_cue_and_only_our_commands(cues: list[Cue], width: int) -> None:
    cues = [Cue(cue.start_ms, cue.end_ms, " ".join(cue.text.split())) for cue in cues]
    script = write_ass(cues, (width, 480))
    events = script.partition("MarginV, Effect, Text\n")[2]
    assert [line.partition(":")[0] for line in events.splitlines()] == ["Dialogue"] * len(cues)
    ours = re.compile(
        r"\{\\(?:[iu][01]|an[1-9]|fs\d+\.\d|fscx(?:0|100)|fn(?:Noto Emoji|DejaVu Sans)(?:\\fs\d+\.\d)?)\}"
    )
    rest = ours.sub("", events).replace("\\{", "").replace("\\}", "")
    assert "{" not in rest
    assert "}" not in rest
    assert re.sub(r"\\N|\\\u2060", "", rest).count("\\") == 0


@pytest.mark.fault("H1")
@_SAME
@given(_TEXTS)
def test_no_character_is_lost_in_the_script(text: str) -> None:
    for cue in cues_of(f"1\n00:00:01,000 --> 00:00:02,500\n{text}\n".encode("utf-8", "replace")):
        written = ass_text(cue.text, Lettering(size=9)).replace("\\{", "\ue000").replace("\\}", "\ue001")
        drawn = re.sub(r"\{\\[^{}]*\}", "", written)
        drawn = drawn.replace("\\N", "\n").replace("\\\u2060", "\\").replace("\ue000", "{").replace("\ue001", "}")
        assert drawn.replace(" ", "") == re.sub("</?[iu]>|[ \u200b]", "", cue.text)


@pytest.mark.fault("H1")
def test_libass_draws_any_text(media: MediaFactory) -> None:
    """All in one script, one text per second: ffmpeg must succeed and draw the text that follows each."""
    texts: list[str] = []

    @settings(_SAME, max_examples=60)
    @given(_TEXTS)
    def collect(text: str) -> None:
        texts.extend(cue.text for cue in cues_of(f"1\n0:0:1 --> 0:0:2\n{text}\n".encode("utf-8", "replace")))

    collect()
    assert len(texts) > 30
    shown = [text for strange in texts for text in (strange, "plain")]
    cues = [Cue(1000 * second, 1000 * (second + 1), text) for second, text in enumerate(shown)]
    (media.folder / "strange.ass").write_text(write_ass(cues, (160, 120)), encoding="utf-8")
    pixels = media.run_ffmpeg(
        *("-f", "lavfi", "-i", f"color=c=black:s=160x120:r=1:d={len(cues)}"),
        *("-vf", f"ass=f=strange.ass:fontsdir={FONTS}", "-f", "rawvideo", "-pix_fmt", "gray", "-"),
    )
    frames = [pixels[at : at + 160 * 120] for at in range(0, len(pixels), 160 * 120)]
    assert len(frames) == len(cues)
    assert set(frames[1::2]) == {frames[1]}
    assert max(frames[1]) > 200
