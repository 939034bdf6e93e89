"""Find the endpoints of a stack by the tag in their names."""

from __future__ import annotations

from lambda_api.domain.endpoint import Live, has_tag
from lambda_api.domain.ports import ProviderError


class CreateOutcomeUnknown(ProviderError):
    """The call failed, and an endpoint of this stack exists or may exist."""


def find_tagged(endpoints: list[Live], tag: str, known: str | None) -> list[Live]:
    """Return the endpoints that carry `tag`, and the one with the id `known`."""
    return [live for live in endpoints if live["id"] == known or has_tag(live, tag)]
