"""A client's end of callbacks: fails one in ten, and keeps what it was told about each job."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from local.notifier import Notifier
from local.runpod.replies import reset


@dataclass(slots=True)
class Told:
    """What one job's callbacks were. `accepted`: how many were answered with a 2xx.

    `again`: how many came although such an answer had gone out whole. After one that was broken off they must come.
    """

    ids: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)
    """Without the link to the video, which is new each time."""
    tries: int = 0
    accepted: int = 0
    again: int = 0
    answered: bool = False

    @property
    def status(self) -> str:
        """The job's, as told."""
        return str(json.loads(next(iter(self.bodies)))["status"])


class Receiver:
    """`POST /callback`. In turn, one in `fail_each` gets a 500, a 503 with Retry-After, or no answer."""

    def __init__(self, secret: str, fail_each: int) -> None:
        self.told: defaultdict[str, Told] = defaultdict(Told)
        self.unverified = 0
        self.failed = 0
        self.notifier = Notifier()
        self.app = web.Application()
        self.app.router.add_post("/callback", self._receive)
        self._verifier = Webhook(secret)
        self._faults = self._plan(fail_each)

    @staticmethod
    def _plan(fail_each: int) -> Iterator[str | None]:
        for mode in cycle(("500", "503", "reset")):
            yield from [None] * (fail_each - 1)
            yield mode

    async def _receive(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            told = self._verifier.verify(raw.decode(), {name.lower(): text for name, text in request.headers.items()})
        except (WebhookVerificationError, ValueError):
            self.unverified += 1
            return web.Response(status=401)
        job = self.told[told["job_id"]]
        job.ids.add(request.headers["webhook-id"])
        job.bodies.add(json.dumps(told | {"video_url": None, "video_url_expires_at": None}))
        job.tries += 1
        job.again += job.answered
        fault = next(self._faults)
        if fault is None:
            return await self._accepted(request, job)
        self.failed += 1
        if fault == "reset":
            return reset(request)
        return web.Response(status=int(fault), headers={"Retry-After": "1"} if fault == "503" else {})

    async def _accepted(self, request: web.Request, job: Told) -> web.Response:
        answer = web.Response(status=204)
        # A caller that has hung up by now, or was killed, does not hear it.
        with suppress(ConnectionError):
            await answer.prepare(request)
            await answer.write_eof()
            job.answered |= request.transport is not None and not request.transport.is_closing()
        job.accepted += 1
        self.notifier.notify()
        return answer
