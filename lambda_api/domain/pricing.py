"""Estimates a job's cost from `contract.prices`. RunPod also bills start-up and idle time."""

from __future__ import annotations

import math

from contract.prices import gpu_price


def price_per_second(gpu_type: str | None, default: float) -> float:
    """Return USD per second for a device name, or `default` if the price table has no such device."""
    row = gpu_price(gpu_type)
    return row.usd_per_second if row else default


def cost_usd(execution_ms: int, price: float) -> float:
    """Return the cost of an execution at `price` USD per second. RunPod bills whole seconds, rounded up."""
    return math.ceil(execution_ms / 1000) * price
