"""The price of a second of a worker."""

from __future__ import annotations

from contract.prices import gpu_price


def price_per_second(gpu_type: str | None, default: float) -> float:
    """Return USD per second for a device name, or `default` if the price table has no such device."""
    row = gpu_price(gpu_type)
    return row.usd_per_second if row else default
