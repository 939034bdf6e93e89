"""One line of the result: a target, what was measured, and what it was measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.targets import TARGETS, Target


@dataclass(frozen=True, slots=True)
class Row:
    """`value` is None where nothing could be measured; `note` says why, or what else there is to know.

    `peers` are the same measure for others, in this run. `python` is the version it was measured on.
    """

    key: str
    python: str
    value: float | None
    peers: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def target(self) -> Target:
        return TARGETS[self.key]

    @property
    def met(self) -> bool | None:
        """Judged as it is printed, so that the table never contradicts itself."""
        return None if self.value is None else self.target.met_by(round(self.value, self.target.digits))

    def as_json(self) -> dict[str, Any]:
        """Plain data with four digits behind the point: more would be noise, and differ in each run."""
        goal = {"sense": self.target.sense, "bound": self.target.bound, "unit": self.target.unit}
        known = {"operation": self.target.operation, "measure": self.target.measure, "best_before": self.target.best}
        plain: dict[str, Any] = rounded({**asdict(self), **known, "peers_before": self.target.peers, "target": goal})
        return {**plain, "met": self.met}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Row:
        return cls(data["key"], data["python"], data["value"], data["peers"], data["facts"], data["note"])


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value
