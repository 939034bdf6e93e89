"""Malicious text: the contents of a subtitle file are drawn as text or refused, within limits."""

from __future__ import annotations

import asyncio
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.documentation.describe import describe
from contract.errors import Code
from contract.limits import Limits
from contract.operations import OPERATIONS
from contract.operations.caption import Caption
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.run import run_ffmpeg
from gpu_worker.media.info import Cue, Facts, VideoFacts
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan import make_plan
from gpu_worker.plan.model import SUBTITLES, PlanOptions
from gpu_worker.subtitles import read_subtitles
from tests.support.canary import Canary
from tests.support.media.caption_ink import write_ass
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.inputs import inputs_of

ONE = "1\n00:00:00,000 --> 00:00:00,400\n"
MOST = Limits().max_cues
_FILM = VideoFacts(
    "h264", 320, 180, 10, Fraction(0), Fraction(2, 5), Fraction(25), pix_fmt="yuv420p", packet_times=range(10),
    time_base=Fraction(1, 25),
)  # fmt: skip
_SYNTAX = st.sampled_from(
    [
        *("'", '"', ":", ",", ";", "[", "]", "\\", "%", "=", "|", "\n", "`", "$(", "{", "}", "\\'", "%%", "[a];", "//"),
        *("movie=", "textfile=", "fontfile=", "/etc/passwd", "../", "%{localtime}", "%{expr:1+1}", "fontsdir=", "ass="),
        *("{\\fn../../x.ttf}", "{\\fs99999}", "{\\p1}m 0 0 l 9 9{\\p0}", "{\\k50}", "{\\1img(/etc/passwd)}", "\0", "é"),
        *("{\\fad(9,9)}", "{\\clip(m 0 0)}", "{\\t(\\fscx9999)}", "\\N", "-->", "[Fonts]", "fontname: x.ttf", "🙂"),
    ]
)

_TEXTS = st.lists(_SYNTAX | st.text(max_size=4), min_size=1, max_size=20).map("".join)


def read(text: str) -> tuple[Cue, ...]:
    return read_subtitles(text.encode("utf-8", "replace"), "url_srt", MOST).cues or ()


def commands(cues: tuple[Cue, ...]) -> list[tuple[str, ...]]:
    plan = make_plan(
        Caption(url_video=URL, url_srt=URL), inputs_of(video=Facts("mov", _FILM), cues=cues), PlanOptions()
    )
    return [step.args for step in plan.steps]


@pytest.mark.fault("H1", "H3", "H7", "H8")
@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@given(_TEXTS)
def test_text_never_becomes_an_argument_or_a_command(text: str) -> None:
    try:
        cues = read(f"{ONE}x{text}\n")
    except JobFailed:
        return
    assert commands(cues) == commands((Cue(0, 400, "plain"),))
    script = write_ass(cues, (320, 180))
    assert re.findall(r"^\[.*\]$", script, re.MULTILINE) == ["[Script Info]", "[V4+ Styles]", "[Events]"]
    assert set(re.findall(r"\{\\fn([^}\\]*)", script)) <= {"Noto Emoji", "DejaVu Sans"}
    allowed = re.compile(
        r"\{\\(?:[iu][01]|an[1-9]|fs\d+\.\d|fscx(?:0|100)|fn(?:Noto Emoji|DejaVu Sans)(?:\\fs\d+\.\d)?)\}"
    )
    assert not re.search(r"(?<!\\)\{", allowed.sub("", script))


def draw_frames(media: MediaFactory, folder: Path, script: str, seconds: str = "0.2") -> list[bytes]:
    """Return the frames of a gray 320x180 picture at 10 fps with the script drawn on it."""
    (folder / SUBTITLES).write_text(script, encoding="utf-8")
    source = ("-f", "lavfi", "-i", f"color=c=black:s=320x180:r=10:d={seconds}")
    burn = ("-vf", f"ass=f={SUBTITLES}:fontsdir={FONTS_DIRECTORY}", "-f", "rawvideo", "-pix_fmt", "gray", "-y", "out")
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, (*source, *burn), folder))
    pixels = (folder / "out").read_bytes()
    return [pixels[at : at + 320 * 180] for at in range(0, len(pixels), 320 * 180)]


