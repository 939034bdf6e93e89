"""Captions as the renderer draws them: their ink, color and order, measured in frames."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from contract.options.captions import CaptionOptions
from contract.options.captions.presets import PRESETS
from gpu_worker.media.info import TOP, Cue, Word
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan.captions.draw import draw_captions
from gpu_worker.plan.captions.safe_area import caption_region
from gpu_worker.typefaces.font_files import FontFiles
from tests.support.media.caption_ink import draw, ink, ink_of_color, render
from tests.support.media.factory import MediaFactory

PORTRAIT, LANDSCAPE, SQUARE = (216, 384), (384, 216), (216, 216)
TEXTS = (
    "Every one of us has looked at the mountains and wondered, quietly, how long they have been waiting there.",
    "Donaudampfschifffahrtsgesellschaftskapitän Rindfleischetikettierungsüberwachungsaufgabenübertragung",
    "الجبال هنا منذ زمن طويل قبل أن نأتي إليها وستبقى بعدنا",
    "ההרים היו כאן הרבה לפנינו והם יישארו גם אחרינו",
    "ภูเขาอยู่ที่นี่มานานก่อนที่เราจะมาถึงและจะยังคงอยู่ต่อไปอีกนาน",
    "山は私たちよりもずっと前からここにあり、これからもここにあり続けるでしょう。",
    "पहाड़ हमसे बहुत पहले से यहाँ हैं और हमारे बाद भी रहेंगे",
    "Look 👍🏽👨‍👩‍👧 at the mountains 🏔️ they are old 🎉🎉🎉",
)
GREEN = (0, 255, 0)


@pytest.fixture(scope="session")
def faces() -> FontFiles:
    return FontFiles(FONTS_DIRECTORY)


def spoken(*words: str, each_ms: int = 400) -> Cue:
    """Return a cue whose words have given times, without pauses."""
    times = tuple(Word(each_ms * n, each_ms * (n + 1), word) for n, word in enumerate(words))
    return Cue(0, each_ms * len(words), " ".join(words), words=times)


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE, SQUARE])
@pytest.mark.parametrize("preset", PRESETS)
def test_no_ink_leaves_the_region(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str, size: tuple[int, int]
) -> None:
    options = CaptionOptions.model_validate({"style": {"preset": preset, "background_opacity": 0.5}})
    cues = [Cue(2000 * number, 2000 * number + 2000, text) for number, text in enumerate(TEXTS)]
    frames = draw(media, tmp_path, cues, options, size, faces, seconds=2 * len(cues), rate=4)
    boxes = [box for frame in frames if (box := ink(frame))]
    assert len(boxes) > 0.9 * len(frames)
    left, top, right, bottom = caption_region(options.style, size)
    assert min(box[0] for box in boxes) >= left - 1
    assert min(box[1] for box in boxes) >= top - 1
    assert max(box[2] for box in boxes) <= right + 1
    assert max(box[3] for box in boxes) <= bottom + 1


@pytest.mark.parametrize("position", ["bottom_left", "middle_center", "top_right"])
@pytest.mark.parametrize("preset", ["classic", "box", "highlight", "pop"])
def test_turned_text_stays_in_the_region(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str, position: str
) -> None:
    style = {"preset": preset, "rotation": -30, "position": position}
    options = CaptionOptions.model_validate({"style": style})
    frames = draw(media, tmp_path, [Cue(0, 2000, TEXTS[0][:60])], options, PORTRAIT, faces, seconds=2, rate=4)
    boxes = [box for frame in frames if (box := ink(frame))]
    left, top, right, bottom = caption_region(options.style, PORTRAIT)
    assert len(boxes) == len(frames)
    assert left - 1 <= min(box[0] for box in boxes)
    assert top - 1 <= min(box[1] for box in boxes)
    assert max(box[2] for box in boxes) <= right + 1
    assert max(box[3] for box in boxes) <= bottom + 1


@pytest.mark.parametrize("offset", [{"x": 50, "y": 50}, {"x": -50, "y": -50}, {"x": 20, "y": -10}])
@pytest.mark.parametrize("preset", ["classic", "pop"])
def test_an_offset_moves_text_to_the_edge_of_the_frame_at_most(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str, offset: dict[str, float]
) -> None:
    texts = []
    for moved in ({}, offset):
        options = CaptionOptions.model_validate({"style": {"preset": preset, "offset": moved}})
        script = draw_captions([Cue(0, 400, "moved text")], options, LANDSCAPE, faces)
        texts.append(render(media, tmp_path, script.script, LANDSCAPE, seconds=0.04)[0])
    still, there = (ink(frame) for frame in texts)
    assert still
    assert there
    assert there[2] - there[0] == pytest.approx(still[2] - still[0], abs=3)
    assert 0 <= there[0] < there[2] <= LANDSCAPE[0]
    assert 0 <= there[1] < there[3] <= LANDSCAPE[1]
    assert (there[0] - still[0]) * offset["x"] > 0
    assert (there[1] - still[1]) * offset["y"] >= 0


@pytest.mark.parametrize("preset", ["karaoke", "highlight", "underline", "progressive"])
def test_neighbors_of_the_active_word_do_not_move(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str
) -> None:
    """With one color for all, only an underline or a word that appears may differ from frame to frame."""
    style = {"preset": preset, "size": 9, "colors": {"highlight": "#FFFFFF"}}
    cue = spoken("AVATAR", "To", "fi", "We.", each_ms=200)
    frames = draw(
        media, tmp_path, [cue], CaptionOptions.model_validate({"style": style}), LANDSCAPE, faces, seconds=0.8
    )
    last = frames[-1].convert("L")
    for frame in frames:
        more = ImageChops.subtract(frame.convert("L"), last)
        if preset == "underline":
            more = more.crop((0, 0, more.width, ink(frames[-1])[1] + 10))  # type: ignore[index]
        assert max(more.getdata()) < 60


@pytest.mark.parametrize("preset", ["highlight", "underline", "pop"])
def test_active_color_is_shown_only_while_its_word_is_spoken(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str
) -> None:
    words = (Word(200, 600, "one"), Word(1000, 1400, "two"))
    options = CaptionOptions.model_validate({"style": {"preset": preset, "size": 12, "colors": {"highlight": "#0F0"}}})
    frames = draw(media, tmp_path, [Cue(0, 1800, "one two", words=words)], options, LANDSCAPE, faces, seconds=1.8)
    green = [ink_of_color(frame, GREEN) for frame in frames]
    shown = [number for number, box in enumerate(green) if box]
    assert shown == [*range(5, 15), *range(25, 35)]
    assert green[8][2] < green[30][0]  # type: ignore[index]


@pytest.mark.parametrize("words", [("אחת", "שתיים", "שלוש"), ("واحد", "اثنان", "ثلاثة")])
@pytest.mark.parametrize("preset", ["karaoke", "highlight", "fill", "pop"])
def test_words_are_spoken_from_right_to_left(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str, words: tuple[str, ...]
) -> None:
    options = CaptionOptions.model_validate({"style": {"preset": preset, "size": 10, "colors": {"highlight": "#0F0"}}})
    frames = draw(media, tmp_path, [spoken(*words)], options, LANDSCAPE, faces, seconds=1.2)
    first, second, third = (ink_of_color(frames[at], GREEN) for at in (5, 15, 25))
    assert first
    assert second
    assert third
    assert first[0] > second[0] > third[0]


@pytest.mark.parametrize("preset", ["classic", "karaoke"])
def test_subtitles_at_the_top_stay_in_the_region(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str
) -> None:
    options = CaptionOptions.model_validate({"style": preset})
    region = caption_region(options.style, PORTRAIT)
    frames = draw(media, tmp_path, [Cue(0, 400, "above", place=TOP)], options, PORTRAIT, faces, seconds=0.2)
    box = ink(frames[2])
    assert box
    assert region.top - 1 <= box[1] < box[3] < region.top + 40


def test_a_sweep_fills_each_word_in_its_time(media: MediaFactory, tmp_path: Path, faces: FontFiles) -> None:
    options = CaptionOptions.model_validate({"style": {"preset": "fill", "size": 12, "colors": {"highlight": "#0F0"}}})
    frames = draw(media, tmp_path, [spoken("mmm", "mmm", each_ms=1000)], options, LANDSCAPE, faces, seconds=2)
    edges = [box[2] if (box := ink_of_color(frame, GREEN)) else 0 for frame in frames]
    assert edges == sorted(edges)
    full = ink(frames[-1])
    assert full
    middle = (full[0] + full[2]) / 2
    assert edges[24] < middle < edges[40]


def test_text_of_a_caption_never_becomes_a_command(faces: FontFiles) -> None:
    evil = "{\\p1}m 0 0 l 9 9{\\p0}\\N\\h{\\fs99}"
    for preset in PRESETS:
        options = CaptionOptions.model_validate(
            {"style": preset, "replace": [{"find": "two", "replace": "x\nDialogue: {\\fs99} <i>y"}]}
        )
        words = tuple(Word(500 * n, 500 * n + 500, text) for n, text in enumerate(("one", evil, "two")))
        script = draw_captions([Cue(0, 1500, f"one {evil} two", words=words)], options, (320, 180), faces).script
        events = script.partition("[Events]")[2].splitlines()[2:]
        assert all(event.startswith("Dialogue: ") for event in events)
        for event in events:
            commands = "".join(re.findall(r"(?<!\\)\{([^}]*)\}", event))
            assert "\\p1" not in commands
            assert "\\fs99" not in commands


@pytest.mark.parametrize("text", ["a" * 1000, "\u200b\u200b", "\u202eabc\u202c", "x", "👍" * 200, "ก" * 500])
@pytest.mark.parametrize("preset", PRESETS)
def test_strange_text_is_drawn_or_left_out(faces: FontFiles, preset: str, text: str) -> None:
    drawn = draw_captions([Cue(0, 1000, text)], CaptionOptions.model_validate({"style": preset}), (1080, 1920), faces)
    assert drawn.script.startswith("[Script Info]")
    assert all(0 <= cue.start_ms < cue.end_ms <= 1000 for cue in drawn.shown)


def test_fonts_used_and_word_timing_are_reported(faces: FontFiles) -> None:
    options = CaptionOptions.model_validate({"style": {"preset": "karaoke", "font": "Poppins"}})
    given = draw_captions([spoken("Hi", "👍", "ไทย")], options, (320, 180), faces)
    assert given.word_timing == "given"
    assert given.fonts == ("Poppins", "Noto Sans Thai", "Twemoji Layers")
    assert draw_captions([Cue(0, 900, "two words")], options, (320, 180), faces).word_timing == "estimated"
    assert draw_captions([Cue(0, 900, "two words")], CaptionOptions(), (320, 180), faces).word_timing is None


def test_a_very_long_word_does_not_make_its_page_small(media: MediaFactory, tmp_path: Path, faces: FontFiles) -> None:
    heights = []
    for text in ("Hag", "Rindfleischetikettierungsüberwachungsaufgaben"):
        options = CaptionOptions.model_validate({"style": {"preset": "karaoke", "size": 12, "max_lines": 1}})
        frame = draw(media, tmp_path, [Cue(0, 2000, text)], options, PORTRAIT, faces, seconds=0.2, rate=5)[0]
        box = ink(frame)
        assert box
        heights.append(box[3] - box[1])
    assert heights[1] >= 0.7 * heights[0]


def test_excluded_times_have_no_captions(faces: FontFiles) -> None:
    options = CaptionOptions.model_validate({"exclude": [{"start": 1, "end": 2}]})
    drawn = draw_captions([Cue(0, 900, "a"), Cue(1100, 1900, "b"), Cue(1500, 3000, "c")], options, (320, 180), faces)
    assert [(cue.start_ms, cue.end_ms, cue.text) for cue in drawn.shown] == [(0, 900, "a"), (2000, 3000, "c")]


def test_every_word_of_many_cues_is_drawn(faces: FontFiles) -> None:
    cues = [Cue(300 * n, 300 * n + 300, f"number {n} of many words here") for n in range(1000)]
    drawn = draw_captions(cues, CaptionOptions.model_validate({"style": "karaoke"}), (1080, 1920), faces)
    assert len(drawn.shown) >= 5000


def test_frames_are_equal_whether_drawn_by_word_or_whole(media: MediaFactory, tmp_path: Path, faces: FontFiles) -> None:
    """A karaoke page whose colors are all the same looks like the same page without words."""
    style = {"preset": "karaoke", "colors": {"highlight": "#FFFFFF"}}
    plain = {**style, "preset": "classic", "font": "Montserrat", "size": 7.5, "outline_width": 0.65, "shadow": 0.2}
    frames: list[Image.Image] = []
    for look in (style, plain | {"max_words": 4}):
        options = CaptionOptions.model_validate({"style": look})
        frames += draw(media, tmp_path, [spoken("one", "two")], options, LANDSCAPE, faces, seconds=0.2)[:1]
    difference = ImageChops.difference(*frames).convert("L")
    assert max(difference.getdata()) < 60
