"""Fakes of the ports. The store and the bucket pass the same contract tests as the real ones."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from contract.limits import Limits
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.access.quotas import Allowance, Usage
from lambda_api.domain.bill.history import (
    CostHistory,
    Day,
    Group,
    days_until,
    expense,
    operation_history,
    utc_day,
)
from lambda_api.domain.errors import InvalidRequest, Unavailable
from lambda_api.domain.inputs import Answer, NoAnswer
from lambda_api.domain.job import Job
from lambda_api.domain.job_query import ANY, MAX_EXAMINED, JobQuery
from lambda_api.domain.policy import HOUR, Policy, expires_at
from lambda_api.domain.ports import (
    DeliveryResult,
    Idempotency,
    IdempotencyRecord,
    Page,
    ProviderError,
    ProviderJobMissing,
    ProviderStatus,
)
from lambda_api.domain.uploads.ports import InvalidParts, PresignedUpload
from lambda_api.domain.uploads.quota import UploadAllowance, UploadUsage, take_upload
from lambda_api.domain.uploads.upload import SentPart, Upload
from lambda_api.domain.webhooks.delivery import Delivery, DeliveryPage, WebhookDefault
from lambda_api.usecases.services import Services
from tests.support.quotas import admit

START = 1_800_000_000_000
HOOK_SECRET = "hook-secret-of-the-tests"
API_KEYS = {hashlib.sha256(key.encode()).hexdigest(): owner for key, owner in (("local-key", "ada"), ("other", "bob"))}
AMPLE = Allowance(rate_per_minute=60_000, burst=100_000, jobs_in_flight=100_000)
"""Enough for every test that is not about quotas."""


@dataclass
class FakeClock:
    now: int = START

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1000)


class FakeStore:
    """Jobs in a dictionary; `before_save` lets a test act between a read and a write."""

    def __init__(self, clock: Callable[[], int], retention_ms: int = 7 * 24 * HOUR) -> None:
        self.jobs: dict[str, Job] = {}
        self.keys: dict[tuple[str, str], IdempotencyRecord] = {}
        self.expiry: dict[tuple[str, str], int] = {}
        self.usage: dict[str, Usage] = {}
        self.spent: dict[tuple[str, date], dict[Group, CostHistory]] = {}
        self.writes = 0
        self.before_save: Callable[[Job], None] | None = None
        self.down = False
        self._clock = clock
        self._retention_ms = retention_ms
        self._lock = threading.Lock()

    def _up(self) -> None:
        if self.down:
            raise Unavailable("The job store did not answer. Try again.", retry_after=2, reason="PutItem: NoAnswer")

    def create(
        self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance
    ) -> IdempotencyRecord | None:
        self._up()
        with self._lock:
            return self._create(job, idempotency, now, allowance)

    def _create(
        self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance
    ) -> IdempotencyRecord | None:
        key = (job.owner, idempotency.key) if idempotency is not None else None
        if key in self.keys and self.expiry[key] // 1000 > now // 1000:
            return self.keys[key] if self.keys[key].job_id != job.job_id else None
        if job.job_id in self.jobs:
            return None
        self.usage[job.owner] = admit(self.usage.get(job.owner, Usage()), allowance, now)
        if key is not None and idempotency is not None:
            self.keys[key] = IdempotencyRecord(job.job_id, idempotency.fingerprint)
            self.expiry[key] = idempotency.expires_at
        self.jobs[job.job_id] = job
        self.writes += 1
        return None

    def find_idempotency(self, owner: str, key: str, now: int) -> IdempotencyRecord | None:
        self._up()
        if self.expiry.get((owner, key), 0) // 1000 <= now // 1000:
            return None
        return self.keys[owner, key]

    def get(self, job_id: str) -> Job | None:
        self._up()
        job = self.jobs.get(job_id)
        if job is None or job.due_at is not None:
            return job
        ends_at = expires_at(job.created_at, job.deadline_at, None, self._retention_ms)
        return None if ends_at // 1000 * 1000 <= self._clock() else job

    def save(self, job: Job, *, ends: bool = False) -> bool:
        self._up()
        if self.before_save is not None:
            hook, self.before_save = self.before_save, None
            hook(job)
        with self._lock:
            if self.jobs[job.job_id].version != job.version - 1:
                return False
            self.jobs[job.job_id] = job
            self.writes += 1
            if ends:
                used = self.usage.get(job.owner, Usage())
                self.usage[job.owner] = replace(used, in_flight=used.in_flight - 1)
                self._spend(job)
            return True

    def _spend(self, job: Job) -> None:
        spent = expense(job)
        if spent is not None:
            day = self.spent.setdefault((job.owner, spent.day), {})
            day[spent.group] = day.get(spent.group, CostHistory()) + spent.sums

    def costs(self, owner: str, days: Sequence[date]) -> Mapping[date, Day]:
        self._up()
        return {day: self.spent[owner, day] for day in days if (owner, day) in self.spent}

    def history(self, owner: str, operation: str, days: int) -> CostHistory:
        found = self.costs(owner, days_until(utc_day(self._clock()), days))
        return operation_history(found.values(), operation)

    def page(self, owner: str, limit: int, cursor: str | None, query: JobQuery = ANY) -> Page:
        self._up()
        mine = sorted((j for j in self.jobs.values() if j.owner == owner), key=_age, reverse=True)
        if cursor is not None:
            if "#" not in cursor:
                raise InvalidRequest("The cursor is not valid.", errors=(("cursor", "not ours"),))
            mine = [job for job in mine if _age(job) < cursor]
        if query.created_after is not None:
            mine = [job for job in mine if job.created_at >= query.created_after]
        if query.created_before is not None:
            mine = [job for job in mine if job.created_at < query.created_before]
        found: list[Job] = []
        for number, job in enumerate(mine, 1):
            found += [job] if query.matches(job) else []
            if len(found) == limit or number == MAX_EXAMINED:
                return Page(tuple(found), _age(job) if number < len(mine) else None)
        return Page(tuple(found), None)

    def due(self, now: int, limit: int) -> Iterator[str]:
        self._up()
        due = sorted(
            (j for j in self.jobs.values() if j.due_at is not None and j.due_at <= now), key=lambda j: j.due_at or 0
        )
        return iter([job.job_id for job in due[:limit]])


def _age(job: Job) -> str:
    return f"{job.created_at:015d}#{job.job_id}"


class FakeUploads:
    """Uploads in a dictionary."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.uploads: dict[str, Upload] = {}
        self.usage: dict[str, UploadUsage] = {}
        self._clock = clock

    def create(self, upload: Upload, now: int, allowance: UploadAllowance) -> None:
        if upload.upload_id in self.uploads:
            return
        used = self.usage.get(upload.owner, UploadUsage())
        self.usage[upload.owner] = take_upload(used, allowance, now, upload.size_bytes)
        self.uploads[upload.upload_id] = upload

    def find(self, upload_ids: Collection[str]) -> Mapping[str, Upload]:
        found = {name: self.uploads[name] for name in upload_ids if name in self.uploads}
        now = self._clock() // 1000 * 1000
        return {name: upload for name, upload in found.items() if upload.row_expires_at // 1000 * 1000 > now}


@dataclass
class FakeProvider:
    """RunPod as a script: `failures` are raised first, one per call."""

    runs: list[Mapping[str, Any]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    statuses: dict[str, ProviderStatus] = field(default_factory=dict)
    failures: list[ProviderError] = field(default_factory=list)
    during_run: Callable[[], None] | None = None
    default_status: ProviderStatus | None = None
    status_calls: int = 0
    down: bool = False
    """True while `/health` and the settings cannot be read."""

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def _up(self) -> None:
        if self.down:
            raise ProviderError("http_502")

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        self._fail()
        self.runs.append(payload)
        if self.during_run is not None:
            self.during_run()
        return f"runpod-{len(self.runs)}"

    def status(self, endpoint_id: str, runpod_job_id: str) -> ProviderStatus:
        self.status_calls += 1
        self._fail()
        status = self.statuses.get(runpod_job_id, self.default_status)
        if status is None:
            raise ProviderJobMissing("http_404")
        return status

    def cancel(self, endpoint_id: str, runpod_job_id: str) -> None:
        self._fail()
        self.cancelled.append(runpod_job_id)

    def health(self, endpoint_id: str) -> Mapping[str, Any]:
        self._up()
        return {"jobs": {"inQueue": 2}, "workers": {"idle": 1}}

    def config(self, endpoint_id: str) -> Mapping[str, Any]:
        self._up()
        return {"id": endpoint_id, "workers": {"min": 0, "max": 3}}


@dataclass
class FakeObjects:
    objects: dict[str, bytes] = field(default_factory=dict)
    multiparts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Sent parts by the id of the upload. The ETag of a part is its bytes' MD5 in hex."""
    aborted: list[str] = field(default_factory=list)
    sizes_read: int = 0
    down: bool = False

    def presign_put(self, key: str, content_type: str, seconds: int) -> str:
        return f"https://bucket.example/{key}?put&type={content_type}&X-Amz-Signature=planted-signature"

    def presign_get(self, key: str, seconds: int, *, saved_as: str | None = None) -> str:
        name = f"&saved_as={saved_as}" if saved_as else ""
        return f"https://bucket.example/{key}?get{name}&X-Amz-Expires={seconds}&X-Amz-Signature=planted-signature"

    def presign_head(self, key: str, seconds: int) -> str:
        return f"https://bucket.example/{key}?head&X-Amz-Expires={seconds}&X-Amz-Signature=planted-signature"

    def _up(self) -> None:
        if self.down:
            raise Unavailable("The video store did not answer. Try again.", retry_after=2)

    def presign_upload(
        self, key: str, content_type: str, size_bytes: int, sha256: str | None, seconds: int
    ) -> PresignedUpload:
        headers = {"Content-Type": content_type, "Content-Length": str(size_bytes)}
        checksum = {"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode()} if sha256 else {}
        return PresignedUpload(
            f"https://bucket.example/{key}?put&X-Amz-Signature=planted-signature", headers | checksum
        )

    def begin_multipart(self, key: str, content_type: str) -> str:
        self._up()
        multipart_id = f"multipart-{len(self.multiparts) + 1}"
        self.multiparts[multipart_id] = {}
        return multipart_id

    def presign_part(self, key: str, multipart_id: str, number: int, size_bytes: int, seconds: int) -> str:
        return f"https://bucket.example/{key}?part={number}&id={multipart_id}&X-Amz-Signature=planted-signature"

    def complete_multipart(self, key: str, multipart_id: str, parts: Sequence[SentPart]) -> None:
        self._up()
        if multipart_id not in self.multiparts:
            return
        sent = self.multiparts[multipart_id]
        if any(part.number not in sent or part.etag != etag_of(sent[part.number]) for part in parts):
            raise InvalidParts
        self.objects[key] = b"".join(sent[part.number] for part in parts)
        del self.multiparts[multipart_id]

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        self._up()
        self.aborted.append(multipart_id)
        self.multiparts.pop(multipart_id, None)

    def size(self, key: str) -> int | None:
        self._up()
        self.sizes_read += 1
        return len(self.objects[key]) if key in self.objects else None

    def write(self, key: str, data: bytes) -> None:
        self._up()
        self.objects[key] = data

    def read(self, key: str, max_bytes: int) -> bytes | None:
        self._up()
        data = self.objects.get(key)
        return data if data is not None and len(data) <= max_bytes else None


def etag_of(part: bytes) -> str:
    return hashlib.md5(part, usedforsecurity=False).hexdigest()


@dataclass
class FakeQueue:
    sent: list[tuple[str, int]] = field(default_factory=list)
    progress: list[tuple[str, int]] = field(default_factory=list)
    """Job and mark of each event of progress."""
    up: bool = True

    def enqueue(self, job: Job, delay_ms: int = 0) -> bool:
        if self.up:
            self.sent.append((job.job_id, delay_ms))
        return self.up

    def enqueue_progress(self, job: Job, mark: int) -> bool:
        if self.up:
            self.progress.append((job.job_id, mark))
        return self.up


class FakeDeliveries:
    """The delivery log in a dictionary."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.rows: dict[str, tuple[str, Delivery] | None] = {}
        """Id → sort key and delivery; None for a claim."""
        self.down = False
        self._clock = clock

    def _up(self) -> None:
        if self.down:
            raise Unavailable("The job store did not answer. Try again.", retry_after=2)

    def claim(self, delivery_id: str, expires_at: int) -> bool:
        self._up()
        if delivery_id in self.rows:
            return False
        self.rows[delivery_id] = None
        return True

    def write(self, delivery: Delivery) -> None:
        self._up()
        self.rows[delivery.delivery_id] = f"{self._clock():015d}#{delivery.delivery_id}", delivery

    def find(self, delivery_ids: Sequence[str]) -> list[Delivery]:
        self._up()
        rows = (self.rows.get(name) for name in delivery_ids)
        return [row[1] for row in rows if row is not None and self._is_kept(row[1])]

    def newest(self, owner: str, limit: int, cursor: str | None) -> DeliveryPage:
        key = None if cursor is None else _checked(cursor)
        mine = [row for row in reversed(self._of(owner)) if key is None or row[0] < key]
        shown = mine[:limit]
        return DeliveryPage(tuple(row[1] for row in shown), shown[-1][0] if len(mine) > limit else None)

    def after(self, owner: str, limit: int, position: str, now: int) -> DeliveryPage:
        key = f"{int(position):015d}#~" if position.isdigit() else _checked(position)
        mine = [row for row in self._of(owner) if key < row[0] < f"{now - 1000:015d}"][:limit]
        return DeliveryPage(tuple(row[1] for row in mine), mine[-1][0] if mine else key)

    def _of(self, owner: str) -> list[tuple[str, Delivery]]:
        self._up()
        return sorted(
            (row for row in self.rows.values() if row is not None and row[1].owner == owner and self._is_kept(row[1])),
            key=lambda row: row[0],
        )

    def _is_kept(self, delivery: Delivery) -> bool:
        return delivery.expires_at // 1000 * 1000 > self._clock()


def _checked(cursor: str) -> str:
    if "#" not in cursor:
        raise InvalidRequest("The cursor is not valid.", errors=(("cursor", "not ours"),))
    return cursor


@dataclass
class FakeDefaults:
    defaults: dict[str, WebhookDefault | None] = field(default_factory=dict)

    def get(self, owner: str) -> WebhookDefault | None:
        return self.defaults.get(owner)

    read = get

    def set(self, owner: str, default: WebhookDefault | None) -> None:
        self.defaults[owner] = default


@dataclass
class FakeSender:
    responses: list[DeliveryResult] = field(default_factory=list)
    posts: list[tuple[str, str, str, int, str]] = field(default_factory=list)

    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        self.posts.append((owner, url, message_id, now, body))
        return self.responses.pop(0) if self.responses else DeliveryResult(ok=True, result="http_200")

    def hold(self, owner: str, message_id: str, now: int, body: str) -> DeliveryResult:
        return DeliveryResult(ok=True, result="held", headers={"webhook-id": message_id})


@dataclass
class FakeInputs:
    """Hosts as a script; a URL that is not in it has a file of 1 kB that tells no length."""

    answers: dict[str, Answer | NoAnswer | None] = field(default_factory=dict)
    asked: list[dict[str, bool]] = field(default_factory=list)

    def read(self, urls: Mapping[str, bool]) -> Mapping[str, Answer | NoAnswer | None]:
        self.asked.append(dict(urls))
        return {url: self.answers.get(url, Answer(200, "media.example", None, 1000)) for url in urls}


@dataclass
class FakeObserver:
    changes: list[tuple[Job | None, Job]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def job_changed(self, before: Job | None, after: Job) -> None:
        self.changes.append((before, after))

    def warn(self, event: str, **facts: str | int) -> None:
        self.warnings.append(event)


@dataclass
class World:
    """Services made of fakes, and the fakes themselves."""

    clock: FakeClock = field(default_factory=FakeClock)
    provider: FakeProvider = field(default_factory=FakeProvider)
    objects: FakeObjects = field(default_factory=FakeObjects)
    queue: FakeQueue = field(default_factory=FakeQueue)
    sender: FakeSender = field(default_factory=FakeSender)
    inputs: FakeInputs = field(default_factory=FakeInputs)
    observer: FakeObserver = field(default_factory=FakeObserver)
    policy: Policy = field(default_factory=Policy)
    allowance: Allowance = field(default_factory=lambda: AMPLE)
    upload_allowance: UploadAllowance = field(default_factory=UploadAllowance)
    has_speech: bool = True
    callers: ApiCredentials = field(
        default_factory=lambda: ApiCredentials(api_keys=API_KEYS, callback_secrets={"ada": ("whsec_unused",)})
    )

    def __post_init__(self) -> None:
        self.store = FakeStore(self.clock)
        self.uploads = FakeUploads(self.clock)
        self.deliveries = FakeDeliveries(self.clock)
        self.defaults = FakeDefaults()
        self._ids = 0
        self.services = Services(
            store=self.store,
            history=self.store,
            uploads=self.uploads,
            provider=self.provider,
            objects=self.objects,
            queue=self.queue,
            sender=self.sender,
            inputs=self.inputs,
            deliveries=self.deliveries,
            webhook_defaults=self.defaults,
            observer=self.observer,
            policy=self.policy,
            worker_limits=Limits(),
            endpoint_id="endpoint",
            public_url="https://api.example",
            hook_secrets=(HOOK_SECRET, "older-hook-secret-of-the-tests"),
            callers=lambda: self.callers,
            allowance=self.allowance,
            upload_allowance=self.upload_allowance,
            default_price_per_second=0.0002,
            video_url_seconds=3600,
            allow_loopback=False,
            has_speech=self.has_speech,
            clock=self.clock,
            random=lambda: 0.5,
            new_id=self._new_id,
            sleep=self.clock.sleep,
        )

    def _new_id(self) -> str:
        self._ids += 1
        return f"job-{self._ids}"
