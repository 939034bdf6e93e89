"""Write captions as a subtitle track: texts that nothing interprets, and times that do not overlap."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.options.captions import CaptionOptions
from gpu_worker.media.info import TOP, Cue
from gpu_worker.plan.captions.files.srt import write_srt
from gpu_worker.plan.captions.files.track import flatten, make_track
from gpu_worker.plan.captions.files.track_language import track_language
from gpu_worker.subtitles.formats.srt_vtt import read_srt_or_vtt
from gpu_worker.subtitles.markup.cue_text import clean_text
from tests.support.captions import cues

Rows = list[tuple[int, int, str]]


def rows(shown: tuple[Cue, ...]) -> Rows:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in shown]


@pytest.mark.parametrize(
    ("given_cues", "shown"),
    [
        ([Cue(0, 900, "a"), Cue(900, 1500, "b")], [(0, 900, "a"), (900, 1500, "b")]),
        # Both are shown together while they overlap.
        ([Cue(0, 2000, "a"), Cue(1000, 3000, "b")], [(0, 1000, "a"), (1000, 2000, "a\nb"), (2000, 3000, "b")]),
        ([Cue(0, 1000, "low"), Cue(0, 1000, "high", TOP)], [(0, 1000, "high\nlow")]),
        ([Cue(0, 1000, "same"), Cue(0, 2000, "same", TOP)], [(0, 2000, "same")]),
        # A short overlap is cut.
        ([Cue(0, 1100, "a"), Cue(1000, 3000, "b")], [(0, 1000, "a"), (1000, 3000, "b")]),
        # At most four at a time.
        ([Cue(0, 1000, str(number)) for number in range(9)], [(0, 1000, "0\n1\n2\n3")]),
        # Nothing after the end of the video at 5 s.
        ([Cue(4000, 9000, "a"), Cue(5000, 6000, "b")], [(4000, 5000, "a")]),
        ([Cue(0, 1000, "<i>a"), Cue(0, 1000, "b\n\n \x07\nc")], [(0, 1000, "<i>a</i>\nb\nc")]),
    ],
)
def test_cues_of_a_track_follow_each_other(given_cues: list[Cue], shown: Rows) -> None:
    assert rows(flatten(given_cues, 5000)) == shown


@given(cues(), st.integers(1, 30_000))
def test_any_cues_become_a_sequence_without_overlaps(found: list[Cue], end_ms: int) -> None:
    shown = flatten(found, end_ms)
    assert all(0 <= cue.start_ms < cue.end_ms <= end_ms for cue in shown)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(shown))
    times = {time for cue in found for time in (cue.start_ms, cue.end_ms)} | {end_ms}
    assert {time for cue in shown for time in (cue.start_ms, cue.end_ms)} <= times
    for cue in found:
        middle = cue.start_ms + min(cue.end_ms - cue.start_ms, 60) / 2
        if cue.end_ms - cue.start_ms <= 60 or middle >= end_ms:
            continue
        assert any(now.start_ms <= middle < now.end_ms for now in shown)


@given(cues())
def test_reader_returns_what_the_track_says(found: list[Cue]) -> None:
    shown = flatten(found, 100_000)
    file = read_srt_or_vtt(write_srt(shown).split("\n"))
    read = [(block.span, _plain(clean_text(block.text, file.dialect)[0])) for block in file.blocks] if file else []
    assert read == [((start, end), _plain(text)) for start, end, text in rows(shown)]


def _plain(text: str) -> str:
    """Return text without the word joiners that keep it from being markup."""
    return text.replace("\u2060", "")


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("<" * 1500, [1000, 500]),
        ("<" * 400 + " " + "漢" * 900 + " " + "a" * 300, [400, 900, 300]),
        ("a" * 9999, [1000] * 2),
    ],
)
def test_long_lines_are_broken_before_ffmpeg_cuts_them(text: str, lengths: list[int]) -> None:
    (cue,) = flatten([Cue(0, 1000, text)], 1000)
    assert [len(line) for line in cue.text.split("\n")] == lengths
    assert max(len(line.encode()) for line in write_srt([cue]).splitlines()) < 4095


def test_track_has_the_edited_captions_without_their_style() -> None:
    options = CaptionOptions.model_validate({
        "subtitle_mode": "SOFT", "style": "karaoke", "language": "pt-BR", "exclude": [{"start": 1, "end": 2}],
        "replace": [{"find": "damn", "replace": "<d> {x}"}],
    })  # fmt: skip
    track = make_track([Cue(0, 900, "Damn it"), Cue(1100, 1900, "gone")], options, Fraction(5))
    assert track is not None
    assert write_srt(track.cues) == "1\n00:00:00,000 --> 00:00:00,900\n<\u2060d> {\u2060x} it\n\n"
    assert (track.language, track.end) == ("por", Fraction(9, 10))


@pytest.mark.parametrize(("mode", "has_track"), [("burn", False), ("soft", True), ("both", True)])
def test_only_a_mode_with_a_track_makes_one(mode: str, has_track: bool) -> None:
    options = CaptionOptions.model_validate({"subtitle_mode": mode})
    assert (make_track([Cue(0, 1000, "a")], options, Fraction(5)) is not None) is has_track
    assert make_track([Cue(6000, 7000, "late")], options, Fraction(5)) is None
    assert make_track(None, options, Fraction(5)) is None


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (None, "und"), ("en", "eng"), ("EN-us", "eng"), ("ger", "deu"), ("deu", "deu"), ("zh-Hant-TW", "zho"),
        ("yue", "yue"), ("qq", "und"),
    ],
)  # fmt: skip
def test_language_has_the_three_letters_of_mp4(tag: str | None, code: str) -> None:
    assert track_language(tag) == code
