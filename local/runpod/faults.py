"""Faults that can be switched on while the emulator runs. Pure.

A target takes one mode, as a bare string (until cleared) or as `{"mode": "503", "times": 1}`
(that many times). Further keys of the object are the mode's own settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_CHANGE = ("400", "401", "429", "500", "timeout", "accept_then_reset", "accept_late")
MODES: dict[str, tuple[str, ...]] = {
    "webhook": ("drop", "duplicate", "null_body", "delay"),
    "run": ("503", "429", "timeout", "accept_then_reset"),
    "status": ("503", "404"),
    "job_done": ("500", "400"),
    "worker": ("kill_mid_job", "gone", "hold", "unhealthy"),
    "endpoint_read": ("401", "429", "500", "timeout"),
    "endpoint_create": _CHANGE,
    "endpoint_update": _CHANGE,
    "endpoint_delete": _CHANGE,
}
"""What exists, by target.

webhook  drop: never sent · duplicate: sent twice · null_body: `null` as body · delay: `seconds` late (3)
run      503, 429: refused · timeout: no answer for `seconds` (8), not accepted · accept_then_reset: accepted, no answer
status   503: refused · 404: as if the job were unknown
job_done 500, 400: the worker's result is refused (the SDK repeats after a 5xx, never after a 4xx)
worker   kill_mid_job: SIGKILL `seconds` (1) after a take, once per job unless `every_run` ·
         gone: all killed, none started · hold: workers take no jobs · unhealthy: one is shown that does not come up
endpoint_read, _create, _update, _delete (the management API)
         401, 400, 429, 500: refused, 429 with `Retry-After: 1` · timeout, accept_then_reset: as for run ·
         accept_late: accepted after `seconds` (8), and only then answered
"""


class UnknownFaultError(ValueError):
    """A target, a mode or a setting that does not exist. The message lists what does."""


@dataclass(slots=True)
class Fault:
    """One active fault. `times` is what is left of it; None means until cleared."""

    mode: str
    times: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def seconds(self, default: float) -> float:
        return float(self.settings.get("seconds", default))

    def shown(self) -> dict[str, Any]:
        return {"mode": self.mode, "times": self.times, **self.settings}


class Faults:
    """The active faults, one per target."""

    def __init__(self) -> None:
        self._active: dict[str, Fault] = {}

    def set(self, body: Any) -> None:
        """Switch on every fault named in `body`, or none of them. Raises UnknownFaultError."""
        if not isinstance(body, dict):
            raise UnknownFaultError("send an object: " + _catalogue())
        parsed = {target: _parse(target, value) for target, value in body.items()}
        self._active |= parsed

    def clear(self) -> None:
        self._active.clear()

    def peek(self, target: str) -> Fault | None:
        """The target's fault without using one of its times."""
        return self._active.get(target)

    def is_on(self, target: str, mode: str) -> bool:
        fault = self._active.get(target)
        return fault is not None and fault.mode == mode

    def use(self, target: str) -> Fault | None:
        """The target's fault, counted as applied once."""
        fault = self._active.get(target)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self._active[target]
        return fault

    def shown(self) -> dict[str, Any]:
        return {target: fault.shown() for target, fault in self._active.items()}


def _parse(target: str, value: Any) -> Fault:
    settings = dict(value) if isinstance(value, dict) else {"mode": value}
    mode, times = settings.pop("mode", None), settings.pop("times", None)
    if target not in MODES or mode not in MODES[target]:
        raise UnknownFaultError(f"unknown fault {target}={mode!r}. Known: {_catalogue()}")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise UnknownFaultError("times must be a whole number, 1 or more")
    seconds = settings.get("seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise UnknownFaultError("seconds must be a number, 0 or more")
    if set(settings) - {"seconds", "every_run"}:
        raise UnknownFaultError("settings are mode, times, seconds and every_run")
    return Fault(mode, times, settings)


def _catalogue() -> str:
    return "; ".join(f"{target}: {', '.join(modes)}" for target, modes in MODES.items())
