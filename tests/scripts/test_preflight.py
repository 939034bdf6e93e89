"""Test the sentences of `make` before it installs anything, and its help."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.sam import ROOT
from tests.support.scripts import SCRIPTS, script

_KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


def make(*arguments: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", **env}
    argv = ["make", "--no-print-directory", f"PYTHON={sys.executable}", *arguments]
    return subprocess.run(
        argv, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which nothing is installed, with a name that has spaces."""
    folder = tmp_path / "a new checkout"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(SCRIPTS / "preflight.py", folder / "scripts")
    return folder


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        ([], {}, "No AWS credentials: run `aws configure`"),
        ([], {"AWS_ACCESS_KEY_ID": "a"}, "No AWS credentials"),
        ([], _KEYS, "Which AWS region? Say make deploy REGION=eu-central-1"),
        (["REGION=Frankfurt"], _KEYS, "Which AWS region?"),
        (["REGION=eu-central-1", "IMAGE=not an image"], _KEYS, "IMAGE is no image reference"),
        (["REGION=eu-central-1", "IMAGE=a/b:1", "ENDPOINT=e1"], _KEYS, "not both"),
    ],
)
def test_deploy_asks_before_it_installs(checkout: Path, arguments: list[str], env: dict[str, str], says: str) -> None:
    ended = make("deploy", *arguments, cwd=checkout, **env)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert ended.stdout == ""
    assert sorted(path.name for path in checkout.iterdir()) == ["Makefile", "scripts"]


def test_answers_reach_the_deployment(checkout: Path) -> None:
    with (checkout / "Makefile").open("a") as makefile:
        makefile.write("\nshow:\n\t@echo region $(REGION) image $(IMAGE)\n")
    argv = [sys.executable, "scripts/preflight.py", "--image=a/b:1", "--", "make", "--no-print-directory", "show"]
    environ = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-3", **_KEYS}
    shown = subprocess.run(argv, cwd=checkout, env=environ, capture_output=True, text=True, check=True).stdout
    assert shown == "region eu-west-3 image a/b:1\n"


@pytest.mark.parametrize(
    ("config", "credentials", "env", "found", "region"),
    [
        ("[default]\nregion = eu-central-1\n", "[default]\naws_access_key_id = a\n", {}, True, "eu-central-1"),
        ("[profile ada]\nsso_session = x\nregion = us-east-2\n", "", {"AWS_PROFILE": "ada"}, True, "us-east-2"),
        ("[profile ada]\nrole_arn = x\n", "", {"AWS_PROFILE": "ada", "AWS_REGION": "eu-west-1"}, True, "eu-west-1"),
        ("[default]\ncredential_process = x\n", "", {}, True, ""),
        ("[default]\nregion = eu-central-1\n", "[other]\naws_access_key_id = a\n", {}, False, "eu-central-1"),
        ("", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, True, ""),
        # The AWS tools themselves say what is wrong with it.
        ("no section\n", "", {}, True, ""),
    ],
)
def test_credentials_are_looked_for_where_the_aws_tools_look(
    tmp_path: Path, config: str, credentials: str, env: dict[str, str], found: bool, region: str
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(config)
    (tmp_path / ".aws" / "credentials").write_text(credentials)
    environ = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", **env}
    with script("preflight") as preflight:
        profile: Any = preflight.read_profile(environ)
        assert preflight.has_credentials(environ, profile) is found
        assert preflight.find_region(environ, profile) == region


def test_names_of_files_reach_the_demo_as_they_are(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    for file in ("requirements-local.txt", ".venv/.local"):
        (checkout / file).touch()
    photo, audio = 'it\'s "my" $photo `id` $(shell id).jpg', "-x y.mp3"
    shown = make("demo", f"PHOTO={photo}", f"AUDIO={audio}", cwd=checkout)
    assert shown.stdout.splitlines() == ["-m", "local", "demo", f"--photo={photo}", f"--audio={audio}"], shown.stderr


def test_an_installation_without_a_network_is_explained(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\necho 'ERROR: no route to host' >&2\nexit 1\n")
    python.chmod(0o755)
    (checkout / "requirements-local.txt").touch()
    ended = make("up", cwd=checkout)
    assert ended.returncode == 2
    assert "Could not install: see above." in ended.stderr
    assert not (checkout / ".venv" / ".local").exists()


def test_help_lists_every_target_in_its_group() -> None:
    shown = make("help").stdout
    groups = [line for line in shown.splitlines() if line and not line.startswith(" ")]
    assert groups == ["On this machine", "Checks", "Measuring", "Deployment", "Housekeeping", "Options"]
    for target in (
        "demo",
        "up",
        "test",
        "test-full",
        "bench-media",
        "bench-load",
        "deploy",
        "callers",
        "image",
        "clean",
    ):
        assert f"\n  make {target} " in shown
    assert shown.index("make bench-load") < shown.index("Deployment") < shown.index("make deploy")
