"""The list of fonts and presets."""

from __future__ import annotations

from contract.fonts import FONTS, IMAGE_FONTS
from contract.options.captions.presets import PRESETS
from tests.support.gateway import Client


def test_fonts_and_presets_are_listed(client: Client) -> None:
    listed = client.call("GET", "/fonts").json
    fields = ("styles", "scripts", "license", "source")
    assert {font["name"]: tuple(font[field] for field in fields) for font in listed["fonts"]} == {
        name: (list(font.styles), list(font.scripts), font.license, source)
        for source, fonts in (("shipped", FONTS), ("image", IMAGE_FONTS))
        for name, font in fonts.items()
    }
    assert [(preset["name"], preset["description"], preset["font"]) for preset in listed["presets"]] == [
        (name, preset.description, preset.font) for name, preset in PRESETS.items()
    ]


def test_listed_fonts_and_presets_are_accepted(client: Client) -> None:
    listed = client.call("GET", "/fonts").json
    urls = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}
    shipped = [font["name"] for font in listed["fonts"] if font["source"] == "shipped"]
    styles = [{"font": name} for name in shipped] + [preset["name"] for preset in listed["presets"]]
    answers = [client.call("POST", "/video/caption", urls | {"style": style}) for style in styles]
    assert [answer.status for answer in answers] == [202] * len(styles)


def test_fonts_of_the_image_cannot_be_chosen(client: Client) -> None:
    urls = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}
    answer = client.call("POST", "/video/caption", urls | {"style": {"font": "Noto Sans CJK JP"}})
    assert answer.status == 422
    assert "Noto Sans Thai" in answer.json["errors"][0]["message"]
