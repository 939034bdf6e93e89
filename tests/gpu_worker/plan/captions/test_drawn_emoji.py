"""Emoji are drawn in color, at their place in the text, in every style."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from contract.options.captions import CaptionOptions
from contract.options.captions.presets import PRESETS
from gpu_worker.media.info import Cue, Word
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan.captions.draw import draw_captions
from gpu_worker.plan.captions.safe_area import caption_region
from gpu_worker.typefaces.font_files import FontFiles
from tests.support.media.caption_ink import draw, ink, ink_of_color
from tests.support.media.factory import MediaFactory

SIZE = (640, 360)
FACE, RED = (255, 204, 77), (221, 46, 68)
"""The yellow of 😀 and the red of ❤️ in Twemoji."""


@pytest.fixture(scope="session")
def faces() -> FontFiles:
    return FontFiles(FONTS_DIRECTORY)


def options(preset: str, **style: object) -> CaptionOptions:
    return CaptionOptions.model_validate({"style": {"preset": preset, "max_words": 0, "uppercase": False, **style}})


@pytest.mark.parametrize("preset", PRESETS)
def test_an_emoji_is_where_its_letters_leave_room(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str
) -> None:
    """The measured place: a page is centered, so the emoji lies as far from the middle as the widths say."""
    chosen = options(preset, size=10, colors={"highlight": "#FFF"}, font="Montserrat", bold=True)
    word = Cue(0, 1000, "Look😀up", words=(Word(0, 1000, "Look😀up"),))
    frame = draw(media, tmp_path, [word], chosen, SIZE, faces, seconds=0.4, rate=5)[1]
    found, whole = ink_of_color(frame, FACE, 24), ink(frame)
    assert found
    assert whole
    em = SIZE[1] / 10
    before, emoji, after = (faces.width(text, "Montserrat", bold=True) * em for text in ("Look", "😀", "up"))
    left = SIZE[0] / 2 - (before + emoji + after) / 2 + before
    assert found[0] == pytest.approx(left, abs=2)
    assert found[2] == pytest.approx(left + 512 / 532 * emoji, abs=2)
    region = caption_region(chosen.style, SIZE)
    assert region.top <= whole[1] < whole[3] <= region.bottom
    assert found[3] - found[1] == pytest.approx(found[2] - found[0], abs=2)


@pytest.mark.parametrize("preset", ["karaoke", "highlight", "progressive", "underline"])
def test_neighbors_of_an_emoji_keep_their_color_and_place(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str
) -> None:
    words = tuple(Word(200 * n, 200 * n + 200, text) for n, text in enumerate(("one", "❤️two", "three")))
    chosen = options(preset, size=10, colors={"highlight": "#0F0"})
    frames = draw(media, tmp_path, [Cue(0, 600, "", words=words)], chosen, SIZE, faces, seconds=0.6, rate=10)
    before, during, after = frames[0], frames[2], frames[4]
    heart = ink_of_color(during, RED)
    assert heart
    assert ink_of_color(after, RED)[:3] == heart[:3]  # type: ignore[index]
    assert (ink_of_color(before, RED) is None) == (preset == "progressive")
    green = ink_of_color(during, (0, 255, 0))
    assert (green is None) == (preset == "progressive")
    if preset in {"highlight", "underline"}:
        assert green
        assert green[2] > heart[2] + 10
        assert ink_of_color(after.crop((0, 0, heart[2], SIZE[1])), (0, 255, 0)) is None


def test_emoji_between_words_from_right_to_left_keep_their_order(
    media: MediaFactory, tmp_path: Path, faces: FontFiles
) -> None:
    cue = [Cue(0, 1000, "שלום 😀❤️ עולם")]
    frame = draw(media, tmp_path, cue, options("highlight", size=10), SIZE, faces, seconds=0.2, rate=5)[0]
    face, heart = ink_of_color(frame, FACE, 24), ink_of_color(frame, RED)
    assert face
    assert heart
    assert heart[2] <= face[0] + 1


@pytest.mark.parametrize("animation", ["fade", "pop", "slide_up"])
def test_an_emoji_enters_with_its_text(media: MediaFactory, tmp_path: Path, faces: FontFiles, animation: str) -> None:
    chosen = options("karaoke", size=10, animation=animation)
    frames = draw(media, tmp_path, [Cue(0, 1000, "so 😀 it")], chosen, SIZE, faces, seconds=0.4, rate=25)
    last = ink_of_color(frames[-1], FACE, 24)
    assert last
    first = ink_of_color(frames[2], FACE, 24)
    assert first != last
    assert frames[5].tobytes() == frames[-1].tobytes()


def test_turned_emoji_turns_with_its_text(media: MediaFactory, tmp_path: Path, faces: FontFiles) -> None:
    chosen = options("highlight", size=10, rotation=-40, position="middle_center")
    frame = draw(media, tmp_path, [Cue(0, 1000, "up up 😀")], chosen, SIZE, faces, seconds=0.2, rate=5)[0]
    found, whole = ink_of_color(frame, FACE, 24), ink(frame)
    assert found
    assert whole
    assert found[1] < whole[1] + 20
    assert found[2] > whole[2] - 20


def test_a_caption_without_emoji_does_not_name_their_font(faces: FontFiles) -> None:
    for preset in PRESETS:
        drawn = draw_captions([Cue(0, 1000, "1 © plain ☎ text #2")], options(preset), SIZE, faces)
        assert "Twemoji" not in drawn.script
        assert not any("\U000f0000" <= char <= "\U000fffff" for char in drawn.script)


def test_emoji_of_the_caller_cannot_set_a_color(faces: FontFiles) -> None:
    drawn = draw_captions([Cue(0, 1000, "😀 {\\textcolor}")], options("classic"), SIZE, faces)
    assert "{\\textcolor" not in drawn.script
    assert "\\\u2060textcolor" in drawn.script


def test_all_letters_are_the_same_with_and_without_an_emoji(
    media: MediaFactory, tmp_path: Path, faces: FontFiles
) -> None:
    frames: list[Image.Image] = []
    for text in ("left 😀", "left 🎉"):
        chosen = options("classic", size=10)
        frames += draw(media, tmp_path, [Cue(0, 400, text)], chosen, SIZE, faces, seconds=0.2, rate=5)[:1]
    both = ImageChops.difference(*frames).convert("L")
    box, whole = ink(both, 20), ink(frames[0])
    assert box
    assert whole
    assert box[0] > whole[0] + 40


@pytest.mark.parametrize("position", ["top_left", "bottom_right"])
@pytest.mark.parametrize(
    ("preset", "font"), [("classic", "DejaVu Sans"), ("karaoke", "Bebas Neue"), ("highlight", "Roboto")]
)
def test_emoji_stay_in_the_region(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, preset: str, font: str, position: str
) -> None:
    chosen = options(preset, size=14, position=position, font=font, outline_width=0, shadow=0)
    frame = draw(media, tmp_path, [Cue(0, 400, "😀 1️⃣")], chosen, SIZE, faces, seconds=0.2, rate=5)[0]
    box, region = ink(frame), caption_region(chosen.style, SIZE)
    assert box
    assert box[0] >= region.left - 1
    assert box[1] >= region.top - 1
    assert box[2] <= region.right + 1
    assert box[3] <= region.bottom + 1


def test_lines_with_emoji_are_not_higher(media: MediaFactory, tmp_path: Path, faces: FontFiles) -> None:
    tops = []
    for text in ("HHH HHH", "HHH❤️ HHH"):
        chosen = options("karaoke", size=14, font="Roboto", colors={"highlight": "#FFF"})
        frame = draw(media, tmp_path, [Cue(0, 400, text)], chosen, SIZE, faces, seconds=0.2, rate=5)[0]
        bottom = ink_of_color(frame, (255, 255, 255), 20)
        assert bottom
        tops.append(bottom[3])
    assert tops[0] == pytest.approx(tops[1], abs=1)
