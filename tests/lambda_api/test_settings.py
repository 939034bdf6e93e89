from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lambda_api import wiring
from lambda_api.settings import EVERYTHING, Secret, Settings, SettingsError
from tests.support.gateway import environment

SECRETS = {"RUNPOD_API_KEY", "HOOK_SECRET", "API_KEYS", "CALLBACK_SECRETS"}
WHSEC = "whsec_bG9jYWwtZGVtby1zZWNyZXQtbm90LWZvci1yZWFsLXVzZQ=="
CALLERS = {"api_keys": {"a" * 64: "ada"}, "callback_secrets": {"ada": [WHSEC]}}


def without_secrets() -> dict[str, str]:
    return {name: value for name, value in environment().items() if name not in SECRETS}


def test_secrets_replace_their_variables() -> None:
    secrets = {Secret.RUNPOD: "key", Secret.HOOK: f"{'n' * 32},{'o' * 32}", Secret.CALLERS: json.dumps(CALLERS)}
    read = Settings.from_env(without_secrets(), EVERYTHING, secrets)
    assert (read.runpod_api_key, read.hook_secret) == ("key", ("n" * 32, "o" * 32))
    assert (dict(read.callers.api_keys), read.callers.callback_secrets) == ({"a" * 64: "ada"}, {"ada": (WHSEC,)})


def test_function_starts_without_secrets_it_does_not_need() -> None:
    env = {name: value for name, value in without_secrets().items() if name != "RUNPOD_ENDPOINT_ID"}
    read = Settings.from_env(env, {Secret.CALLERS}, {Secret.CALLERS: json.dumps(CALLERS)})
    assert (read.runpod_api_key, read.runpod_endpoint_id, read.hook_secret) == ("", "", ())


@pytest.mark.parametrize(("need", "name"), [(Secret.RUNPOD, "RUNPOD_API_KEY"), (Secret.HOOK, "HOOK_SECRET")])
def test_function_does_not_start_without_its_secrets(need: Secret, name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        Settings.from_env(without_secrets(), {need})


@pytest.mark.parametrize(
    ("text", "name"),
    [("planted", "CALLERS_SECRET_ARN"), ('["planted"]', "CALLERS_SECRET_ARN"), ('{"api_keys": "planted"}', "API_KEYS"),
     ('{"api_keys": {"planted": "ada"}}', "API_KEYS"),
     ('{"callback_secrets": {"ada": ["planted"]}}', "CALLBACK_SECRETS")],
)  # fmt: skip
def test_malformed_secret_is_named_and_not_quoted(text: str, name: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(without_secrets(), {Secret.CALLERS}, {Secret.CALLERS: text})
    assert name in str(raised.value)
    assert "planted" not in str(raised.value)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """ARNs in the order in which they are read; the secrets are those of SECRETS in this file."""
    arns: list[str] = []

    def read_secret(_: object, arn: str) -> str:
        arns.append(arn)
        return {"arn:runpod": f"key-{len(arns)}", "arn:hook": "h" * 32, "arn:callers": json.dumps(CALLERS)}[arn]

    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    for name, value in without_secrets().items():
        monkeypatch.setenv(name, value)
    for need in Secret:
        monkeypatch.setenv(need.value, f"arn:{need.name.lower()}")
    monkeypatch.setattr(wiring, "read_secret", read_secret)
    wiring.renew()
    yield arns
    wiring.renew()


def test_function_reads_each_needed_secret_once(read: list[str]) -> None:
    needs = frozenset({Secret.RUNPOD})
    assert wiring.services(needs) is wiring.services(needs)
    assert (wiring.settings(needs).runpod_api_key, read) == ("key-1", ["arn:runpod"])


def test_renewed_settings_are_read_again(read: list[str]) -> None:
    before = wiring.services()
    wiring.renew()
    assert wiring.services() is not before
    assert wiring.settings(EVERYTHING).runpod_api_key != "key-1"
    assert len(read) == 2 * len(Secret)
