"""Boxes behind pages and words: at their place, only in their time, and never outside the region."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageChops

from contract.options.captions import CaptionOptions
from gpu_worker.media.info import Cue, Word
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan.captions.draw import draw_captions
from gpu_worker.plan.captions.safe_area import caption_region
from gpu_worker.typefaces.font_files import FontFiles
from tests.support.media.caption_ink import Box, draw, ink, ink_of_color
from tests.support.media.factory import MediaFactory

SIZE = (640, 360)
RED = (255, 0, 0)
LATIN, HEBREW = ("one", "jumps", "three"), ("אחת", "שתיים", "שלוש")


@pytest.fixture(scope="session")
def faces() -> FontFiles:
    return FontFiles(FONTS_DIRECTORY)


def options(**style: object) -> CaptionOptions:
    colors = {"highlight_background": "#F00", "highlight": "#00F"}
    return CaptionOptions.model_validate({"style": {"preset": "pill", "size": 12, "colors": colors, **style}})


def spoken(*words: str) -> list[Cue]:
    return [Cue(0, 400 * len(words), "", words=tuple(Word(400 * n, 400 * n + 400, w) for n, w in enumerate(words)))]


def surrounds(box: Box | None, word: Box | None) -> bool:
    return bool(box and word) and box[0] < word[0] and box[2] > word[2] and box[1] < word[1] and box[3] >= word[3]  # type: ignore[index]


@pytest.mark.parametrize("style", [{}, {"uppercase": True}, {"font": "Anton"}, {"font": "Poppins", "max_words": 1}])
@pytest.mark.parametrize("words", [LATIN, HEBREW])
def test_the_spoken_word_is_inside_its_box(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, style: dict[str, object], words: tuple[str, ...]
) -> None:
    frames = draw(media, tmp_path, spoken(*words), options(**style, outline_width=0), SIZE, faces, seconds=1.2, rate=5)
    for frame in frames[::2]:
        assert surrounds(ink_of_color(frame, RED), ink_of_color(frame, (0, 0, 255), 100))
    red = [ink_of_color(frame, RED) for frame in frames]
    assert len(set(red)) == 3
    if "max_words" not in style:
        first, last = red[0], red[-1]
        assert first
        assert last
        assert (first[0] < last[0]) == (words == LATIN)


@pytest.mark.parametrize("rotation", [0, -25])
@pytest.mark.parametrize("position", ["top_left", "bottom_right", "middle_center"])
def test_boxes_stay_in_the_region(
    media: MediaFactory, tmp_path: Path, faces: FontFiles, position: str, rotation: float
) -> None:
    chosen = options(position=position, rotation=rotation, max_lines=1, outline_width=0, shadow=0)
    frames = draw(media, tmp_path, spoken("Widest", "of", "gypsy"), chosen, SIZE, faces, seconds=1.2, rate=5)
    left, top, right, bottom = caption_region(chosen.style, SIZE)
    for frame in frames:
        box = ink(frame)
        assert box
        assert box[0] >= left - 1
        assert box[1] >= top - 1
        assert box[2] <= right + 1
        assert box[3] <= bottom + 1


def test_text_does_not_move_when_the_box_does(media: MediaFactory, tmp_path: Path, faces: FontFiles) -> None:
    plain = {"highlight": "#FFF", "highlight_background": "#00000000"}
    frames = draw(media, tmp_path, spoken(*LATIN), options(colors=plain), SIZE, faces, seconds=1.2, rate=5)
    assert all(not ImageChops.difference(frame, frames[0]).getbbox() for frame in frames)


def test_words_whose_place_is_unknown_have_the_color_of_the_box(faces: FontFiles) -> None:
    for words in (("שלום", "abc"), ("日本", "abc")):
        script = draw_captions(spoken(*words), options(), SIZE, faces).script
        assert "\\p4" not in script
        assert "\\1c&H0000FF&" in script


def test_rounded_box_has_no_corners(media: MediaFactory, tmp_path: Path, faces: FontFiles) -> None:
    boxes, corners = [], []
    for radius in (0.0, 40.0):
        style = {"preset": "box", "size": 10, "corner_radius": radius, "colors": {"background": "#F00"}}
        chosen = CaptionOptions.model_validate({"style": style | {"background_opacity": 1}})
        frame = draw(media, tmp_path, [Cue(0, 400, "two lines")], chosen, SIZE, faces, seconds=0.2, rate=5)[0]
        box = ink(frame)
        assert box
        boxes.append(box)
        corners.append(frame.getpixel((box[0] + 2, box[1] + 2)))
    assert boxes[0] == pytest.approx(boxes[1], abs=3)
    assert corners[0] == RED
    assert corners[1] == (0, 0, 0)


@pytest.mark.parametrize("animation", ["fade", "pop", "slide_up"])
def test_a_box_enters_with_its_word(media: MediaFactory, tmp_path: Path, faces: FontFiles, animation: str) -> None:
    chosen = options(animation=animation)
    frames = draw(media, tmp_path, spoken(*LATIN), chosen, SIZE, faces, seconds=0.4, rate=25)
    assert ink_of_color(frames[1], RED) != ink_of_color(frames[-1], RED)
    assert frames[5].tobytes() == frames[-1].tobytes()
