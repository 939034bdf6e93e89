"""Faults that can be set while the emulator runs. Pure.

A target takes one mode, as a bare string (until cleared) or as `{"mode": "503", "times": 1}` (that many times), or
several modes in turn, as a list; `"every": 10` applies to one of ten uses. Further keys of the object are the mode's
settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_LOST = ("503", "500", "429", "timeout", "reset")
_CHANGE = ("400", "401", "429", "500", "timeout", "accept_then_reset", "accept_late")
MODES: dict[str, tuple[str, ...]] = {
    "webhook": ("drop", "duplicate", "null_body", "delay"),
    "run": ("503", "500", "429", "timeout", "accept_then_reset"),
    "status": (*_LOST, "404"),
    "cancel": (*_LOST, "accept_then_reset"),
    "job_done": ("500", "400"),
    "worker": ("kill_mid_job", "gone", "hold", "unhealthy"),
    "endpoint_read": ("401", "429", "500", "timeout"),
    "endpoint_create": _CHANGE,
    "endpoint_update": _CHANGE,
    "endpoint_delete": _CHANGE,
}
"""Modes by target.

webhook  drop: never sent · duplicate: sent twice · null_body: `null` as body · delay: `seconds` late (3)
run      503, 500, 429: refused · timeout: no response for `seconds` (8), not accepted · accept_then_reset: accepted,
         no response
status   the same · reset: no response · 404: as if the job were unknown
cancel   the same
job_done 500, 400: the worker's result is refused (the SDK repeats after a 5xx, never after a 4xx)
worker   kill_mid_job: SIGKILL `seconds` (1) after a take, once per job unless `every_run` ·
         gone: all killed, none started · hold: workers take no jobs ·
         unhealthy: shows one worker that fails to start
endpoint_read, _create, _update, _delete (the management API)
         401, 400, 429, 500: refused, 429 with `Retry-After: 1` · timeout, accept_then_reset: as for run ·
         accept_late: accepted and answered after `seconds` (8)
"""


class UnknownFaultError(ValueError):
    """A target, a mode or a setting that does not exist. The message lists what exists."""


@dataclass(slots=True)
class Fault:
    """One active fault. `times` is the number of uses left; None means until cleared. `next_modes` follow in turn."""

    mode: str
    times: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    next_modes: tuple[str, ...] = ()
    every: int = 1
    skipped: int = 0
    """Uses since the fault last applied."""

    def seconds(self, default: float) -> float:
        return float(self.settings.get("seconds", default))

    def applies(self) -> bool:
        """Count one use and return True if the fault applies to it."""
        self.skipped += 1
        if self.skipped < self.every:
            return False
        self.skipped = 0
        return True

    def rotate(self) -> Fault:
        """Return the current fault and move on to the next mode."""
        current = Fault(self.mode, self.times, self.settings)
        if self.next_modes:
            self.mode, self.next_modes = self.next_modes[0], (*self.next_modes[1:], self.mode)
        return current

    def as_json(self) -> dict[str, Any]:
        modes = [self.mode, *self.next_modes] if self.next_modes else self.mode
        every = {"every": self.every} if self.every > 1 else {}
        return {"mode": modes, "times": self.times, **every, **self.settings}


class Faults:
    """The active faults, one per target."""

    def __init__(self) -> None:
        self._active: dict[str, Fault] = {}

    def set(self, body: Any) -> None:
        """Set every fault named in `body`, or none of them. Raises UnknownFaultError."""
        if not isinstance(body, dict):
            raise UnknownFaultError("send an object: " + _catalogue())
        parsed = {target: _parse(target, value) for target, value in body.items()}
        self._active |= parsed

    def clear(self) -> None:
        self._active.clear()

    def peek(self, target: str) -> Fault | None:
        """Return the target's fault without using it."""
        return self._active.get(target)

    def is_on(self, target: str, mode: str) -> bool:
        fault = self._active.get(target)
        return fault is not None and fault.mode == mode

    def use(self, target: str) -> Fault | None:
        """Use the target's fault once; None if there is none or it skips this use."""
        fault = self._active.get(target)
        if fault is None or not fault.applies():
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self._active[target]
        return fault.rotate()

    def as_json(self) -> dict[str, Any]:
        return {target: fault.as_json() for target, fault in self._active.items()}


def _parse(target: str, value: Any) -> Fault:
    settings = dict(value) if isinstance(value, dict) else {"mode": value}
    mode, times, every = settings.pop("mode", None), settings.pop("times", None), settings.pop("every", 1)
    modes = mode if isinstance(mode, list) and mode else [mode]
    if target not in MODES or not all(one in MODES[target] for one in modes):
        raise UnknownFaultError(f"unknown fault {target}={mode!r}. Known: {_catalogue()}")
    if not (times is None or _is_count(times)) or not _is_count(every):
        raise UnknownFaultError("times and every must be whole numbers, 1 or more")
    seconds = settings.get("seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise UnknownFaultError("seconds must be a number, 0 or more")
    if set(settings) - {"seconds", "every_run"}:
        raise UnknownFaultError("settings are mode, times, every, seconds and every_run")
    return Fault(modes[0], times, settings, tuple(modes[1:]), every)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _catalogue() -> str:
    return "; ".join(f"{target}: {', '.join(modes)}" for target, modes in MODES.items())
