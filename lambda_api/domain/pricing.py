"""Prices of a GPU second, to estimate a job's cost. RunPod also bills start-up and idle time."""

from __future__ import annotations

import math

PRICE_PER_SECOND = {
    "RTX A4000": 0.00016,
    "RTX A4500": 0.00016,
    "RTX 4000": 0.00016,
    "RTX 2000": 0.00016,
    "RTX A5000": 0.00019,
    "RTX 3090": 0.00019,
    "NVIDIA L4": 0.00019,
    "RTX 4090": 0.00031,
    "RTX A6000": 0.00034,
    "NVIDIA A40": 0.00034,
    "NVIDIA L40": 0.00053,
    "RTX 6000 Ada": 0.00053,
    "RTX PRO 6000": 0.00111,
}
"""USD per second by a part of NVIDIA's device name. RunPod serverless price list, August 2026."""


def price_per_second(gpu_type: str | None, default: float) -> float:
    """Return USD per second for a device name: the longest matching row, or `default` if none matches."""
    rows = [name for name in PRICE_PER_SECOND if gpu_type and name in gpu_type]
    return PRICE_PER_SECOND[max(rows, key=len)] if rows else default


def cost_usd(execution_ms: int, price: float) -> float:
    """Return the cost of an execution at `price` USD per second. RunPod bills whole seconds, rounded up."""
    return math.ceil(execution_ms / 1000) * price
