"""What `make deploy`, `make destroy` and `make callers` say before they reach AWS, and how keys are kept."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from lambda_api.settings import EVERYTHING, Need, Settings
from tests.support.gateway import environment
from tests.support.sam import PYTHON, ROOT, run

SCRIPTS = ROOT / "scripts"


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("callers", SCRIPTS / "callers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("stack", None)


def script(name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(str(PYTHON), str(SCRIPTS / f"{name}.py"), *arguments, **env)


@pytest.mark.parametrize("name", ["deploy", "destroy", "callers"])
def test_help(name: str) -> None:
    done = script(name, "--help")
    assert (done.returncode, f"usage: make {name}" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("env", "says"),
    [({"AWS_DEFAULT_REGION": ""}, "Which AWS region?"), ({}, "AWS does not know you")],
)
def test_what_is_missing_is_said(env: dict[str, str], says: str) -> None:
    nobody = {"HOME": "/nonexistent", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    done = script("deploy", **nobody, **env)
    assert (done.returncode, says in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


def test_keys_and_secrets_are_kept_as_the_gateway_reads_them(callers: Any) -> None:
    kept: dict[str, Any] = {"api_keys": {}, "callback_secrets": {}}
    key = callers.add_key(kept, "ada").split()[-1]
    assert kept["api_keys"] == {hashlib.sha256(key.encode()).hexdigest(): "ada"}
    first, second, third = (callers.add_callback_secret(kept, "ada").split()[-1] for _ in range(3))
    assert kept["callback_secrets"] == {"ada": [third, second]}
    env = {name: value for name, value in environment().items() if name != "API_KEYS"}
    read = Settings.from_env(env, EVERYTHING, {Need.CALLERS: callers.json.dumps(kept)})
    assert (list(read.api_keys.values()), read.callback_secrets["ada"]) == (["ada"], (third, second))
    assert not [line for line in callers.listed(kept) if key in line or third in line]
    callers.drop_callback_secrets(kept, "ada")
    assert (kept["callback_secrets"], first != third) == ({"ada": [third]}, True)


def test_only_one_key_is_revoked_at_a_time(callers: Any) -> None:
    kept: dict[str, Any] = {"api_keys": {"aa11": "ada", "aa22": "bob"}, "callback_secrets": {}}
    for start in ("", "aa", "b"):
        with pytest.raises(callers.Stop):
            callers.revoke_key(kept, start)
    callers.revoke_key(kept, "aa1")
    assert kept["api_keys"] == {"aa22": "bob"}


def test_an_owner_has_a_plain_name(callers: Any) -> None:
    for name in ("", "Ada", "a b", "x" * 64):
        with pytest.raises(callers.Stop):
            callers.add_key({"api_keys": {}, "callback_secrets": {}}, name)
