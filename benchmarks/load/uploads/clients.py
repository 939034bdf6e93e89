"""Clients of uploads, who do in turn what can be done wrong (`fates`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any

import aiohttp

from benchmarks.bench import BenchError
from benchmarks.load.clients import client_timeout, run_together
from benchmarks.load.uploads import send
from benchmarks.load.uploads.fates import EACH, SENT_AT_ONCE, UNSENT, Fate, fate_of, has_checksum, is_first_owner
from benchmarks.load.uploads.verdict import Attempt, Kind, Record, Seen
from contract.limits import UPLOAD_SINGLE_BYTES

_ATTEMPTS = 30
_SECONDS = 40.0
Json = dict[str, Any]
Answer = tuple[int, Json]


class Uploaders:
    """All clients of one run. `keys`: of both owners. `large`: numbers of the files that are sent in parts."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, keys: Mapping[str, str], large: Collection[int]
    ) -> None:
        self.seen = Seen()
        self.abandoned = 0
        self._session = session
        self._url = url
        self._keys = keys
        self._large = large

    async def run(self, uploads: int, clients: int, each_done: Callable[[int], None]) -> None:
        """Announce and send all files. `each_done` gets their number so far. Raises BenchError."""
        numbers = iter(range(uploads))

        async def client() -> None:
            for number in numbers:
                await self._run_upload(number)
                each_done(len(self.seen.records))

        await run_together(client() for _ in range(clients))

    async def read_again(self, clients: int) -> None:
        """Read the state of every upload once more. Raises BenchError."""
        records = iter(self.seen.records)

        async def client() -> None:
            for record in records:
                await self._read_state(record)

        await run_together(client() for _ in range(clients))

    def make_data(self, record: Record) -> bytes:
        """Return the bytes that were announced."""
        number = _number(record)
        return send.make_file(record.name, UPLOAD_SINGLE_BYTES + number + 1 if number in self._large else None)

    async def _run_upload(self, number: int) -> None:
        names = list(self._keys)
        owner, other = names if is_first_owner(number) else reversed(names)
        record = Record(f"{number}.mp4", owner)
        data = self.make_data(record)
        upload = await self._announce(record, data, with_sum=has_checksum(number) and number not in self._large)
        link = f"/uploads/{record.upload_id}"
        record.sent = await self._send(number, record, upload, data)
        await self._try_foreign(number, other, record)
        if not record.sent:
            await self._expect_refused(record, f"{number}: completed", "POST", f"{link}/complete")
        elif number % 2:
            status, job = await self._call(owner, *self._submission(record))
            if status != 202:
                raise BenchError(f"a job with a sent upload was refused: {status} {job.get('code')}")
            record.job_id = job["job_id"]
        else:
            await self._read_state(record)
        self.seen.records.append(record)

    async def _announce(self, record: Record, data: bytes, *, with_sum: bool) -> Json:
        number = _number(record)
        body: Json = {"filename": record.name, "size_bytes": len(data)}
        body |= {"sha256": send.digest(data)} if with_sum else {}
        if fate_of(number) is Fate.ABANDONED:
            # Abandoned before the response, then sent again: another upload, or the only one.
            try:
                async with asyncio.timeout(client_timeout(number if number >= EACH else 0)):
                    record.announcements += 1
                    await self._call_once(record.owner, "POST", "/uploads", body)
            except TimeoutError:
                self.abandoned += 1
        for _ in range(_ATTEMPTS):
            record.announcements += 1
            status, upload = await self._call_once(record.owner, "POST", "/uploads", body)
            if status == 201:
                record.upload_id = upload["upload_id"]
                return upload
            if status and status < 500:
                raise BenchError(f"POST /uploads returned {status} {upload.get('code')}")
        raise BenchError(f"POST /uploads was refused {_ATTEMPTS} times")

    async def _send(self, number: int, record: Record, upload: Json, data: bytes) -> bool:
        """Send the file; True if all its bytes were confirmed. Raises BenchError if right bytes are refused."""
        if upload["parts"]:
            return await self._send_parts(number, record, upload, data)
        fate = fate_of(number)
        await self._send_wrongly(number, fate, upload, data)
        if fate not in SENT_AT_ONCE:
            await self._expect_refused(record, f"{number}: submitted after {fate}", *self._submission(record))
        if fate in UNSENT:
            return False
        times = 2 if fate is Fate.TWICE else 1
        statuses = await asyncio.gather(*(send.put(self._session, upload, data) for _ in range(times)))
        if fate is Fate.CONFIRMED_TWICE:
            statuses += await self._complete_twice(record, {})
        if set(statuses) != {200}:
            raise BenchError(f"upload {number} ({fate}) was refused: {statuses}")
        return True

    async def _send_parts(self, number: int, record: Record, upload: Json, data: bytes) -> bool:
        parts = await send.put_parts(self._session, upload, data)
        path = f"/uploads/{record.upload_id}/complete"
        await self._expect_refused(record, f"{number}: completed without a part", "POST", path, {"parts": parts[1:]})
        return await self._complete_twice(record, {"parts": parts}) == [200, 200]

    async def _send_wrongly(self, number: int, fate: Fate, upload: Json, data: bytes) -> None:
        wrong = {
            Fate.SHORT: data[:-1], Fate.LONG: data + b"more",
            Fate.FORGED: bytes(len(data)), Fate.ONLY_FORGED: bytes(len(data)),
        }.get(fate)  # fmt: skip
        if wrong is not None:
            status = await send.put(self._session, upload, wrong)
            self.seen.attempts.append(Attempt(Kind.INCOMPLETE, f"{number}: PUT, {fate}", 200 <= status < 300))
        elif fate in {Fate.HALF, Fate.ONLY_HALF}:
            await send.put_half(upload, data)

    async def _complete_twice(self, record: Record, body: Json) -> list[int]:
        path = f"/uploads/{record.upload_id}/complete"
        both = (self._call(record.owner, "POST", path, body) for _ in range(2))
        return [status for status, _ in await asyncio.gather(*both)]

    async def _try_foreign(self, number: int, other: str, record: Record) -> None:
        link = f"/uploads/{record.upload_id}"
        method, path, body = (
            ("GET", link, None), ("POST", f"{link}/complete", None), self._submission(record),
        )[number % 3]  # fmt: skip
        status, _ = await self._call(other, method, path, body)
        self.seen.attempts.append(Attempt(Kind.FOREIGN, f"{number}: {method} {path}", status < 300))

    async def _read_state(self, record: Record) -> None:
        record.states.add((await self._call(record.owner, "GET", f"/uploads/{record.upload_id}"))[1]["state"])

    async def _expect_refused(
        self, record: Record, what: str, method: str, path: str, body: Json | None = None
    ) -> None:
        status, _ = await self._call(record.owner, method, path, body)
        self.seen.attempts.append(Attempt(Kind.INCOMPLETE, what, status < 300))

    @staticmethod
    def _submission(record: Record) -> tuple[str, str, Json]:
        return "POST", "/media/probe", {"url_video": f"upload:{record.upload_id}"}

    async def _call(self, owner: str, method: str, path: str, body: Json | None = None) -> Answer:
        """Return status and JSON, after attempts without a response or with 429 or 5xx. Raises BenchError."""
        for _ in range(_ATTEMPTS):
            status, document = await self._call_once(owner, method, path, body)
            if status and status != 429 and status < 500:
                return status, document
            await asyncio.sleep(0.2)
        raise BenchError(f"{method} {path} was refused {_ATTEMPTS} times")

    async def _call_once(self, owner: str, method: str, path: str, body: Json | None = None) -> Answer:
        """Return status and JSON; status 0 if there is no response."""
        headers, timeout = {"X-API-Key": self._keys[owner]}, aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with self._session.request(
                method, self._url + path, json=body, headers=headers, timeout=timeout
            ) as answer:
                return answer.status, await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            return 0, {}


def _number(record: Record) -> int:
    return int(record.name.partition(".")[0])
