"""Requests of a slideshow: pictures as URLs or objects, and what is refused before anything is paid."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from contract.operations.slideshow import Slideshow
from contract.options.picture import Fit
from contract.options.picture.motion import MotionKind
from contract.roles import Role

A, B, VOICE = "https://a.example/a.jpg", "https://a.example/b.jpg", "https://a.example/voice.mp3"


def slideshow(**fields: Any) -> Slideshow:
    return Slideshow.model_validate({"images": [A, {"url_image": B, "duration": 3}], **fields})


def test_pictures_are_urls_or_objects() -> None:
    operation = slideshow(music="https://a.example/m.mp3", url_audio=VOICE)
    assert [(given.field, given.role, given.url) for given in operation.inputs()] == [
        ("url_audio", Role.AUDIO, VOICE),
        ("music.url_audio", Role.AUDIO, "https://a.example/m.mp3"),
        ("images.0.url_image", Role.IMAGE, A),
        ("images.1.url_image", Role.IMAGE, B),
    ]
    assert [image.duration for image in operation.images] == [None, 3]


def test_urls_are_replaced_by_field() -> None:
    operation = slideshow(url_audio=VOICE).with_urls({"images.1.url_image": A, "url_audio": B})
    assert [given.url for given in operation.inputs()] == [B, A, A]
    assert Slideshow.model_validate(operation.model_dump()) == operation


def test_a_picture_may_have_its_own_motion_and_fit() -> None:
    images = [A, {"url_image": B, "motion": {"kind": "pan_up", "amount": 0.4}, "fit": "contain"}]
    looks = slideshow(images=images, aspect_ratio="reels", fit="blur").scene_looks()
    first, second = looks["images.0.url_image"], looks["images.1.url_image"]
    assert (first.size, first.fit, first.motion.kind, first.motion.amount) == (
        (1080, 1920), Fit.BLUR, MotionKind.KEN_BURNS, 0.12,
    )  # fmt: skip
    assert (second.fit, second.motion.kind, second.motion.amount) == (Fit.CONTAIN, MotionKind.PAN_UP, 0.4)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"images": []}, "at least 1 item"),
        ({"images": [A] * 201}, "at most 200 items"),
        ({"images": [{"duration": 3}]}, "Field required"),
        ({"transition": {"kind": "fade", "duration": 4}}, "send at most 3 s, or longer durations"),
        ({"images": [{"url_image": A, "duration": 300}] * 13}, "last longer than 3600 s together"),
        ({"captions": "auto"}, "need speech; also send `url_audio`"),
        ({"captions": "Hi", "url_srt": B}, "send only one of"),
        ({"transition": "swirl"}, "Input should be 'cut'"),
        ({"size": "640x360", "resolution": "720p"}, "leave out one of the two"),
        ({"aspect_ratio": "21:9", "resolution": "4k"}, "a side has at most 3840 pixels"),
    ],
)
def test_impossible_requests_are_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        slideshow(**fields)


def test_a_cut_may_be_as_long_as_it_likes() -> None:
    assert slideshow(transition={"kind": "cut", "duration": 5}).transition.seconds == 0


@pytest.mark.parametrize(
    ("fields", "own", "size"),
    [
        ({}, (1280, 720), (1280, 720)),
        ({"size": "640x480"}, (1280, 720), (640, 480)),
        ({"aspect_ratio": "9:16"}, (1280, 720), (720, 1280)),
        ({"aspect_ratio": "square", "resolution": "480p"}, (1280, 720), (480, 480)),
        ({"resolution": "4k"}, (1280, 720), (3840, 2160)),
        ({"resolution": "480p"}, (1920, 1080), (854, 480)),
        ({"aspect_ratio": "21:9", "resolution": "1080p"}, (64, 64), (2520, 1080)),
        ({"aspect_ratio": "4:5", "resolution": "1080p"}, (64, 64), (1080, 1350)),
    ],
)
def test_frame_size(fields: dict[str, Any], own: tuple[int, int], size: tuple[int, int]) -> None:
    assert slideshow(**fields).frame_size(own) == size
