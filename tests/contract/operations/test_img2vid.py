"""Requests of clips: one picture, or several that become a video each."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from contract.operations.img2vid import Img2Vid
from contract.options.picture import Fit
from contract.options.picture.motion import MotionKind
from contract.roles import Role

A, B = "https://a.example/a.jpg", "https://a.example/b.jpg"


def clips(**fields: Any) -> Img2Vid:
    return Img2Vid.model_validate({"images": [A, {"url_image": B, "duration": 3}], **fields})


def test_each_picture_is_an_input_and_a_file_in_its_order() -> None:
    operation = clips(overlay=B)
    assert [(given.field, given.role, given.url) for given in operation.inputs()] == [
        ("overlay.url_image", Role.IMAGE, B),
        ("images.0.url_image", Role.IMAGE, A),
        ("images.1.url_image", Role.IMAGE, B),
    ]
    assert [artifact.name for artifact in operation.artifacts()] == ["output_1.mp4", "output_2.mp4"]
    assert (operation.durations(), Img2Vid(url_image=A, duration=2).durations()) == ((5, 3), (2,))
    assert Img2Vid.model_validate(operation.model_dump(mode="json")) == operation


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"format": "webm"}, ["output_1.webm", "output_2.webm"]),
        ({"format": "gif", "poster": False}, ["output_1.gif", "output_2.gif"]),
        ({"images": [A], "poster": True, "output_filename": "a"}, ["output_1.mp4", "poster.jpg"]),
        ({"images": [A] * 20, "format": "mp4_hevc"}, [f"output_{number}.mp4" for number in range(1, 21)]),
    ],
)
def test_names_of_files_follow_from_the_request(fields: dict[str, Any], names: list[str]) -> None:
    artifacts = clips(**fields).artifacts()
    assert [artifact.name for artifact in artifacts] == names
    assert len({artifact.content_type for artifact in artifacts if artifact.kind == "video"}) == 1


def test_a_picture_may_have_its_own_motion_and_fit() -> None:
    images = [A, {"url_image": B, "motion": {"kind": "pan_up", "amount": 0.4}, "fit": "contain"}]
    first, second = clips(images=images, motion="zoom_out", fit="blur", aspect_ratio="1:1").scene_looks().values()
    alone = Img2Vid(url_image=A, motion="zoom_out", fit="blur", aspect_ratio="1:1").scene_looks()["url_image"]  # type: ignore[arg-type]
    assert first == alone
    assert (second.size, second.fit, second.motion.kind, second.motion.amount) == (
        (1080, 1080), Fit.CONTAIN, MotionKind.PAN_UP, 0.4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"images": []}, "send `url_image` or `images`, exactly one of the two"),
        ({"url_image": A}, "send `url_image` or `images`, exactly one of the two"),
        ({"images": [A] * 21}, "at most 20 items"),
        ({"images": [{"duration": 3}]}, "Field required"),
        ({"images": [{"url_image": A, "duration": 301}]}, "less than or equal to 300"),
        ({"poster": True}, "`poster` is a picture of one video; leave it out, or send one picture per request"),
        ({"output_filename": "a.mp4"}, "`output_filename` names one video; leave it out"),
    ],
)
def test_impossible_requests_are_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        clips(**fields)
