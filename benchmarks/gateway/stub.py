"""Stub of AWS, RunPod and a client in one process. It serves only the calls that the gateway makes, and counts them.

    python -m benchmarks.gateway.stub      prints its port; ends when its stdin closes

It is fast rather than complete, so that it costs the gateway little time: it evaluates only the conditions of the job
store. `POST /_counts` returns the counts since its last call, the stored jobs and if they have work due, the jobs with
an idempotency key, and the jobs submitted to RunPod. `POST /_lose/N` loses the response to every Nth write, after the
write.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import Any

from benchmarks.gateway.capacity import read_units, write_units

Item = dict[str, Any]
_OK = b"{}"


class Stub:
    """Stored items and objects, and counts of calls."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.objects: dict[str, bytes] = {}
        self.runs: list[str] = []
        self.counts: Counter[str] = Counter()
        self.lose_each = 0
        self._writes = 0

    def answer(self, method: str, path: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body; status 0 loses the response."""
        if target:
            status, response = self._aws(target.partition(".")[2], json.loads(body))
            return (0, b"") if self._is_lost(target) else (status, response)
        if path.startswith("/_"):
            return self._control(path, body)
        if path.startswith("/v2/"):
            return self._runpod(path, body)
        if path == "/callback":
            self.counts["client"] += 1
            return 200, b""
        return self._object(method, path, body)

    def _aws(self, operation: str, request: Item) -> tuple[int, bytes]:
        self.counts[operation] += 1
        if operation == "GetSecretValue":
            return 200, json.dumps({"SecretString": self.objects[f"/secret/{request['SecretId']}"].decode()}).encode()
        if operation == "SendMessage":
            return 200, b'{"MessageId": "1", "MD5OfMessageBody": ""}'
        if operation == "GetItem":
            item = self.items.get(request["Key"]["pk"]["S"])
            self.counts["read_units"] += read_units(item)
            return 200, json.dumps({"Item": item} if item else {}).encode()
        in_transaction = operation == "TransactWriteItems"
        writes = (
            [write for item in request["TransactItems"] for write in item.values()] if in_transaction else [request]
        )
        failed = [not self._condition_holds(write) for write in writes]
        if not any(failed):
            for write in writes:
                # In a transaction every item is written twice, once to prepare it.
                self._put(write.get("Item") or self._apply_update(write), times=2 if in_transaction else 1)
            return 200, _OK
        if operation == "PutItem":
            return 400, b'{"__type": "x#ConditionalCheckFailedException"}'
        reasons = [self._reason(write, has_failed) for write, has_failed in zip(writes, failed, strict=True)]
        return 400, json.dumps({"__type": "x#TransactionCanceledException", "CancellationReasons": reasons}).encode()

    def _condition_holds(self, write: Item) -> bool:
        old, condition = self._old(write), write.get("ConditionExpression", "")
        given = _numbers(write.get("ExpressionAttributeValues", {}))
        if condition == "version = :before":
            return old is not None and _numbers(old)["version"] == given[":before"]
        if "Item" in write:
            return old is None
        used = {"in_flight": 0, "full_at": 0} | _numbers(old or {})
        if ":latest" in given:
            return given[":now"] < used["full_at"] <= given[":latest"] and used["in_flight"] < given[":most"]
        return not condition or (used["full_at"] <= given[":now"] and used["in_flight"] < given[":most"])

    def _apply_update(self, write: Item) -> Item:
        """Apply an update to an owner's row, or to the bills of an owner and day."""
        if write["Key"]["pk"]["S"].startswith("COSTS#"):
            return self._add_bill(write)
        given = _numbers(write["ExpressionAttributeValues"])
        used = {"in_flight": 0, "full_at": 0} | _numbers(self._old(write) or {})
        in_flight = used["in_flight"] + given.get(":one", given.get(":less", 0))
        full_at = given.get(":next", used["full_at"] + given.get(":step", 0))
        return {**write["Key"], "in_flight": {"N": str(in_flight)}, "full_at": {"N": str(full_at)}}

    def _add_bill(self, write: Item) -> Item:
        given = write["ExpressionAttributeValues"]
        old = self._old(write) or write["Key"]
        row = {**old, "expires_at": given[":expires"]}
        for short, name in write["ExpressionAttributeNames"].items():
            value = given[f":{short[1:]}"]
            row[name] = {"N": str(int(old.get(name, {"N": "0"})["N"]) + int(value["N"]))} if "N" in value else value
        return row

    def _reason(self, write: Item, has_failed: bool) -> Item:
        return {"Code": "ConditionalCheckFailed", "Item": self._old(write)} if has_failed else {"Code": "None"}

    def _old(self, write: Item) -> Item | None:
        return self.items.get((write.get("Key") or write["Item"])["pk"]["S"])

    def _put(self, item: Item, times: int) -> None:
        key = item["pk"]["S"]
        self.counts["write_units"] += write_units(self.items.get(key), item) * times
        self.items[key] = item

    def _is_lost(self, target: str) -> bool:
        if not self.lose_each or not target.endswith(("PutItem", "TransactWriteItems")):
            return False
        self._writes += 1
        return self._writes % self.lose_each == 0

    def _runpod(self, path: str, body: bytes) -> tuple[int, bytes]:
        self.counts["RunPod"] += 1
        if not path.endswith("/run"):
            return 200, b'{"status": "IN_PROGRESS"}'
        self.runs.append(json.loads(body)["input"]["job_id"])
        return 200, json.dumps({"id": f"run-{len(self.runs)}", "status": "IN_QUEUE"}).encode()

    def _object(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "PUT":
            self.objects[path] = body
            return 200, b""
        self.counts[f"S3 {method}"] += 1
        found = self.objects.get(path)
        return (404, b"<Code>NoSuchKey</Code>") if found is None else (200, found)

    def _control(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path.startswith("/_lose/"):
            self.lose_each = int(path.rpartition("/")[2])
        if path == "/_items":
            self.items.update({item["pk"]["S"]: item for item in json.loads(body)})
        counts, self.counts = self.counts, Counter()
        jobs = {key.partition("#")[2]: "due_at" in item for key, item in self.items.items() if key.startswith("JOB#")}
        named = [item["job_id"]["S"] for key, item in self.items.items() if key.startswith("IDEM#")]
        return 200, json.dumps({"calls": counts, "jobs": jobs, "named": named, "runs": self.runs}).encode()


def _numbers(item: Item) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}


class Connection(asyncio.Protocol):
    """An HTTP/1.1 connection that is kept open, one request at a time."""

    def __init__(self, world: Stub) -> None:
        self._world = world
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length", 0))
            if "100-continue" in headers.get("expect", ""):
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            method, path, _ = first.split(" ")
            target = headers.get("x-amz-target", "")
            status, body = self._world.answer(method, path.partition("?")[0], target, rest[:length])
            if status == 0:
                self._transport.close()
                return
            content = "application/x-amz-json-1.0" if target else "binary/octet-stream"
            self._transport.write(
                f"HTTP/1.1 {status} OK\r\nContent-Type: {content}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + (b"" if method == "HEAD" else body)
            )


async def main() -> None:
    world = Stub()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(world), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
