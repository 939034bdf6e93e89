from __future__ import annotations

import pytest

from contract.options.captions.choices import Position, SafeArea
from contract.options.captions.presets import PRESETS, Technique
from contract.options.captions.style import CaptionStyle
from gpu_worker.media.info import BOTTOM, TOP
from gpu_worker.plan.captions.look import ass_color, resolve_look
from gpu_worker.plan.captions.placement import place, reach
from gpu_worker.plan.captions.safe_area import caption_region

SIZES = [(1080, 1920), (1920, 1080), (1080, 1080), (640, 360), (64, 64)]


@pytest.mark.parametrize("preset", PRESETS)
def test_sizes_follow_the_short_side(preset: str) -> None:
    style = CaptionStyle(preset=preset)
    small, large = resolve_look(style, (540, 960)), resolve_look(style, (1080, 1920))
    assert large.em == pytest.approx(2 * small.em)
    assert large.outline_width == pytest.approx(2 * small.outline_width)
    assert resolve_look(style, (1920, 1080)).em == large.em


@pytest.mark.parametrize(
    ("color", "opacity", "written"),
    [("#FF8000", 1.0, "&H000080FF"), ("#FF800080", 1.0, "&H7F0080FF"), ("#000000", 0.6, "&H66000000")],
)
def test_colors_are_written_backwards_with_inverted_alpha(color: str, opacity: float, written: str) -> None:
    assert ass_color(color, opacity) == written


def test_fields_of_a_style_replace_those_of_its_preset() -> None:
    style = CaptionStyle.model_validate(
        {"preset": "karaoke", "font": "Anton", "size": 10, "bold": False, "colors": {"highlight": "#0f0"}}
    )
    look = resolve_look(style, (1000, 1000))
    assert (look.technique, look.font, look.em, look.is_bold) == (Technique.SPOKEN, "Anton", 100, False)
    assert look.highlight == "&H0000FF00"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("position", Position)
@pytest.mark.parametrize("area", SafeArea)
def test_captions_are_anchored_inside_their_region(size: tuple[int, int], position: Position, area: SafeArea) -> None:
    style = CaptionStyle(position=position, safe_area=area)
    region = caption_region(style, size)
    at = place(resolve_look(style, size))
    assert 0 <= region.left < region.right <= size[0]
    assert 0 <= region.top < region.bottom <= size[1]
    left = at.x - at.width * ((at.anchor - 1) % 3) / 2
    assert region.left <= left + 1e-6
    assert left + at.width <= region.right + 1e-6
    assert region.top <= at.y <= region.bottom


def test_portrait_leaves_room_for_the_buttons_of_all_platforms() -> None:
    plain = CaptionStyle()
    assert caption_region(plain, (1080, 1920)) == caption_region(CaptionStyle(safe_area=SafeArea.SOCIAL), (1080, 1920))
    assert caption_region(plain, (1920, 1080)) == caption_region(CaptionStyle(safe_area=SafeArea.NONE), (1920, 1080))


def test_subtitles_choose_their_place_unless_the_style_does() -> None:
    look = resolve_look(CaptionStyle(), (1920, 1080))
    assert place(look, TOP).anchor == TOP
    assert place(look).anchor == BOTTOM
    assert place(resolve_look(CaptionStyle(position=Position.BOTTOM_LEFT), (1920, 1080)), TOP).anchor == 1


def test_a_box_reaches_further_than_an_outline() -> None:
    boxed, outlined = (resolve_look(CaptionStyle(preset=name), (1080, 1080)) for name in ("box", "classic"))
    assert reach(boxed) > reach(outlined) > 0


def test_offsets_move_the_anchor() -> None:
    moved, still = (
        place(resolve_look(CaptionStyle.model_validate({"offset": offset}), (1000, 1000)))
        for offset in ({"x": 10, "y": -5}, {})
    )
    assert (moved.x - still.x, moved.y - still.y) == pytest.approx((100, -50))
