"""RunPod's GPU types: `GET /v2/catalog/gpus` (RunPod docs: GPU types, serverless pricing)."""

from __future__ import annotations

from local.runpod.jobs.job import Json

_TYPES = (
    ("NVIDIA RTX A4000", "RTX A4000", "AMPERE_16", 16, 0.576),
    ("NVIDIA RTX A4500", "RTX A4500", "AMPERE_16", 20, 0.576),
    ("NVIDIA RTX 4000 Ada Generation", "RTX 4000 Ada", "AMPERE_16", 20, 0.576),
    ("NVIDIA L4", "L4", "AMPERE_24", 24, 0.684),
    ("NVIDIA RTX A5000", "RTX A5000", "AMPERE_24", 24, 0.684),
    ("NVIDIA GeForce RTX 3090", "RTX 3090", "AMPERE_24", 24, 0.684),
    ("NVIDIA GeForce RTX 4090", "RTX 4090", "ADA_24", 24, 1.116),
    ("NVIDIA GeForce RTX 5090", "RTX 5090", "ADA_32_PRO", 32, 1.584),
    ("NVIDIA RTX A6000", "RTX A6000", "AMPERE_48", 48, 1.224),
    ("NVIDIA A40", "A40", "AMPERE_48", 48, 1.224),
    ("NVIDIA L40", "L40", "ADA_48_PRO", 48, 1.908),
    ("NVIDIA L40S", "L40S", "ADA_48_PRO", 48, 1.908),
    ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada", "ADA_48_PRO", 48, 1.908),
    ("NVIDIA A100 80GB PCIe", "A100 PCIe", "AMPERE_80", 80, 2.736),
    ("NVIDIA H100 80GB HBM3", "H100 SXM", "ADA_80_PRO", 80, 4.176),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000", "BLACKWELL_96", 96, 3.996),
    ("NVIDIA H200", "H200 SXM", "HOPPER_141", 141, 5.580),
    ("NVIDIA B200", "B200", "BLACKWELL_180", 180, 8.640),
)
"""Id, name, pool, gigabytes, USD per hour on serverless workers."""

POOLS = frozenset(pool for _, _, pool, _, _ in _TYPES)


def list_gpus() -> list[Json]:
    """Return the GPU types as the catalog lists them, without availability."""
    return [
        {
            "id": key,
            "name": name,
            "pool": pool,
            "manufacturer": "NVIDIA",
            "memory": memory,
            "price": {"serverless": usd},
        }
        for key, name, pool, memory, usd in _TYPES
    ]
