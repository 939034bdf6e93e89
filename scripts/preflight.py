"""Check what `make deploy` needs before anything is installed, and ask for what is missing.

Needs only the standard library. Ends by running the given command with the answers as environment variables. It looks
for credentials where the AWS tools look; only AWS can verify them.
"""

from __future__ import annotations

import argparse
import configparser
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
IMAGE_REFERENCE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._-]+)*(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?"
)
_SOURCES = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_PROFILE_SOURCES = (
    "aws_access_key_id", "sso_session", "sso_start_url", "role_arn", "credential_process", "web_identity_token_file",
    "login_session",
)  # fmt: skip
_VENDOR = Path("/sys/devices/virtual/dmi/id/sys_vendor")


class Stop(Exception):
    """Something is missing; the text says what to do."""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--region", default="")
    parser.add_argument("--image", default="")
    parser.add_argument("--endpoint", default="")
    parser.add_argument("--first", action="store_true", help="nothing was deployed from this checkout yet")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    profile = read_profile(os.environ)
    if not has_credentials(os.environ, profile):
        raise Stop(
            "No AWS credentials: run `aws configure` or `aws sso login`, or set AWS_PROFILE,\n"
            "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if options.image and options.endpoint:
        raise Stop("Give IMAGE to create an endpoint, or ENDPOINT to use an existing one, not both.")
    region = options.region or find_region(os.environ, profile) or _prompt("AWS region, such as eu-central-1: ")
    if not _REGION.fullmatch(region):
        raise Stop("Which AWS region? Run make deploy REGION=eu-central-1, or set AWS_REGION.")
    image = options.image
    if options.first and not image and not options.endpoint:
        image = _prompt("The worker's image as RunPod pulls it (empty: keep what the stack has): ")
        if not image:
            print("Note: without IMAGE or ENDPOINT only an existing stack can be updated.")
    if image and not IMAGE_REFERENCE.fullmatch(image):
        raise Stop("IMAGE is not an image reference. Give registry/name:tag@sha256:…")
    os.environ.update({"REGION": region, "IMAGE": image})
    os.execvp(options.command[0], options.command)  # noqa: S606 - the command is in the Makefile


def read_profile(env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the selected profile, from both files."""
    home = Path(env.get("HOME") or "/")
    name = env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE") or "default"
    found: dict[str, str] = {}
    for variable, usual, prefix in (
        ("AWS_CONFIG_FILE", ".aws/config", "profile "),
        ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", ""),
    ):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(env.get(variable) or home / usual, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError):
            # The AWS tools will report what is wrong with the file.
            return {"credential_process": "unreadable"}
        for section in (name, f"{prefix}{name}"):
            if parser.has_section(section):
                found |= dict(parser.items(section))
    return found


def has_credentials(env: Mapping[str, str], profile: Mapping[str, str]) -> bool:
    """Return True if the AWS tools may find some: in the environment, a profile, or EC2 metadata."""
    if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
        return True
    if any(env.get(name) for name in _SOURCES) or any(profile.get(name) for name in _PROFILE_SOURCES):
        return True
    return _is_on_ec2() and env.get("AWS_EC2_METADATA_DISABLED") != "true"


def find_region(env: Mapping[str, str], profile: Mapping[str, str]) -> str:
    return env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or profile.get("region", "")


def _is_on_ec2() -> bool:
    try:
        return "Amazon EC2" in _VENDOR.read_text()
    except OSError:
        return False


def _prompt(question: str) -> str:
    return input(question).strip() if sys.stdin.isatty() else ""


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Stop as stop:
        print(f"{stop}", file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, EOFError):
        print("\nStopped.", file=sys.stderr)
        sys.exit(130)
