"""Credentials: valid and invalid keys, other owners' jobs, and keys that change while the gateway runs."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from standardwebhooks import Webhook

from lambda_api import wiring
from lambda_api.adapters.aws import secrets
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.webhooks.events import message_id
from lambda_api.settings import EVERYTHING, Secret, Settings, SettingsError
from local.aws.names import TABLE
from tests.support.aws import CREDENTIALS, Aws
from tests.support.fakes import API_KEYS, World
from tests.support.gateway import Answer, Client, environment, reset_wiring
from tests.support.sam import ROOT
from tests.support.scripted_server import answer, peer, reset
from tests.support.scripts import script

WHSEC = "whsec_bG9jYWwtZGVtby1zZWNyZXQtbm90LWZvci1yZWFsLXVzZQ=="
CAPTION = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}


@pytest.mark.fault("A1", "A6")
@pytest.mark.parametrize("path", ["/jobs", "/job/job-1", "/fonts", "/runpod/health"])
def test_invalid_key_always_returns_the_same_401(client: Client, world: World, path: str) -> None:
    world.store.down = True
    known = next(iter(API_KEYS))
    wrong = [
        None, "", " ", "wrong", "local-ke", "local-key ", "local-keyx", "LOCAL-KEY", known, "k" * 5000, "ключ", "\x00",
        # Two headers, as API Gateway and Mangum pass them on.
        "local-key,local-key", "local-key,other", "other, local-key", ",local-key",
    ]  # fmt: skip
    answers = [client.call("GET", path, key=key) for key in wrong]
    assert answers == [answers[0]] * len(wrong)
    assert (answers[0].status, answers[0].json["code"]) == (401, "unauthorized")
    # No other system was called.
    assert (world.provider.status_calls, world.observer.warnings) == (0, [])


@pytest.mark.fault("A5")
@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key", "api_key", "key", "apikey", "access_token"])
def test_key_in_the_query_is_ignored_and_not_logged(client: Client, log: io.StringIO, name: str) -> None:
    response = client.call("GET", f"/jobs?{name}=local-key&limit=5", key=None)
    assert (response.status, response.json["code"]) == (401, "unauthorized")
    logged = log.getvalue()
    assert [json.loads(line)["status"] for line in logged.splitlines() if '"request"' in line] == [401]
    assert "local-key" not in logged
    assert "local-key" not in response.text


@pytest.mark.fault("A2")
@pytest.mark.parametrize(("method", "path"), [("GET", "/job/{}"), ("POST", "/job/{}/cancel")])
@pytest.mark.parametrize("finished", [False, True])
def test_another_owners_job_is_byte_for_byte_a_missing_one(
    client: Client, world: World, method: str, path: str, *, finished: bool
) -> None:
    client.call("POST", "/video/caption", CAPTION)
    if finished:
        assert client.call("POST", "/job/job-1/cancel").status == 200
    before = dict(world.store.jobs), list(world.provider.cancelled), world.provider.status_calls
    foreign, missing = (client.call(method, path.format(job_id), key="other") for job_id in ("job-1", "job-9"))
    assert foreign == missing
    assert (foreign.status, foreign.json["code"]) == (404, "not_found")
    assert before == (world.store.jobs, world.provider.cancelled, world.provider.status_calls)


@pytest.mark.fault("A2")
def test_another_owners_cursor_lists_only_own_jobs(client: Client, world: World) -> None:
    for key in ("local-key", "other", "local-key", "other", "local-key"):
        client.call("POST", "/video/caption", CAPTION, key=key)
        world.clock.advance(1000)
    cursor = client.call("GET", "/jobs?limit=1").json["next_cursor"].replace("#", "%23")
    assert [job["job_id"] for job in client.call("GET", f"/jobs?cursor={cursor}", key="other").json["jobs"]] == [
        "job-4", "job-2",
    ]  # fmt: skip


@dataclass
class WiredGateway:
    """The wired gateway on an emulated AWS with its keys in a secret. `wall` and `steady` are its clocks."""

    aws: Aws
    arn: str
    wall: float = 1_800_000_000.0
    steady: float = 100.0

    def put_secret(self, text: str) -> None:
        self.aws.client("secretsmanager").put_secret_value(SecretId=self.arn, SecretString=text)

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def start(self) -> None:
        """Start the gateway, or restore it from a snapshot."""
        reset_wiring()
        world = World()
        world.services = replace(world.services, callers=wiring.services().callers)
        self._client = Client(world)

    def status(self, key: str) -> int:
        return self.jobs(key).status

    def jobs(self, key: str) -> Answer:
        return self._client.call("GET", "/jobs", key=key)


def callers_text(*keys: str, **more: Any) -> str:
    digests = {hashlib.sha256(key.encode()).hexdigest(): "ada" for key in keys}
    return json.dumps({"api_keys": digests, "callback_secrets": {}, **more})


@pytest.fixture
def gateway(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[WiredGateway]:
    vault = aws.client("secretsmanager")
    arn = vault.create_secret(Name="callers-of-a-test", SecretString=callers_text("first"))["ARN"]
    env = environment() | {
        "TABLE_NAME": TABLE, "CALLERS_SECRET_ARN": arn, "AWS_ENDPOINT_URL": aws.url, "ALLOW_LOOPBACK_URLS": "true",
        "AWS_REGION": CREDENTIALS["region_name"], "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
    }  # fmt: skip
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    gateway = WiredGateway(aws, arn)
    clocks = SimpleNamespace(time=lambda: gateway.wall, monotonic=lambda: gateway.steady)
    monkeypatch.setattr(secrets, "time", clocks)
    gateway.start()
    yield gateway
    reset_wiring()
    vault.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@pytest.mark.fault("A3")
@pytest.mark.parametrize(
    ("wall", "steady"), [(60, 60), (7200, 0), (0, 60), (-3600, 1)], ids=["both", "frozen", "stopped", "set back"]
)
def test_revoked_key_is_refused_within_a_minute(gateway: WiredGateway, wall: float, steady: float) -> None:
    assert gateway.status("first") == 200
    gateway.put_secret(callers_text("second"))
    gateway.advance(59.9)
    assert gateway.status("second") == 401
    gateway.wall, gateway.steady = gateway.wall - 59.9 + wall, gateway.steady - 59.9 + steady
    assert (gateway.status("first"), gateway.status("second")) == (401, 200)


@pytest.mark.fault("A3")
def test_restored_snapshot_reads_the_keys_again(gateway: WiredGateway) -> None:
    gateway.put_secret(callers_text("second"))
    gateway.start()
    assert (gateway.status("first"), gateway.status("second")) == (401, 200)


@pytest.mark.fault("A4")
def test_two_keys_of_one_owner_work_until_one_is_revoked(gateway: WiredGateway) -> None:
    kept = json.loads(callers_text("first"))
    with script("callers") as admin:
        new = admin.rotate_key(kept, "ada").splitlines()[0].split()[-1]
        gateway.put_secret(json.dumps(kept))
        gateway.advance(60)
        assert (gateway.status("first"), gateway.status(new)) == (200, 200)
        admin.revoke_key(kept, hashlib.sha256(b"first").hexdigest()[:12])
    gateway.put_secret(json.dumps(kept))
    gateway.advance(60)
    assert (gateway.status("first"), gateway.status(new)) == (401, 200)


def logged_reasons(log: io.StringIO) -> list[str]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line["reason"] for line in lines if line["message"] == "secret_refresh_failed"]


@pytest.mark.fault("K2")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{planted", "CALLERS_SECRET_ARN leads to a malformed secret"),
        ('{"api_keys": "planted"}', "API_KEYS is malformed"),
    ],
)
def test_malformed_secret_keeps_the_keys_and_is_logged(
    gateway: WiredGateway, log: io.StringIO, text: str, reason: str
) -> None:
    gateway.put_secret(text)
    gateway.advance(60)
    assert [gateway.status("first") for _ in range(3)] == [200] * 3
    assert logged_reasons(log) == [reason]
    gateway.advance(9.9)
    gateway.status("first")
    assert len(logged_reasons(log)) == 1
    gateway.advance(0.1)
    assert gateway.status("first") == 200
    assert logged_reasons(log) == [reason] * 2
    gateway.put_secret(callers_text("second"))
    gateway.advance(10)
    assert (gateway.status("first"), gateway.status("second")) == (401, 200)
    assert "planted" not in log.getvalue()


@pytest.mark.fault("K2")
def test_secret_store_outage_keeps_the_keys_and_delays_nobody(
    gateway: WiredGateway, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer() as down:
        down.replies = [reset]
        monkeypatch.setenv("AWS_ENDPOINT_URL", down.url)
        # The session has read the environment already.
        wiring.aws.cache_clear()
        gateway.advance(60)
        assert [gateway.status("first") for _ in range(3)] == [200] * 3
        # Only the first request tries to read it.
        assert len(down.seen) == 3
    assert logged_reasons(log) == ["ConnectionClosedError"]


@pytest.mark.fault("K2")
def test_start_retries_the_secret_store_then_fails(gateway: WiredGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = frozenset({Secret.CALLERS})
    with peer() as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        reset_wiring()
        store.replies = [reset, reset, answer(200, {"SecretString": callers_text("first")})]
        assert list(wiring.settings(needs).callers.api_keys.values()) == ["ada"]
        wiring.renew()
        store.replies = [reset]
        with pytest.raises(Unavailable):
            wiring.services(needs)
        assert len(store.seen) == 6


@pytest.mark.fault("K2")
def test_callbacks_are_signed_with_the_current_secret(gateway: WiredGateway) -> None:
    sender = wiring.services().sender
    gateway.put_secret(callers_text("first", callback_secrets={"ada": [WHSEC]}))
    gateway.advance(60)
    with peer() as sink:
        sink.replies = [answer(200, {})]
        assert sender.send("ada", f"{sink.url}/", message_id("job-1"), time.time_ns() // 1_000_000, "{}").ok
        Webhook(WHSEC).verify(sink.seen[0].body, sink.seen[0].headers)


REQUIRED = [
    "TABLE_NAME", "BUCKET_NAME", "CALLBACK_QUEUE_URL", "RUNPOD_API_KEY", "RUNPOD_ENDPOINT_ID", "PUBLIC_URL",
    "HOOK_SECRET", "API_KEYS",
]  # fmt: skip
WHOLE = ("OWNER_RATE_PER_MINUTE", "OWNER_BURST", "OWNER_JOBS_IN_FLIGHT")
MALFORMED = [
    ("API_KEYS", "planted"), ("API_KEYS", '{"planted": "ada"}'), ("API_KEYS", "[]"), ("CALLBACK_SECRETS", "planted"),
    ("CALLBACK_SECRETS", '{"ada": ["planted"]}'), ("HOOK_SECRET", "planted"), ("JOB_TTL_SECONDS", "planted"),
    ("PUBLIC_URL", "planted"), ("PUBLIC_URL", "https://planted:secret@api.example"),
    ("JOB_TTL_SECONDS", "-1"), ("VIDEO_URL_SECONDS", "nan"), ("GPU_PRICE_PER_SECOND", "1e12"),
    *((name, value) for name in WHOLE for value in ("0", "-1", "1.5", "planted", "10000000")),
]  # fmt: skip


@pytest.mark.fault("K1")
@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", " "])
def test_missing_setting_is_named(name: str, value: str | None) -> None:
    env = {key: text for key, text in environment().items() if key != name}
    with pytest.raises(SettingsError, match=f"^{name} is not set$"):
        Settings.from_env(env | ({name: value} if value is not None else {}), EVERYTHING)


@pytest.mark.fault("K1")
@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_malformed_setting_is_named_and_not_quoted(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is (malformed|out of range)$"):
        Settings.from_env(environment() | {name: value}, EVERYTHING)


@pytest.mark.fault("K1")
@pytest.mark.parametrize("entrypoint", ["api", "runpod_webhook", "sweeper", "callbacks"])
def test_function_does_not_start_without_its_settings(entrypoint: str) -> None:
    env = {name: value for name, value in environment().items() if name != "BUCKET_NAME"}
    done = subprocess.run(
        [sys.executable, "-c", f"import lambda_api.entrypoints.{entrypoint}"], env=env, cwd=ROOT, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "lambda_api.settings.SettingsError: BUCKET_NAME is not set"
