"""Checks of `make` before it installs anything, the installation, and the help."""

from __future__ import annotations

import os
import shutil
import signal
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
    """A checkout without any installation, with spaces in its path."""
    folder = tmp_path / "a new checkout"
    (folder / "scripts").mkdir(parents=True)
    (folder / "requirements").mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("preflight.py", "install.sh", "uv.sh", "link_command.py"):
        shutil.copy(SCRIPTS / name, folder / "scripts")
    return folder


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        ([], {}, "No AWS credentials: run `aws configure`"),
        ([], {"AWS_ACCESS_KEY_ID": "a"}, "No AWS credentials"),
        ([], _KEYS, "Which AWS region? Run make deploy REGION=eu-central-1"),
        (["REGION=Frankfurt"], _KEYS, "Which AWS region?"),
        (["REGION=eu-central-1", "IMAGE=not an image"], _KEYS, "IMAGE is not an image reference"),
        (["REGION=eu-central-1", "IMAGE=a/b:1", "ENDPOINT=e1"], _KEYS, "not both"),
    ],
)
def test_deploy_reports_missing_settings_before_installing(
    checkout: Path, arguments: list[str], env: dict[str, str], message: str
) -> None:
    done = make("deploy", *arguments, cwd=checkout, **env)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert sorted(path.name for path in checkout.iterdir()) == ["Makefile", "requirements", "scripts"]


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
        # The AWS tools report what is wrong with it.
        ("no section\n", "", {}, True, ""),
    ],
)
def test_credentials_are_found_where_aws_tools_look(
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


def test_filenames_reach_the_demo_unchanged(checkout: Path) -> None:
    write_program(checkout / ".venv" / "bin" / "python", 'printf "%s\\n" "$@"')
    for file in ("requirements/local.txt", ".venv/.local"):
        (checkout / file).touch()
    os.utime(checkout / "scripts" / "link_command.py", (0, 0))
    photo, audio = 'it\'s "my" $photo `id` $(shell id).jpg', "-x y.mp3"
    shown = make("demo", f"PHOTO={photo}", f"AUDIO={audio}", cwd=checkout)
    assert shown.stdout.splitlines() == ["-m", "local", "demo", f"--photo={photo}", f"--audio={audio}"], shown.stderr


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_offline_installation_explains_what_it_needs(checkout: Path) -> None:
    write_program(checkout / ".venv" / "bin" / "python", "echo 'ERROR: no route to host' >&2; exit 1")
    (checkout / "requirements" / "local.txt").touch()
    done = make("up", cwd=checkout)
    assert done.returncode == 2
    assert "Could not install: see above." in done.stderr
    assert not (checkout / ".venv" / ".local").exists()


def test_pip_installs_where_uv_cannot(checkout: Path) -> None:
    write_program(checkout / ".venv" / "bin" / "python", 'case "$*" in *uv.txt) exit 1 ;; esac; echo "python $*"')
    (checkout / "requirements" / "local.txt").touch()
    done = make(".venv/.local", cwd=checkout)
    assert (done.returncode, "trying pip, which takes minutes" in done.stderr) == (0, True)
    assert "-m pip install" in done.stdout
    assert done.stdout.splitlines()[-2].endswith("--require-hashes --no-deps -r requirements/local.txt")
    assert done.stdout.splitlines()[-1] == "python scripts/link_command.py .venv/bin/api-gpu"
    assert (checkout / ".venv" / ".local").exists()


def test_command_starts_from_a_folder_with_spaces(checkout: Path) -> None:
    write_program(checkout / "bin" / "python", f'exec "{sys.executable}" "$@"')
    (checkout / "api_gpu" / "cli").mkdir(parents=True)
    (checkout / "api_gpu" / "cli" / "main.py").write_text("import sys\ndef main(): print(sys.argv[1:])\n")
    command = checkout / "bin" / "api-gpu"
    with script("link_command") as link_command:
        link_command.link(command, str(checkout / "bin" / "python"), checkout)
    shown = subprocess.run([command, "jobs", "a b"], capture_output=True, text=True, check=True).stdout
    assert shown == "['jobs', 'a b']\n"
    interrupt = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (checkout / "api_gpu" / "cli" / "main.py").write_text(interrupt)
    early = subprocess.run([command], capture_output=True, text=True, check=False)
    assert (early.returncode, early.stderr) == (-signal.SIGINT, ""), "Ctrl-C while modules are read"


def test_uv_installs_where_it_runs(checkout: Path) -> None:
    write_program(checkout / ".venv" / "bin" / "python", "exit 1")
    write_program(checkout / ".tools" / "uv" / "bin" / "uv", 'echo "uv $* from $UV_DEFAULT_INDEX"')
    (checkout / "requirements" / "lambda.txt").touch()
    done = make(".venv-lambda/.done", cwd=checkout, PIP_INDEX_URL="https://index.invalid/simple")
    assert done.stdout.replace(" from https://index.invalid/simple\n", "\n").splitlines()[1:] == [
        f"uv venv --quiet --no-project --clear --python {sys.executable} .venv-lambda",
        (
            "uv pip install --quiet --compile-bytecode --python .venv-lambda/bin/python --require-hashes --no-deps"
            " -r requirements/lambda.txt"
        ),
    ]


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
