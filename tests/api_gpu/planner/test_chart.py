from __future__ import annotations

from xml.etree import ElementTree

import pytest

from api_gpu.planner import Choices, Gpu, Load, Plan, plan, render_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def result() -> Plan:
    load = Load.from_rate(200, [10.0], seed=2)
    return plan(load, Choices(gpus=[Gpu("A<B", 0.0001), Gpu("C", 0.0003)], idle_timeouts=(5, 60)))


def elements(svg: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}{tag}"))  # noqa: S314 - it is our own


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in elements(svg, "text")]


def test_chart_is_well_formed_and_has_axes_and_a_legend(result: Plan) -> None:
    found = texts(render_svg(result, max_wait=12.0))
    assert "95 % of the jobs start within (seconds)" in found
    assert any(text.startswith("USD a month") for text in found)
    assert {"A<B", "C", "A<B, 1 always on", "C, 1 always on"} <= set(found)
    assert f"What {result.jobs_per_month:,.0f} jobs a month cost" in found


def test_every_row_is_a_point(result: Plan) -> None:
    tips = elements(render_svg(result), "title")
    assert len(tips) == len(result.rows) + 4  # and four in the legend


def test_cheapest_is_marked(result: Plan) -> None:
    found = texts(render_svg(result, max_wait=12.0))
    best = result.cheapest(12.0)
    assert best is not None
    assert "Cheapest" in found
    assert f"${best.usd_per_month:,.2f} a month" in found
    assert "Nothing is fast enough" in texts(render_svg(result, max_wait=-1.0))


def test_points_lie_inside_of_the_axes(result: Plan) -> None:
    for max_wait in (None, 3.0, 500.0):
        for mark in elements(render_svg(result, max_wait), "circle"):
            assert 60 < float(mark.attrib["cx"]) < 860
            assert 50 < float(mark.attrib["cy"]) < 470
