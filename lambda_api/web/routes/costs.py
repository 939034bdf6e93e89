"""What the jobs of an owner cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import WithJsonSchema

from contract.prices import PRICE_TABLE_VERSION
from lambda_api.domain.bill.history import GroupBy
from lambda_api.domain.views.costs_schema import CostGroup, CostSums, CostsView
from lambda_api.usecases.read_costs import read_costs
from lambda_api.web.routes.base import keyed_router, services_of

_DAY = {"format": "date"}

router = keyed_router("Costs")


@router.get("/costs")
async def get_costs(
    request: Request,
    first: Annotated[
        str | None,
        Query(alias="from", description="First day, UTC; by default 30 days in all.", json_schema_extra=_DAY),
    ] = None,
    last: Annotated[
        str | None, Query(alias="to", description="Last day, included; by default today.", json_schema_extra=_DAY)
    ] = None,
    group_by: Annotated[
        GroupBy, WithJsonSchema({"type": "string", "enum": list(GroupBy)}), Query(description="What makes a group.")
    ] = GroupBy.DAY,
) -> CostsView:
    """Add up what your completed jobs cost, for at most 400 days."""
    found = read_costs(services_of(request), request.state.owner, first, last, group_by)
    return CostsView(
        first=found.first.isoformat(),
        last=found.last.isoformat(),
        group_by=group_by,
        price_table=PRICE_TABLE_VERSION,
        total=CostSums.of(found.total),
        groups=[CostGroup.keyed(key, sums) for key, sums in found.groups.items()],
    )
