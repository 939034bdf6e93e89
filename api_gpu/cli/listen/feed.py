"""Deliveries as they appear in the log, each one once, in the order in which they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

Delivery = Mapping[str, Any]
Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Reads a page of deliveries, newest first, with these parameters."""

_PAGE = 50
_GLANCE = 10
"""Size of the first page of each read, which mostly has nothing new. Deliveries of the same moment may be listed in
another order than they were seen in, so one would not do."""


class Feed:
    """New deliveries since a moment. It reads from the newest back to what it knows, so that no cursor can be lost."""

    def __init__(self, call: Call, since: datetime | None) -> None:
        self._call, self._since = call, since
        self._known: set[str] = set()
        self._is_started = False

    def start(self) -> None:
        """Pass over what was there before, unless `since` asks for it."""
        if self._since is None:
            self._known = {str(entry["delivery_id"]) for entry in self._call({"limit": _PAGE})["deliveries"]}
        self._is_started = True

    def read(self) -> list[Delivery]:
        """Return what is new, oldest first."""
        if not self._is_started:
            self.start()
        found: dict[str, Delivery] = {}
        for page in self._pages():
            fresh = {str(entry["delivery_id"]): entry for entry in page if self._is_new(entry)}
            found.update(fresh)
            if len(fresh) < len(page):
                break
        self._known |= set(found)
        return sorted(found.values(), key=lambda entry: str(entry["created_at"]))

    def _pages(self) -> Iterator[list[Delivery]]:
        cursor, size = None, _GLANCE
        while True:
            answer = self._call({"limit": size, "cursor": cursor})
            yield list(answer["deliveries"])
            cursor, size = answer.get("next_cursor"), _PAGE
            if cursor is None or not answer["deliveries"]:
                return

    def _is_new(self, entry: Delivery) -> bool:
        if str(entry["delivery_id"]) in self._known:
            return False
        return self._since is None or datetime.fromisoformat(str(entry["created_at"])) >= self._since
