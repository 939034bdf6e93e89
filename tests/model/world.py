"""The gateway in a modeled world: every external act, and what must hold at the end."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from contract.events import EventType
from contract.messages import ProgressReport
from contract.operations import Operation
from lambda_api.domain.access.tokens import Purpose, make_token
from lambda_api.domain.errors import (
    AlreadyFinished,
    IdempotencyMismatch,
    JobNotFinished,
    NotFound,
    NoWebhookUrl,
    TooManyRequests,
    Unavailable,
)
from lambda_api.domain.job import CallbackStatus, Job, State
from lambda_api.domain.policy import CALLBACK_DELAYS, MAX_ATTEMPTS, MINUTE
from lambda_api.domain.webhooks.events import message_id
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.deliver_callback import defer_callback, deliver_callback
from lambda_api.usecases.handle_webhook import handle_webhook
from lambda_api.usecases.record_progress import record_progress
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from lambda_api.usecases.webhooks.deliver_progress import deliver_progress
from lambda_api.usecases.webhooks.redeliver import redeliver
from tests.model.external_systems import Execution
from tests.model.gateway import ModelGateway
from tests.model.oracle import is_stopped, is_wanted
from tests.support.examples import SIDECAR_CAPTION, lasting, report, submission

HOOK = "https://hooks.example/done"
_MAX_SWEEPS = 5000
"""Sweeps after which a walk ends; two days of callbacks need a few hundred."""


class ModelWorld(ModelGateway):
    """Every external act on a `ModelGateway`, and what must hold after each and at the end."""

    def submit(
        self,
        *,
        key: str | None = None,
        scene: str = "7",
        callback: bool = False,
        operation: Operation = SIDECAR_CAPTION,
    ) -> Job | None:
        """Submit as a client and check the returned job; None if the client has to try again."""
        request = submission(
            owner=self.owner,
            operation=operation,
            webhook_url=HOOK if callback else None,
            webhook_events=tuple(EventType) if callback else None,
            metadata={"scene": scene},
            idempotency_key=key,
        )
        before = len(self.jobs)
        try:
            submitted = submit_job(self.services, request)
        except IdempotencyMismatch:
            self.counts["keys refused"] += 1
            kept = self.jobs[self.history.job_of_key[key or ""]]
            assert _request_of(kept) != (scene, callback), "a key was refused for its own body"
            return None
        except (Unavailable, TooManyRequests):
            # TooManyRequests: a clock that went back has spent tokens of the future.
            stored = len(self.jobs) > before and self.is_single_act
            assert not stored or self.crash_points.names[-1] == "after create", (
                "an error response although the job is stored"
            )
            return None
        self.counts["keys replayed"] += submitted.replayed
        assert _request_of(submitted.job) == (scene, callback), "a key returned the job of another body"
        if key is not None and self.is_single_act:
            assert submitted.job.job_id == self.history.job_of_key[key], "a key returned two jobs"
        return submitted.job

    def sweep(self, only: str | None = None) -> None:
        """Sweep; `only`: the one job that is found due."""
        self.history.only = only
        try:
            sweep(self.services, 10_000, lambda: True)
        except Unavailable:
            pass
        finally:
            self.history.only = None

    def receive_webhook(self, execution: Execution, error_text: str | None = None) -> None:
        """Call the webhook with the URL that RunPod has, whose secret may have been removed since."""
        token = execution.webhook.rpartition("/")[2]
        try:
            handle_webhook(self.services, execution.job_id, token, error_text)
        except NotFound:
            assert not self._genuine("webhook", execution, token), "a genuine token was refused"

    def report_progress(self, execution: Execution, seq: int) -> None:
        execution.seq = max(execution.seq, seq)
        report = ProgressReport(
            attempt=execution.attempt, seq=seq, percent=min(99, seq * 7), stage="encode",
            runpod_job_id=execution.runpod_job_id if seq % 3 else None,
        )  # fmt: skip
        token = execution.progress_url.rpartition("/")[2]
        before = self.jobs[execution.job_id].progress_seen
        try:
            stop = record_progress(self.services, execution.job_id, token, report)
        except NotFound:
            assert not self._genuine("progress", execution, token), "a genuine token was refused"
        except Unavailable:
            return
        else:
            job = self.jobs[execution.job_id]
            assert not self.is_single_act or stop == (job.is_terminal or job.cancel_requested), (
                "a wrong reply to a worker"
            )
            has_id = report.runpod_job_id is not None and before < job.progress_seen == (report.attempt, report.seq)
            assert job.is_terminal or job.runpod_job_id is not None or not has_id, "RunPod's id was not kept"

    def _genuine(self, purpose: Purpose, execution: Execution, token: str) -> bool:
        """True if the token has a current secret and its job can be read."""
        made = [
            make_token(secret, purpose, execution.job_id, execution.attempt) for secret in self.services.hook_secrets
        ]
        return token in made and self.history.get(execution.job_id) is not None

    def cancel(self, job_id: str) -> None:
        self.cancel_requests.add(job_id)
        try:
            cancel_job(self.services, self.owner, job_id)
        except AlreadyFinished:
            assert self.jobs[job_id].is_terminal
        except (NotFound, Unavailable):
            return
        else:
            job = self.jobs[job_id]
            assert job.cancel_requested or job.state is State.CANCELLED, "the cancel request was lost"

    def deliver(self, job_id: str) -> None:
        with suppress(Unavailable):
            deliver_callback(self.services, job_id)

    def redeliver(self, job_id: str) -> None:
        """Ask for another delivery as a client does."""
        with suppress(Unavailable, NotFound, JobNotFinished, NoWebhookUrl):
            redeliver(self.services, self.owner, job_id)
            self.counts["redeliveries"] += 1

    def deliver_progress(self, job_id: str, mark: int) -> None:
        """Handle a message about progress, which SQS may deliver again, late or in another order."""
        with suppress(Unavailable):
            self.counts["events of progress"] += deliver_progress(self.services, job_id, mark)

    def defer(self, job_id: str) -> None:
        """Defer as a sweep does that is already sending another callback of this owner."""
        with suppress(Unavailable):
            job = self.services.store.get(job_id)
            if job is not None and job.due_at is not None and job.due_at <= self.clock():
                defer_callback(self.services, job)

    def forge_tokens(self, job_id: str, kind: int) -> None:
        """Try tokens that were never issued: they cause no call to RunPod and no write."""
        secret = self.services.hook_secrets[0]
        purpose: Purpose = "progress" if kind % 2 else "webhook"
        tokens = (
            make_token(secret, purpose, job_id, 1)[:-1],
            make_token(secret, "webhook", f"{job_id}0", 1),
            make_token("a-secret-of-another-service", "webhook", job_id, 1),
            make_token(secret, "progress", job_id, 1),
            "١-x",
        )
        calls, writes = self.runpod.status_calls, len(self.history.written)
        with pytest.raises(NotFound):
            handle_webhook(self.services, job_id, tokens[kind % len(tokens)], None)
        with pytest.raises(NotFound):
            record_progress(self.services, job_id, make_token(secret, "progress", job_id, 1), report(attempt=2))
        assert (self.runpod.status_calls, len(self.history.written)) == (calls, writes)

    def redeploy(self, number: int) -> None:
        """Deploy another endpoint and another hook secret before the last one."""
        secrets = (f"hook-secret-number-{number}-of-the-model", self.services.hook_secrets[0])
        self.services = replace(self.services, endpoint_id=f"endpoint-{number}", hook_secrets=secrets)

    def check(self) -> None:
        """Assert what must hold at any moment."""
        for execution in self.runpod.executions[self._checked :]:
            attempt = (execution.job_id, execution.attempt)
            assert attempt not in self._attempts, f"{attempt} runs twice"
            assert execution.attempt <= MAX_ATTEMPTS, f"{attempt} runs"
            self._attempts.add(attempt)
            urls = (execution.webhook, execution.progress_url)
            assert all(url.rpartition("/")[2].startswith(f"{execution.attempt}-") for url in urls)
            assert self._was_interrupted or is_wanted(self, execution), f"{attempt} runs, and no job needs it"
        self._checked = len(self.runpod.executions)
        for job_id in self.history.finished:
            assert self._was_interrupted or is_stopped(self, self.jobs[job_id]), f"{job_id} has ended but runs on"
        self._has_raced = self._was_interrupted = False
        self.history.check_written()
        for sent, bodies in self.receiver.posts.items():
            self._check_posts(sent, bodies)
        for row in self.log.rows.values():
            if row is not None:
                assert row[1].body in self.receiver.posts[row[1].webhook_id], "the log has what was not sent"

    def _check_posts(self, sent: str, bodies: list[str]) -> None:
        """Check what the client received under one message id."""
        job_id, _, mark = sent.removeprefix("msg_").partition("_")
        callback = self.jobs[job_id].callback
        assert callback is not None
        if mark:
            assert len(bodies) == 1, f"{sent} sent {len(bodies)} times"
            event = json.loads(bodies[0])
            assert (event["type"], event["progress"]["percent"] >= int(mark)) == ("job.progress", True)
            return
        assert len(set(map(lasting, bodies))) == 1, f"{sent} in several versions"
        assert json.loads(bodies[0])["status"] == self.jobs[job_id].state, f"{sent} reports another state"
        assert len(bodies) <= callback.attempts, f"{sent} sent {len(bodies)} times"
        assert callback.tries <= len(CALLBACK_DELAYS), f"{sent} tried {callback.tries} times"

    def advance_to_due(self) -> bool:
        """Advance to the next minute in which the sweeper has work; False if it never will."""
        due = [job.due_at for job in self.jobs.values() if job.due_at is not None]
        if due:
            self.clock.now = max(self.clock() + 1, -(-min(due) // MINUTE) * MINUTE)
        return bool(due)

    def run_to_end(self) -> None:
        """Let only time pass and the sweeper run every minute, and assert that every promise was kept."""
        live = [job for job in self.jobs.values() if not job.is_terminal]
        # If the clock has gone back since, a time that it set is late by the same amount.
        latest = {job.job_id: max(self.clock(), job.deadline_at, job.due_at or 0) + 2 * MINUTE for job in live}
        for _ in range(_MAX_SWEEPS):
            if not self.advance_to_due():
                break
            self.sweep()
        self.check()
        for job_id, job in self.jobs.items():
            assert job.is_terminal, f"{job_id} never finished"
            self._check_callback(job)
        for job_id, limit in latest.items():
            assert (self.jobs[job_id].completed_at or 0) <= limit, f"{job_id} finished late"

    def _check_callback(self, job: Job) -> None:
        if job.callback is None:
            assert message_id(job.job_id) not in self.receiver.posts
            return
        posts = self.receiver.posts.get(message_id(job.job_id), [])
        assert job.callback.status is not CallbackStatus.PENDING, f"the callback of {job.job_id} is still pending"
        assert posts or job.callback.status is CallbackStatus.GIVEN_UP


def _request_of(job: Job) -> tuple[str, bool]:
    """Return the part of a request in which the model's clients differ."""
    return job.metadata["scene"], job.callback is not None
