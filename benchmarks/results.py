"""One row of the result: a target, the measured value, and the conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.target import Target
from benchmarks.targets import TARGETS


@dataclass(frozen=True, slots=True)
class Row:
    """A measured value. It is None if it could not be measured; `note` has the reason or a remark.

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
        """True if the value, rounded as printed, meets the target; None if there is no value."""
        return None if self.value is None else self.target.met_by(round(self.value, self.target.digits))

    def as_json(self) -> dict[str, Any]:
        """Return plain data with four decimals: more would be noise that differs in each run."""
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
