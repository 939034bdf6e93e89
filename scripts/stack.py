"""AWS and the SAM CLI for the commands that deploy, destroy and manage a stack."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ProfileNotFound

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_STACK = "api-gpu"


class Stop(Exception):
    """The command cannot continue; the text says why and what to do, without secrets."""


@dataclass(frozen=True)
class Stack:
    """An existing stack. NoEcho parameters have no value here."""

    status: str
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


class Account:
    """The account and region of the environment's credentials. Raises Stop."""

    def __init__(self, region: str | None) -> None:
        self._session = call_aws(lambda: boto3.Session(region_name=region or os.environ.get("AWS_REGION")))
        if not self._session.region_name:
            raise Stop("Which AWS region? Run make … REGION=eu-central-1, or set AWS_REGION.")
        self.region: str = self._session.region_name

    def client(self, service: str) -> Any:
        config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})
        return self._session.client(service, config=config)

    def identity(self) -> str:
        """Return the account's number."""
        return str(call_aws(lambda: self.client("sts").get_caller_identity())["Account"])

    def stack(self, name: str) -> Stack | None:
        client = self.client("cloudformation")
        try:
            (found,) = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise Stop(f"CloudFormation refused to describe the stack: {error}") from None
        except BotoCoreError as error:
            raise Stop(f"CloudFormation did not respond: {error}") from None
        # REVIEW_IN_PROGRESS: its first change set failed, it has no resources.
        if found["StackStatus"] in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}:
            return None
        return Stack(
            found["StackStatus"],
            {p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", [])},
            {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])},
        )

    def unreserved_executions(self) -> int:
        settings = call_aws(lambda: self.client("lambda").get_account_settings())
        return int(settings["AccountLimit"]["UnreservedConcurrentExecutions"])


def call_aws(call: Callable[[], Any]) -> Any:
    """Call AWS. Raises Stop for missing credentials, refusals and network errors."""
    try:
        return call()
    except (NoCredentialsError, NoRegionError, ProfileNotFound) as error:
        raise Stop(f"AWS credentials are missing: {error}. Run `aws configure`, or set AWS_PROFILE.") from None
    except (ClientError, BotoCoreError) as error:
        raise Stop(f"AWS refused the request or did not respond: {error}") from None


def sam(*arguments: str, **more: str) -> None:
    """Run the SAM CLI in the terminal. Raises Stop if it fails."""
    program = os.environ.get("SAM") or str(Path(sys.executable).parent / "sam")
    env = os.environ | {"SAM_CLI_TELEMETRY": "0"} | more
    if subprocess.run([program, *arguments], cwd=ROOT, env=env, check=False).returncode != 0:
        raise Stop(f"`sam {arguments[0]}` failed: see above.")


def run_command(main: Callable[[list[str]], None]) -> int:
    """Run a command and return its exit code: 1 after Stop, 130 after Ctrl-C."""
    try:
        main(sys.argv[1:])
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0
