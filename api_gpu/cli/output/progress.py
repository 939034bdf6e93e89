"""Progress on stderr: two moving lines on a terminal, a line per step elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from api_gpu.cli.output.console import Console
from api_gpu.cli.output.units import duration, money, size

_REDRAW_SECONDS = 0.1
_STATES = {"ACCEPTED": "accepted", "IN_QUEUE": "waiting for a worker", "IN_PROGRESS": "running", "COMPLETED": "done"}


class Eta:
    """Estimates the time that is left from the pace so far."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start: tuple[float, float] | None = None

    def left(self, done: float, total: float) -> float | None:
        """Return seconds; None as long as too little is known."""
        now = self._clock()
        if self._start is None or done < self._start[1]:
            self._start = (now, done)
        began, first = self._start
        if done - first < total * 0.02 or now <= began:
            return None
        return (total - done) * (now - began) / (done - first)


class Progress:
    """Shows uploads and the job. Percentages never go back."""

    def __init__(self, console: Console, clock: Callable[[], float], *, as_json: bool = False) -> None:
        self._console, self._clock, self._as_json = console, clock, as_json
        self._lines: list[str] = []
        self._drawn = 0
        self._last_draw = float("-inf")
        self._upload_eta, self._job_eta = Eta(clock), Eta(clock)
        self._sent: dict[Path, int] = {}
        self._total, self._count = 0, 0
        self._percent = 0
        self._said = ""

    def begin_uploads(self, count: int, total_bytes: int) -> None:
        """State what will be uploaded."""
        self._count, self._total = count, total_bytes

    def upload(self, path: Path, sent: int, whole: int) -> None:
        """Show that `sent` of the `whole` bytes of a file are sent."""
        name, before = path.name, self._sent.get(path, -1)
        self._sent[path] = max(before, sent)
        is_done = sent >= whole and before < whole
        if self._as_json and is_done:
            self._console.json_line({"event": "upload", "file": name, "size_bytes": whole})
        if not self._console.is_live:
            if is_done:
                self._console.say(f"uploaded {name} ({size(whole)})")
            return
        done = min(sum(self._sent.values()), self._total)
        left = self._upload_eta.left(done, self._total or 1)
        which = f"{len(self._sent)} of {self._count}: " if self._count > 1 else ""
        line = f"uploading {which}{name}  {size(done)} of {size(self._total)}"
        self._show(0, line + (f"  {duration(left)} left" if left and done < self._total else ""), force=is_done)

    def job(self, data: Mapping[str, Any]) -> None:
        """Show the state of the job."""
        status, progress = str(data.get("status")), data.get("progress") or {}
        self._percent = max(self._percent, int(progress.get("percent") or 0))
        stage = progress.get("stage") or ""
        if self._as_json:
            self._say_once({"event": "progress", "job_id": data.get("job_id"), "status": status, "stage": stage or None,
                            "percent": self._percent})  # fmt: skip
        line = str(stage) if status == "IN_PROGRESS" and stage else _STATES.get(status, status.lower())
        if not self._console.is_live:
            if line != self._said and not self._as_json:
                self._console.say(line)
                self._said = line
            return
        if status == "IN_PROGRESS":
            left = self._job_eta.left(self._percent, 100)
            line += f"  {self._percent} %" + (f"  {duration(left)} left" if left else "")
        usd = (data.get("cost") or {}).get("gpu_usd")
        self._show(1, line + (f"  {money(usd)}" if usd else ""), force=True)

    def download(self, name: str, received: int, whole: int) -> None:
        """Show that `received` of the `whole` bytes of a result have arrived."""
        if self._console.is_live:
            self._show(0, f"saving {name}  {size(received)} of {size(whole)}", force=False)

    def close(self) -> None:
        """Remove the moving lines."""
        if self._drawn:
            self._console.draw(self._home())
        self._drawn, self._lines = 0, []

    def _say_once(self, event: dict[str, Any]) -> None:
        if repr(event) != self._said:
            self._console.json_line(event)
            self._said = repr(event)

    def _show(self, row: int, text: str, *, force: bool) -> None:
        self._lines = [*self._lines, *[""] * (row + 1 - len(self._lines))]
        if self._lines[row] == text:
            return
        self._lines[row] = text
        if not force and self._clock() - self._last_draw < _REDRAW_SECONDS:
            return
        self._last_draw = self._clock()
        # A line that wraps would break the way back to the first one.
        shown = [line[: self._console.columns - 1] for line in self._lines if line]
        self._console.draw(self._home() + "\n".join(shown))
        self._drawn = len(shown)

    def _home(self) -> str:
        return ("\x1b[1A" * (self._drawn - 1) if self._drawn else "") + "\r\x1b[J"
