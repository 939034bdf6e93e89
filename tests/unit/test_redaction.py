from __future__ import annotations

import pytest

from lambda_api.redaction import redact

PLANTED = "planted0secret"


@pytest.mark.parametrize(
    "line",
    [
        f"GET https://bucket.example/a/b?X-Amz-Signature={PLANTED}",
        f'{{"url": "https:\\/\\/host\\/{PLANTED}"}}',
        f"path=/runpod/webhook/job-1/1-{PLANTED}",
        f"path=/runpod/progress/job-1/1-{PLANTED} status=200",
        f"whsec_{PLANTED}==",
        f"Authorization: Bearer {PLANTED}",
        f"'x-api-key': '{PLANTED}'",
        f"X-Amz-Credential={PLANTED}&x=1",
    ],
)
def test_secrets_do_not_survive(line: str) -> None:
    assert PLANTED not in redact(line)
    assert redact(redact(line)) == redact(line)


def test_facts_do() -> None:
    line = '{"message": "job changed", "job_id": "job-1", "state": "COMPLETED", "ms": 12}'
    assert redact(line) == line
