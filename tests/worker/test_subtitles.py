"""Subtitle files as they come, and the script that is made of them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import Code
from gpu_worker.errors import JobFailed
from gpu_worker.plan.captions import ass_text, write_ass
from gpu_worker.plan.facts import Cue
from gpu_worker.subtitles import read_cues


def cues(text: str | bytes, most: int = 100) -> list[tuple[int, int, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in read_cues(data, "url_srt", most)]


def code_of(text: str | bytes, most: int = 100) -> Code:
    with pytest.raises(JobFailed) as failure:
        cues(text, most)
    return failure.value.failure.code


ONE = "00:00:01,000 --> 00:00:02,500\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"1\n{ONE}Hi\nthere\n", (1000, 2500, "Hi\nthere")),
        ("1\n1:02.5 --> 1:03.25\nHi\n", (62500, 63250, "Hi")),
        ("1\n00:00:01,5 --> 00:00:02,25\nHi\n", (1500, 2250, "Hi")),
        ("1\n0:0:1 --> 0:0:2\nHi\n", (1000, 2000, "Hi")),
        ("1\n00:00:01:000 --> 00:00:02:500\nHi\n", (1000, 2500, "Hi")),
        (f"1\n{ONE}C:\\New {{\\fs200}}\n", (1000, 2500, "C:\\New {\\fs200}")),
        (f"1\n{ONE}a\0b\x07c\n", (1000, 2500, "abc")),
        (f"1\n{ONE}<i>Hi</i>\n", (1000, 2500, "<i>Hi</i>")),
        ("WEBVTT\n\nNOTE x\n\nid\n00:01.000 --> 00:02.500 align:start\nHi\n", (1000, 2500, "Hi")),
    ],
)
def test_every_spelling_of_a_cue_is_read(text: str, expected: tuple[int, int, str]) -> None:
    assert cues(text) == [expected]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    assert cues(f"1\n{ONE}na\u00efve caf\u00e9\n".encode(encoding))[0][2] == "na\u00efve caf\u00e9"


def test_cues_are_sorted_and_impossible_ones_left_out() -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:06,000\nlate\n\n"
        "2\n00:00:04,000 --> 00:00:03,000\nbackwards\n\n"
        "3\n00:00:01,000 --> 00:00:01,000\nno time\n\n"
        "4\n100:00:00,000 --> 100:00:01,000\ntoo far\n\n"
        "5\n00:00:02,000 --> 00:00:03,000\n<i> </i>\n\n"
        "6\n00:00:01,000 --> 00:00:09,000\nover\n"
    )
    assert [text for *_times, text in cues(text)] == ["over", "late"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", Code.SUBTITLES_EMPTY),
        (b" \r\n\xef\xbb\xbf", Code.SUBTITLES_EMPTY),
        (b"\xef\xbb\xbf", Code.SUBTITLES_EMPTY),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", Code.SUBTITLES_EMPTY),
        (b"just some words", Code.SUBTITLES_UNREADABLE),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, Code.SUBTITLES_UNREADABLE),
        (b"a --> b\nwords\n", Code.SUBTITLES_EMPTY),
    ],
)
def test_what_shows_nothing_has_its_code(text: bytes, code: Code) -> None:
    assert code_of(text) == code


def test_more_cues_than_allowed_are_refused() -> None:
    text = "".join(f"{i}\n00:00:{i:02},000 --> 00:00:{i:02},500\nx\n\n" for i in range(11))
    assert len(cues(text, 11)) == 11
    assert code_of(text, 10) == Code.SUBTITLES_TOO_MANY


def test_an_endless_cue_is_cut() -> None:
    assert len(cues(f"1\n{ONE}{'x' * 1_000_000}\n")[0][2]) == 2000


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for text in (data, b"1\n00:00:01,000 --> 00:00:02,000\n" + data):
        with contextlib.suppress(JobFailed):
            assert all(cue.end_ms > cue.start_ms for cue in read_cues(text, "url_srt", 100))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_no_text_becomes_a_command(text: str) -> None:
    drawn = ass_text(text)
    commands = drawn.replace("\\{", "").replace("\\}", "")
    for tag in ("i", "u"):
        for state in "01":
            commands = commands.replace(f"{{\\{tag}{state}}}", "")
    assert "{" not in commands
    assert "}" not in commands
    assert "\n" not in drawn


def test_markup_keeps_what_can_be_drawn() -> None:
    assert ass_text("<b>a</b> <I>b</I> <font color='red'>c</font>\n<u>d</u> 1 < 2 > 0") == (
        "a {\\i1}b{\\i0} c\\N{\\u1}d{\\u0} 1 < 2 > 0"
    )


def test_the_script_measures_in_pixels_of_the_output() -> None:
    script = write_ass([Cue(61_234, 3_723_456, "One\nTwo")], (1080, 1920))
    assert "PlayResX: 1080\nPlayResY: 1920\n" in script
    assert "Style: Caption,DejaVu Sans,67," in script
    assert script.endswith("Dialogue: 0,0:01:01.23,1:02:03.46,Caption,,0,0,0,,One\\NTwo\n")
