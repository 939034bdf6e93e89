"""The catalogue of errors, and failures that are rebuilt from it."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from contract.errors import CATALOGUE, CAUSES, Code, Failure
from contract.errors.downloads import Reason


def test_catalogue_is_complete_and_its_messages_render() -> None:
    assert set(CATALOGUE) == set(Code)
    for code in Code:
        failure = Failure.of(code)
        assert failure.message.endswith(".")
        has_next_step = ". " in failure.message
        assert has_next_step or code is Code.CANCELLED, code
        assert "{" not in failure.message
        assert Failure.parse(failure.model_dump_json()) == failure


@pytest.mark.parametrize("code", [code for code in Code if code in CAUSES])
def test_each_cause_of_a_failed_download_has_a_sentence(code: Code) -> None:
    for key, cause in CAUSES[code].items():
        name = "http_status" if code is Code.SOURCE_HTTP else "reason"
        failure = Failure.of(code, field="url_image", **{name: key})
        assert failure.message.startswith("url_image ")
        assert failure.message.endswith(".")
        assert ". " in failure.message, key
        assert "{" not in failure.message
        assert failure.retryable is cause.retryable
        # A worker of a later release may send a cause that is unknown here.
        assert Failure.of(code, reason="sunspots").message == Failure.of(code).message
    reasons = {key for code, causes in CAUSES.items() if code is not Code.SOURCE_HTTP for key in causes}
    assert reasons == set(Reason)


@pytest.mark.parametrize(
    "leak",
    ["https://user:pw@host/path?token=1", "/etc/passwd", 'Traceback (most recent call last):\n  File "x"', "a" * 65],
)
def test_failures_contain_only_allowed_characters(leak: str) -> None:
    failure = Failure.of(Code.MEDIA_UNSUPPORTED, field="url_video", format=leak)
    assert leak not in failure.model_dump_json()
    forged = failure.model_dump() | {"message": leak, "params": {"format": leak}, "blame": "us"}
    parsed = Failure.parse(TypeAdapter(dict).dump_json(forged))
    assert parsed is not None
    assert leak not in parsed.model_dump_json()
    assert parsed.blame == CATALOGUE[Code.MEDIA_UNSUPPORTED].blame


@pytest.mark.parametrize("text", ["", "null", "[]", "boom", '{"code": "nonsense"}', '{"error_type": "x"}'])
def test_other_error_texts_are_not_failures(text: str) -> None:
    assert Failure.parse(text) is None
