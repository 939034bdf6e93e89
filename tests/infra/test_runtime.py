"""The built package in the real Lambda runtime: golden events, over HTTP, against AWS and RunPod on loopback.

Those of the endpoint's function are in test_runtime_endpoint.py.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from contract.artifacts import OUTPUT_VIDEO
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.adapters.aws.upload_store import DynamoUploadStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.job import Callback, Job, State
from lambda_api.domain.keys import artifact_key, manifest_key, upload_key
from lambda_api.domain.policy import HOUR
from lambda_api.domain.uploads.quota import UploadAllowance
from lambda_api.settings import Secret
from local.aws.names import ACCOUNT, BUCKET, QUEUE, TABLE
from tests.lambda_api.entrypoints.test_golden_events import API, RUNPOD
from tests.support import rie
from tests.support.aws import CREDENTIALS, Aws, table
from tests.support.examples import VIDEO, job, manifest
from tests.support.fakes import HOOK_SECRET
from tests.support.gateway import golden
from tests.support.sam import FUNCTIONS, PYTHON
from tests.support.system import Web, web
from tests.support.uploads import upload

pytestmark = pytest.mark.skipif(bool(rie.missing()), reason=rie.missing() or "")

RUNPOD_KEY = "planted-runpod-key"
CALLBACK_SECRET = "whsec_cGxhbnRlZC1jYWxsYmFjay1zZWNyZXQtb2YtdGhlLXRlc3Q="
NEEDS = {
    "ApiFunction": set(Secret),
    "WebhookFunction": {Secret.RUNPOD, Secret.HOOK},
    "SweeperFunction": set(Secret),
    "CallbacksFunction": {Secret.CALLERS},
}
"""As template.yaml grants them; tests/infra/test_template.py compares that with the roles."""


def json_answer(result: object, status: int = 200) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    def reply(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        data = json.dumps(result).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return reply


@pytest.fixture(scope="module")
def runpod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """RunPod, which reports every job as running, and a client that accepts callbacks."""
    with web(tmp_path_factory.mktemp("runpod")) as site:
        site.routes["v2/endpoint/run"] = json_answer({"id": "runpod-2", "status": "IN_QUEUE"})
        site.routes["v2/endpoint/status/runpod-1"] = json_answer({"id": "runpod-1", "status": "IN_PROGRESS"})
        site.routes["v2/endpoint/cancel/runpod-1"] = json_answer({"id": "runpod-1", "status": "CANCELLED"})
        site.routes["v2/endpoint/health"] = json_answer({"jobs": {"inQueue": 2}, "workers": {"idle": 1}})
        site.routes["v2/serverless/endpoint"] = json_answer({"id": "endpoint", "env": {"SECRET": "planted"}})
        site.routes["callback"] = json_answer({})
        yield site


@pytest.fixture(scope="module")
def secret_arns(aws: Aws) -> dict[Secret, str]:
    keys = {hashlib.sha256(b"local-key").hexdigest(): "ada"}
    texts = {
        Secret.RUNPOD: RUNPOD_KEY,
        Secret.HOOK: f"{HOOK_SECRET},an-older-hook-secret",
        Secret.CALLERS: json.dumps({"api_keys": keys, "callback_secrets": {"ada": [CALLBACK_SECRET]}}),
    }
    client = aws.client("secretsmanager")
    return {n: client.create_secret(Name=n.name.lower(), SecretString=text)["ARN"] for n, text in texts.items()}


@pytest.fixture(scope="module")
def functions(
    built: Path, aws: Aws, runpod: Web, secret_arns: dict[Secret, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], rie.Runtime]]:
    """Starts each function at its first use."""
    scratch, started = tmp_path_factory.mktemp("lambda"), {}
    contexts = []

    def start(name: str) -> rie.Runtime:
        if name not in started:
            env = {
                "TABLE_NAME": TABLE, "BUCKET_NAME": BUCKET, "CALLBACK_QUEUE_URL": f"{aws.url}/{ACCOUNT}/{QUEUE}",
                "PUBLIC_URL": "https://api.example", "AWS_ENDPOINT_URL": aws.url, "ALLOW_LOOPBACK_URLS": "true",
                "SPEECH": "true", "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
                "RUNPOD_ENDPOINT_ID": "endpoint",
                "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"], "POWERTOOLS_SERVICE_NAME": "stack",
                "RUNPOD_API_URL": f"{runpod.url}/v2", "RUNPOD_MANAGEMENT_URL": runpod.url,
            } | {need.value: secret_arns[need] for need in NEEDS[name]}  # fmt: skip
            context = rie.running(built / name, f"lambda_api.entrypoints.{FUNCTIONS[name]}.handler", env, scratch)
            started[name] = context.__enter__()
            contexts.append(context)
        return started[name]

    yield start
    for context in contexts:
        context.__exit__(None, None, None)


class Stage:
    """The table and the bucket around the one job and the one upload that the golden events are about."""

    def __init__(self, aws: Aws, callback_url: str) -> None:
        self._aws = aws
        now = time.time_ns() // 1_000_000
        self.store = DynamoJobStore(table(aws.url), lambda: time.time_ns() // 1_000_000, HOUR)
        self.clear()
        self.first = job(
            created_at=now, deadline_at=now + HOUR, due_at=now - 1, callback=Callback(url=callback_url),
        )  # fmt: skip
        self.store.create(self.first, None, now, Allowance())
        queued = replace(
            self.first, version=2, state=State.IN_QUEUE, runpod_job_id="runpod-1", endpoint_id="endpoint",
            submitted_at=now,
        )  # fmt: skip
        assert self.store.save(queued)
        self.upload(now)

    def upload(self, now: int) -> None:
        """Announce and send the one file that the golden events are about."""
        sent = upload(upload_id="job-2", created_at=now)
        DynamoUploadStore(table(self._aws.url), lambda: now).create(sent, now, UploadAllowance())
        self._aws.client("s3").put_object(Bucket=BUCKET, Key=upload_key(sent.owner, sent.upload_id), Body=b"12345")

    def clear(self) -> None:
        dynamodb, s3 = self._aws.client("dynamodb"), self._aws.client("s3")
        for item in dynamodb.scan(TableName=TABLE)["Items"]:
            dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"]})
        for key in (artifact_key("job-1", OUTPUT_VIDEO.name), manifest_key("job-1")):
            s3.delete_object(Bucket=BUCKET, Key=key)

    def publish(self) -> None:
        s3 = self._aws.client("s3")
        s3.put_object(Bucket=BUCKET, Key=artifact_key("job-1", OUTPUT_VIDEO.name), Body=VIDEO)
        s3.put_object(Bucket=BUCKET, Key=manifest_key("job-1"), Body=manifest().model_dump_json().encode())

    def job(self) -> Job:
        found = self.store.get("job-1")
        assert found is not None
        return found


@pytest.fixture
def stage(aws: Aws, runpod: Web) -> Iterator[Stage]:
    stage = Stage(aws, f"{runpod.url}/callback")
    yield stage
    stage.clear()


@pytest.mark.parametrize("name", sorted(API))
def test_every_route_has_its_status(functions: Callable[[str], rie.Runtime], stage: Stage, name: str) -> None:
    answer = functions("ApiFunction").invoke(golden(f"api/{name}"))
    assert answer["statusCode"] == API[name], answer
    assert answer["headers"]["x-request-id"] == "JKJaXmPLvHcESHA="
    assert "planted" not in json.dumps(answer)


def test_stored_job_is_shown(functions: Callable[[str], rie.Runtime], stage: Stage) -> None:
    result = json.loads(functions("ApiFunction").invoke(golden("api/job"))["body"])
    assert (result["job_id"], result["status"], result["operation"]) == ("job-1", "IN_QUEUE", "caption")


def test_a_submit_reaches_runpod(functions: Callable[[str], rie.Runtime], stage: Stage) -> None:
    result = json.loads(functions("ApiFunction").invoke(golden("api/caption"))["body"])
    stored = stage.store.get(result["job_id"])
    assert stored is not None
    assert (stored.state, stored.runpod_job_id, stored.owner) == (State.IN_QUEUE, "runpod-2", "ada")


@pytest.mark.parametrize("name", sorted(RUNPOD))
def test_golden_webhooks_settle_the_job(functions: Callable[[str], rie.Runtime], stage: Stage, name: str) -> None:
    status, state = RUNPOD[name]
    if name != "progress":
        stage.publish()
    answer = functions("WebhookFunction").invoke(golden(f"runpod/{name}"))
    assert (answer["statusCode"], stage.job().state) == (status, state)


def test_schedule_sweeps(functions: Callable[[str], rie.Runtime], stage: Stage) -> None:
    stage.publish()
    assert functions("SweeperFunction").invoke(golden("schedule")) == {"handled": 1, "failed": 0}
    assert stage.job().state is State.COMPLETED


def test_batch_fails_message_by_message(functions: Callable[[str], rie.Runtime], stage: Stage) -> None:
    stage.publish()
    functions("WebhookFunction").invoke(golden("runpod/webhook_completed"))
    failed = functions("CallbacksFunction").invoke(golden("sqs"))
    assert failed == {"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975600001"}]}
    callback = stage.job().callback
    assert callback is not None
    assert callback.status == "DELIVERED"


def test_logs_and_metrics_match_the_dashboard(functions: Callable[[str], rie.Runtime], stage: Stage) -> None:
    stage.publish()
    runtime = functions("WebhookFunction")
    runtime.invoke(golden("runpod/webhook_completed"))
    lines = runtime.lines()
    (changed,) = [line for line in lines if line.get("message") == "job_changed" and line["state"] == "COMPLETED"][-1:]
    assert (changed["job_id"], changed["service"], changed["settled_by"]) == ("job-1", "stack", "webhook")
    sent = [line for line in lines if "JobsCompleted" in line][-1]
    assert (sent["service"], sent["JobsCompleted"], sent["CpuEncodes"]) == ("stack", [1.0], [1.0])
    assert sent["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "api-gpu"
    text = runtime.log.read_text()
    secrets = (RUNPOD_KEY, HOOK_SECRET, CALLBACK_SECRET, golden("runpod/progress")["rawPath"].rpartition("/")[2])
    assert not [secret for secret in secrets if secret in text]
    assert not re.search("X-Amz-Signature|Traceback", text)


RESTORE = """
import json, os, sys
from snapshot_restore_py import get_after_restore
from lambda_api.entrypoints import api
from types import SimpleNamespace
context = SimpleNamespace(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r",
                          get_remaining_time_in_millis=lambda: 29_000)
