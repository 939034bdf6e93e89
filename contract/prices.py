"""Prices of a GPU second at RunPod Serverless: the only table; the bill, the dry run and the planner read it.

Source: RunPod's documentation, serverless pricing, its state of 20 August 2026, one price per second for each group of
GPUs (it equals the former price of *flex* workers). The page itself refers to runpod.io/pricing, which has no version:
compare it before you rely on a plan, and pass a table of your own where prices have changed. Active workers (a minimum
above zero) had a lower price until May 2026; since then RunPod grants it on inquiry only, so that nothing here counts
with it unless asked to.

RunPod bills whole seconds, rounded up, from a worker's start until it has stopped: start, execution and idle time.
"""

from __future__ import annotations

from dataclasses import dataclass

PRICE_TABLE_VERSION = "2026-08"
"""Month of the table. It changes with any price, and is stored and shown with every amount."""


@dataclass(frozen=True, slots=True)
class GpuPrice:
    """Price of one GPU."""

    name: str
    """A part of NVIDIA's device name; the longest that matches is the device's."""
    pool: str
    """RunPod's id of the group of GPUs that an endpoint requests."""
    memory_gb: int
    """Of this GPU; its pool promises only the number in the pool's name."""
    usd_per_second: float
    active_usd_per_second: float | None = None
    """Price of active workers as last published in May 2026; on inquiry only since then. None if there was none."""
    encodes_video: bool = True
    """Whether it has NVENC. Endpoints accept no others (NVIDIA's video encode and decode support matrix)."""


GPU_PRICES = (
    GpuPrice("RTX A4000", "AMPERE_16", 16, 0.00016, 0.00011),
    GpuPrice("RTX A4500", "AMPERE_16", 20, 0.00016, 0.00011),
    GpuPrice("RTX 4000", "AMPERE_16", 20, 0.00016, 0.00011),
    GpuPrice("RTX 2000", "AMPERE_16", 16, 0.00016, 0.00011),
    GpuPrice("NVIDIA L4", "AMPERE_24", 24, 0.00019, 0.00013),
    GpuPrice("RTX A5000", "AMPERE_24", 24, 0.00019, 0.00013),
    GpuPrice("RTX 3090", "AMPERE_24", 24, 0.00019, 0.00013),
    GpuPrice("RTX 4090", "ADA_24", 24, 0.00031, 0.00021),
    GpuPrice("RTX A6000", "AMPERE_48", 48, 0.00034, 0.00024),
    GpuPrice("NVIDIA A40", "AMPERE_48", 48, 0.00034, 0.00024),
    GpuPrice("NVIDIA L40", "ADA_48_PRO", 48, 0.00053, 0.00037),
    GpuPrice("RTX 6000 Ada", "ADA_48_PRO", 48, 0.00053, 0.00037),
    GpuPrice("NVIDIA A100", "AMPERE_80", 80, 0.00076, 0.00060, encodes_video=False),
    GpuPrice("RTX PRO 6000", "BLACKWELL_96", 96, 0.00111),
    GpuPrice("NVIDIA H100", "ADA_80_PRO", 80, 0.00116, 0.00093, encodes_video=False),
    GpuPrice("NVIDIA H200", "HOPPER_141", 141, 0.00155, 0.00124, encodes_video=False),
    GpuPrice("NVIDIA B200", "BLACKWELL_180", 180, 0.00240, 0.00190, encodes_video=False),
)
"""Cheapest first. RunPod rents RTX 5090 (ADA_32_PRO) too, but its table has no price of it."""


def gpu_price(device: str | None) -> GpuPrice | None:
    """Return the row of a device such as `NVIDIA GeForce RTX 4090`: the longest name that matches. None without one."""
    rows = [row for row in GPU_PRICES if device and row.name in device]
    return max(rows, key=lambda row: len(row.name), default=None)


def pool_price(pool: str) -> GpuPrice | None:
    """Return the first row of a pool such as `ADA_24`, or None. All GPUs of a pool have one price."""
    return next((row for row in GPU_PRICES if row.pool == pool), None)
