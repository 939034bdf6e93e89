"""One row of the table of targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the table. `peers` and `best` quote measurements from before this bench existed."""

    operation: str
    measure: str
    peers: str
    best: str
    sense: Literal["<=", ">=", "="]
    bound: float
    digits: int = 2
    unit: str = ""

    def met_by(self, value: float) -> bool:
        """Return True if the value, rounded as printed, meets the bound."""
        return {"<=": value <= self.bound, ">=": value >= self.bound, "=": value == self.bound}[self.sense]
