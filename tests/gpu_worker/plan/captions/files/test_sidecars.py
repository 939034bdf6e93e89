"""Sidecars: subtitle files with exactly the captions that are shown, which players and our own reader read alike."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.operations import Operation
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.options.captions import CaptionOptions
from contract.options.captions.presets import PRESETS
from gpu_worker.media.info import BOTTOM, TOP, Cue, Word
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan import make_plan
from gpu_worker.plan.captions.draw import draw_captions
from gpu_worker.plan.captions.files.sidecars import write_sidecars
from gpu_worker.plan.captions.files.srt import write_srt
from gpu_worker.plan.captions.files.track import clean_lines
from gpu_worker.plan.captions.files.vtt import write_vtt
from gpu_worker.plan.model import SUBTITLE_TRACK, SUBTITLES, Plan, PlanOptions
from gpu_worker.subtitles.formats.srt_vtt import read_srt_or_vtt
from gpu_worker.subtitles.markup.cue_text import clean_text
from gpu_worker.subtitles.parser import read_subtitles
from gpu_worker.typefaces.font_files import FontFiles
from tests.gpu_worker.plan.test_golden import CLIP, PICTURE, SOUND, URL, VIDEO
from tests.support.captions import cues, timed_words
from tests.support.media.inputs import inputs_of

ALL = ["srt", "vtt", "ass"]
SIZE = (320, 180)
FILES = [f"captions.{name}" for name in ALL]
WORDS = (Word(0, 400, "Up"), Word(400, 900, "we"), Word(1200, 1500, "go!"))
SPOKEN = Cue(0, 1500, "Up we go!", words=WORDS)


def caption(**fields: Any) -> Caption:
    return Caption.model_validate({"url_video": URL, "url_srt": URL, "sidecar": ALL} | fields)


def plan(operation: Operation, *shown: Cue, options: PlanOptions | None = None) -> Plan:
    inputs = inputs_of(video=replace(VIDEO, video=replace(CLIP, width=SIZE[0], height=SIZE[1])), cues=shown)
    return make_plan(operation, inputs, options or PlanOptions(threads=1, max_pixels=10**6, max_output_bytes=10**6))


def sidecars(found: list[Cue], options: CaptionOptions, end_ms: int = 10**6) -> dict[str, str]:
    drawn = draw_captions(found, options, SIZE)
    return write_sidecars(options, drawn, Fraction(end_ms, 1000), lambda: drawn.script)


def read(text: str) -> list[tuple[tuple[int, int] | None, str, int]]:
    """Return times, texts and places as our reader finds them, without the joiners that make text of commands."""
    file = read_srt_or_vtt(text.split("\n"))
    return [
        (block.span, _plain(clean_text(block.text, file.dialect)[0]), block.place)
        for block in (file.blocks if file else ())
    ]  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("\u2060", "")


@given(cues(), st.sampled_from(list(PRESETS)), st.integers(100, 40_000))
def test_files_hold_what_is_drawn_until_the_end(found: list[Cue], preset: str, end_ms: int) -> None:
    options = CaptionOptions.model_validate({"url_srt": URL, "sidecar": ALL, "style": preset})
    written = sidecars(found, options, end_ms)
    drawn = draw_captions(found, options, SIZE)
    expected = [
        (
            (cue.start_ms, min(end_ms, cue.end_ms)),
            _plain(clean_lines(cue.text)),
            TOP if cue.place >= TOP - 1 else BOTTOM,
        )
        for cue in drawn.cues
        if cue.start_ms < min(end_ms, cue.end_ms)
    ]
    assert [row[:2] for row in read(written["captions.srt"])] == [row[:2] for row in expected]
    assert read(written["captions.vtt"]) == expected
    assert written["captions.ass"] == drawn.script


@given(timed_words(), st.sampled_from(["karaoke", "word_by_word", "box", "classic"]))
def test_times_of_words_rise_inside_their_cue(words: tuple[Word, ...], preset: str) -> None:
    cue = Cue(words[0].start_ms, words[-1].end_ms, " ".join(word.text for word in words), words=words)
    text = sidecars([cue], CaptionOptions.model_validate({"url_srt": URL, "sidecar": ["vtt"], "style": preset}))
    starts = {word.start_ms for word in words}
    for block in text["captions.vtt"].split("\n\n")[1:]:
        times = [_to_ms(time) for time in re.findall(r"\d\d:\d\d:\d\d\.\d{3}", block)]
        first, last, *inside = times
        assert all(before < after for before, after in pairwise([first, *inside, last]))
        assert set(inside) <= starts


def _to_ms(time: str) -> int:
    hours, minutes, seconds = time.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def test_words_of_a_webvtt_file_have_their_times() -> None:
    written = sidecars([SPOKEN], CaptionOptions.model_validate({"url_srt": URL, "sidecar": ALL, "style": "karaoke"}))
    assert written["captions.vtt"] == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.700\nUp <00:00:00.400>we <00:00:01.200>go!\n"
    )
    assert "<00" not in written["captions.srt"]


@pytest.mark.parametrize(
    ("text", "srt", "vtt"),
    [
        ("<i>a</i> & <b", "<i>a</i> & <\u2060b", "<i>a</i> &amp; &lt;b"),
        ("1 --> 2", "1 --\u2060> 2", "1 --&gt; 2"),
        ("C:\\Name {\\an8}", "C:\\\u2060Name {\u2060\\\u2060an8}", "C:\\\u2060Name {\u2060\\an8}"),
        ("NOTE\nSTYLE\n2", "NOTE\nSTYLE\n2", "NOTE\nSTYLE\n2"),
        ("&\u2060lt;", "&\u2060lt;", "&amp;\u2060lt;"),
    ],
)
def test_text_that_looks_like_markup_stays_text(text: str, srt: str, vtt: str) -> None:
    cue = Cue(0, 1000, text)
    assert write_srt([cue]) == f"1\n00:00:00,000 --> 00:00:01,000\n{srt}\n\n"
    assert write_vtt([cue]) == f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{vtt}\n"
    for written in (write_srt([cue]), write_vtt([cue])):
        assert [row[1] for row in read(written)] == [_plain(text)]


def test_repeated_line_is_read_back_as_often_as_it_is_said() -> None:
    """Files of YouTube also have the times of words, and repeat each line."""
    later = tuple(replace(word, start_ms=word.start_ms + 1500, end_ms=word.end_ms + 1500) for word in WORDS)
    said = [SPOKEN, Cue(1500, 3000, SPOKEN.text, words=later)]
    found = read_subtitles(write_vtt(said).encode(), "url_srt", 10).cues
    assert found == tuple(replace(cue, words=()) for cue in said)


@pytest.mark.parametrize("mode", ["burn", "both"])
def test_script_is_the_one_that_is_drawn(mode: str) -> None:
    made = plan(caption(subtitle_mode=mode, style="pop"), SPOKEN)
    assert list(made.texts) == FILES
    assert made.texts["captions.ass"] == made.files[SUBTITLES]


def test_script_for_other_players_has_emoji_as_characters() -> None:
    faces = FontFiles(FONTS_DIRECTORY)
    options = PlanOptions(threads=1, max_pixels=10**6, max_output_bytes=10**6, typefaces=faces)
    for fields in ({"style": "karaoke"}, {"style": "classic"}, {"subtitle_mode": "soft"}):
        made = plan(caption(**fields), Cue(0, 1500, "Up 😀 we go!"), options=options)
        script = made.texts["captions.ass"]
        assert "😀" in script
        assert not any(ord(char) >= 0xF0000 for char in script)
        assert "😀" in made.texts["captions.srt"]
        assert made.files.get(SUBTITLES, "").count("Dialogue") in {0, script.count("Dialogue")}


@pytest.mark.parametrize("may_copy", [True, False])
def test_files_beside_a_track_hold_its_cues(may_copy: bool) -> None:
    options = PlanOptions(threads=1, max_pixels=10**6, max_output_bytes=10**6, may_copy=may_copy)
    shown = (Cue(0, 900, "one"), Cue(500, 1500, "two"), Cue(1900, 9000, "last"))
    made = plan(caption(subtitle_mode="soft", style="karaoke"), *shown, options=options)
    assert (made.video_mode == "copy") is may_copy
    assert made.texts["captions.srt"] == made.files[SUBTITLE_TRACK]
    assert [row[1] for row in read(made.texts["captions.vtt"])] == ["one", "one\ntwo", "two", "last"]
    assert made.texts["captions.ass"].count("Dialogue: ") == 4
    assert SUBTITLES not in made.files


def test_every_operation_with_captions_makes_the_files() -> None:
    options = PlanOptions(threads=1, max_pixels=10**6, max_output_bytes=10**6)
    for fields, inputs in (
        ({"url_image": URL, "size": "160x90", "duration": 1}, inputs_of(image=PICTURE, cues=(SPOKEN,))),
        ({"url_video": URL}, inputs_of(video=VIDEO, cues=(SPOKEN,))),
        ({"url_video": URL, "url_audio": URL}, inputs_of(video=VIDEO, audio=SOUND, cues=(SPOKEN,))),
        ({"url_video": URL, "url_audio": URL, "subtitle_mode": "soft"}, inputs_of(VIDEO, SOUND, cues=(SPOKEN,))),
    ):
        operation = Compose.model_validate({"url_srt": URL, "sidecar": ALL} | fields)
        made = make_plan(operation, inputs, options)
        assert set(made.texts) == {artifact.name for artifact in operation.artifacts()[1:]}
        assert read(made.texts["captions.srt"])[0][1] == SPOKEN.text


@pytest.mark.parametrize("mode", ["burn", "soft", "both"])
def test_without_captions_the_files_are_valid_and_not_empty(mode: str) -> None:
    made = plan(caption(subtitle_mode=mode), Cue(9000, 9900, "after the end"))
    assert (made.texts["captions.srt"], made.texts["captions.vtt"]) == ("\n", "WEBVTT\n")
    assert made.texts["captions.ass"].startswith("[Script Info]\n")


def test_plan_without_sidecars_has_no_texts() -> None:
    assert plan(Caption(url_video=URL, url_srt=URL), SPOKEN).texts == {}
