"""A client's receiver of callbacks: fails one in ten, and records them by job."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from local.notifier import Notifier
from local.runpod.replies import reset


@dataclass(slots=True)
class JobCallbacks:
    """The callbacks of one job. `accepted`: the number that got a 2xx. `first_at`: of the first, by `time.monotonic`.

    `repeats`: the number that arrived although a 2xx had been sent completely. After an
    interrupted response a repeat is required.
    """

    ids: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)
    """Without the links to the files, whose signatures differ in each attempt."""
    tries: int = 0
    accepted: int = 0
    repeats: int = 0
    answered: bool = False
    first_at: float | None = None

    @property
    def status(self) -> str:
        """Return the job's state in the callbacks."""
        return str(json.loads(next(iter(self.bodies)))["status"])


def _without_links(body: dict[str, Any]) -> dict[str, Any]:
    artifacts = [stored | {"url": None, "url_expires_at": None} for stored in body.get("artifacts", ())]
    return body | {"video_url": None, "video_url_expires_at": None, "artifacts": artifacts}


FAULTS = ("500", "503", "reset")
STAMP = ("webhook-id", "webhook-timestamp", "webhook-signature")
"""Headers of a POST that its entry in the delivery log has, too."""


class Receiver:
    """`POST /callback`. One in `fail_each` gets the next of the faults: a status (503 with Retry-After), or `reset`.

    `posts` counts all POSTs whose signature is valid by their stamps.
    """

    def __init__(self, secret: str, fail_each: int, faults: Sequence[str] = FAULTS) -> None:
        self.callbacks: defaultdict[str, JobCallbacks] = defaultdict(JobCallbacks)
        self.unverified = 0
        self.failed = 0
        self.notifier = Notifier()
        self.app = web.Application()
        self.app.router.add_post("/callback", self._receive)
        self.verifier = Webhook(secret)
        self.posts: Counter[tuple[str, ...]] = Counter()
        self._faults = self._plan(fail_each, faults)

    @staticmethod
    def _plan(fail_each: int, faults: Sequence[str]) -> Iterator[str | None]:
        for mode in cycle(faults):
            yield from [None] * (fail_each - 1)
            yield mode

    @property
    def received_at(self) -> dict[str, float]:
        """Return when the first callback of each job arrived."""
        return {name: one.first_at for name, one in self.callbacks.items() if one.first_at is not None}

    async def _receive(self, request: web.Request) -> web.Response:
        raw = await request.read()
        received_at = time.monotonic()
        try:
            body = self.verifier.verify(raw.decode(), {name.lower(): text for name, text in request.headers.items()})
        except (WebhookVerificationError, ValueError):
            self.unverified += 1
            return web.Response(status=401)
        self.posts[tuple(request.headers[name] for name in STAMP)] += 1
        job = self.callbacks[body["job_id"]]
        if job.first_at is None:
            job.first_at = received_at
        job.ids.add(request.headers["webhook-id"])
        job.bodies.add(json.dumps(_without_links(body)))
        job.tries += 1
        job.repeats += job.answered
        fault = next(self._faults)
        if fault is None:
            return await self._accept(request, job)
        self.failed += 1
        if fault == "reset":
            return reset(request)
        return web.Response(status=int(fault), headers={"Retry-After": "1"} if fault == "503" else {})

    async def _accept(self, request: web.Request, job: JobCallbacks) -> web.Response:
        answer = web.Response(status=204)
        # A sender that has disconnected or was killed does not get the response.
        with suppress(ConnectionError):
            await answer.prepare(request)
            await answer.write_eof()
            job.answered |= request.transport is not None and not request.transport.is_closing()
        job.accepted += 1
        self.notifier.notify()
        return answer
