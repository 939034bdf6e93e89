from __future__ import annotations

import pytest

from lambda_api.domain.access.tokens import make_token, verify_token

SECRET = "a-secret-of-good-length"


def test_token_is_valid_for_one_job_attempt_and_purpose() -> None:
    token = make_token(SECRET, "webhook", "job-1", 2)
    assert verify_token([SECRET], "webhook", "job-1", token) == 2
    assert verify_token([SECRET], "progress", "job-1", token) is None
    assert verify_token([SECRET], "webhook", "job-2", token) is None
    assert verify_token([SECRET], "webhook", "job-1", "3" + token[1:]) is None


def test_older_secret_is_accepted_during_rotation() -> None:
    token = make_token("older-secret-of-good-length", "webhook", "job-1", 1)
    assert verify_token([SECRET, "older-secret-of-good-length"], "webhook", "job-1", token) == 1
    assert verify_token([SECRET], "webhook", "job-1", token) is None


@pytest.mark.parametrize("bad", ["", "1", "1-", "-x", "x-y", "١-abc", "1-é", "1-" + "a" * 100, "99999-abc", "01"])
def test_malformed_token_is_rejected(bad: str) -> None:
    assert verify_token([SECRET], "webhook", "job-1", bad) is None


@pytest.mark.parametrize("index", range(len(make_token(SECRET, "webhook", "job-1", 1))))
def test_changing_any_character_invalidates_a_token(index: int) -> None:
    token = make_token(SECRET, "webhook", "job-1", 1)
    forged = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
    assert verify_token([SECRET], "webhook", "job-1", forged) is None
