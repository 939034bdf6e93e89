"""Any order of announcements, bytes, completions and submits by two owners: promises 9 and 22 of the design.

An upload counts only when all its bytes are there, and no owner can use, read or complete another's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from contract.operations.img2vid import Img2Vid
from contract.options.stored import upload_id, upload_reference
from lambda_api.domain.errors import NotFound, TooManyRequests, UploadExpired, UploadNotFound, UploadNotReady
from lambda_api.domain.keys import upload_key
from lambda_api.domain.policy import HOUR
from lambda_api.domain.uploads.quota import UploadAllowance
from lambda_api.domain.uploads.upload import OBJECT_MS, ROW_MS, UploadState
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.uploads.complete_upload import complete_upload
from lambda_api.usecases.uploads.create_upload import create_upload
from lambda_api.usecases.uploads.get_upload import get_upload
from tests.support.examples import submission
from tests.support.fakes import World
from tests.support.uploads import announced

OWNERS = st.sampled_from(["ada", "bob"])
SIZE = 6
UPLOADS_PER_HOUR = 12
PAUSES = st.sampled_from([1, HOUR // 2, HOUR, OBJECT_MS - HOUR, OBJECT_MS, ROW_MS])


@dataclass
class Known:
    """What a client knows of its upload."""

    owner: str
    created_at: int
    stored: int | None = None
    """Bytes of the object in the bucket."""


class Uploads(RuleBasedStateMachine):
    """The use cases over fakes, and what must hold of every job that was stored."""

    outcomes: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = World(upload_allowance=UploadAllowance(uploads=UPLOADS_PER_HOUR))
        self.known: dict[str, Known] = {}
        self.jobs: set[str] = set()

    @initialize()
    def begin(self) -> None:
        for owner in ("ada", "bob"):
            self.announce(owner)

    @rule(owner=OWNERS)
    def announce(self, owner: str) -> None:
        try:
            signed = create_upload(self.world.services, announced(owner=owner, size_bytes=SIZE))
        except TooManyRequests:
            recent = [one for one in self.known.values() if one.owner == owner]
            assert len(recent) >= UPLOADS_PER_HOUR
            return
        self.known[signed.upload.upload_id] = Known(owner, signed.upload.created_at)

    @rule(data=st.data(), size=st.sampled_from([0, SIZE - 1, SIZE, SIZE, SIZE + 1]))
    def send(self, data: st.DataObject, size: int) -> None:
        """Store bytes. S3 would refuse a size that is not signed: here the gateway must notice it."""
        name, one = self.pick(data)
        self.world.objects.objects[upload_key(one.owner, name)] = b"x" * size
        one.stored = size

    @rule(data=st.data(), caller=OWNERS)
    def complete(self, data: st.DataObject, caller: str) -> None:
        name, one = self.pick(data)
        before = dict(self.world.objects.objects)
        try:
            state = complete_upload(self.world.services, caller, name, ()).state
        except NotFound:
            self.check_hidden(one, caller)
        except (UploadNotReady, UploadExpired):
            assert caller == one.owner
            assert self.expected(one) is not UploadState.READY
        else:
            assert (caller, state) == (one.owner, UploadState.READY)
            assert self.expected(one) is UploadState.READY
        assert self.world.objects.objects == before

    @rule(data=st.data(), caller=OWNERS)
    def read(self, data: st.DataObject, caller: str) -> None:
        name, one = self.pick(data)
        try:
            state = get_upload(self.world.services, caller, name).state
        except NotFound:
            self.check_hidden(one, caller)
        else:
            assert caller == one.owner
            assert state is self.expected(one)

    @rule(data=st.data(), caller=OWNERS)
    def submit(self, data: st.DataObject, caller: str) -> None:
        name, one = self.pick(data)
        operation = Img2Vid(url_image=upload_reference(name))
        try:
            job = submit_job(self.world.services, submission(owner=caller, operation=operation)).job
        except UploadNotFound:
            self.check_hidden(one, caller)
            self.outcomes["not found"] += 1
        except (UploadExpired, UploadNotReady) as refused:
            state = UploadState.EXPIRED if isinstance(refused, UploadExpired) else UploadState.WAITING
            assert (caller, self.expected(one)) == (one.owner, state)
            self.outcomes[state] += 1
        else:
            assert (caller, self.expected(one)) == (one.owner, UploadState.READY)
            self.jobs.add(job.job_id)
            self.outcomes["accepted"] += 1

    @rule(pause=PAUSES)
    def wait(self, pause: int) -> None:
        self.world.clock.advance(pause)

    @invariant()
    def only_whole_files_of_their_owner_have_jobs(self) -> None:
        assert set(self.world.store.jobs) == self.jobs
        for job in self.world.store.jobs.values():
            names = [upload_id(given.url) or "" for given in job.operation.inputs()]
            assert all(self.known[name].owner == job.owner for name in names)
        for run in self.world.provider.runs:
            owner = self.world.store.jobs[run["input"]["job_id"]].owner
            assert f"/uploads/{owner}/" in run["input"]["operation"]["url_image"]

    def pick(self, data: st.DataObject) -> tuple[str, Known]:
        name = data.draw(st.sampled_from(sorted(self.known)))
        return name, self.known[name]

    def expected(self, one: Known) -> UploadState:
        if self.world.clock() >= one.created_at + OBJECT_MS:
            return UploadState.EXPIRED
        return UploadState.READY if one.stored == SIZE else UploadState.WAITING

    def check_hidden(self, one: Known, caller: str) -> None:
        assert caller != one.owner or self.world.clock() >= one.created_at + ROW_MS


def test_only_whole_files_of_their_owner_are_read_in_any_order_of_events() -> None:
    Uploads.outcomes.clear()
    run_state_machine_as_test(Uploads, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))  # type: ignore[no-untyped-call]
    assert set(Uploads.outcomes) == {"accepted", "not found", "waiting", "expired"}, "a walk must meet each outcome"
