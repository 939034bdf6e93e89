"""The tables of docs/costs.md are what the planner computes, and its picture is what the planner draws.

`COSTS=write pytest` on this file writes both.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_gpu.planner import OFFICE_HOURS, Choices, FixedCosts, Gpu, Load, listed_gpus, plan, render_svg
from contract.prices import PRICE_TABLE_VERSION
from contract.work import WORK

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE, PICTURE = DOCS / "costs.md", DOCS / "costs.svg"
MONTH = 30 * 86_400.0
NOTHING = FixedCosts(usd_per_month=0, usd_per_1000_jobs=0, result_mb=0)
START, IDLE = 10.0, 5.0
CHEAP, FAST = listed_gpus("AMPERE_16", "ADA_24")

SINGLE = (
    ("caption, a video of 60 s", "caption", 60.0),
    ("slideshow of 60 s", "slideshow", 60.0),
    ("compose, 60 s of picture and voice", "compose", 60.0),
    ("img2vid, a clip of 5 s", "img2vid", 5.0),
    ("addaudio, a video of 60 s", "addaudio", 60.0),
    ("probe, thumbnail", "probe", 0.0),
)


def single_jobs() -> Iterator[str]:
    yield "| job | execution | AMPERE_16 | ADA_24 |"
    yield "|---|---|---|---|"
    for name, kind, seconds in SINGLE:
        work = WORK[kind].seconds(seconds)
        billed = math.ceil(START + work + IDLE)
        prices = " | ".join(f"${billed * gpu.usd_per_second:.4f}" for gpu in (CHEAP, FAST))
        yield f"| {name} | {work:.0f} s | {prices} |"


def thousand_videos() -> Iterator[str]:
    """Each job alone, without cold starts, as the original project counted."""
    yield "| 1,000 videos a month | work alone | idle 300 s | idle 60 s | idle 5 s | one worker always on |"
    yield "|---|---|---|---|---|---|"
    original = Gpu("original", 0.00005)
    for name, gpu, work in (
        ("its price, $0.00005/s, and its 60 s a video", original, 60.0),
        (f"AMPERE_16 today, ${CHEAP.usd_per_second:.5f}/s, 60 s", CHEAP, 60.0),
        ("AMPERE_16 today, our caption of a minute", CHEAP, WORK["caption"].seconds(60.0)),
        (f"ADA_24 today, ${FAST.usd_per_second:.5f}/s, its 25 s", FAST, 25.0),
    ):
        load = Load.from_trace([(i * MONTH / 1000, work) for i in range(1000)], seconds=MONTH)
        costs = []
        for idle, always in ((0, 0), (300, 0), (60, 0), (5, 0), (0, 1)):
            choices = Choices(gpus=[gpu], idle_timeouts=[idle], min_workers=[always], cold_starts=[0.0])
            costs.append(f"${plan(load, choices, fixed=NOTHING).rows[0].gpu_usd_per_month:.2f}")
        yield f"| {name} | {' | '.join(costs)} |"


def small_load() -> Iterator[str]:
    yield "| idle timeout | always on | a month | a job | wait p50 | wait p95 | start | work | idle |"
    yield "|---|---|---|---|---|---|---|---|---|"
    load = Load.from_rate(33, [30.0], hours=OFFICE_HOURS)
    for row in plan(load, Choices(gpus=[CHEAP], cold_starts=[START])).rows:
        if row.min_workers == 0 or row.idle_timeout == 5:
            shares = " | ".join(f"{share:.0%}" for share in (row.start_share, row.work_share, row.idle_share))
            yield (
                f"| {row.idle_timeout:g} s | {row.min_workers} | ${row.usd_per_month:.2f} | ${row.usd_per_job:.4f} "
                f"| {row.wait_p50:.0f} s | {row.wait_p95:.0f} s | {shares} |"
            )


def picture() -> str:
    load = Load.from_rate(2000, [8.0, 20.0, 45.0], hours=OFFICE_HOURS)
    return render_svg(plan(load, Choices(gpus=[CHEAP, FAST], cold_starts=[6.0, 8.0, 10.0, 14.0, 25.0])), 12.0)


TABLES = {"single": single_jobs, "original": thousand_videos, "plan": small_load}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_what_the_planner_computes(name: str) -> None:
    table = "".join(f"{row}\n" for row in TABLES[name]())
    found = re.compile(rf"(<!-- {name} -->\n)((?:\|.*\n)*)")
    page = PAGE.read_text()
    if os.environ.get("COSTS") == "write":
        page = found.sub(lambda match: match[1] + table, page)
        PAGE.write_text(page)
    match = found.search(page)
    assert match is not None
    assert match[2] == table


def test_picture_is_what_the_planner_draws() -> None:
    if os.environ.get("COSTS") == "write":
        PICTURE.write_text(picture())
    assert PICTURE.read_text() == picture()


def test_page_names_the_price_table() -> None:
    assert PRICE_TABLE_VERSION in PAGE.read_text()
