"""Subtitle files as users have them, and the ASS script made of them."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from contract.errors import Code
from gpu_worker.errors import JobFailed
from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.cue_warnings import brief_caption_warnings, late_caption_warnings
from gpu_worker.plan.captions.glyphs.lettering import Lettering, ass_text
from gpu_worker.plan.captions.glyphs.line_breaks import BREAK, fit_text
from gpu_worker.subtitles import Subtitles, read_subtitles
from tests.support.media.caption_ink import write_ass

ONE = "00:00:01,000 --> 00:00:02,500\n"


def read(text: str | bytes, max_cues: int = 100) -> Subtitles:
    return read_subtitles(text if isinstance(text, bytes) else text.encode(), "url_srt", max_cues)


def read_cues(text: str | bytes, max_cues: int = 100) -> list[tuple[int, int, str]]:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in read(text, max_cues).cues or ()]


def code_of(text: str | bytes, max_cues: int = 100) -> Code:
    with pytest.raises(JobFailed) as failure:
        read(text, max_cues)
    return failure.value.failure.code


@pytest.mark.fault("H4")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"1\n{ONE}Hi\nthere\n", (1000, 2500, "Hi\nthere")),
        (f"1\r{ONE[:-1]}\rHi\r\rthere\r", (1000, 2500, "Hi\nthere")),
        (f"\ufeff1\n\ufeff{ONE}Hi\n", (1000, 2500, "Hi")),
        (f"{ONE}Hi\n", (1000, 2500, "Hi")),
        ("1\n1:02.5 --> 1:03.25\nHi\n", (62500, 63250, "Hi")),
        ("1\n00:00:01,5 --> 00:00:02,25\nHi\n", (1500, 2250, "Hi")),
        ("1\n0:0:1 --> 0:0:2\nHi\n", (1000, 2000, "Hi")),
        ("1\n00:00:01:000 --> 00:00:02:500\nHi\n", (1000, 2500, "Hi")),
        ("1\n00: 00: 01, 000 -> 00: 00: 02, 500\nHi\n", (1000, 2500, "Hi")),
        ("1\n00：00：01，000 → 00：00：02，500\nHi\n", (1000, 2500, "Hi")),
        ("1\n00:00:01,000 –> 00:00:02,500\nHi\n", (1000, 2500, "Hi")),
        ("1\n-00:00:01,000 --> 00:00:02,500\nHi\n", (0, 2500, "Hi")),
        ("1\n00:00:01,000 --> 00:00:02,500 X1:100 X2:600 Y1:5 Y2:50\nHi\n", (1000, 2500, "Hi")),
    ],
)
def test_every_spelling_of_a_cue_is_read(text: str, expected: tuple[int, int, str]) -> None:
    assert read_cues(text) == [expected]


@pytest.mark.fault("H1", "H4")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C:\\New {y:i} {}", "C:\\New {y:i} {}"),
        ("{\\an8}{\\fs200}Hi{\\i1}!", "Hi!"),
        ("Hi{\\p1}m 0 0 l 100 0 100 100{\\p0} there", "Hi there"),
        ("a\0b\x07c\ue000\ufdd0\ufeffd\u00ade", "abcde"),
        ("<i>Hi</i> <I>x</I>", "<i>Hi</i> <i>x</i>"),
        ("<b>a</b> <font color='red'>c</font> <u>d</u> 1 < 2 > 0 <3", "a c <u>d</u> 1 < 2 > 0 <3"),
        ("one<br/>two", "one\ntwo"),
        ("R&amp;B &lt;3 AT&T &#39;x&#39;&nbsp;&copy y", "R&B <3 AT&T 'x' &copy y"),
        ("&lt;i&gt;", "<\u2060i>"),
        ("&#123;\\an8}", "{\u2060\\an8}"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("a" + "\u0316" * 500, "a" + "\u0316" * 30),
        (" a \t b \u3000 c ", "a b c"),
        ("مرحبا\u200cبك \u202bשלום\u202c", "مرحبا\u200cبك \u202bשלום\u202c"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
    ],
)
def test_text_is_cleaned_for_drawing(text: str, expected: str) -> None:
    assert read_cues(f"1\n{ONE}{text}\n") == [(1000, 2500, expected)]


def test_a_position_is_kept() -> None:
    text = f"1\n{ONE}{{\\an8}}top\n\n2\n00:00:03,000 --> 00:00:04,000\nbottom\n"
    assert [cue.place for cue in read(text).cues or ()] == [8, 2]
    script = write_ass(read(text).cues or (), (1280, 720))
    assert script.count("{\\an8}top\n") == 1
    assert script.endswith(",,bottom\n")


def test_numbers_are_dropped_only_in_numbered_files() -> None:
    times = [f"00:00:0{second},000 --> 00:00:0{second},900" for second in (1, 2, 3)]
    numbered = f"1\n{times[0]}\nI have\n3\n\n2\n{times[1]}\nIn\n1984\n3\n{times[2]}\n42\n"
    assert [text for *_times, text in read_cues(numbered)] == ["I have\n3", "In\n1984", "42"]
    countdown = f"{times[0]}\n3\n{times[1]}\n2\n{times[2]}\n1\n"
    assert [text for *_times, text in read_cues(countdown)] == ["3", "2", "1"]


def test_only_cues_of_webvtt_are_shown() -> None:
    text = (
        "WEBVTT - title\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:x\n\n"
        "NOTE a --> b\n\nintro\n00:01.000 --> 00:02.500 align:start line:10% position:20%\n"
        "<v.loud Ann>Hi <c.yellow>there</c>, <00:01.500><lang en>you</lang>\n\n"
        "NOTE\nnot drawn\n\n100:00:03.000 --> 100:00:04.000\nfar\n\n"
        "00:03.000 --> 00:04.000 line:-1\n- Bye\n\nnot drawn\n"
    )
    assert [(cue.start_ms, cue.text, cue.place) for cue in read(text).cues or ()] == [
        (1000, "Hi there, you", 8),
        (3000, "- Bye", 2),
    ]


@pytest.mark.fault("H5")
def test_only_the_words_of_an_ass_script_are_read() -> None:
    text = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
        "Style: Default,Arial,20\n\n"
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not drawn\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\an8\\fs99}Hello, you\\Nand\\hme{\\p1}m 0 0{\\p0}\n"
    )
    assert read(text).cues == (Cue(1000, 2500, "Hello, you\nand me", 8),)


@pytest.mark.fault("H4")
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252", "latin-1"],
)
def test_common_encodings_are_read(encoding: str) -> None:
    found = read(f"1\n{ONE}na\u00efve caf\u00e9\n".encode(encoding))
    assert [cue.text for cue in found.cues or ()] == ["na\u00efve caf\u00e9"]
    guessed = encoding in {"cp1252", "latin-1"}
    assert list(found.warnings) == (["The subtitles are not UTF-8; they were read as Windows-1252."] if guessed else [])


@pytest.mark.parametrize(
    ("encoding", "name", "lines"),
    [
        ("cp1251", "Windows-1251", ["Привет, как дела?", "Мы должны уйти до рассвета.", "Где мой телефон?"]),
        ("koi8_r", "KOI8-R", ["Привет, как дела?", "Мы должны уйти до рассвета.", "Где мой телефон?"]),
        ("cp1253", "Windows-1253", ["Καλημέρα, τι κάνεις;", "Δεν ξέρω τι να σου πω.", "Πρέπει να φύγουμε."]),
        ("cp1255", "Windows-1255", ["שלום, מה שלומך?", "אני לא יודע מה להגיד לך.", "איפה הטלפון שלי?"]),
        ("cp1256", "Windows-1256", ["مرحبا، كيف حالك؟", "لا أعرف ماذا أقول لك.", "يجب أن نرحل قبل الفجر."]),
        ("cp932", "Shift_JIS", ["こんにちは、元気ですか？", "何と言えばいいか分からない。"]),
        ("gb18030", "GB18030", ["你好，你好吗？", "我不知道该说什么。", "我们必须在黎明前离开。"]),
        ("big5", "Big5", ["你好，你好嗎？", "我不知道該說什麼。"]),
        ("cp949", "EUC-KR", ["안녕하세요, 잘 지내세요?", "뭐라고 해야 할지 모르겠어요."]),
        ("cp1252", "Windows-1252", ["Où est mon téléphone ?", "Je ne sais pas quoi te dire.", "C’était hier."]),
        ("cp1252", "Windows-1252", ["Ég veit ekki hvað ég á að segja.", "Við verðum að fara fyrir þriðjudag."]),
    ],
)
def test_an_old_encoding_is_recognized_and_named(encoding: str, name: str, lines: list[str]) -> None:
    text = "".join(f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n{line}\n\n" for i, line in enumerate(lines))
    found = read(text.encode(encoding))
    assert [cue.text for cue in found.cues or ()] == lines
    assert found.warnings == (f"The subtitles are not UTF-8; they were read as {name}.",)


def test_utf8_with_a_damaged_byte_is_still_utf8() -> None:
    data = f"1\n{ONE}Где мой телефон?\n".encode()[:-3]
    assert read_cues(data)[0][2] == "Где мой телефо\ufffd"


@pytest.mark.fault("H4")
def test_cues_are_sorted_and_impossible_ones_reported() -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:06,000\nlate\n\n"
        "2\n00:00:04,000 --> 00:00:03,000\nbackwards\n\n"
        "3\n00:00:01,000 --> 00:00:01,000\nno time\n\n"
        "4\n100:00:00,000 --> 100:00:01,000\ntoo far\n\n"
        "5\n00:00:02,000 --> 00:00:03,000\n<i> </i>\u200d\n\n"
        "6\n00:00:05,000 --> 00:00:06,000\nlate\n\n"
        "7\n00:00:01,000 --> 00:00:09,000\nover\n"
    )
    assert [text for *_times, text in read_cues(text)] == ["over", "late"]
    assert read(text).warnings == ("Subtitles without a usable time span were left out: 3.",)


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
        (b"[Script Info]\n[Events]\nFormat: Text\nDialogue: x\n", Code.SUBTITLES_EMPTY),
    ],
)
def test_each_unusable_file_has_its_code(text: bytes, code: Code) -> None:
    assert code_of(text) == code


@pytest.mark.fault("H4")
def test_more_cues_than_allowed_are_refused() -> None:
    text = "".join(f"{i}\n00:00:{i:02},000 --> 00:00:{i:02},500\nx\n\n" for i in range(11))
    assert len(read_cues(text, 11)) == 11
    assert code_of(text, 10) == Code.SUBTITLES_TOO_MANY


@pytest.mark.fault("H1")
def test_a_long_cue_is_shortened_with_a_warning() -> None:
    found = read(f"1\n{ONE}{'x' * 1_000_000}\n")
    assert [len(cue.text) for cue in found.cues or ()] == [2000]
    assert found.warnings == ("Subtitles of more than 2000 characters were shortened: 1.",)


@pytest.mark.fault("H5")
@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "{\\p1",
        "\\p1",
        "<font ",
        "<b",
        "&#",
        "\u0301\u0316",
        " ",
        "0:0 -->\n",
        "\t",
        "👨\u200d",
        "日",
        "\u202e",
        "-->",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("start", ["a", "{", "0:0:0"])
def test_reading_takes_linear_time(start: str, piece: str) -> None:
    """Each takes a fraction of a second; quadratic time would take minutes."""
    bomb = start + piece * (16_000 // len(piece))
    started = time.process_time()
    write_ass(read("".join(f"1\n{ONE}some words {n}\n{bomb}>\n\n" for n in range(12))).cues or (), (1080, 1920))
    assert time.process_time() - started < 10


def test_drawable_markup_is_kept() -> None:
    assert ass_text("a <i>b</i>\n<u>d</u> 1 < 2 <b> {x} \\N", Lettering()) == (
        "a {\\i1}b{\\i0}\\N{\\u1}d{\\u0} 1 < 2 <b> \\{x\\} \\\u2060N"
    )


def test_emoji_are_drawn_with_their_font() -> None:
    assert ass_text("ok 👍🏽🇩🇪1\ufe0f\u20e3!", Lettering(size=40)) == (
        "{\\fnDejaVu Sans\\fs40.0}ok {\\fnNoto Emoji\\fs40.0}👍🏽🇩🇪1\ufe0f\u20e3{\\fnDejaVu Sans\\fs40.0}!"
        "{\\fnDejaVu Sans\\fs40.0}"
    )


def test_the_script_uses_pixels_of_the_output() -> None:
    script = write_ass([Cue(61_234, 3_723_456, "One\nTwo")], (1080, 1920))
    assert "PlayResX: 1080\nPlayResY: 1920\n" in script
    assert "Style: Caption,DejaVu Sans,67," in script
    assert script.endswith("Dialogue: 0,0:01:01.23,1:02:03.46,Caption,,0,0,0,,One\\NTwo\n")


def test_lines_without_spaces_get_break_opportunities() -> None:
    assert fit_text("短い字幕", (10, 10)) == ("短い字幕", 100)
    text, percent = fit_text("「これは」とても長い字幕、です。", (6, 10))
    assert text == "「こ|れ|は」|と|て|も|長|い|字|幕、|で|す。".replace("|", BREAK)
    assert percent == 100
    assert fit_text("한국어 자막은 띄어쓰기가", (6, 10))[0] == "한국어 자막은 띄어쓰기가"
    assert fit_text("short " + "x" * 20, (6, 10))[0] == "short " + BREAK.join(["xxxxxxx-", "xxxxxxx-", "xxxxxx"])


def test_text_that_does_not_fit_is_made_smaller() -> None:
    assert fit_text("one two three " * 10, (10, 10))[1] == 100
    assert 15 < fit_text("one two three " * 40, (10, 10))[1] < 70
    assert "{\\fs" in write_ass([Cue(0, 1000, "one two three " * 100)], (1080, 1080))


def test_subtitles_after_the_end_are_reported() -> None:
    shown = [Cue(0, 1000, "a"), Cue(1999, 3000, "b"), Cue(2000, 3000, "c")]
    assert late_caption_warnings(shown, Fraction(2)) == ("Subtitles that begin after the end of the video: 1 of 3.",)
    assert late_caption_warnings(shown[:2], Fraction(2)) == ()


@pytest.mark.parametrize(
    ("shown", "warning"),
    [
        ([Cue(0, 830, "a b"), Cue(0, 400, "word"), Cue(1000, 2000, "a" * 20), Cue(2000, 3000, "字" * 10)], None),
        ([Cue(0, 900, "a"), Cue(4240, 5000, "b c")],
         "1 of 2 captions is shown too briefly to read, the first at 4.2 s."),
        ([Cue(0, 1000, "a" * 21), Cue(5000, 5100, "bcd"), Cue(9000, 9900, "字" * 12)],
         "3 of 3 captions are shown too briefly to read, the first at 0.0 s."),
        ([Cue(0, 1000, "<i>" + "a" * 20 + "</i>")], None),
    ],
)  # fmt: skip
def test_captions_that_nobody_can_read_are_counted(shown: list[Cue], warning: str | None) -> None:
    assert brief_caption_warnings(shown) == ((warning,) if warning else ())
