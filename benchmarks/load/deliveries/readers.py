"""What both owners do with the API while callbacks are sent: follow the log, redeliver, and try the other's jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
from standardwebhooks import Webhook, WebhookVerificationError

from benchmarks.bench import BenchError
from benchmarks.load.deliveries.verdict import Entry, Seen

_ATTEMPTS = 30
_SECONDS = 40.0
_PAGE = 100
_STRAY_EACH = 10
_TRIES = (
    ("GET", "/job/{}/deliveries"), ("GET", "/webhooks/deliveries?job_id={}"), ("POST", "/job/{}/redeliver"),
    ("GET", "/job/{}"),
)  # fmt: skip
Json = dict[str, Any]


class Api:
    """The API with the keys of both owners."""

    def __init__(self, session: aiohttp.ClientSession, url: str, keys: Mapping[str, str]) -> None:
        self._session = session
        self._url = url
        self._keys = keys

    async def call(self, owner: str, method: str, path: str) -> tuple[int, Json]:
        """Return status and JSON, after attempts without a response or with 5xx. Raises BenchError."""
        headers, timeout = {"X-API-Key": self._keys[owner]}, aiohttp.ClientTimeout(total=_SECONDS)
        for _ in range(_ATTEMPTS):
            try:
                async with self._session.request(method, self._url + path, headers=headers, timeout=timeout) as answer:
                    if answer.status < 500:
                        return answer.status, await answer.json()
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.2)
        raise BenchError(f"{method} {path.partition('?')[0]} was refused {_ATTEMPTS} times")

    async def read(self, owner: str, path: str) -> Json:
        """Return the JSON of a 2xx. Raises BenchError."""
        status, document = await self.call(owner, "GET", path)
        if status >= 300:
            raise BenchError(f"GET {path.partition('?')[0]} returned {status} {document.get('code')}")
        return document


async def follow(api: Api, owner: str, secret: str, seen: Seen, ended: asyncio.Event, pause: float) -> None:
    """Read the log as it grows, until it has no more entries after the end; verify each signature."""
    verifier, entries = Webhook(secret), seen.followed.setdefault(owner, [])
    position = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    while True:
        is_last = ended.is_set()
        page = await api.read(owner, f"/webhooks/deliveries?after={position}&limit={_PAGE}")
        position = page["next_cursor"]
        entries += page["deliveries"]
        seen.unverified += sum(not verifies(verifier, entry) for entry in page["deliveries"])
        if len(page["deliveries"]) < _PAGE:
            if is_last:
                return
            await asyncio.sleep(pause)


def verifies(verifier: Webhook, entry: Entry) -> bool:
    """Verify an entry of the log as its receiver would; it must not be older than five minutes."""
    try:
        verifier.verify(entry["body"], dict(entry["headers"]))
    except (WebhookVerificationError, ValueError, KeyError):
        return False
    return True


async def walk(api: Api, owner: str, other: str, seen: Seen) -> None:
    """Read the whole log, newest first. Now and then the other owner tries the same cursor."""
    entries, cursor = seen.listed.setdefault(owner, []), ""
    own = {job.job_id for job in seen.jobs if job.owner == other}
    while True:
        query = f"/webhooks/deliveries?limit={_PAGE}" + (f"&cursor={cursor}" if cursor else "")
        page = await api.read(owner, query)
        if cursor and len(entries) // _PAGE % _STRAY_EACH == 1:
            status, strange = await api.call(other, "GET", query)
            seen.strayed += status < 300 and any(entry["job_id"] not in own for entry in strange["deliveries"])
        entries += page["deliveries"]
        if page["next_cursor"] is None:
            return
        cursor = page["next_cursor"]


async def read_callbacks(api: Api, owner: str, seen: Seen) -> None:
    """Read what became of the callbacks of all jobs."""
    cursor = ""
    while cursor is not None:
        page = await api.read(owner, f"/jobs?limit={_PAGE}" + (f"&cursor={cursor}" if cursor else ""))
        for job in page["jobs"]:
            seen.callbacks[job["job_id"]] = job["callback"]["status"], job["callback"]["last_result"]
        cursor = page["next_cursor"]


async def try_foreign(api: Api, other: str, job_id: str, number: int, seen: Seen) -> None:
    """Ask for another owner's job, in turn in every way, and in the next round shifted, so that both owners use all."""
    method, path = _TRIES[(number + number // len(_TRIES)) % len(_TRIES)]
    status, _ = await api.call(other, method, path.format(job_id))
    seen.strayed += status < 300
