"""The list of fonts and presets."""

from __future__ import annotations

from contract.fonts import FONTS
from contract.operations.captions.presets import PRESETS
from tests.support.gateway import Client


def test_fonts_and_presets_are_listed(client: Client) -> None:
    listed = client.call("GET", "/fonts").json
    assert {font["name"]: (font["styles"], font["scripts"], font["license"]) for font in listed["fonts"]} == {
        name: (list(font.styles), list(font.scripts), font.license) for name, font in FONTS.items()
    }
    assert [(preset["name"], preset["description"], preset["font"]) for preset in listed["presets"]] == [
        (name, preset.description, preset.font) for name, preset in PRESETS.items()
    ]


def test_listed_fonts_and_presets_are_accepted(client: Client) -> None:
    listed = client.call("GET", "/fonts").json
    urls = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}
    styles = [{"font": font["name"]} for font in listed["fonts"]] + [preset["name"] for preset in listed["presets"]]
    answers = [client.call("POST", "/video/caption", urls | {"style": style}) for style in styles]
    assert [answer.status for answer in answers] == [202] * len(styles)
