"""What a request to join videos may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contract.limits import MAX_VIDEOS
from contract.operations.concatenate import Concatenate
from contract.options.picture.transition import TransitionKind

URL = "https://media.example/clip.mp4"


def read(*videos: Any, **options: Any) -> Concatenate:
    return Concatenate.model_validate({"videos": videos, **options})


def refusal(*videos: Any, **options: Any) -> tuple[tuple[Any, ...], str]:
    """Return where the only error is, and its sentence."""
    with pytest.raises(ValidationError) as raised:
        read(*videos, **options)
    (error,) = raised.value.errors()
    return error["loc"], error["msg"]


def test_videos_are_inputs_in_their_order() -> None:
    operation = read(URL, {"url_video": URL + "?2", "start": "1,5", "end": "0:04"}, URL)
    assert [(given.field, given.url) for given in operation.inputs()] == [
        ("videos.0.url_video", URL),
        ("videos.1.url_video", URL + "?2"),
        ("videos.2.url_video", URL),
    ]
    assert (operation.videos[1].start, operation.videos[1].stated_seconds) == (1.5, 2.5)
    assert operation.transition.seconds == 0
    assert all(operation.keeps_sound_of(given.field) for given in operation.inputs())


@pytest.mark.parametrize("count", [0, 1, MAX_VIDEOS + 1])
def test_too_few_or_too_many_videos_are_refused(count: int) -> None:
    assert refusal(*[URL] * count)[1] == "Value error, `videos` must have from 2 to 100 entries; send as many URLs"
    assert len(read(*[URL] * MAX_VIDEOS).videos) == MAX_VIDEOS


@pytest.mark.parametrize("part", [{"start": 2, "end": 2}, {"start": 3, "end": 2}, {"end": 0}])
def test_part_must_end_after_it_begins(part: dict[str, float]) -> None:
    where, sentence = refusal(URL, {"url_video": URL, **part})
    assert where == ("videos", 1)
    assert "`end` must be later than `start`; send" in sentence


def test_part_that_is_too_short_for_the_transition_is_refused() -> None:
    where, sentence = refusal(URL, {"url_video": URL, "start": 1, "end": 1.8}, transition="fade")
    assert where == ()
    assert sentence == (
        "Value error, `videos.1` lasts 0.8 s, which is less than two transitions; "
        "send a `transition` with a `duration` of at most 0.4"
    )
    assert read(URL, {"url_video": URL, "end": 1}, transition="fade").transition.kind is TransitionKind.FADE
    assert read(URL, {"url_video": URL, "end": 0.1}, transition={"kind": "cut", "duration": 5})
