"""Operations, messages and the error catalogue."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from pydantic import TypeAdapter, ValidationError

from contract.base import CONTRACT_VERSION
from contract.errors import CATALOGUE, CAUSES, Code, Failure
from contract.errors.downloads import Reason
from contract.limits import Limits
from contract.messages import ManifestSlot, OutputSlot, WorkerJob
from contract.operations import Operation, OperationUnion, Role, exact_rate, frame_count
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from tests.support.examples import manifest

IMAGE = "https://media.example/p.jpg"
UNION: TypeAdapter[Operation] = TypeAdapter(OperationUnion)


@pytest.mark.parametrize("field", ["frame_rate", "duration"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 0, 301])
def test_numbers_are_finite_and_bounded(field: str, value: float) -> None:
    with pytest.raises(ValidationError):
        Img2Vid.model_validate({"url_image": IMAGE, field: value})


def test_defaults_are_the_seeds() -> None:
    operation = Img2Vid(url_image=IMAGE)
    assert (operation.frame_rate, operation.duration, operation.size) == (24.0, 5.0, "1920x1080")


@pytest.mark.parametrize(
    ("duration", "rate", "frames"), [(5.0, 24, 120), (0.1, 1, 1), (2.04, 25, 51), (300, 60, 18000)]
)
def test_frames_are_duration_times_rate_rounded(duration: float, rate: float, frames: int) -> None:
    assert frame_count(duration, rate) == frames


@pytest.mark.parametrize(
    ("rate", "exact"),
    [(24, Fraction(24)), (23.976, Fraction(24000, 1001)), (29.97, Fraction(30000, 1001)), (12.5, Fraction(25, 2))],
)
def test_broadcast_rates_are_the_rational_ones(rate: float, exact: Fraction) -> None:
    assert exact_rate(rate) == exact


@pytest.mark.parametrize(("size", "normal"), [("1080X1920", "1080x1920"), (" 64x64 ", "64x64")])
def test_sizes(size: str, normal: str) -> None:
    assert Img2Vid(url_image=IMAGE, size=size).size == normal


@pytest.mark.parametrize("size", ["1081x1920", "0x0", "9999x16", "1080", "1080x1920x3", "-64x64"])
def test_sizes_that_h264_cannot_have(size: str) -> None:
    with pytest.raises(ValidationError):
        Img2Vid(url_image=IMAGE, size=size)


@pytest.mark.parametrize(
    "fields",
    [{}, {"url_image": IMAGE, "url_video": IMAGE}, {"url_video": IMAGE}, {"url_audio": IMAGE, "url_srt": IMAGE}],
)
def test_compose_needs_one_picture_and_something_to_do(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Compose.model_validate(fields)


def test_inputs_name_themselves() -> None:
    operation = Compose(url_image=IMAGE, url_srt="https://media.example/s.srt")
    assert [(i.field, i.role) for i in operation.inputs()] == [("url_image", Role.IMAGE), ("url_srt", Role.SUBTITLES)]


def test_operations_are_told_apart_by_kind() -> None:
    read = UNION.validate_python({"kind": "caption", "url_video": IMAGE, "url_srt": IMAGE})
    assert isinstance(read, Caption)


@pytest.mark.fault("K7")
def test_a_message_from_a_newer_gateway_is_read_and_one_from_two_versions_on_is_not() -> None:
    order = WorkerJob(
        job_id="job-1", attempt=1, operation=Caption(url_video=IMAGE, url_srt=IMAGE), deadline=1.0, limits=Limits(),
        output=OutputSlot(key="k", put_url="p", get_url="g"), manifest=ManifestSlot(put_url="m"), progress_url="u",
    ).model_dump(mode="json")  # fmt: skip
    newer = order | {"colour": "blue", "operation": order["operation"] | {"style": {"bold": True}}}
    assert WorkerJob.model_validate(newer).operation == WorkerJob.model_validate(order).operation
    for version in (0, CONTRACT_VERSION + 1):
        with pytest.raises(ValidationError):
            WorkerJob.model_validate(order | {"contract_version": version})


def test_the_catalogue_is_complete_and_its_sentences_render() -> None:
    assert set(CATALOGUE) == set(Code)
    for code in Code:
        failure = Failure.of(code)
        assert failure.message.endswith(".")
        assert "{" not in failure.message
        assert Failure.parse(failure.model_dump_json()) == failure


@pytest.mark.parametrize("code", [code for code in Code if code in CAUSES])
def test_each_cause_of_a_failed_download_has_its_sentence(code: Code) -> None:
    for key, cause in CAUSES[code].items():
        name = "http_status" if code is Code.SOURCE_HTTP else "reason"
        failure = Failure.of(code, field="url_image", **{name: key})
        assert failure.message.startswith("url_image ")
        assert failure.message.endswith(".")
        assert "{" not in failure.message
        assert failure.retryable is cause.retryable
        # A worker of an earlier release says no cause, one of a later release a cause that is not known here.
        assert Failure.of(code, reason="sunspots").message == Failure.of(code).message
    reasons = {key for code, causes in CAUSES.items() if code is not Code.SOURCE_HTTP for key in causes}
    assert reasons == set(Reason)


@pytest.mark.parametrize(
    "leak",
    ["https://user:pw@host/path?token=1", "/etc/passwd", 'Traceback (most recent call last):\n  File "x"', "a" * 65],
)
def test_nothing_outside_the_alphabet_travels_in_a_failure(leak: str) -> None:
    failure = Failure.of(Code.MEDIA_UNSUPPORTED, field="url_video", format=leak)
    assert leak not in failure.model_dump_json()
    forged = failure.model_dump() | {"message": leak, "params": {"format": leak}, "blame": "us"}
    reread = Failure.parse(TypeAdapter(dict).dump_json(forged))
    assert reread is not None
    assert leak not in reread.model_dump_json()
    assert reread.blame == CATALOGUE[Code.MEDIA_UNSUPPORTED].blame


@pytest.mark.parametrize("text", ["", "null", "[]", "boom", '{"code": "nonsense"}', '{"error_type": "x"}'])
def test_other_error_texts_are_not_failures(text: str) -> None:
    assert Failure.parse(text) is None


def test_a_manifest_states_real_numbers() -> None:
    good = manifest().model_dump(mode="json")
    for part, name, value in [("output", "size_bytes", 0), ("output", "sha256", "x"), ("media", "width", 0)]:
        with pytest.raises(ValidationError):
            type(manifest()).model_validate(good | {part: good[part] | {name: value}})
