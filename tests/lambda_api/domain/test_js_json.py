"""JSON as JavaScript serializes it."""

from __future__ import annotations

import math
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_api.domain.views.js_json import dumps

DOCUMENTS = [
    [0.0, -0.0, 30.0, 29.97, 0.00003, 1e-6, 1e-7, -2.5e-9, 1e16, 1e20, 1e21, 1.5e300, 5e-324, 123456789012345680000.0],
    {"b": 1, "10": 2, "2": 3, "01": 4, "4294967294": 5, "4294967295": 6, "9007199254740993": 7, "-1": 8, "": 9, "²": 0},
    [
        '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028é😀\ufeff',
        True,
        False,
        None,
        [],
        {},
        {"__proto__": "x", "1": {"1": 1.0, "0": 0.1}},
    ],
]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"rate": 30.0, "seconds": 2.5, "usd": 0.00003}, '{"rate":30,"seconds":2.5,"usd":0.00003}'),
        ([-0.0, 1e-7, 1e21, 1e20], "[0,1e-7,1e+21,100000000000000000000]"),
        ({"b": 1, "10": 2, "2": 3, "01": 4}, '{"2":3,"10":2,"b":1,"01":4}'),
        ("é\u2028\x01", '"é\u2028\\u0001"'),
    ],
)
def test_values_are_written_as_javascript_does(value: Any, text: str) -> None:
    assert dumps(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_round_trips(value: float) -> None:
    assert float(dumps(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="number"):
        dumps(value)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_serializes_to_the_same_bytes() -> None:
    program = (
        "for (const line of require('fs').readFileSync(0, 'utf8').split('\\n'))"
        " console.log(JSON.stringify(JSON.parse(line)))"
    )
    lines = [dumps(document) for document in DOCUMENTS]
    done = subprocess.run(
        ["node", "-e", program], input="\n".join(lines), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split("\n")[:-1] == lines
