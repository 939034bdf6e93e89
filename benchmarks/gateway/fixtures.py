"""The environment of every measurement: the two packages, a Python, and a stub of AWS and RunPod on loopback."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3

from benchmarks.bench import BenchError
from benchmarks.gateway.events import CALLBACK_SECRET, HOOK_SECRET, KEY, OPERATION, Event
from benchmarks.measure import Say
from contract.artifacts import OUTPUT_VIDEO
from contract.messages import ArtifactFacts, ExecutionFacts, MediaFacts, ResultManifest
from lambda_api.adapters.aws.dynamodb_table import Table
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.adapters.aws.session import AwsSession
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.job import Job, State
from lambda_api.domain.keys import artifact_key, manifest_key

_HERE = Path(__file__).parent
_SECONDS = 120
OWNER, BUCKET = "bench", "bench"
HOUR_MS = 3_600_000
_OUTPUT = b"not really a video"
_TOKEN = base64.b64encode(hashlib.shake_128(b"bench").digest(661)).decode()
"""884 characters, like the session token of a function's role, with `+`, `/` and `=`, which a URL must encode."""
_ALLOWANCE = {"OWNER_RATE_PER_MINUTE": "60000", "OWNER_BURST": "100000", "OWNER_JOBS_IN_FLIGHT": "1000000"}
"""Quotas too high to limit any measurement."""


