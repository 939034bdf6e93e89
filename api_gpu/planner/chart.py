"""Cost against waiting time as SVG. Written by hand: a plotting library would be a hundred times this module's size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby

from api_gpu.planner.plans import Plan, Row

_WIDTH, _HEIGHT = 860, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 210, 64, 62
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00", "#4b4b9f", "#56b4e9", "#7a7a7a")
"""Okabe and Ito's palette, which color-blind people can tell apart, the light ones darkened for white paper."""
_LABEL = "Cost per month against waiting time"
_LOG_ABOVE = 12.0
"""Ratio of the dearest to the cheapest from which the cost axis is logarithmic."""
_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#24292f}.t{font-size:17px;font-weight:600}"
    ".s{fill:#57606a;font-size:12px}.p{fill:#57606a;font-size:11px}.g{stroke:#d8dee4;stroke-width:1}"
    ".a{stroke:#8c959f;stroke-width:1}.b{font-weight:600}.c{fill:none;stroke:#1a7f37;stroke-width:2.5}"
)
Scale = Callable[[float], float]


def render_svg(plan: Plan, max_wait: float | None = None) -> str:
    """Draw each row as a point, idle timeouts of one GPU joined by a line, and mark the cheapest within `max_wait`."""
    waits, costs = [row.wait_p95 for row in plan.rows], [row.usd_per_month for row in plan.rows]
    x_ticks = _linear_ticks(0.0, max(*waits, max_wait or 0.0, 1.0) * 1.06)
    is_log = max(costs) > _LOG_ABOVE * min(costs)
    y_ticks = _log_ticks(min(costs), max(costs)) if is_log else _linear_ticks(0.0, max(costs) * 1.06)
    x = _scale(x_ticks[0], x_ticks[-1], _LEFT, _WIDTH - _RIGHT, is_log=False)
    y = _scale(y_ticks[0], y_ticks[-1], _HEIGHT - _BOTTOM, _TOP, is_log=is_log)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{_LABEL}">'
    parts = [
        f"{head}<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text class="t" x="{_LEFT}" y="28">What {plan.jobs_per_month:,.0f} jobs a month cost</text>',
        f'<text class="s" x="{_LEFT}" y="47">{escape(_subtitle(plan))}</text>',
        *_axes(x, y, x_ticks, y_ticks, is_log=is_log),
        *_limit(x, max_wait),
        *_series(plan, x, y),
        *_best(plan.cheapest(math.inf if max_wait is None else max_wait), x, y),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _subtitle(plan: Plan) -> str:
    return (
        f"{plan.jobs:,} jobs simulated; RunPod prices of {plan.price_table}; AWS included. Numbers: idle timeout in s"
    )


def _axes(x: Scale, y: Scale, x_ticks: Sequence[float], y_ticks: Sequence[float], *, is_log: bool) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for tick in y_ticks:
        yield f'<line class="g" x1="{_LEFT}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        yield f'<text x="{_LEFT - 10}" y="{y(tick) + 4:.1f}" text-anchor="end">${_number(tick)}</text>'
    for tick in x_ticks:
        yield f'<line class="g" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_TOP}" y2="{bottom}"/>'
        yield f'<text x="{x(tick):.1f}" y="{bottom + 20}" text-anchor="middle">{_number(tick)}</text>'
    yield f'<path class="a" fill="none" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>'
    middle = (_LEFT + right) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 18}" text-anchor="middle">95 % of the jobs start within (seconds)</text>'
    unit = "USD a month, logarithmic" if is_log else "USD a month"
    center = (_TOP + bottom) / 2
    yield f'<text x="22" y="{center}" text-anchor="middle" transform="rotate(-90 22 {center})">{unit}</text>'


def _limit(x: Scale, max_wait: float | None) -> Iterator[str]:
    if max_wait is not None:
        at, bottom = x(max_wait), _HEIGHT - _BOTTOM
        yield f'<path d="M{_LEFT} {_TOP}H{at:.1f}V{bottom}H{_LEFT}Z" fill="#dafbe1" opacity=".55"/>'
        yield f'<path d="M{at:.1f} {_TOP}V{bottom}" stroke="#1a7f37" stroke-dasharray="5 4"/>'


