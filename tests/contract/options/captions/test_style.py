"""Styles of captions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.fonts import FONTS
from contract.operations.caption import Caption
from contract.options.captions.choices import Animation, Position, SafeArea
from contract.options.captions.presets import PRESETS
from contract.options.captions.style import CaptionColors, CaptionStyle, Margin

VIDEO = {"url_video": "https://media.example/v.mp4", "captions": "Hello"}


def style(value: Any) -> CaptionStyle:
    return Caption.model_validate({**VIDEO, "style": value}).style


def test_default_style_is_classic_without_changes() -> None:
    assert Caption.model_validate(VIDEO).style == CaptionStyle() == style("classic") == style({})
    assert CaptionStyle().preset == "classic"


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_a_name_or_a_field(name: str) -> None:
    assert (
        style(name)
        == style({"preset": name})
        == style(f" {name.upper().replace('_', ' ')}")
        == CaptionStyle(preset=name)
    )


@pytest.mark.parametrize("name", PRESETS)
def test_defaults_of_presets_are_valid_styles(name: str) -> None:
    preset = PRESETS[name]
    assert preset.font in FONTS
    shared = {field: getattr(preset, field) for field in ("size", "outline_width", "shadow", "background_opacity")}
    assert CaptionStyle(preset=name, colors=CaptionColors(highlight=preset.highlight), **shared)


@pytest.mark.parametrize(
    ("color", "normal"),
    [("#abc", "#AABBCC"), ("#a1b2c3", "#A1B2C3"), (" #A1B2C3d4 ", "#A1B2C3D4"), ("#000", "#000000")],
)
def test_colors_are_normalized(color: str, normal: str) -> None:
    assert CaptionColors(text=color).text == normal


@pytest.mark.parametrize(
    "color", ["red", "abc", "#ab", "#abcd", "#abcdef0", "#gggggg", "", "rgb(0,0,0)", 0xFFFFFF, None, []]
)
def test_other_colors_are_refused(color: Any) -> None:
    if color is None:
        assert CaptionColors(text=color).text is None
        return
    with pytest.raises(ValidationError):
        CaptionColors(text=color)


@given(st.from_regex(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})", fullmatch=True))
def test_normalized_colors_are_stable(color: str) -> None:
    normal = CaptionColors(text=color).text
    assert normal is not None
    assert re.fullmatch("#([0-9A-F]{6}|[0-9A-F]{8})", normal)
    assert CaptionColors(text=normal).text == normal


@pytest.mark.parametrize(
    ("margin", "expected"),
    [(5, Margin(x=5, y=5)), ("2,5", Margin(x=2.5, y=2.5)), ({"x": 1}, Margin(x=1)), ({}, Margin())],
)
def test_margin_is_a_number_or_both_sides(margin: Any, expected: Margin) -> None:
    assert style({"margin": margin}).margin == expected


def test_choices_are_found_in_any_case() -> None:
    found = style({"position": " Top_Left", "safe_area": "TikTok", "animation": "SLIDE_UP", "font": "dejavu-sans"})
    assert (found.position, found.safe_area) == (Position.TOP_LEFT, SafeArea.TIKTOK)
    assert (found.animation, found.font) == (Animation.SLIDE_UP, "DejaVu Sans")


@pytest.mark.parametrize(("value", "flag"), [(True, True), ("False", False), (" TRUE ", True)])
def test_flags_may_be_text(value: Any, flag: bool) -> None:
    found = style({"bold": value, "italic": value})
    assert (found.bold, found.italic, found.uppercase) == (flag, flag, None)


@pytest.mark.parametrize(
    "change",
    [
        {"preset": "karoke"}, {"preset": None}, {"preset": 7}, {"font": "Arial"}, {"font": "x" * 10_000}, {"size": 1.9},
        {"size": 25.1}, {"size": "nan"}, {"size": True}, {"max_words": 21}, {"max_words": 1.5}, {"max_lines": 0},
        {"max_lines": False}, {"max_characters": -1}, {"rotation": 46}, {"background_opacity": 1.1},
        {"outline_width": -0.1}, {"shadow": 3}, {"position": "center"}, {"margin": 26}, {"margin": True},
        {"margin": {"x": -1}}, {"offset": {"x": 51}}, {"offset": 5}, {"bold": 1}, {"italic": "yes"}, {"colors": "#fff"},
    ],
)  # fmt: skip
def test_values_outside_their_range_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        style(change)


def test_style_survives_a_message() -> None:
    changed = style(
        {"preset": "pop", "colors": {"text": "#abcd"[:4]}, "margin": 5, "position": "top_left", "max_words": 3}
    )
    assert CaptionStyle.model_validate_json(changed.model_dump_json()) == changed
