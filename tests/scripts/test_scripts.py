"""Checks of `make deploy`, `make destroy` and `make callers` before they reach AWS, and the storage of keys."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambda_api.settings import EVERYTHING, Secret, Settings
from tests.support.aws import Aws
from tests.support.gateway import environment
from tests.support.runpod import KEY, Management, management
from tests.support.sam import PYTHON, run
from tests.support.scripted_server import answer, peer
from tests.support.scripts import SCRIPTS, script


@pytest.fixture
def deploy() -> Iterator[Any]:
    with script("deploy") as module:
        yield module


@pytest.fixture(scope="module")
def runpod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Management]:
    with management(tmp_path_factory.mktemp("runpod")) as running:
        yield running


@pytest.fixture
def callers() -> Iterator[Any]:
    with script("callers") as module:
        yield module


def run_script(name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(str(PYTHON), str(SCRIPTS / f"{name}.py"), *arguments, **env)


@pytest.mark.parametrize("name", ["deploy", "destroy", "callers"])
def test_help_names_the_make_target(name: str) -> None:
    done = run_script(name, "--help")
    assert (done.returncode, f"usage: make {name}" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("env", "message"),
    [({"AWS_DEFAULT_REGION": ""}, "Which AWS region?"), ({}, "AWS credentials are missing")],
)
def test_missing_settings_are_named(env: dict[str, str], message: str) -> None:
    nowhere = {
        "HOME": "/nonexistent",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }
    done = run_script("deploy", **nowhere, **env)
    assert (done.returncode, message in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_profile_is_named() -> None:
    nowhere = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    done = run_script("deploy", **nowhere, AWS_PROFILE="nobody")
    assert (done.returncode, "could not be found" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_image_and_endpoint_exclude_each_other() -> None:
    done = run_script("deploy", "--image", "a/b:1", "--endpoint-id", "e1")
    assert (done.returncode, "not both" in done.stderr) == (2, True)


def test_image_replaces_an_earlier_endpoint(deploy: Any) -> None:
    options = deploy.parse_options(["--image", "a/b:1"])
    stack = deploy.Stack("CREATE_COMPLETE", {"RunpodEndpointId": "e1"})
    assert deploy.choose_worker(options, stack, {}) == {"WorkerImage": "a/b:1", "RunpodEndpointId": ""}


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({}, KEY, None),
        ({}, "not-the-key-of-runpod", "It needs to read and write endpoints."),
        ({"RunpodEndpointId": "local"}, KEY, None),
        ({"RunpodEndpointId": "local"}, "not-the-key-of-runpod", "It needs to use endpoint local."),
        ({"RunpodEndpointId": "other"}, KEY, "RunPod has no endpoint other for this key. Check ENDPOINT=."),
    ],
)
def test_runpod_key_is_checked_for_its_permission(
    deploy: Any, runpod: Management, capsys: pytest.CaptureFixture[str],
    parameters: dict[str, str], key: str, message: str | None,
) -> None:  # fmt: skip
    urls = {"RunpodManagementUrl": runpod.url, "RunpodApiUrl": runpod.url.replace("/management", "/v2")}
    if message is None:
        deploy.check_runpod_key(key, urls | parameters)
    else:
        with pytest.raises(deploy.Stop, match=re.escape(message)):
            deploy.check_runpod_key(key, urls | parameters)
    assert capsys.readouterr().out == ""


def test_proxy_answer_does_not_reject_the_key(deploy: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with peer() as site:
        for refusal in (answer(403, b"error code: 1010", {"Content-Type": "text/plain"}), answer(502)):
            site.replies = [refusal]
            deploy.check_runpod_key(KEY, {"RunpodManagementUrl": site.url})
    assert capsys.readouterr().out.count("continuing") == 2


def test_undeletable_object_stops_the_removal() -> None:
    class Bucket:
        exceptions = SimpleNamespace(NoSuchBucket=KeyError)

        def get_paginator(self, name: str) -> Any:
            return SimpleNamespace(paginate=lambda **_: [{"Contents": [{"Key": "a"}]}])

        def delete_objects(self, **request: Any) -> Any:
            return {"Errors": [{"Key": "a", "Code": "AccessDenied"}]}

    with (
        script("destroy") as destroy,
        pytest.raises(destroy.Stop, match="1 objects of b cannot be deleted: AccessDenied"),
    ):
        destroy.empty(Bucket(), "b")


def test_gateway_reads_the_callers_that_were_written(callers: Any) -> None:
    kept: dict[str, Any] = {"api_keys": {}, "callback_secrets": {}}
    key = callers.add_key(kept, "ada").split()[-1]
    assert kept["api_keys"] == {hashlib.sha256(key.encode()).hexdigest(): "ada"}
    first, second, third = (callers.add_callback_secret(kept, "ada").split()[-1] for _ in range(3))
    assert kept["callback_secrets"] == {"ada": [third, second]}
    env = {name: value for name, value in environment().items() if name != "API_KEYS"}
    read = Settings.from_env(env, EVERYTHING, {Secret.CALLERS: callers.json.dumps(kept)})
    assert (list(read.callers.api_keys.values()), read.callers.callback_secrets["ada"]) == (["ada"], (third, second))
    assert not [line for line in callers.list_callers(kept) if key in line or third in line]
    callers.drop_callback_secrets(kept, "ada")
    assert (kept["callback_secrets"], first != third) == ({"ada": [third]}, True)


class TestConcurrentOperators:
    @pytest.fixture
    def vault(self, aws: Aws) -> Any:
        return aws.client("secretsmanager")

    @pytest.fixture
    def arn(self, vault: Any) -> str:
        kept = {"api_keys": {"aa11": "ada"}, "callback_secrets": {}}
        return str(vault.create_secret(Name=f"callers-{uuid.uuid4()}", SecretString=json.dumps(kept))["ARN"])

    def test_second_change_is_refused_and_revoked_key_stays_revoked(self, callers: Any, vault: Any, arn: str) -> None:
        (version, mine), (theirs_version, theirs) = callers.read(vault, arn), callers.read(vault, arn)
        callers.revoke_key(theirs, "aa11")
        callers.add_key(mine, "bob")
        callers.replace(vault, arn, theirs_version, theirs)
        with pytest.raises(callers.Stop, match="Another operator has just changed the callers"):
            callers.replace(vault, arn, version, mine)
        assert callers.read(vault, arn)[1]["api_keys"] == {}
        version, again = callers.read(vault, arn)
        callers.add_key(again, "bob")
        callers.replace(vault, arn, version, again)
        assert list(callers.read(vault, arn)[1]["api_keys"].values()) == ["bob"]

    def test_lost_response_is_not_a_conflict(
        self, callers: Any, vault: Any, arn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        move = vault.update_secret_version_stage

        def twice(**request: Any) -> None:
            move(**request)
            error = {"Code": "InvalidParameterException", "Message": "The label is attached to another version."}
            raise ClientError({"Error": error}, "UpdateSecretVersionStage")  # type: ignore[typeddict-item]

        monkeypatch.setattr(vault, "update_secret_version_stage", twice)
        version, kept = callers.read(vault, arn)
        callers.add_key(kept, "bob")
        callers.replace(vault, arn, version, kept)
        assert callers.read(vault, arn)[1] == kept

    def test_other_aws_errors_are_reported(
        self, callers: Any, vault: Any, arn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def denied(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdateSecretVersionStage")

        monkeypatch.setattr(vault, "update_secret_version_stage", denied)
        version, kept = callers.read(vault, arn)
        with pytest.raises(callers.Stop, match="AccessDeniedException"):
            callers.replace(vault, arn, version, kept | {"api_keys": {}})
        assert callers.read(vault, arn) == (version, kept)


def test_only_one_key_is_revoked_at_a_time(callers: Any) -> None:
    kept: dict[str, Any] = {"api_keys": {"aa11": "ada", "aa22": "bob"}, "callback_secrets": {}}
    for start in ("", "aa", "b"):
        with pytest.raises(callers.Stop):
            callers.revoke_key(kept, start)
    callers.revoke_key(kept, "aa1")
    assert kept["api_keys"] == {"aa22": "bob"}


def test_rotated_key_works_until_it_is_revoked(callers: Any) -> None:
    # As the template creates it, without the dates of keys.
    kept: dict[str, Any] = {"api_keys": {"a" * 64: "ada", "b" * 64: "bob"}, "callback_secrets": {}}
    message = callers.rotate_key(kept, "ada")
    assert 'DO="revoke-key aaaaaaaaaaaa"' in message
    assert "bbbb" not in message
    assert sorted(kept["api_keys"].values()) == ["ada", "ada", "bob"]
    (new,) = set(kept["api_keys"]) - {"a" * 64, "b" * 64}
    assert f"ada  key {new[:12]}  {datetime.now(UTC):%Y-%m-%d}" in callers.list_callers(kept)
    callers.revoke_key(kept, "aaaa")
    callers.revoke_key(kept, new)
    assert (kept["api_keys"], kept["created"]) == ({"b" * 64: "bob"}, {})
    with pytest.raises(callers.Stop):
        callers.rotate_key(kept, "ada")


def test_owner_names_are_restricted(callers: Any) -> None:
    for name in ("", "Ada", "a b", "x" * 64):
        with pytest.raises(callers.Stop):
            callers.add_key({"api_keys": {}, "callback_secrets": {}}, name)


def test_callers_are_listed_with_the_make_commands(
    callers: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = SimpleNamespace(outputs={"CallersSecretArn": "arn"})
    account = SimpleNamespace(stack=lambda _name: stack, client=lambda _service: None)
    monkeypatch.setattr(callers, "Account", lambda _region: account)
    kept = {"api_keys": {"ab" * 32: "ada"}, "callback_secrets": {"ada": ["whsec_1"]}}
    monkeypatch.setattr(callers, "read", lambda _vault, _arn: ("1", kept))
    callers.main([])
    shown = capsys.readouterr().out
    assert shown.startswith("ada  1 callback secrets\nada  key abababababab\n\nTo change it:\n")
    for action in callers.CHANGES:
        assert f'make callers DO="{action} ' in shown