@dataclass(frozen=True, slots=True)
class Lab:
    """One run of the benchmark. `url` is the URL of the stub."""

    python: str
    version: str
    ours: Path
    naive: Path
    url: str
    runs: int
    quick: bool
    say: Say

    def request(self, path: str, body: bytes = b"", method: str = "POST") -> bytes:
        return _request(f"{self.url}{path}", body, method)

    def read_counts(self) -> dict[str, Any]:
        """Return the calls that the stub counted since the last request for them, and its contents."""
        read: dict[str, Any] = json.loads(self.request("/_counts"))
        return read

    def store(self) -> DynamoJobStore:
        return DynamoJobStore(Table("bench", self.aws().dynamodb), _now, HOUR_MS)

    def aws(self) -> AwsSession:
        """Return the gateway's own clients, for the stub."""
        session = boto3.Session("bench", "bench", region_name="us-east-1")
        return AwsSession(session, self.url)

    def running_job(self) -> Job:
        """Store a job whose worker has just finished."""
        job = replace(_job(str(uuid.uuid4())), state=State.IN_PROGRESS, runpod_job_id="run-1", attempt=1)
        self.store().create(job, None, _now(), Allowance())
        self.publish(job.job_id)
        return job

    def item(self, job: Job) -> dict[str, Any]:
        """Return a stored job as DynamoDB returns it."""
        item = Table("bench", self.aws().dynamodb).read({"pk": {"S": f"JOB#{job.job_id}"}})
        assert item is not None  # noqa: S101 - for the type checker
        return item

    def publish(self, job_id: str) -> None:
        """Upload the video and the manifest, as a worker does."""
        self.request(f"/{BUCKET}/{artifact_key(job_id, OUTPUT_VIDEO.name)}", _OUTPUT, "PUT")
        self.request(f"/{BUCKET}/{manifest_key(job_id)}", _manifest(job_id).model_dump_json().encode(), "PUT")

    def environment(self) -> dict[str, str]:
        """Return the variables of template.yaml, with secrets as ARNs. Callbacks may go to the stub."""
        return {
            "TABLE_NAME": "bench", "BUCKET_NAME": BUCKET, "CALLBACK_QUEUE_URL": f"{self.url}/queue",
            "RUNPOD_ENDPOINT_ID": "endpoint", "RUNPOD_API_URL": f"{self.url}/v2", "PUBLIC_URL": "https://api.example",
            "RUNPOD_MANAGEMENT_URL": self.url, "RUNPOD_SECRET_ARN": "runpod", "HOOK_SECRET_ARN": "hook",
            "CALLERS_SECRET_ARN": "callers", "AWS_ENDPOINT_URL": self.url, "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_SESSION_TOKEN": _TOKEN, "AWS_LAMBDA_FUNCTION_NAME": "f", "LOG_LEVEL": "INFO",
            "ALLOW_LOOPBACK_URLS": "true", **_ALLOWANCE,
        }  # fmt: skip

    def warm_environment(self) -> dict[str, str]:
        """Return the same with plain secrets, because a process that forks must not have connections."""
        env = {**self.environment(), **secrets(), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ.get("PATH", "")}
        return {name: value for name, value in env.items() if not name.endswith("_SECRET_ARN")}

    def handle(self, package: Path, module: str, event: Event, status: int | None = 200) -> Handled:
        """Handle one event in a new process. Raises BenchError on another status; None: not an HTTP event."""
        env = self.environment() | {
            "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ.get("PATH", ""), "LAMBDA_TASK_ROOT": str(package),
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        }  # fmt: skip
        argv = [self.python, "-P", "-s", str(_HERE / "program.py"), str(package), module, json.dumps(event)]
        done = subprocess.run(argv, env=env, cwd=package, capture_output=True, text=True, timeout=_SECONDS, check=False)
        lines = done.stdout.splitlines()
        if done.returncode != 0 or not lines:
            raise BenchError(f"{module}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
        result = json.loads(lines[-1])
        if result["answer"].get("statusCode") != status:
            raise BenchError(f"{module} answered {result['answer'].get('statusCode')}")
        logged = sum(len(line.encode()) + 1 for line in lines[:-1])
        return Handled(result["cpu_ms"], result["answer"], logged)


@dataclass(frozen=True, slots=True)
class Handled:
    """The result of one event. `log_bytes` is the output to stdout, which Lambda sends to CloudWatch."""

    cpu_ms: float
    answer: dict[str, Any]
    log_bytes: int

    @property
    def body(self) -> Any:
        """Body of an HTTP response."""
        return json.loads(self.answer["body"])


@contextmanager
def stub() -> Iterator[str]:
    """Start the stub, store the secrets in it, and yield its URL."""
    argv = [sys.executable, "-m", "benchmarks.gateway.stub"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            callers = json.dumps(
                {name.lower(): json.loads(secrets()[name]) for name in ("API_KEYS", "CALLBACK_SECRETS")}
            )
            for name, text in (("runpod", "k"), ("hook", HOOK_SECRET), ("callers", callers)):
                _request(f"{url}/secret/{name}", text.encode(), "PUT")
            yield url
        finally:
            process.terminate()


def _request(url: str, body: bytes, method: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=10) as answer:
        read: bytes = answer.read()
        return read


def secrets() -> dict[str, str]:
    """Return the secrets as plain variables, as in local mode."""
    keys = {hashlib.sha256(KEY.encode()).hexdigest(): OWNER}
    callbacks = {OWNER: [CALLBACK_SECRET]}
    return {
        "RUNPOD_API_KEY": "k", "HOOK_SECRET": HOOK_SECRET, "API_KEYS": json.dumps(keys),
        "CALLBACK_SECRETS": json.dumps(callbacks),
    }  # fmt: skip


def _now() -> int:
    return time.time_ns() // 1_000_000


def _job(job_id: str) -> Job:
    now = _now()
    return Job(
        job_id=job_id, owner=OWNER, operation=OPERATION, created_at=now, deadline_at=now + HOUR_MS,
        due_at=now + 60_000, endpoint_id="endpoint", submitted_at=now, started_at=now,
    )  # fmt: skip


def _manifest(job_id: str) -> ResultManifest:
    return ResultManifest(
        job_id=job_id,
        attempt=1,
        artifacts=(ArtifactFacts(**OUTPUT_VIDEO._asdict(), size_bytes=len(_OUTPUT), sha256="0" * 64),),
        media=MediaFacts(
            width=1920, height=1080, frame_rate=24.0, frames=120, duration_seconds=5.0, video_codec="h264",
            audio_codec="aac",
        ),
        execution=ExecutionFacts(encoder="h264_nvenc", video_mode="encode", execution_ms=4200),
    )  # fmt: skip
