"""Events of the schedule and the queue."""

from __future__ import annotations

from typing import Any

import pytest

from local.triggers import failed_ids, schedule_event, sqs_event

MESSAGES = [{"MessageId": name, "ReceiptHandle": f"r-{name}", "Body": "b"} for name in ("m1", "m2")]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "m2"}]}, {"m2"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"m1", "m2"}),
        ({"batchItemFailures": [{}]}, {"m1", "m2"}),
        ("odd", {"m1", "m2"}),
    ],
)
def test_partial_batch_responses_name_the_failed_messages(answer: Any, failed: set[str]) -> None:
    assert failed_ids(answer, MESSAGES) == failed


def test_events_have_the_shape_of_aws() -> None:
    record = sqs_event(MESSAGES)["Records"][0]
    assert record["messageId"] == "m1"
    assert record["eventSource"] == "aws:sqs"
    assert record["md5OfBody"] == "92eb5ffee6ae2fec3ad71c777531578f"
    assert schedule_event(0.0)["time"] == "1970-01-01T00:00:00Z"