event = json.load(sys.stdin)
before = api.handler(event, context)["statusCode"]
os.environ["API_KEYS"] = os.environ.pop("NEXT_API_KEYS")
for renewal, arguments, named in get_after_restore():
    renewal(*arguments, **named)
print(json.dumps([before, api.handler(event, context)["statusCode"]]))
"""


def test_restored_snapshot_reads_its_settings_again(built: Path) -> None:
    env = {
        "PYTHONPATH": str(built / "ApiFunction"), "TABLE_NAME": "t", "BUCKET_NAME": "b", "CALLBACK_QUEUE_URL": "q",
        "RUNPOD_API_KEY": "k", "RUNPOD_ENDPOINT_ID": "e", "PUBLIC_URL": "https://api.example", "HOOK_SECRET": "x" * 32,
        "RUNPOD_API_URL": "http://127.0.0.1:9", "API_KEYS": "{}", "AWS_REGION": "us-east-1",
        "NEXT_API_KEYS": json.dumps({hashlib.sha256(b"local-key").hexdigest(): "ada"}),
    }  # fmt: skip
    event = golden("api/runpod_health")
    done = subprocess.run(
        [PYTHON, "-c", RESTORE], env=env, input=json.dumps(event), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # 401: unknown key. 503: valid key, and RunPod is unreachable.
    assert json.loads(done.stdout.splitlines()[-1]) == [401, 503]
