"""Operations: fields, defaults, inputs, and how they are registered."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from pydantic import TypeAdapter, ValidationError

from contract.operations import OPERATIONS, AudioMode, Operation, OperationUnion, Role, exact_rate, frame_count
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid

IMAGE, VIDEO = "https://media.example/p.jpg", "https://media.example/v.mp4"
UNION: TypeAdapter[Operation] = TypeAdapter(OperationUnion)


def test_operations_are_registered_by_module_in_alphabetical_order() -> None:
    assert list(OPERATIONS) == sorted(OPERATIONS)
    for kind, model in OPERATIONS.items():
        assert model.__module__ == f"contract.operations.{kind}"
        assert model.path.endswith(f"/{kind}")


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_documented_example_is_valid(kind: str) -> None:
    schema = OPERATIONS[kind].model_json_schema()
    for example in schema["examples"]:
        assert UNION.validate_python({"kind": kind, **example}).kind == kind


@pytest.mark.parametrize(
    ("operation", "keeps"),
    [
        (Caption(url_video=VIDEO, url_srt=VIDEO), True),
        (AddAudio(url_video=VIDEO, url_audio=VIDEO), False),
        (AddAudio(url_video=VIDEO, url_audio=VIDEO, mode=AudioMode.MIX), True),
        (Compose(url_video=VIDEO, url_srt=VIDEO), True),
        (Compose(url_video=VIDEO, url_audio=VIDEO), False),
    ],
)
def test_own_sound_is_kept_unless_it_is_replaced(operation: Operation, keeps: bool) -> None:
    assert operation.keeps_sound_of("url_video") is keeps


@pytest.mark.parametrize("field", ["frame_rate", "duration"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 0, 301])
def test_numbers_are_finite_and_bounded(field: str, value: float) -> None:
    with pytest.raises(ValidationError):
        Img2Vid.model_validate({"url_image": IMAGE, field: value})


def test_img2vid_defaults_to_5_s_at_24_fps_in_full_hd() -> None:
    operation = Img2Vid(url_image=IMAGE)
    assert (operation.frame_rate, operation.duration, operation.scene_looks()["url_image"].size) == (
        24.0,
        5.0,
        (1920, 1080),
    )


@pytest.mark.parametrize(
    ("duration", "rate", "frames"), [(5.0, 24, 120), (0.1, 1, 1), (2.04, 25, 51), (300, 60, 18000)]
)
def test_frame_count_is_duration_times_rate_rounded(duration: float, rate: float, frames: int) -> None:
    assert frame_count(duration, rate) == frames


@pytest.mark.parametrize(
    ("rate", "exact"),
    [(24, Fraction(24)), (23.976, Fraction(24000, 1001)), (29.97, Fraction(30000, 1001)), (12.5, Fraction(25, 2))],
)
def test_broadcast_rates_are_rational(rate: float, exact: Fraction) -> None:
    assert exact_rate(rate) == exact


@pytest.mark.parametrize(("size", "normal"), [("1080X1920", "1080x1920"), (" 64x64 ", "64x64")])
def test_sizes_are_normalized(size: str, normal: str) -> None:
    assert Img2Vid(url_image=IMAGE, size=size).size == normal


@pytest.mark.parametrize("size", ["1081x1920", "0x0", "9999x16", "1080", "1080x1920x3", "-64x64"])
def test_sizes_that_h264_does_not_support_are_refused(size: str) -> None:
    with pytest.raises(ValidationError):
        Img2Vid(url_image=IMAGE, size=size)


@pytest.mark.parametrize(
    "fields",
    [{}, {"url_image": IMAGE, "url_video": IMAGE}, {"url_video": IMAGE}, {"url_audio": IMAGE, "url_srt": IMAGE}],
)
def test_compose_needs_one_picture_or_video_and_something_to_add(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Compose.model_validate(fields)


def test_inputs_have_their_field_and_role() -> None:
    operation = Compose(url_image=IMAGE, url_srt="https://media.example/s.srt")
    assert [(i.field, i.role) for i in operation.inputs()] == [("url_image", Role.IMAGE), ("url_srt", Role.SUBTITLES)]


def test_kind_selects_the_operation() -> None:
    read = UNION.validate_python({"kind": "caption", "url_video": IMAGE, "url_srt": IMAGE})
    assert isinstance(read, Caption)
