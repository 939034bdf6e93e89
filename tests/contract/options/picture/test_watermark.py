"""Requests with a picture over the video."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from contract.options.captions.choices import Position
from contract.options.picture.watermark import WATERMARK, Watermark

LOGO, FILE = "https://example.com/logo.png", "https://example.com/file"


def test_url_is_short_for_a_watermark_with_defaults() -> None:
    operation = Img2Vid(url_image=FILE, overlay=LOGO)
    assert operation.overlay == Watermark(url_image=LOGO)
    assert operation.overlay.position is Position.TOP_RIGHT
    assert (operation.overlay.size, operation.overlay.opacity, operation.overlay.margin) == (15, 1, 4)


def test_its_file_is_an_input_but_not_a_scene() -> None:
    operation = Img2Vid(url_image=FILE, overlay={"url_image": LOGO, "position": "BOTTOM_LEFT", "size": "30"})
    assert [given.field for given in operation.inputs()] == ["url_image", WATERMARK]
    assert list(operation.scene_looks()) == ["url_image"]


def test_video_with_nothing_but_a_watermark_is_a_request() -> None:
    assert Compose(url_video=FILE, overlay=LOGO).overlay is not None
    with pytest.raises(ValidationError, match="`overlay`, or a size"):
        Compose(url_video=FILE)


@pytest.mark.parametrize(
    "fields",
    [
        {"size": 0.5},
        {"size": 101},
        {"opacity": -0.1},
        {"opacity": 1.1},
        {"margin": 26},
        {"position": "center"},
        {"url_image": ""},
    ],
)
def test_impossible_watermarks_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Img2Vid(url_image=FILE, overlay={"url_image": LOGO, **fields})
