"""The SAM CLI and its output: the transformed template and the functions' package."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.support.guard import run_environment

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv-sam" / "bin"
PYTHON = BIN / "python"
FUNCTIONS = {
    "ApiFunction": "api",
    "WebhookFunction": "runpod_webhook",
    "SweeperFunction": "sweeper",
    "CallbacksFunction": "callbacks",
    "EndpointFunction": "runpod_endpoint",
}
"""Logical id → entrypoint."""

_TRANSFORM = """
import json, sys
from samcli.yamlhelper import yaml_parse
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.translator import Translator
from samtranslator.parser.parser import Parser
template = yaml_parse(sys.stdin.read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
parameters = json.loads(sys.argv[1])
translator = Translator({}, Parser())
print(json.dumps(translator.translate(template, parameter_values=parameters)))
"""


def environment(**more: str) -> dict[str, str]:
    """Return an environment without the user's credentials and region."""
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8",
        "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        **run_environment(), **more,
    }  # fmt: skip


def run(*command: str, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=environment(**env), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=timeout, check=False,
    )  # fmt: skip


@functools.cache
def transformed(parameters: str = "{}") -> dict[str, Any]:
    """Return template.yaml after SAM's transform, as CloudFormation gets it. `parameters`: JSON."""
    done = subprocess.run(
        [PYTHON, "-c", _TRANSFORM, parameters], cwd=ROOT, env=environment(), timeout=60, check=False,
        input=(ROOT / "template.yaml").read_text(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    template: dict[str, Any] = json.loads(done.stdout)
    return template
