"""AWS list prices of us-east-1 (N. Virginia) in USD, without free tiers.

Source: the pricing pages of Lambda, API Gateway, DynamoDB, S3, SQS and CloudWatch, as of November 2025. The prices of
Lambda and DynamoDB were compared with published tables again a year later. Not included: data transfer (clients fetch
videos from S3), storage, and everything that costs the same without any job: the sweeper's 43,200 invocations a month,
alarms, custom metrics, secrets, and the polling of the queue. SQS charges $0.40 per million requests, and $0.10 more if
messages have a group.
"""

from __future__ import annotations

from collections.abc import Mapping

PRICES: dict[str, float] = {
    "requests to the HTTP API": 1.00e-6,
    "invocations": 0.20e-6,
    "Lambda GB-seconds, arm64": 0.0000133334,
    "write units": 0.625e-6,
    "read units": 0.125e-6,
    "S3 PUT": 5.00e-6,
    "S3 GET": 0.40e-6,
    "SQS requests": 0.50e-6,
    "GB of logs": 0.50,
}
"""USD per unit."""


def dollars(used: Mapping[str, float]) -> dict[str, float]:
    """Return the cost of each kind. Raises KeyError for a kind without a price."""
    return {kind: PRICES[kind] * amount for kind, amount in used.items()}
