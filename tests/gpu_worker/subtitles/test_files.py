"""Subtitle files as programs, web pages, translators and language models write them."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from contract.errors import Code
from gpu_worker.errors import JobFailed
from gpu_worker.subtitles import Subtitles, read_subtitles

TIMELESS = ("Subtitles without a usable time span were left out: 1.",)
REMARK = ("Text after the last subtitle, which has no time span, was left out.",)
HELLO = [(1000, 2000, "Hello one"), (3000, 4000, "Hello two")]
ONE, TWO, THREE = (f"00:00:0{n},000 --> 00:00:0{n + 1},000" for n in (1, 3, 5))


def read(text: str | bytes) -> Subtitles:
    return read_subtitles(text if isinstance(text, bytes) else text.encode(), "url_srt", 100)


def read_timed_texts(text: str | bytes) -> list[tuple[int, int, str]]:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in read(text).cues or ()]


def srt(*texts: str) -> str:
    return "".join(f"{n}\n00:00:0{2 * n - 1},000 --> 00:00:0{2 * n},000\n{text}\n\n" for n, text in enumerate(texts, 1))


PLAIN = srt("Hello one", "Hello two")
VTT = "WEBVTT\n\n" + PLAIN.replace(",", ".")


@pytest.mark.fault("H4")
@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("\n0", "\n\n0"),
        PLAIN.replace("\n", "\r\r\n"),
        PLAIN.replace("\n", "\n\n"),
        PLAIN.replace("\n", "<br>\n"),
        PLAIN.replace("\n", "<br>"),
        PLAIN.replace("\n", " \n"),
        PLAIN.replace("1\n0", "1.\n0").replace("2\n0", "2.\n0"),
        PLAIN.replace("2\n0", "a2\n0"),
        PLAIN.replace("1\n0", "\ufeff1\n0").replace("2\n0", "\u200f2\n0"),
        PLAIN.replace("\n\n2", "\n2"),
        PLAIN.replace("\n", "\\\n"),
        "\\pard " + PLAIN.replace("\n", "\\par\n"),
        "{\\rtf1\\ansi{\\fonttbl\\f0 Helvetica;}\\f0 " + PLAIN.replace("\n", "\\\n") + "}",
        PLAIN.replace("1\n0", "1/2\n0").replace("2\n0", "2/2\n0"),
        PLAIN.removeprefix("1\n"),
        PLAIN.replace("\n", "\\n"),
        PLAIN.replace("\n", "\\r\\n"),
        PLAIN.replace("\n\n", " ").replace("\n", " "),
        "".join(f"> {line}\n" for line in PLAIN.split("\n")),
        f"Here is your file:\n\n```srt\n{PLAIN}```\n\nLet me know if you need more!\n",
        f"```\n{PLAIN.strip()}```",
        f"~~~srt\n{PLAIN}~~~\n",
        f"<pre>\n{PLAIN}</pre>\n</body></html>\n",
        f"```vtt\n{VTT}```\n\nI hope this helps.\n",
        PLAIN.replace("2\n", "```\n\nContinued:\n\n```\n2\n", 1),
        PLAIN.replace("\n0", "\n**0").replace("00\nH", "00**\nH"),
        "".join(f"[00:0{n}.000 --> 00:0{n + 1}.000]  Hello {word}\n" for n, word in ((1, "one"), (3, "two"))),
        "".join(f"0:00:0{n}.000,0:00:0{n + 1}.000\nHello {word}\n\n" for n, word in ((1, "one"), (3, "two"))),
        "\n"
        + VTT.replace("\n\n2", "\n \n2").replace("WEBVTT", "WEBVTT - a title\nX-TIMESTAMP-MAP=MPEGTS:9,LOCAL:0:0:0"),
        VTT.replace("1\n0", "NOTE\n\nSTYLE\n::cue {}\n\nthe first\n0").replace("00\nH", "00 align:start\n\nH"),
        VTT.replace("\n", "\r\r\n"),
        VTT.replace("\n\n2", "\nWEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000\n\n2"),
        PLAIN.translate(str.maketrans("0123456789:,", "０１２３４５６７８９：，")),
        PLAIN.translate({ord(digit): 0x660 + int(digit) for digit in "0123456789"}),
        PLAIN.replace("00:00", "\u200f00:00\u200e").replace(" -->", "\u202c\u00a0-->"),
        PLAIN.replace(",000", ".000,"),
        PLAIN.replace(" -->", " -->", 1).replace("\n", "\u2028"),
        PLAIN.replace("H", "\0H"),
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_only_the_text_of_cues_is_drawn(text: str) -> None:
    found = read(text)
    assert [(cue.start_ms, cue.end_ms, cue.text) for cue in found.cues or ()] == HELLO
    assert found.warnings == ()


@pytest.mark.parametrize(
    "arrow",
    ["- >", "-- >", "-->", "->", "=>", "->>", "–>", "—>", "−−>", "--&gt;", "→", "⟶", "－－＞", "-→", "»", " - - > "],
)
def test_every_arrow_is_recognized(arrow: str) -> None:
    assert read_timed_texts(PLAIN.replace("-->", arrow)) == HELLO
    assert read_timed_texts(PLAIN.replace("-->", arrow, 1)) == HELLO


@pytest.mark.fault("H4")
@pytest.mark.parametrize(
    "damaged",
    [
        *("00:00:03,000 -->", "--> 00:00:04,000", "00:00:03,000 00:00:04,000", "00:00:03,000 -- 00:00:04,000"),
        *("00:00:03,000", "00:00:03,000 --> tomorrow", "xx:yy --> zz", "OO:OO:O3,OOO --> OO:OO:O4,OOO"),
        *("00 00 03 000 00 00 04 000", "03,000 --> 04,000", "00:00:03,000 > ", "a --> b", "garbage", ""),
    ],
)
def test_a_damaged_time_line_is_reported_and_not_drawn(damaged: str) -> None:
    found = read(srt("one", "two", "three").replace(TWO, damaged))
    assert [cue.text for cue in found.cues or ()] == ["one", "three"]
    assert found.warnings == TIMELESS


@pytest.mark.parametrize("damaged", ["00:00:03.000 -->", "--> 00:00:04.000", "00:00:03.000 00:00:04.000"])
@pytest.mark.parametrize("head", ["", "WEBVTT\n\n"])
def test_a_damaged_time_line_without_numbers_is_reported(head: str, damaged: str) -> None:
    found = read(f"{head}{ONE}\none\n\n{damaged}\ntwo\n\n{THREE}\nthree\n".replace(",", "."))
    assert [cue.text for cue in found.cues or ()] == ["one", "three"]
    assert found.warnings == TIMELESS


@pytest.mark.parametrize(
    ("texts", "expected", "warnings"),
    [
        (("one", "two\n\nLet me know if you need more!"), ["one", "two"], REMARK),
        (("one", "two", "three\n\nДайте знать, если нужно ещё!"), ["one", "two", "three"], REMARK),
        (("one\n\nand more", "two", "three\n\nand more"), ["one\nand more", "two", "three\nand more"], ()),
        (("one\n\nand more",), ["one\nand more"], ()),
    ],
)
def test_a_closing_remark_is_dropped_with_a_warning(
    texts: tuple[str, ...], expected: list[str], warnings: object
) -> None:
    found = read(srt(*texts))
    assert [cue.text for cue in found.cues or ()] == expected
    assert found.warnings == warnings


@pytest.mark.fault("H1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\\h\\hHello\\hthere\\Nsecond\\nthird", "Hello there\nsecond\nthird"),
        ("MAN:\\NRun!", "MAN:\nRun!"),
        ("\\\\host\\new C:\\Note", "\\\\host\\new C:\\Note"),
        ("<p>a</p><div>b</div><center>c</center>d<br />e", "a\nb\ncd\ne"),
        ("&eacute; &#8217; &amp;amp; &amp;lt;3 &bogus; AT&T", "é ’ & <3 &bogus; AT&T"),
        ("**bold** *italic* __x__ ***all***", "bold italic x all"),
        ("5 * 3 * 2 <3 a < b 2 > 1 :-* snake_case f**k 2*3*4", "5 * 3 * 2 <3 a < b 2 > 1 :-* snake_case f**k 2*3*4"),
        ("<sighs> <John> hi", "<sighs> <John> hi"),
        ("He went --> there\na -> b\n10:30 → gate 4", "He went --> there\na -> b\n10:30 → gate 4"),
        ("42", "42"),
    ],
)
def test_markup_in_srt_is_cleaned(text: str, expected: str) -> None:
    assert [cue.text for cue in read(srt("first", text)).cues or ()] == ["first", expected]


def test_unknown_webvtt_tags_are_removed() -> None:
    text = (
        "<c.a.b>one</c> <v Ann Lee>two</v> <ruby>3<rt>4</rt></ruby> <lang en>five</lang> <x.y z>6</x> 1 < 2 &lt;b&gt;"
    )
    assert read_timed_texts(VTT.replace("Hello one", text))[0] == (1000, 2000, "one two 34 five 6 1 < 2 <\u2060b>")


def test_notes_in_ass_are_not_drawn() -> None:
    script = "[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{}\n"
    for head in ("", "Here you are:\n\n```ass\n"):
        text = head + script.replace("{}", "Hello{TL note: check} {\\i1}world{}{*}")
        assert read_timed_texts(text) == [(1000, 2000, "Hello world")]


YOUTUBE = (
    "WEBVTT\nKind: captions\nLanguage: en\n\n"
    "00:00:00.080 --> 00:00:01.990 align:start position:0%\n \nalpha<00:00:00.300><c> bravo</c>\n\n"
    "00:00:01.990 --> 00:00:02.000 align:start position:0%\nalpha bravo\n \n\n"
    "00:00:02.000 --> 00:00:03.990 align:start position:0%\nalpha bravo\ndelta<00:00:02.300><c> echo</c>\n\n"
    "00:00:03.990 --> 00:00:04.000 align:start position:0%\ndelta echo\n \n\n"
    "00:00:04.000 --> 00:00:05.000 align:start position:0%\ndelta echo\ndelta<00:00:04.300><c> echo</c>\n\n"
    "00:00:08.000 --> 00:00:09.000 align:start position:0%\n \n[Music]\n\n"
    "00:00:09.000 --> 00:00:12.000 align:start position:0%\n[Music]\n \n\n"
)
PHRASES = [(80, 1990, "alpha bravo"), (2000, 3990, "delta echo"), (4000, 5000, "delta echo"), (8000, 12000, "[Music]")]


def test_rolling_captions_show_each_phrase_once() -> None:
    assert read_timed_texts(YOUTUBE) == PHRASES


def test_rolling_captions_converted_to_srt_show_each_phrase_once() -> None:
    cues = [
        *((80, 1990, "alpha bravo"), (1990, 2000, "alpha bravo"), (2000, 3990, "alpha bravo\ndelta echo")),
        *((3990, 4000, "delta echo\n "), (4000, 5000, "delta echo\ndelta echo"), (8000, 9000, "[Music]")),
        (9000, 12000, "[Music]"),
    ]
    text = "".join(f"{n}\n0:0:{a // 1000},{a % 1000:03} --> 0:0:{b // 1000},{b % 1000:03}\n{x}\n\n"
                   for n, (a, b, x) in enumerate(cues, 1))  # fmt: skip
    assert read_timed_texts(text) == PHRASES


def test_three_rolling_lines_are_shown_once_each() -> None:
    lines = ["A", "A\nB", "A\nB\nC", "B\nC\nD", "C\nD\nE"]
    text = "".join(f"00:0{n}.000 --> 00:0{n + 1}.000\n{line}\n\n" for n, line in enumerate(lines))
    assert [cue.text for cue in read(text).cues or ()] == ["A", "B", "C", "D", "E"]


def test_repeated_words_of_two_people_are_kept() -> None:
    lines = ["No.", "No.\nYes.", "What?", "Nothing."]
    text = "".join(f"00:0{n}.000 --> 00:0{n + 1}.000\n{line}\n\n" for n, line in enumerate(lines))
    assert [cue.text for cue in read(text).cues or ()] == lines


def make_zip() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as document:
        document.writestr("word/document.xml", PLAIN)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("<SAMI><BODY><!-- a --><SYNC Start=1000><P>Hi</BODY></SAMI>", "SAMI subtitles"),
        ('<?xml version="1.0"?>\n<tt xmlns="http://www.w3.org/ns/ttml"><p begin="1s">Hi</p></tt>', "TTML subtitles"),
        ("<!DOCTYPE html><html><!-- a --><body>Log in</body></html>", "an HTML page"),
        ('{"segments": [{"start": 0, "text": "00:00:01,000 --> 00:00:02,000"}]}', "JSON data"),
        ("{0}{25}Hi\n{50}{75}there\n", "MicroDVD subtitles"),
        ("[ti:x]\n[00:12.00]Line\n", "LRC lyrics"),
        ("Scenarist_SCC V1.0\n\n00:00:00:29\t9420\n", "SCC captions"),
        ("#EXTM3U\n#EXTINF:10,\nsegment.vtt\n", "an HLS playlist"),
        ("start,end,text\n0.0,1.0,hi\n", "a table"),
        ("00:00:01:12 - 00:00:02:12\nHi\n", "subtitles timed in frames"),
        ("0:00\nhello there\n0:04\nmore words\n", "a transcript with start times only"),
        (make_zip(), "a ZIP archive or a word processor document"),
        (gzip.compress(PLAIN.encode()), "a gzip archive"),
        (b"%PDF-1.7\n\xff", "a PDF document"),
        (bytes(range(256)) * 9, "a binary file"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 50 else "",
)
def test_other_formats_are_refused_by_name(data: str | bytes, name: str) -> None:
    with pytest.raises(JobFailed) as failure:
        read(data)
    assert failure.value.failure.code == Code.SUBTITLES_UNREADABLE
    assert failure.value.failure.message == (
        "url_srt is not a readable subtitle file. Use SRT, WebVTT or ASS. "
        f"It looks like {name}: convert it to one of these."
    )


@pytest.mark.parametrize(
    "text", ["WEBVTT\n\nNOTE nothing was said\n", "WEBVTT", "\ufeff\n\nWEBVTT - x\n\nSTYLE\na{}\n"]
)
def test_webvtt_without_cues_is_empty(text: str) -> None:
    with pytest.raises(JobFailed) as failure:
        read(text)
    assert failure.value.failure.code == Code.SUBTITLES_EMPTY
