"""Tokens of share links."""

from __future__ import annotations

import pytest

from lambda_api.domain.access.share_links import Share, make_share_token, read_share_token, revoke_shares
from lambda_api.domain.access.tokens import make_token
from tests.support.examples import job

SHARE = Share("1b1e2f80-0000-4000-8000-000000000001", "output.mp4", 1_800_000_000_000, 3)
TOKEN = make_share_token("new", SHARE)


def test_genuine_token_is_read_back_under_every_secret() -> None:
    assert read_share_token(("new",), TOKEN) == SHARE
    assert read_share_token(("newer", "new"), TOKEN) == SHARE
    assert read_share_token(("newer",), TOKEN) is None
    assert read_share_token((), TOKEN) is None


def test_longest_token_is_read() -> None:
    share = Share("j" * 64, "a" * 64, 10**13, 10**6)
    assert read_share_token(("new",), make_share_token("new", share)) == share


@pytest.mark.parametrize("position", range(0, len(TOKEN) - 1, 7))
def test_changed_token_is_not_genuine(position: int) -> None:
    other = "A" if TOKEN[position] != "A" else "B"
    assert read_share_token(("new",), TOKEN[:position] + other + TOKEN[position + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "a", "a.b", TOKEN.partition(".")[0], TOKEN.partition(".")[0] + ".", TOKEN + "A", "é" + TOKEN,
        TOKEN * 3, TOKEN.replace(".", "%2E"), "=" + TOKEN, make_token("new", "webhook", SHARE.job_id, 1),
        make_share_token("new", Share("a\nb", "c", 1, 1)),
    ],
)  # fmt: skip
def test_any_other_text_is_not_a_token(text: str) -> None:
    assert read_share_token(("new",), text) is None


def test_revocation_is_a_change_of_the_job() -> None:
    revoked = revoke_shares(job())
    assert (revoked.share_generation, revoked.version) == (1, 2)