def _series(plan: Plan, x: Scale, y: Scale) -> Iterator[str]:
    gpus = list(dict.fromkeys(row.gpu for row in plan.rows))

    def key(row: Row) -> tuple[int, int]:
        return row.min_workers, gpus.index(row.gpu)

    legend = _TOP + 8
    labels: list[tuple[float, float]] = []
    for (min_workers, index), group in groupby(sorted(plan.rows, key=lambda r: (*key(r), r.idle_timeout)), key=key):
        rows, gpu, color = list(group), gpus[index], _COLORS[index % len(_COLORS)]
        points = [(x(row.wait_p95), y(row.usd_per_month)) for row in rows]
        dash = ' stroke-dasharray="2 4"' if min_workers else ""
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        yield f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.5" opacity=".7"{dash}/>'
        for row, (px, py) in zip(rows, points, strict=True):
            yield _mark(px, py, color, min_workers, _tip(row))
            if all(abs(px - other_x) > 24 or abs(py - other_y) > 11 for other_x, other_y in labels):
                labels.append((px, py))
                yield f'<text class="p" x="{px + 7:.1f}" y="{py - 6:.1f}">{_number(row.idle_timeout)}</text>'
        yield _mark(_WIDTH - _RIGHT + 26, legend, color, min_workers, gpu)
        always = f", {min_workers} always on" if min_workers else ""
        yield f'<text x="{_WIDTH - _RIGHT + 40}" y="{legend + 4}">{escape(gpu)}{always}</text>'
        legend += 22


def _mark(x: float, y: float, color: str, min_workers: int, tip: str) -> str:
    """Return a circle, or a square for workers that are always on, with a tip for the mouse."""
    title = f"<title>{escape(tip)}</title>"
    if min_workers:
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{color}">{title}</rect>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}">{title}</circle>'


def _best(row: Row | None, x: Scale, y: Scale) -> Iterator[str]:
    left, top = _WIDTH - _RIGHT + 18, _HEIGHT - _BOTTOM - 84
    if row is None:
        yield f'<text class="b" x="{left}" y="{top}">Nothing is fast enough</text>'
        return
    yield f'<circle class="c" cx="{x(row.wait_p95):.1f}" cy="{y(row.usd_per_month):.1f}" r="10"/>'
    always = f", {row.min_workers} always on" if row.min_workers else ""
    lines = (
        f"{row.gpu}{always}",
        f"idle timeout {_number(row.idle_timeout)} s",
        f"${row.usd_per_month:,.2f} a month",
        f"${row.usd_per_job:.4f} a job",
    )
    yield f'<circle cx="{left + 6}" cy="{top - 4}" r="6" class="c"/>'
    yield f'<text class="b" x="{left + 20}" y="{top}">Cheapest</text>'
    for i, line in enumerate(lines, 1):
        yield f'<text x="{left + 20}" y="{top + 19 * i}">{escape(line)}</text>'


def _tip(row: Row) -> str:
    return (
        f"{row.gpu}, idle timeout {_number(row.idle_timeout)} s, {row.min_workers} always on: "
        f"${row.usd_per_month:,.2f} a month, p50 {row.wait_p50:.1f} s, p95 {row.wait_p95:.1f} s"
    )


def _scale(low: float, high: float, start: float, end: float, *, is_log: bool) -> Scale:
    if is_log:
        low, high = math.log(low), math.log(high)
    return lambda value: start + ((math.log(value) if is_log else value) - low) / (high - low) * (end - start)


def _linear_ticks(low: float, high: float) -> list[float]:
    raw = (high - low) / 6
    step = 10 ** math.floor(math.log10(raw))
    step = next(step * factor for factor in (1, 2, 5, 10) if step * factor >= raw * 0.999)
    return [low + step * i for i in range(math.ceil((high - low) / step - 1e-9) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5, 10, 20 … from just below the lowest to just above the highest."""
    steps = [10.0**power * factor for power in range(-4, 8) for factor in (1, 2, 5)]
    first = max((i for i, step in enumerate(steps) if step <= low), default=0)
    last = min((i for i, step in enumerate(steps) if step >= high), default=len(steps) - 1)
    return steps[first : last + 1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}".rstrip("0")
