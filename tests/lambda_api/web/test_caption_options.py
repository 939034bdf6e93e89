"""Captions in requests: strict objects, blank fields, and the sentences for what is not valid."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.operations.caption import Caption
from contract.options.captions import Replacement, TimeRange
from contract.options.captions.style import CaptionColors, CaptionStyle, Margin
from tests.support.fakes import World
from tests.support.gateway import Answer, Client

VIDEO = {"url_video": "https://media.example/v.mp4"}
CAPTION = VIDEO | {"captions": "Hello there"}
WORDS = [{"word": "planted-word", "start": 0, "end": 0.5}, {"word": "there", "start": 0.5, "end": 1}]
PRESETS = "classic, box, karaoke, highlight, pill, underline, word_by_word, pop, fill, progressive"


def send(client: Client, **fields: Any) -> Answer:
    return client.call("POST", "/video/caption", CAPTION | fields)


def stored(world: World) -> Caption:
    operation = world.store.jobs[f"job-{len(world.store.jobs)}"].operation
    assert isinstance(operation, Caption)
    return operation


@pytest.mark.fault("A11")
@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"style": {"colour": "#fff"}}, "style.colour", "no such field; did you mean colors?"),
        ({"style": {"font_size": 9}}, "style.font_size", "no such field; did you mean size?"),
        ({"style": {"allCaps": True}}, "style.allCaps", "no such field; did you mean uppercase?"),
        ({"style": {"colors": {"word": "#fff"}}}, "style.colors.word", "no such field; did you mean highlight?"),
        ({"style": {"margin": {"z": 1}}}, "style.margin.z", "no such field; known fields: x, y."),
        ({"style": {"planted name": 1}}, "style.(unprintable)", "no such field; known fields: preset, font"),
        ({"replace": [{"find": "a", "replace": "b", "foo": 1}]}, "replace.0.foo", "known fields: find, replace."),
        ({"replace": [{"from": "a", "replace": "b"}]}, "replace.0.from", "no such field; did you mean find?"),
        ({"exclude": [{"start": 0, "to": 1}]}, "exclude.0.to", "no such field; did you mean end?"),
    ],
)
def test_unknown_field_of_an_object_is_refused(
    client: Client, fields: dict[str, Any], field: str, sentence: str
) -> None:
    answer = send(client, **fields)
    assert answer.status == 422
    found = {error["field"]: error["message"] for error in answer.json["errors"]}
    assert sentence.removesuffix(".") in found[field]
    assert "planted" not in answer.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"style": "planted"}, f"style: no such preset; choose one of {PRESETS}."),
        ({"style": {"preset": "planted"}}, f"style.preset: no such preset; choose one of {PRESETS}."),
        ({"style": {"font": "planted"}}, "style.font: no such font; choose one of Anton, Bangers, "),
        ({"style": {"position": "planted"}}, 'style.position: must be "top_left", "top_center", "top_right", "middle'),
        ({"style": {"safe_area": "planted"}}, '"reels", "shorts" or "social".'),
        ({"style": 7}, '"fill" or "progressive" or an object.'),
        ({"style": '{"preset": "planted"}'}, "style: this is JSON inside a string; send the object itself, without"),
        ({"style": {"size": 99}}, "style.size: must be a number from 2 to 25, for example 8."),
        ({"style": {"size": True}}, "style.size: must be a number from 2 to 25, for example 8."),
        ({"style": {"max_words": "planted"}}, "style.max_words: must be a whole number from 0 to 20, for example 3."),
        ({"style": {"max_lines": True}}, "style.max_lines: must be a whole number from 1 to 4, for example 1."),
        ({"style": {"bold": "planted"}}, "style.bold: must be true or false, for example true."),
        ({"style": {"colors": {"text": "planted"}}}, "style.colors.text: must be a color as #RRGGBB or #RRGGBBAA"),
        ({"style": {"colors": "#fff"}}, "style.colors: must be an object."),
        ({"style": {"margin": 99}}, "style.margin.x: must be a number from 0 to 25, for example 6."),
        ({"style": {"margin": True}}, "style.margin: must be a number from 0 to 25 or an object."),
        ({"style": {"offset": {"y": -51}}}, "style.offset.y: must be a number from -50 to 50"),
        ({"replace": "planted"}, "replace: must be a list, for example [{"),
        ({"replace": "[{}]"}, "replace: this is JSON inside a string; send the list itself, without"),
        ({"replace": [{"find": " ", "replace": "x"}]}, 'replace.0.find: must be text, for example "damn".'),
        ({"replace": [{"find": "x" * 101, "replace": ""}]}, "replace.0.find: must not have more than 100 characters."),
        ({"replace": [{"find": "planted"}]}, "replace.0.replace: missing."),
        ({"replace": [{"find": "a", "replace": "b"}] * 101}, "replace: must not have more than 100 entries."),
        ({"exclude": [7]}, "exclude.0: must be an object."),
        ({"exclude": [{"start": 2, "end": 2}]}, "exclude.0: must end after it starts."),
        ({"exclude": [{"start": -1, "end": 2}]}, "exclude.0.start: must be a number from 0 to 86400, for example 0."),
        ({"language": "planted language"}, 'language: must be a language code, for example "en" or "pt-BR".'),
        ({"words": [{"word": "planted", "start": 0, "end": 1}]}, "send `url_srt`, `captions` or `words`, exactly one"),
        ({"captions": "https://media.example/planted.srt"}, "captions: is a URL; send it in url_srt."),
        ({"captions": '{"planted": 1}'}, "captions: is JSON, not text; send a transcript in words, as JSON without"),
        ({"captions": ["planted"]}, "captions: must be text, for example "),
        ({"captions": "…"}, "captions: has no text, for example "),
        ({"captions": "x" * (128 * 1024 + 1)}, "captions: must not have more than 128 KiB; send a URL in url_srt."),
        ({"captions": None, "words": [*WORDS, WORDS[0]]}, "words: entry 2 starts before the previous word ends; sort"),
        ({"captions": None, "words": json.dumps(WORDS)}, "words: this is JSON inside a string; send the list itself"),
        ({"captions": None, "words": [{"word": "a", "start": True, "end": 1}]}, "words: entry 0: `start` and `end`"),
        ({"captions": None, "words": {}}, "words: has no words with times; send a list of objects"),
    ],
)  # fmt: skip
def test_error_names_the_field_and_what_is_expected(client: Client, fields: dict[str, Any], sentence: str) -> None:
    answer = send(client, **fields)
    assert answer.status == 422
    assert sentence in answer.json["detail"]
    assert "planted" not in answer.text
    assert "Input should" not in answer.text


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_blank_fields_of_objects_count_as_not_sent(client: Client, world: World, blank: str | None) -> None:
    colors = {"text": blank, "highlight": "#f00"}
    style = {
        "preset": "pop",
        "font": blank,
        "size": blank,
        "margin": {"x": blank, "y": 3},
        "colors": colors,
        "new": blank,
    }
    assert send(client, style=style, language=blank, replace=blank).status == 202
    expected = CaptionStyle(preset="pop", colors=CaptionColors(highlight="#FF0000"), margin=Margin(y=3))
    assert stored(world).style == expected
    assert send(client, style={"colors": blank, "margin": blank, "preset": blank}).status == 202
    assert stored(world).style == CaptionStyle()


def test_empty_replacement_has_a_meaning(client: Client, world: World) -> None:
    assert send(client, replace=[{"find": "damn", "replace": ""}], style=[]).status == 202
    assert stored(world).replace == (Replacement(find="damn", replace=""),)


def test_stored_options_are_plain_messages(client: Client, world: World) -> None:
    send(client, style={"colors": {"text": "#abc"}}, exclude=[{"start": "0,5", "end": 2}])
    operation = stored(world)
    assert type(operation) is Caption
    assert [type(part) for part in (operation.style, operation.style.colors)] == [CaptionStyle, CaptionColors]
    assert operation.exclude == (TimeRange(start=0.5, end=2),)
    assert Caption.model_validate_json(operation.model_dump_json()) == operation


@pytest.mark.parametrize(
    "style", ["Word by word", {"preset": "word-by-word"}, {"preset": "WORD_BY_WORD", "size": None}]
)
def test_preset_is_found_in_any_spelling(client: Client, world: World, style: object) -> None:
    assert send(client, style=style).status == 202
    assert stored(world).style == CaptionStyle(preset="word_by_word")


@pytest.mark.fault("A18")
@pytest.mark.parametrize("reference", ["stored:captions", "stored:words", " stored:captions", "STORED:captions"])
def test_reference_to_a_stored_file_is_refused(client: Client, world: World, reference: str) -> None:
    answer = client.call("POST", "/video/caption", VIDEO | {"url_srt": reference})
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["url_srt"])
    answer = client.call("POST", "/video/caption", VIDEO | {"url_video": reference, "captions": "a"})
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["url_video"])
    assert (world.store.jobs, world.objects.objects) == ({}, {})


@pytest.mark.fault("B13")
def test_bucket_outage_is_a_503_only_for_captions_in_the_request(client: Client, world: World) -> None:
    world.objects.down = True
    answer = send(client)
    assert (answer.status, answer.json["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert client.call("POST", "/video/caption", VIDEO | {"url_srt": "https://media.example/s.srt"}).status == 202
    assert list(world.store.jobs) == ["job-2"]


def test_half_an_emoji_is_replaced(client: Client, world: World) -> None:
    assert send(client, captions="Hi \ud83d", replace=[{"find": "a", "replace": "\ud83d"}]).status == 202
    assert stored(world).replace[0].replace == "?"
    assert world.objects.objects["jobs/job-1/inputs/captions"] == b'{"text": "Hi ?"}'


def test_request_repeated_with_defaults_is_the_same_job(client: Client) -> None:
    key = {"idempotency-key": "run-7"}
    bodies = [
        CAPTION,
        CAPTION | {"style": "Classic", "replace": []},
        CAPTION | {"style": {"colors": {}, "italic": False}},
    ]
    answers = [client.call("POST", "/video/caption", body, headers=key) for body in bodies]
    assert [(answer.status, answer.json["job_id"]) for answer in answers] == [(202, "job-1")] * 3
    other = client.call("POST", "/video/caption", CAPTION | {"captions": "Hello you"}, headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
