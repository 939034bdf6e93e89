"""The loop of `listen`: read new deliveries, send each, print what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api_gpu import APIConnectionError, ApiGpuError, APITimeoutError, RateLimitedError, ServerError
from api_gpu.cli.exits import Stop
from api_gpu.cli.listen.feed import Feed
from api_gpu.cli.listen.forward import Forwarder, check_target
from api_gpu.cli.output.console import Console

_POLL_SECONDS = 2.0
_MAX_POLL_SECONDS = 30.0
_PASSING = (APIConnectionError, APITimeoutError, RateLimitedError, ServerError)
"""Errors of the API that end by themselves."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The deliveries to send, and their target."""

    forward_to: str | None
    events: frozenset[str]
    allow_remote: bool


class Loop:
    """Listens until it is interrupted."""

    def __init__(
        self, console: Console, feed: Feed, forwarder: Forwarder, choice: Choice, sleep: Callable[[float], None]
    ) -> None:
        self._console, self._feed, self._forwarder, self._choice, self._sleep = console, feed, forwarder, choice, sleep
        self._wait = _POLL_SECONDS
        self.undelivered = 0

    def run(self) -> None:
        """Listen. Ends with KeyboardInterrupt, or an error that does not end by itself."""
        while not self._patiently(self._feed.start):
            self._sleep(self._wait)
        self._console.say("listening; Ctrl-C ends it")
        while True:
            self.step()
            self._sleep(self._wait)

    def step(self) -> None:
        """Send what is new."""
        while page := self._patiently(self._feed.read):
            for delivery in page:
                if not self._choice.events or str(delivery["type"]) in self._choice.events:
                    self._handle(delivery)

    def _patiently(self, read: Callable[[], Any]) -> Any:
        try:
            found = read()
        except _PASSING as error:
            self._wait = min(_MAX_POLL_SECONDS, max(self._wait * 2, getattr(error, "retry_after", None) or 0))
            self._console.warn(f"note: {_first_line(error)}; trying again in {self._wait:g} s")
            return None
        self._wait = _POLL_SECONDS
        return found

    def _handle(self, delivery: Mapping[str, Any]) -> None:
        line = {
            "event": "delivery", "time": delivery.get("created_at"), "type": delivery.get("type"),
            "job_id": delivery.get("job_id"), "webhook_id": delivery.get("webhook_id"),
        }  # fmt: skip
        url = self._choice.forward_to or delivery.get("target")
        if not url:
            self._print(line, None, "not forwarded: name a receiver with --forward-to")
            return
        if not delivery.get("headers"):
            self._print(line, None, f"not forwarded: it was never signed ({delivery.get('result')})")
            return
        try:
            target = check_target(str(url), "the webhook URL", allow_remote=self._choice.allow_remote)
        except Stop as refused:
            self.undelivered += 1
            self._print(line, None, refused.sentence)
            return
        result = self._forwarder.send(target, delivery)
        if not result.is_delivered:
            self.undelivered += 1
        self._print(line | {"url": target.partition("?")[0], "tries": result.tries}, result.status, result.reason)
        if result.status is None and delivery.get("job_id"):
            self._console.warn(f"not delivered: api-gpu webhooks resend {delivery['job_id']} sends it again")

    def _print(self, line: dict[str, Any], status: int | None, reason: str) -> None:
        if self._console.is_json:
            self._console.json_line({**line, "status_code": status, "result": reason})
            return
        shown = [str(line["time"]), str(line["type"]), str(line["job_id"] or "-"), str(status or "-"), reason]
        self._console.data("  ".join(shown))


def _first_line(error: ApiGpuError) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
