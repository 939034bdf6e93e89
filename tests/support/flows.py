"""Play the client's flows with scripted answers: no server, no clock, no threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api_gpu.core.context import Context
from api_gpu.core.effects import Block, Effect, Fetch, Flow, Gather, Item, Request, Response, Send, SendFile, Sleep
from api_gpu.errors import APIConnectionError

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
LOST = APIConnectionError("lost")


def reply(status: int, body: object = None, **headers: str) -> Response:
    """Return an answer; a body other than bytes is sent as JSON, and `_` in names of headers is `-`."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, content)


@dataclass
class Played:
    """Answers requests in turn, and notes what flows ask for. Sleeping moves the clock."""

    answers: list[Any]
    """Each a response, an exception to raise, or a function of the effect; the last one repeats."""
    seconds: float = 0.0
    requests: list[Request] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)

    def context(self, **changes: Any) -> Context:
        settings: dict[str, Any] = {
            "clock": lambda: self.seconds, "now": lambda: NOW, "random": lambda: 0.5, "new_key": lambda: "new-key",
        }  # fmt: skip
        return Context("https://api.example.com/v1", {"X-API-Key": "secret-key"}, **settings | changes)

    def run(self, flow: Flow[Any]) -> Any:
        """Play a flow and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except Exception as error:  # noqa: BLE001 - the flow decides what it means
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            return end.value

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Sleep(seconds):
                self.sleeps.append(seconds)
                self.seconds += seconds
            case Block(call):
                return call()
            case Gather(flows, _):
                return [self.run(flow) for flow in flows]
            case Item(value):
                self.items.append(value)
            case Send() | SendFile() | Fetch():
                return self._answer(effect)
        return None

    def _answer(self, effect: Send | SendFile | Fetch) -> Response:
        self.requests.append(effect.request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        found = answer(effect) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    @property
    def sent(self) -> list[Any]:
        """The bodies of requests to the API."""
        return [json.loads(request.content) for request in self.requests if request.content]
