"""The shipped files are those that `GET /fonts` lists, and have the letters that it promises."""

from __future__ import annotations

import unicodedata

from contract.fonts import FONTS
from contract.options.captions.presets import PRESETS
from gpu_worker.pipeline.machine import FONTS_DIRECTORY
from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT, EMOJI_FONT
from gpu_worker.typefaces.face import Face

FACES = {path.name: Face(path) for path in FONTS_DIRECTORY.glob("*.ttf")}


def letters(first: str, last: str) -> str:
    codes = map(chr, range(ord(first), ord(last) + 1))
    return "".join(char for char in codes if unicodedata.category(char)[0] in "LM")


ALPHABETS = {
    "Latin": letters("A", "z") + letters("À", "ÿ") + "ĀāĂăĄąĆćČčĎďĐđĒēĖėĘęĚěĞğĢģĪīĮįİıĶķĹĺĻļĽľŁłŃńŅņŇňŐőŒœŔŕŘřŚśŞşŠšŤť"
    "ŪūŮůŰűŲųŸŹźŻżŽž",
    "Cyrillic": letters("А", "я") + "ЁёЄєІіЇїҐґЎўЈјЉљЊњЋћЂђЏџЌќЃѓЅѕ",
    "Greek": letters("Α", "Ρ") + letters("Σ", "Ω") + letters("α", "ω") + "ΆΈΉΊΌΎΏάέήίόύώϊϋΐΰ",
    "Arabic": letters("\u0621", "\u063a") + letters("\u0641", "\u0652") + "پچژگکی",
    "Armenian": letters("Ա", "Ֆ") + letters("ա", "ֆ"),
    "Devanagari": letters("\u0905", "\u090b") + "एऐओऔ" + letters("क", "न") + letters("प", "र") + "लवशषसहाािीुूृेैोौं़्ँः",
    "Georgian": letters("ა", "ჰ"),
    "Hebrew": letters("א", "ת"),
    "Lao": "ກຂຄງຈຊຍດຕຖທນບປຜຝພຟມຢຣລວສຫອຮະັາຳິີຶືຸູົຼຽເແໂໃໄ່້໊໋໌ໍ",
    "Thai": letters("\u0e01", "\u0e3a") + letters("\u0e40", "\u0e4e"),
}  # fmt: skip


def test_listed_families_and_styles_are_those_of_the_files() -> None:
    shipped: dict[str, set[str]] = {}
    for face in FACES.values():
        assert not face.is_italic
        shipped.setdefault(face.family, set()).add("bold" if face.is_bold else "regular")
    assert shipped.pop(EMOJI_FONT) == shipped.pop(COLOR_EMOJI_FONT) == {"bold"}
    assert shipped == {name: set(font.styles) for name, font in FONTS.items()}
    assert list(FONTS) == sorted(FONTS)
    assert {preset.font for preset in PRESETS.values()} <= set(FONTS)


def test_listed_scripts_are_those_with_every_letter() -> None:
    for name, face in FACES.items():
        if face.family not in {EMOJI_FONT, COLOR_EMOJI_FONT}:
            complete = {script for script, alphabet in ALPHABETS.items() if face.characters.issuperset(alphabet)}
            assert complete == set(FONTS[face.family].scripts), name


def test_files_are_named_by_family_and_style() -> None:
    for name, face in FACES.items():
        style = "Bold" if face.is_bold else "Regular"
        assert name == f"{face.family.replace(' ', '')}-{style}.ttf"


def test_each_family_has_its_license() -> None:
    texts = {path.stem: path.read_text("utf-8") for path in (FONTS_DIRECTORY / "licenses").iterdir()}
    assert set(texts) == {name.partition("-")[0] for name in FACES}
    titles = {"OFL-1.1": "SIL OPEN FONT LICENSE", "Apache-2.0": "Apache License", "Bitstream Vera": "Bitstream Vera"}
    for name, font in FONTS.items():
        assert titles[font.license] in texts[name.replace(" ", "")]


def test_directory_has_nothing_else_for_libass_to_read() -> None:
    assert {path.name for path in FONTS_DIRECTORY.iterdir()} == {*FACES, "licenses"}


def test_styles_of_a_family_are_equally_high() -> None:
    heights = {(face.family, face.line_height) for face in FACES.values()}
    assert len(heights) == len({face.family for face in FACES.values()})
