"""Options of the finished file."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid

IMAGE, VIDEO = "https://a.example/a.jpg", "https://a.example/a.mp4"


def clip(**fields: Any) -> Img2Vid:
    return Img2Vid.model_validate({"url_image": IMAGE, **fields})


@pytest.mark.parametrize(
    ("fields", "artifacts"),
    [
        ({}, ["output.mp4"]),
        ({"format": "mp4_hevc"}, ["output.mp4"]),
        ({"format": " WebM", "poster": True}, ["output.webm", "poster.jpg"]),
        ({"format": "gif", "poster": {"at": 1}}, ["output.gif", "poster.jpg"]),
        ({"poster": "true"}, ["output.mp4", "poster.jpg"]),
        ({"poster": False}, ["output.mp4"]),
    ],
)
def test_files_follow_from_the_request(fields: dict[str, Any], artifacts: list[str]) -> None:
    operation = clip(**fields)
    assert [artifact.name for artifact in operation.artifacts()] == artifacts
    assert Img2Vid.model_validate(operation.model_dump(mode="json")) == operation


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, None),
        ({"output_filename": "short.mp4"}, "short.mp4"),
        ({"output_filename": "Short.MP4"}, "Short.MP4"),
        ({"output_filename": "my.short"}, "my.short.mp4"),
        ({"output_filename": "short.mp4", "format": "gif"}, "short.mp4.gif"),
    ],
)
def test_download_name_has_the_ending_of_the_format(fields: dict[str, Any], name: str | None) -> None:
    assert clip(**fields).download_name() == name


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (960, 540)),
        ({"size": "1280x720"}, (640, 360)),
        ({"aspect_ratio": "9:16", "resolution": "4k"}, (540, 960)),
        ({"size": "640x480"}, (320, 240)),
    ],
)
def test_a_draft_has_half_the_size(fields: dict[str, Any], size: tuple[int, int]) -> None:
    assert clip(quality="draft", **fields).scene_looks()["url_image"].size == size


@pytest.mark.parametrize("name", ["a/b.mp4", "..\\x", "", "a b.mp4", 'a".mp4', "é.mp4", "x" * 101, "a\r\nb"])
def test_names_that_could_leave_a_header_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        clip(output_filename=name)


def test_formats_without_subtitle_tracks_are_refused_for_them() -> None:
    with pytest.raises(ValidationError, match="needs `format` `mp4`"):
        Caption.model_validate({"url_video": VIDEO, "captions": "Hi", "subtitle_mode": "soft", "format": "webm"})
