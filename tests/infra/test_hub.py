"""The files with which RunPod's Hub builds and tests the worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpu_worker.job.self_test import CHECK
from lambda_api.domain.endpoint import NVENC_POOLS
from local.runpod.management.catalog import list_gpus

FOLDER = Path(__file__).resolve().parents[2] / ".runpod"


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return document


def test_hub_requests_only_gpus_with_nvenc() -> None:
    assert set(read("hub")["config"]["gpuIds"].split(",")) <= set(NVENC_POOLS)
    pools = {gpu["id"]: gpu["pool"] for gpu in list_gpus()}
    assert pools[read("tests")["config"]["gpuTypeId"]] in NVENC_POOLS


def test_hub_test_sends_the_self_test_input() -> None:
    assert [test["input"] for test in read("tests")["tests"]] == [CHECK]
