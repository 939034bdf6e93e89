"""Requests to trim, to make pictures and to probe: times, ranges and contradictions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from contract.artifacts import ArtifactKind
from contract.operations import Operation
from contract.operations.probe import Probe
from contract.operations.thumbnail import Thumbnail
from contract.operations.trim import Trim

URL = "https://media.example/v.mp4"


def refusal(model: type[Operation], **fields: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({"url_video": URL, **fields})
    return refused.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (12, 12), (1.5, 1.5), ("1.5", 1.5), (" 7,25 ", 7.25), ("1:30", 90), ("00:00:01.100", 1.1),
        ("1:02:03.5", 3723.5), ("90:00", 5400), ("0:00:00,040", 0.04),
    ],
)  # fmt: skip
def test_times_are_seconds_or_text(text: str | float, seconds: float) -> None:
    (found,) = Trim(url_video=URL, start=text).ranges()
    assert (found.start, found.end) == (seconds, None)


@pytest.mark.parametrize("text", ["", "1:60", "1:60:00", "-1", -1, True, "1m", "1:2:3:4", 90_000, "nan", "1e3", [1]])
def test_other_times_are_refused(text: object) -> None:
    refusal(Trim, start=text)


@pytest.mark.parametrize(
    "text", ["0", "79999.9", "86400", "99999", "59:59", "999:59", "23:59:59,5", "4:60:00", "24:00:01", "1:60"]
)
def test_documented_pattern_allows_what_is_accepted(text: str) -> None:
    (pattern,) = {way["pattern"] for way in Trim.model_json_schema()["properties"]["start"]["anyOf"][0]["anyOf"][1:]}
    allowed = re.search(pattern, text) is not None
    assert allowed == (text not in {"86400", "99999", "4:60:00", "24:00:01", "1:60"})
    if allowed:
        assert Trim(url_video=URL, start=text)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "send `keep`, or `start`, `end` or both; leave out the others"),
        ({"start": 0, "keep": [{"start": 1, "end": 2}]}, "send `keep`, or `start`, `end` or both; leave out the other"),
        ({"end": 2, "duration": 2}, "send `end` or `duration`; leave out one of the two"),
        ({"start": 2, "end": 2.09}, "`end` must be at least 0.1 s after `start`; send a later `end`"),
        ({"keep": [{"start": 2, "end": 1}]}, "`end` must be at least 0.1 s after `start`; send a later `end`"),
        (
            {"keep": [{"start": 1, "end": 2}, {"start": 1.9, "end": 3}]},
            "`keep.1.start` must not be before the end of the part before; send the parts in rising order",
        ),
        (
            {"start": 1, "accuracy": "fast", "reencode": True},
            "`accuracy` `fast` only copies one part; send `exact`, or one part without `reencode`",
        ),
        *(
            (
                {"start": 1, "accuracy": "fast", **change},
                "`accuracy` `fast` only copies the picture; send `exact`, or leave out the size, `overlay` and",
            )
            for change in ({"resolution": "720p"}, {"overlay": URL}, {"format": "gif"})
        ),
        ({"keep": [{"start": at, "end": at + 0.5} for at in range(101)]}, "Tuple should have at most 100 items"),
    ],
)  # fmt: skip
def test_contradicting_trims_are_refused(fields: dict[str, Any], says: str) -> None:
    assert refusal(Trim, **fields).startswith(says)


def test_shortest_part_is_accepted_whatever_its_binary_rounding() -> None:
    assert Trim(url_video=URL, start=0.2, end=0.3).ranges()[0].end == 0.3


def test_ranges_name_their_fields() -> None:
    (one,) = Trim(url_video=URL, end="0:04").ranges()
    assert one == ("start", 0, 4)
    (one,) = Trim(url_video=URL, start=1, duration=2).ranges()
    assert one == ("start", 1, 3)
    parts = Trim(url_video=URL, keep=[{"start": 0, "end": 1}, {"start": 1, "end": "0:02"}]).ranges()
    assert parts == (("keep.0.start", 0, 1), ("keep.1.start", 1, 2))


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["thumbnail.jpg"]),
        ({"format": "PNG"}, ["thumbnail.png"]),
        ({"count": 3, "format": "webp"}, ["thumbnail_1.webp", "thumbnail_2.webp", "thumbnail_3.webp"]),
        ({"count": 3, "sprite": True}, ["sprite.jpg", "sprite.vtt"]),
    ],
)
def test_pictures_follow_from_the_request(fields: dict[str, Any], names: list[str]) -> None:
    artifacts = Thumbnail(url_video=URL, **fields).artifacts()
    assert [artifact.name for artifact in artifacts] == names
    assert artifacts[0].kind is ArtifactKind.IMAGE


@pytest.mark.parametrize("at", ["auto", "AUTO ", 0, 2.5, "2.5", "50%", "12.5 %", "100%"])
def test_times_of_pictures(at: str | float) -> None:
    found = Thumbnail(url_video=URL, at=at).at
    assert found == (at if isinstance(at, float | int) else 2.5 if at == "2.5" else at.lower().replace(" ", ""))
    assert not isinstance(found, int)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"at": "101%"}, 'must be "auto", seconds, or a share such as "50%"'),
        ({"at": "middle"}, 'must be "auto", seconds, or a share such as "50%"'),
        ({"at": -1}, "must be from 0 to 86400 seconds"),
        ({"at": "nan"}, "must be from 0 to 86400 seconds"),
        ({"at": 1, "count": 2}, "`count` above 1 spreads the pictures over the video; leave out `at` or `count`"),
        ({"sprite": True}, "`sprite` is a sheet of several pictures; send a `count` above 1"),
        ({"sprite": True, "count": 9, "width": 641}, "`width` is at most 640 with `sprite`; send a smaller one"),
        ({"count": 101}, "Input should be less than or equal to 100"),
        ({"width": 15}, "Input should be greater than or equal to 16"),
    ],
)
def test_contradicting_pictures_are_refused(fields: dict[str, Any], says: str) -> None:
    assert refusal(Thumbnail, **fields) == says


def test_probe_needs_one_file_and_a_picture_for_black() -> None:
    assert refusal(Probe, url_audio=URL) == "send `url_audio` or `url_video`, exactly one of the two"
    assert refusal(Probe, url_video=None, url_audio=URL, measure="black") == (
        "`measure` `black` needs a picture; send `url_video`, or leave out `black`"
    )
    assert [it.name for it in Probe(url_video=URL, measure="LOUDNESS, black").artifacts()] == ["probe.json"]
