"""The cost of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from api_gpu.cli.exits import usage
from api_gpu.cli.output.units import money
from api_gpu.cli.session import Session

_GROUPS = ("day", "operation", "gpu_type")


def cost(
    session: Session,
    from_: Annotated[str | None, typer.Option("--from", metavar="DATE", help="2026-11-01 or RFC 3339")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="2026-12-01 or RFC 3339")] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="day, operation or gpu_type")] = "day",
) -> None:
    """Show what your jobs have cost, by default in the last 30 days."""
    if by not in _GROUPS:
        raise usage(f"--by {by}: choose one of {', '.join(_GROUPS)}")
    found: Mapping[str, Any] = session.client.costs(from_=from_, to=to, group_by=by)
    if session.console.is_json:
        session.console.json(found)
        return
    groups = [*found.get("groups", ()), {"key": "total", **found.get("total", {})}]
    session.console.table(
        (by.upper(), "JOBS", "GPU S", "START S", "IDLE S", "BILLED S", "USD"), list(map(_row, groups))
    )
    if session.console.is_table:
        session.console.say(f"GPU prices of {found.get('price_table')}; AWS is not included")


def _row(group: Mapping[str, Any]) -> tuple[str, ...]:
    seconds = (f"{float(group.get(f'{name}_seconds') or 0):.1f}" for name in ("gpu", "start", "idle", "billed"))
    return (str(group.get("key") or "-"), str(group.get("jobs", 0)), *seconds, money(float(group.get("gpu_usd") or 0)))
