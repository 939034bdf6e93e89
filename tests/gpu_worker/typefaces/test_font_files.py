"""Text is as wide as libass draws it."""

from __future__ import annotations

from pathlib import Path

import pytest
import uharfbuzz
from hypothesis import given
from hypothesis import strategies as st

from contract.fonts import FONTS
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.typefaces.font_files import FontFiles
from tests.gpu_worker.typefaces.conftest import EM, Renderer, ink

TYPEFACES = FontFiles(FONTS_DIRECTORY)
LATIN = "AVATAR, Te Wo fi 17"
TEXTS = {
    "kerning": LATIN,
    "accents": "Łódź ščř “aß” e\u0301",
    "Cyrillic": "Привет, мир",
    "Greek": "Γειά σου",
    "Vietnamese": "Tiếng Việt",
    "Arabic": "مرحبا بالعالم",
    "Urdu": "یہ اردو ہے",
    "Hebrew": "שלום, עולם",
    "Thai": "สวัสดีชาวโลก น้ำ",
    "Devanagari": "नमस्ते क्षत्रिय",
    "mixed": "an שלום, ไทย and क",
    "emoji": "ok 😀👍🏽 ok",
}
STYLES = [(family, bold) for family in FONTS for bold in (False, True)]


class Widths:
    """The width of text between two letters, so that the bearings of the first and the last glyph cancel out."""

    def __init__(self, renderer: Renderer, texts: list[str], family: str, *, bold: bool) -> None:
        between = [f"H {text} H" for text in ["", *texts]]
        empty, *drawn = [
            ink(picture)[0]
            for picture in renderer.draw([renderer.text(text, family, bold=bold) for text in between])
        ]  # fmt: skip
        self.drawn = [width - empty for width in drawn]
        first, *measured = [TYPEFACES.width(text, family, bold=bold) for text in between]
        self.measured = [width - first for width in measured]

    def errors(self) -> list[float]:
        return [measured / drawn - 1 for measured, drawn in zip(self.measured, self.drawn, strict=True)]


@pytest.mark.parametrize(
    ("family", "bold"),
    [("Montserrat", True), ("Anton", True), ("Poppins", True), ("Open Sans", False), ("Luckiest Guy", False)],
)
def test_every_script_is_as_wide_as_it_is_drawn(renderer: Renderer, family: str, bold: bool) -> None:
    errors = Widths(renderer, list(TEXTS.values()), family, bold=bold).errors()
    assert {name: error for name, error in zip(TEXTS, errors, strict=True) if abs(error) > 0.02} == {}


def test_every_file_is_as_wide_and_high_as_it_is_drawn(renderer: Renderer) -> None:
    texts = [renderer.text(text, family, bold=bold) for family, bold in STYLES for text in (f"H{LATIN}H", "HH")]
    pictures = renderer.draw(texts)
    for (family, bold), line, plain in zip(STYLES, pictures[::2], pictures[1::2], strict=True):
        drawn = ink(line)[0] - ink(plain)[0]
        width, less = (TYPEFACES.width(text, family, bold=bold) for text in (f"H{LATIN}H", "HH"))
        assert width - less == pytest.approx(drawn, rel=0.02), (family, bold)
        assert ink(plain)[1] == pytest.approx(height_of_h(family, bold=bold), abs=2.5 / EM), (family, bold)


def height_of_h(family: str, *, bold: bool) -> float:
    """Return the height of an H in em, in the file that libass should choose."""
    name = family.replace(" ", "")
    paths = [
        FONTS_DIRECTORY / f"{name}-{style}.ttf" for style in (("Bold", "Regular") if bold else ("Regular", "Bold"))
    ]
    face = uharfbuzz.Face(uharfbuzz.Blob(next(path for path in paths if path.exists()).read_bytes()))
    font = uharfbuzz.Font(face)
    return float(abs(font.get_glyph_extents(font.get_nominal_glyph(ord("H"))).height) / face.upem)


def test_libass_finds_each_family_by_its_name(renderer: Renderer) -> None:
    files = [(family, style == "bold") for family, font in FONTS.items() for style in font.styles]
    pictures = renderer.draw([renderer.text("Hag 12", family, bold=bold) for family, bold in files])
    assert len({picture.tobytes() for picture in pictures}) == len(files)


def test_fallbacks_are_dejavu_sans_then_noto() -> None:
    assert TYPEFACES.runs("AЖ ไทย", "Anton") == (("A", "Anton"), ("Ж ", "DejaVu Sans"), ("ไทย", "Noto Sans Thai"))
    assert TYPEFACES.runs("ہے", "Poppins") == (("ہے", "Noto Sans Arabic"),)
    assert TYPEFACES.runs("नमस्ते", "Roboto") == (("नमस्ते", "Noto Sans Devanagari"),)
    assert TYPEFACES.runs("日本 ok", "Inter") == (("日本", None), (" ok", "Inter"))


def test_width_without_a_font_is_estimated(tmp_path: Path) -> None:
    # The estimate is in units of the ASS size.
    assert TYPEFACES.width("日本", "Montserrat", bold=True) == pytest.approx(1.4 * TYPEFACES.ass_size("Montserrat", 1))
    empty = FontFiles(tmp_path)
    assert empty.runs("a 😀", "Anton") == (("a ", None), ("😀", "Noto Emoji"))
    assert empty.width("Hello", "Anton", bold=True) > 1


def test_arabic_letters_are_measured_joined() -> None:
    joined, apart = (
        TYPEFACES.width(text, "Noto Sans Arabic", bold=True) for text in ("سلام", "س\u200cل\u200cا\u200cم")
    )
    assert joined < apart * 0.9


def test_missing_bold_file_changes_no_width() -> None:
    assert TYPEFACES.width("Wide", "Anton", bold=True) == TYPEFACES.width("Wide", "Anton", bold=False)
    assert TYPEFACES.width("Wide", "Inter", bold=True) > TYPEFACES.width("Wide", "Inter", bold=False)


@given(st.text(), st.sampled_from(list(FONTS)), st.booleans())
def test_any_text_is_measured(text: str, family: str, bold: bool) -> None:
    assert 0 <= TYPEFACES.width(text, family, bold=bold) <= 40 * len(text)
    assert "".join(part for part, _ in TYPEFACES.runs(text, family)) == text
