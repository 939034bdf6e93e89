"""Sources of captions: inline text, its file for the worker, and references to stored files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.errors import Code, Failure
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.transcribe import Transcribe
from contract.options.captions import Replacement
from contract.options.captions.choices import SubtitleMode
from contract.options.stored import stored_field, stored_reference

VIDEO, SRT = "https://media.example/v.mp4", "https://media.example/s.srt"
CUE = "00:00:01,000 --> 00:00:02,000\nHello"
WORDS = [{"word": "Hello", "start": 0, "end": 0.5}]


def caption(**fields: object) -> Caption:
    return Caption.model_validate({"url_video": VIDEO, **fields})


@pytest.mark.parametrize(
    "fields",
    [{}, {"url_srt": SRT, "captions": "a"}, {"captions": "a", "words": WORDS}, {"url_srt": SRT, "words": WORDS}],
)
def test_caption_needs_exactly_one_source(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="exactly one of them"):
        caption(**fields)


@pytest.mark.parametrize(
    ("fields", "is_valid"),
    [({}, False), ({"captions": "a"}, True), ({"words": WORDS}, True), ({"captions": "a", "url_srt": SRT}, False)],
)
def test_compose_of_a_video_takes_captions_from_one_source(fields: dict[str, object], is_valid: bool) -> None:
    body = {"url_video": VIDEO, **fields}
    if is_valid:
        assert Compose.model_validate(body).caption_sources() == list(fields)
    else:
        with pytest.raises(ValidationError, match="send"):
            Compose.model_validate(body)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SRT, "is a URL"), (f"\n HTTPS://{SRT} ", "is a URL"), ("", "has no text"), (" \n…?!", "has no text"),
        ("a" * (128 * 1024 + 1), "128 KiB"), ("é" * (64 * 1024 + 1), "128 KiB"), ('[{"a": 1}]', "is JSON"),
        ("[" * 5000, "has no text"),
    ],
)  # fmt: skip
def test_unusable_text_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        caption(captions=text)


@pytest.mark.parametrize(
    "text", ["a" * 128 * 1024, "é" * 64 * 1024, f"See {SRT}", r"{\an8}Hello", "[music] Hello", "你好"]
)
def test_long_text_links_and_markup_are_text(text: str) -> None:
    assert caption(captions=text).captions == text


@pytest.mark.parametrize(
    "text",
    [
        CUE, f"1\n{CUE}", f"WEBVTT\n\n{CUE}", "[Script Info]\nTitle: x",
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,Hello",
        "0:00:01.000,0:00:02.000\nHello", "00:00:01,000 → 00:00:02,000\nHello", "[00:01.000 --> 00:02.000] Hello",
        "00:00:01,000 - 00:00:02,000\nHello",
    ],
)  # fmt: skip
def test_subtitles_are_stored_as_they_are(text: str) -> None:
    assert caption(captions=text).inline_captions() == text.encode()


@pytest.mark.parametrize(
    "text", ["Hello there", "Open from 9:00 to 17:00", "9:30 - 10:15 breakfast", "A -> B", "Dialogue: hello", "1. Ünï"]
)
def test_plain_text_is_marked_as_such(text: str) -> None:
    data = caption(captions=text).inline_captions()
    assert data is not None
    assert json.loads(data) == {"text": text}


def test_url_is_no_inline_text() -> None:
    operation = caption(url_srt=SRT)
    assert operation.inline_captions() is None
    assert operation.extract_inline() == (operation, {})


@pytest.mark.parametrize(("field", "value"), [("captions", CUE), ("words", WORDS)])
def test_inline_text_is_replaced_by_a_reference(field: str, value: object) -> None:
    operation = caption(**{field: value}, style="pop", language="en")
    stored, files = operation.extract_inline()
    assert files == {field: operation.inline_captions()}
    assert stored == caption(url_srt=stored_reference(field), style="pop", language="en")
    assert "Hello" not in stored.model_dump_json()
    assert Caption.model_validate_json(stored.model_dump_json()) == stored
    assert (stored.sent_field("url_srt"), stored.sent_field("url_video")) == (field, "url_video")
    assert operation.sent_field("kind") == "kind"


def test_references_are_no_urls() -> None:
    assert stored_field(stored_reference("captions")) == "captions"
    assert stored_field(SRT) is None
    assert caption(url_srt="stored:words").url_srt == "stored:words"


def test_failure_names_the_field_that_was_sent() -> None:
    failure = Failure.of(Code.SUBTITLES_UNREADABLE, field="url_srt", format="MP4")
    named = failure.naming(caption(url_srt="stored:captions").sent_field)
    assert named == Failure.of(Code.SUBTITLES_UNREADABLE, field="captions", format="MP4")
    assert failure.naming(caption(url_srt=SRT).sent_field) == failure
    internal = Failure.of(Code.INTERNAL)
    assert internal.naming(caption(captions="a").sent_field) == internal


@pytest.mark.parametrize(("language", "is_valid"), [("en", True), (" pt-BR ", True), ("zh-Hans-CN", True), ("e", False),
                                                   ("en_US", False), ("english", False), ("en-", False)])  # fmt: skip
def test_language_is_a_bcp_47_code(language: str, is_valid: bool) -> None:
    if is_valid:
        assert caption(captions="a", language=language).language == language.strip()
    else:
        with pytest.raises(ValidationError):
            caption(captions="a", language=language)


def test_subtitle_mode_is_burn_or_what_was_sent_in_any_case() -> None:
    assert caption(url_srt=SRT).subtitle_mode is SubtitleMode.BURN
    assert caption(url_srt=SRT, subtitle_mode=" Soft ").subtitle_mode is SubtitleMode.SOFT
    with pytest.raises(ValidationError, match="subtitle_mode"):
        caption(url_srt=SRT, subtitle_mode="hard")


@pytest.mark.parametrize("exclude", [{"start": 2, "end": 1}, {"start": 1, "end": 1}, {"start": 0, "end": 86_401}])
def test_excluded_range_ends_after_it_starts(exclude: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        caption(captions="a", exclude=[exclude])


@given(st.text(max_size=120) | st.integers(0, 40).map(lambda count: "<i>" * count))
def test_accepted_replacement_survives_a_message(text: str) -> None:
    try:
        replacement = Replacement(find="a", replace=text)
    except ValidationError:
        assert len(text) > 75
        return
    assert Replacement.model_validate_json(replacement.model_dump_json()) == replacement
    assert "\n" not in replacement.replace


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["SRT", "srt", " ass "], ("srt", "ass")),
        ("srt, VTT ass", ("srt", "vtt", "ass")),
        ("", ()),
        ([], ()),
        *((bad, None) for bad in ([{}], [[None]], [None], ["txt"], "srt,x", 5, True, {"srt": True})),
    ],
)
def test_sidecar_is_a_list_of_formats(given: object, read: tuple[str, ...] | None) -> None:
    if read is None:
        with pytest.raises(ValidationError):
            Caption.model_validate({"url_video": VIDEO, "url_srt": SRT, "sidecar": given})
        return
    made = Caption.model_validate({"url_video": VIDEO, "url_srt": SRT, "sidecar": given})
    assert made.sidecar == read
    assert [artifact.name for artifact in made.artifacts()] == ["output.mp4", *(f"captions.{name}" for name in read)]


def test_sidecar_needs_captions() -> None:
    with pytest.raises(ValidationError, match="`sidecar` needs captions"):
        Compose.model_validate({"url_image": VIDEO, "sidecar": ["srt"]})


@pytest.mark.parametrize("formats", [[], "", "pdf", [1]])
def test_transcript_has_a_format(formats: object) -> None:
    with pytest.raises(ValidationError):
        Transcribe.model_validate({"url_audio": VIDEO, "formats": formats})
