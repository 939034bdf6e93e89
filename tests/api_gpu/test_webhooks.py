"""Callbacks: only genuine and recent ones are read."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from api_gpu import JobFailed, WebhookVerificationError, webhooks

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes, ok").decode()
OLD = "whsec_" + base64.b64encode(b"the secret of last month").decode()
NOW = 1_764_504_000
BODY = json.dumps({"type": "job.completed", "job_id": "j1", "status": "COMPLETED", "video_url": "https://x"}).encode()


def headers(body: bytes = BODY, secret: str = SECRET, at: int = NOW, name: str = "msg_j1") -> dict[str, str]:
    """Sign as the stock library does."""
    signature = Webhook(secret).sign(name, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signature}


def unwrap(body: bytes | str = BODY, sent: dict[str, str] | None = None, secret: Any = SECRET, **options: Any) -> Any:
    return webhooks.unwrap(body, sent or headers(), secret, now=lambda: NOW, **options)


def test_genuine_callback_is_read() -> None:
    event = unwrap()
    assert (event.type, event.webhook_id, event.job_id, event.status) == ("job.completed", "msg_j1", "j1", "COMPLETED")
    assert event.is_finished
    assert event.video_url == "https://x"
    assert event.sent_at == datetime.fromtimestamp(NOW, UTC)
    event.raise_for_status()


@given(
    body=st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3),
    key=st.binary(min_size=1, max_size=64),
    name=st.from_regex(r"\A[A-Za-z0-9_]{1,40}\Z"),
    at=st.integers(0, 2**34),
)
def test_signatures_are_those_of_the_stock_library(body: dict[str, str], key: bytes, name: str, at: int) -> None:
    raw, secret = json.dumps(body).encode(), "whsec_" + base64.b64encode(key).decode()
    sent = headers(raw, secret, at, name)
    assert webhooks.sign(raw, name, at, secret) == sent["webhook-signature"]
    assert webhooks.unwrap(raw, sent, secret, now=lambda: at).data == body


def test_stock_library_accepts_our_signature() -> None:
    at = int(datetime.now(UTC).timestamp())
    sent = headers(at=at) | {"webhook-signature": webhooks.sign(BODY, "msg_j1", at, SECRET)}
    assert Webhook(SECRET).verify(BODY, sent)["job_id"] == "j1"


def test_text_and_headers_in_any_case_are_accepted() -> None:
    assert unwrap(BODY.decode(), {name.title(): text for name, text in headers().items()}).job_id == "j1"


@pytest.mark.parametrize("secret", [SECRET.rstrip("="), SECRET.removeprefix("whsec_"), f" {SECRET}\n"])
def test_secret_may_lack_prefix_and_padding(secret: str) -> None:
    assert unwrap(secret=secret).job_id == "j1"


def test_one_of_several_signatures_is_enough() -> None:
    both = headers() | {"webhook-signature": f"v1a,xyz v1,AAAA v1,!!! {headers()['webhook-signature']}"}
    assert unwrap(sent=both).job_id == "j1"


def test_one_of_several_secrets_is_enough() -> None:
    assert unwrap(secret=[OLD, SECRET]).job_id == "j1"
    assert unwrap(sent=headers(secret=OLD), secret=(OLD, SECRET)).job_id == "j1"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"}, {"webhook-signature": "v2,AAAA"}, {"webhook-signature": ","},
        {"webhook-id": "msg_other"}, {"webhook-timestamp": str(NOW + 1)},
    ],
)  # fmt: skip
def test_changed_callback_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError, match="no signature matches"):
        unwrap(sent=headers() | change)


def test_changed_body_and_secret_are_refused() -> None:
    with pytest.raises(WebhookVerificationError):
        unwrap(BODY.replace(b"j1", b"j2"))
    with pytest.raises(WebhookVerificationError):
        unwrap(secret=OLD)
    with pytest.raises(WebhookVerificationError, match="no signature matches"):
        unwrap(secret=[])


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(WebhookVerificationError, match="whsec_"):
        unwrap(secret=secret)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_header_is_named(name: str) -> None:
    with pytest.raises(WebhookVerificationError, match=name):
        unwrap(sent=headers() | {name: ""})


@pytest.mark.parametrize(
    ("at", "accepted"), [(NOW - 300, True), (NOW + 300, True), (NOW - 301, False), (NOW + 301, False)]
)
def test_callbacks_are_accepted_for_five_minutes(at: int, accepted: bool) -> None:
    if accepted:
        assert unwrap(sent=headers(at=at)).job_id == "j1"
    else:
        with pytest.raises(WebhookVerificationError, match="301 s"):
            unwrap(sent=headers(at=at))
        assert unwrap(sent=headers(at=at), tolerance=400).job_id == "j1"


@pytest.mark.parametrize("text", ["soon", "-5", "1e9", "٣", "9" * 13, "nan"])
def test_timestamp_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(WebhookVerificationError, match="no number"):
        unwrap(sent=headers() | {"webhook-timestamp": text})


@pytest.mark.parametrize("body", [b"none", b"[1]", b"7"])
def test_signed_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookVerificationError, match="JSON"):
        unwrap(body, headers(body))


def test_unknown_type_and_fields_are_kept() -> None:
    body = json.dumps({"type": "job.dreamt", "depth": 3}).encode()
    event = unwrap(body, headers(body))
    assert (event.type, event.job_id, event.is_finished, event.data["depth"]) == ("job.dreamt", None, False, 3)
    event.raise_for_status()


def test_failed_job_raises_on_request() -> None:
    body = json.dumps(
        {"type": "job.failed", "job_id": "j1", "status": "FAILED", "error": {"code": "internal"}}
    ).encode()
    with pytest.raises(JobFailed, match="internal"):
        unwrap(body, headers(body)).raise_for_status()
