from __future__ import annotations

from itertools import groupby

import pytest

from contract.prices import GPU_PRICES, gpu_price, pool_price
from lambda_api.domain.endpoint import NVENC_POOLS


@pytest.mark.parametrize(
    ("device", "usd"),
    [
        ("NVIDIA L4", 0.00019),
        ("NVIDIA L40S", 0.00053),
        ("NVIDIA RTX 4000 Ada Generation", 0.00016),
        ("NVIDIA RTX 6000 Ada Generation", 0.00053),
        ("NVIDIA GeForce RTX 4090", 0.00031),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 0.00111),
        ("NVIDIA A100-SXM4-80GB", 0.00076),
    ],
)
def test_device_has_the_price_of_the_longest_matching_name(device: str, usd: float) -> None:
    row = gpu_price(device)
    assert row is not None
    assert row.usd_per_second == usd


@pytest.mark.parametrize("device", [None, "", "NVIDIA GeForce RTX 5090", "cpu"])
def test_unknown_device_has_no_price(device: str | None) -> None:
    assert gpu_price(device) is None


def test_gpus_of_a_pool_have_one_price() -> None:
    ordered = sorted(GPU_PRICES, key=lambda row: row.pool)
    for pool, rows in groupby(ordered, key=lambda row: row.pool):
        assert len({(row.usd_per_second, row.active_usd_per_second) for row in rows}) == 1, pool


def test_pools_that_encode_are_those_that_endpoints_accept() -> None:
    assert {row.pool for row in GPU_PRICES if row.encodes_video} == set(NVENC_POOLS) - {"ADA_32_PRO"}
    assert pool_price("ADA_32_PRO") is None


def test_pool_price_is_that_of_its_gpus() -> None:
    row = pool_price("ADA_24")
    assert row is not None
    assert row.name == "RTX 4090"
