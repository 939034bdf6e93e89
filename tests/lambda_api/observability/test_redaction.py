from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_api.observability.redaction import RULES, redact

PLANTED = "planted0secret"


@pytest.mark.parametrize(
    "line",
    [
        f"GET https://bucket.example/a/b?X-Amz-Signature={PLANTED}",
        f'{{"url": "https:\\/\\/host\\/{PLANTED}"}}',
        f"path=/runpod/webhook/job-1/1-{PLANTED}",
        f"path=/runpod/progress/job-1/1-{PLANTED} status=200",
        f"path=/s/am9iLTEKb3V0cHV0Lm1wNAox.{PLANTED}?download=1",
        f"whsec_{PLANTED}==",
        f"Authorization: Bearer {PLANTED}",
        f"'x-api-key': '{PLANTED}'",
        f"X-Amz-Credential={PLANTED}&x=1",
        f"HTTPS://HOST/{PLANTED}",
        f"AUTHORİZATION\u017f: authorızation: {PLANTED} bEARER {PLANTED}",
        f"X-APİ-\u212aEY: {PLANTED}",
        f"x-amz-\u017fecurity-token={PLANTED}",
    ],
)
def test_secrets_are_removed(line: str) -> None:
    assert PLANTED not in redact(line)
    assert redact(redact(line)) == redact(line)


def test_facts_are_kept() -> None:
    line = '{"message": "job_changed", "job_id": "job-1", "state": "COMPLETED", "ms": 12}'
    assert redact(line) == line


PIECES = [
    "/s/", "0123456789abcdefg.",
       "/runpod/webhook/", "/runpod/progress/", "https://", "http:\\/\\/", "whsec_", "x-amz-signature=", "bearer ",
    "x-api-key", "authorization", ": ", "/", "a", "ı", "İ", "\u017f", "\u212a", " ", '"', "=", "?",
]  # fmt: skip
WORDS = st.sampled_from(PIECES).flatmap(lambda piece: st.sampled_from([piece, piece.upper(), piece.title()]))


@given(st.lists(WORDS | st.text(max_size=3), max_size=12).map("".join))
def test_line_without_substrings_has_no_match(line: str) -> None:
    expected = line
    for _, pattern, replacement in RULES:
        expected = pattern.sub(replacement, expected)
    assert redact(line) == expected


def test_substrings_have_no_letter_with_a_non_ascii_twin() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    for signs, pattern, _ in RULES:
        if pattern.flags & re.IGNORECASE:
            for letter in {letter for sign in signs for letter in sign}:
                assert {twin.lower() for twin in re.findall(letter, every, re.IGNORECASE)} == {letter}
