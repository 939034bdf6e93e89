"""Word times of every known transcript."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.limits import MAX_CAPTION_SECONDS, MAX_WORDS
from contract.operations.caption import Caption
from contract.options.captions.words import read_words

EXPECTED = [{"word": "Hello,", "start": 0.5, "end": 0.9}, {"word": "world.", "start": 1.0, "end": 1.25}]


def listed(name: str = "word", **more: Any) -> list[dict[str, Any]]:
    return [{name: word["word"], "start": word["start"], "end": word["end"], **more} for word in EXPECTED]


MILLISECONDS = [{"text": "Hello,", "start": 500, "end": 900}, {"text": "world.", "start": 1000, "end": 1250}]
DEEPGRAM = [{"word": "hello", "punctuated_word": "Hello,", "start": 0.5, "end": 0.9, "confidence": 0.9},
            {"word": "world", "punctuated_word": "world.", "start": 1.0, "end": 1.25, "confidence": 0.9}]  # fmt: skip
FIRST, SECOND = listed(probability=0.9)
SHAPES = {
    "list with word": listed(),
    "list with text": listed("text"),
    "whisper segments": {
        "text": "Hello, world.", "language": "en",
        "segments": [{"id": 0, "text": "Hello,", "words": [FIRST]}, {"id": 1}, {"id": 2, "words": [SECOND]}],
    },
    "list of segments": [{"text": "Hello,", "words": [FIRST]}, {"text": "world.", "words": [SECOND]}],
    "verbose_json": {"task": "transcribe", "duration": 2.0, "words": listed(), "segments": [{"text": "Hello, world."}]},
    "verbose_json without top-level words": {"words": [], "segments": [{"words": listed()}]},
    "deepgram": {"metadata": {}, "results": {"channels": [{"alternatives": [{"words": DEEPGRAM}, {"words": []}]}]}},
    "assemblyai": {"id": "x", "text": "Hello, world.", "words": MILLISECONDS, "utterances": None},
    "wrapped in a list": [{"words": listed()}],
    "spaces around words": [{**word, "word": f" {word['word']} "} for word in EXPECTED],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_words_are_found_in_every_known_shape(shape: str) -> None:
    assert read_words(SHAPES[shape]) == EXPECTED


def test_segments_stand_for_words_that_have_no_times() -> None:
    segments = [{"text": " Without words.", "start": 0, "end": 3, "id": 0}]
    assert read_words({"segments": segments}) == [{"word": "Without words.", "start": 0, "end": 3}]


@pytest.mark.parametrize(
    "value",
    [
        None, "hello", 7, [], {}, {"words": []}, {"words": "x"}, {"segments": []}, {"results": {"channels": []}},
        {"segments": [7, {"words": 7}]},
        [{"words": []}, {"words": None}], {"results": {"channels": [{"alternatives": []}]}},
    ],
)  # fmt: skip
def test_transcript_without_word_times_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="has no words with times"):
        read_words(value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"start": 1.3, "end": 1.2}, "entry 1 must end after it starts"),
        ({"start": 0.8}, "entry 1 starts before the previous word ends"),
        ({"start": 0.1, "end": 0.2}, "entry 1 starts before the previous word ends"),
        ({"start": -1}, "entry 1: `start` and `end` must be times"),
        ({"start": None}, "entry 1: `start` and `end` must be times"),
        ({"start": "1.0"}, "entry 1: `start` and `end` must be times"),
        ({"start": True}, "entry 1: `start` and `end` must be times"),
        ({"end": math.nan}, "entry 1: `start` and `end` must be times"),
        ({"end": math.inf}, "entry 1: `start` and `end` must be times"),
        ({"end": MAX_CAPTION_SECONDS + 1}, "entry 1 ends after 86400 seconds"),
        ({"end": 10**400}, "entry 1: `start` and `end` must be times"),
        ({"word": ""}, "entry 1 has no `word`"),
        ({"word": None}, "entry 1 has no `word`"),
        ({"word": "x" * 1000}, "entry 1: a word must not have more than 200 characters"),
    ],
)
def test_invalid_word_is_named_by_its_index(change: dict[str, Any], says: str) -> None:
    first, second = listed()
    with pytest.raises(ValueError, match=says):
        read_words([first, second | change])


def test_entries_that_are_no_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="entry 1 has no `word`"):
        read_words([listed()[0], "world"])


def test_number_of_words_is_limited() -> None:
    words = [{"word": "a", "start": n, "end": n + 0.5} for n in range(MAX_WORDS + 1)]
    assert len(read_words(words[:-1])) == MAX_WORDS
    with pytest.raises(ValueError, match="must not have more than 10000 words"):
        read_words(words)


def test_word_without_duration_lasts_until_the_next_at_most() -> None:
    times = [(1, 1), (1.02, 1.02), (3, 3)]
    words = read_words([{"word": "a", "start": start, "end": end} for start, end in times])
    assert [word["end"] for word in words] == [1.02, 1.07, 3.05]
    with pytest.raises(ValueError, match="entry 0 must end after it starts"):
        read_words([{"word": "a", "start": 1, "end": 1}, {"word": "b", "start": 1, "end": 2}])


def test_whole_seconds_are_not_milliseconds() -> None:
    words = [{"word": "a", "start": 0, "end": 1}, {"word": "b", "start": 100, "end": 104}]
    assert [word["end"] for word in read_words(words)] == [1, 104]


NAMES = st.sampled_from(["word", "text", "punctuated_word"])
TIMES = st.integers(0, 90_000) | st.floats(-1, 90_000) | st.sampled_from([math.nan, math.inf, True, None, "1"])
ENTRIES = st.builds(
    lambda name, word, start, length: {name: word, "start": start, "end": add(start, length)},
    NAMES, st.text(max_size=5) | st.just("Hello"), TIMES, st.floats(-0.1, 2) | st.just(0),
)  # fmt: skip


def add(start: Any, length: float) -> Any:
    return start + length if isinstance(start, int | float) and not isinstance(start, bool) else start


@given(st.lists(ENTRIES, max_size=3) | st.lists(ENTRIES, max_size=8).map(lambda words: sorted(words, key=str)))
def test_accepted_words_are_ordered_and_survive_the_file(entries: list[dict[str, Any]]) -> None:
    try:
        operation = Caption.model_validate({"url_video": "https://media.example/v.mp4", "words": entries})
    except ValidationError:
        return
    words = operation.words
    assert words
    assert all(0 <= word.start < word.end <= MAX_CAPTION_SECONDS for word in words)
    assert all(before.end <= word.start for before, word in pairwise(words))
    assert all(word.word == word.word.strip() for word in words)
    data = operation.inline_captions()
    assert data is not None
    assert read_words(json.loads(data)) == [word.model_dump() for word in words]
