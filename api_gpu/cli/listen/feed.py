"""Deliveries as they are logged, each one once, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Delivery = Mapping[str, Any]
Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Reads a page of deliveries: those after a position, oldest first; without `after` the newest ones."""

_PAGE = 50
_BEGINNING = "1970-01-01T00:00:00Z"
"""The position before all deliveries: positions are cursors or times."""


class Feed:
    """The deliveries that are logged from now on, or since a moment."""

    def __init__(self, call: Call, since: datetime | None) -> None:
        self._call = call
        self._position = None if since is None else since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._passed: set[str] = set()

    def start(self) -> bool:
        """Pass over what is there, unless a moment was stated. Returns True. No clock of this machine plays a part."""
        if self._position is None:
            newest = self._call({"limit": 1})
            self._passed = {str(entry["delivery_id"]) for entry in newest["deliveries"]}
            self._position = newest.get("next_cursor") or _BEGINNING
        return True

    def read(self) -> list[Delivery]:
        """Return the next page of what is new, oldest first; empty if there is nothing."""
        self.start()
        answer = self._call({"after": self._position, "limit": _PAGE})
        fresh = [entry for entry in answer["deliveries"] if str(entry["delivery_id"]) not in self._passed]
        self._passed |= {str(entry["delivery_id"]) for entry in fresh}
        self._position = answer.get("next_cursor") or self._position
        return fresh