@pytest.mark.fault("H2")
@pytest.mark.parametrize("text", ["%{localtime}", "%{pts}", "%{expr:2+3}", "${HOME} $(id) `id`", "%n %s %05d"])
def test_expressions_are_drawn_literally(media: MediaFactory, tmp_path: Path, text: str) -> None:
    def look(shown: str) -> list[bytes]:
        return draw_frames(media, tmp_path, write_ass(read(f"{ONE}{shown}\n"), (320, 180)))

    first, second = look(text)
    assert first == second
    assert max(first) > 200
    # Every character is drawn: without the last one the picture differs.
    assert look(text[:-1])[0] != first


@pytest.mark.fault("H3", "H7")
def test_a_filter_graph_in_a_caption_opens_no_connection(media: MediaFactory, tmp_path: Path, canary: Canary) -> None:
    secret = tmp_path / "secret.srt"
    secret.write_text(f"{ONE}WWWWWWWW\n")
    text = f"x':fontsdir={tmp_path}:textfile={secret},movie={secret}[a];[a]ass=f={secret}\\\n{canary.url}"
    srt = tmp_path / "s.srt"
    srt.write_text(f"{ONE}{text}\n")
    before = secret.stat().st_atime_ns
    made, out = media.transcode(
        Caption(url_video=URL, url_srt=URL), video=media.make_video("captioned.mp4", 0.4, "320x180"), subtitles=srt
    )
    assert made.media.frames == 10
    assert secret.stat().st_atime_ns == before
    assert out.stat().st_size > 1000


@pytest.mark.fault("H4")
def test_a_million_cues_are_refused() -> None:
    text = "".join(f"{n}\n00:00:00,000 --> 00:00:01,000\nx\n\n" for n in range(1_000_000)).encode()
    with pytest.raises(JobFailed) as failure:
        read_subtitles(text[: Limits().max_subtitle_bytes], "url_srt", MOST)
    assert failure.value.failure.code == Code.SUBTITLES_TOO_MANY


def ass(text: str, more: str = "") -> str:
    head = f"[Script Info]\nScriptType: v4.00+\n{more}\n[Events]\nFormat: Start, End, Text\n"
    return f"{head}Dialogue: 0:00:00.00,0:00:00.40,{text}\n"


SCRIPTS = {
    "fonts": ass("word", "[Fonts]\nfontname: ../../x.ttf\n" + "!" * 500_000),
    "pictures": ass("word", "[Graphics]\nfilename: /etc/passwd\n" + "!" * 9000),
    "huge letters": ass("{\\fs99999\\fscx99999\\bord9999\\blur99}word"),
    "a drawing": ass("{\\p1}" + "m 0 0 l 9999 9999 " * 500 + "{\\p0}word"),
    "karaoke": ass("{\\k1}" * 2000 + "word"),
    "transforms": ass("{\\t(0,9,\\frz360)\\move(0,0,9,9)\\fad(99,99)}" * 5 + "word"),
    "clips": ass("{\\clip(1,m 0 0 l 1 1)\\iclip(/etc/passwd)}word"),
}


@pytest.mark.fault("H5", "H8")
@pytest.mark.parametrize("kind", SCRIPTS)
def test_only_the_words_of_a_hostile_ass_script_are_kept(media: MediaFactory, tmp_path: Path, kind: str) -> None:
    cues = read(SCRIPTS[kind])
    assert [cue.text for cue in cues] == ["word"]
    script = write_ass(cues, (320, 180))
    for bad in ("[Fonts]", "[Graphics]", "fontname", "passwd", "\\p1", "\\k", "\\t(", "\\clip", "99999", "\\blur"):
        assert bad not in script
    plain = write_ass((Cue(0, 400, cues[0].text),), (320, 180))
    assert draw_frames(media, tmp_path, script)[0] == draw_frames(media, tmp_path, plain)[0]


@pytest.mark.fault("H5")
@pytest.mark.parametrize("command", ["{\\k1}", "m 0 0 l 9999 9999 "])
def test_a_script_of_endless_commands_has_no_words(command: str) -> None:
    with pytest.raises(JobFailed) as failure:
        read(ass("{\\p1}" + command * 100_000 + "{\\p0}word"))
    assert failure.value.failure.code == Code.SUBTITLES_EMPTY


@pytest.mark.fault("H7", "H8")
@pytest.mark.parametrize("field", ["font", "font_file", "color", "position", "filter", "ffmpeg_args", "text"])
def test_no_operation_takes_fonts_colors_or_arguments(field: str) -> None:
    for operation in OPERATIONS.values():
        fields = describe(operation).smallest
        assert operation.model_validate({**fields, field: "../../x.ttf"}) == operation.model_validate(fields)
