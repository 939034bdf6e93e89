"""`cost plan` on top of the planner."""

from __future__ import annotations

import json

import pytest

from tests.api_gpu.cli.conftest import Cli
from tests.api_gpu.cli.fake_api import FakeApi

pytest.importorskip("api_gpu.planner")
LOAD = ("cost", "plan", "--jobs-per-day", "400", "--seconds", "12,20", "--gpus", "AMPERE_16,ADA_24")


def test_plan_prints_the_best_combination_without_a_server(cli: Cli) -> None:
    ran = cli(*LOAD, "--max-wait", "20", environ={})
    assert ran.code == 0, ran.err
    [best] = [line.split("\t") for line in ran.out.splitlines()]
    assert best[0] == "*"
    found = json.loads(cli(*LOAD, "--max-wait", "20", "--json", environ={}).out)
    assert found["best"]["gpu"] == best[1]
    assert len(found["rows"]) == 20


def test_prices_of_ones_own_and_a_chart(cli: Cli) -> None:
    (cli.folder / "prices.toml").write_text("MINE = 0.0001\n")
    ran = cli(*LOAD[:6], "--prices", "prices.toml", "--svg", "plan.svg", environ={})
    assert ran.out.split("\t")[1] == "MINE", ran.err
    assert (cli.folder / "plan.svg").read_text().startswith("<svg")


def test_history_is_read_from_the_api(cli: Cli, api: FakeApi) -> None:
    jobs = [api.job(execution={"execution_ms": 9000}, created_at=f"2026-12-01T1{hour}:00:00Z") for hour in range(5)]
    api.answers["GET", "/jobs"] = (200, {"jobs": jobs, "next_cursor": None})
    assert cli("cost", "plan", "--from-history").code == 0
    assert "created_after=" in api.sent("GET", "/jobs")[0].query


def test_missing_load_says_what_to_send(cli: Cli) -> None:
    ran = cli("cost", "plan", environ={})
    assert (ran.code, "--jobs-per-day and --seconds, or --from-history" in ran.err) == (2, True)
    assert cli(*LOAD, "--max-wait", "0.001", environ={}).code == 2
    ran = cli("cost", "plan", "--jobs-per-day", "1e9", "--seconds", "5", environ={})
    assert (ran.code, "at most 500,000" in ran.err) == (2, True)
    ran = cli(*LOAD, "--svg", "nowhere/plan.svg", environ={})
    assert (ran.code, "there is no folder nowhere" in ran.err) == (2, True)
