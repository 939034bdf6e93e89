"""`make deploy`, `make callers` and `make destroy` against an emulated AWS and RunPod's management API."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.settings import RUNPOD_KEY
from tests.support import rie
from tests.support.engines import ministack
from tests.support.sam import PYTHON, ROOT, environment
from tests.support.system import System, eventually, http, running

pytestmark = [pytest.mark.full, pytest.mark.stack, pytest.mark.timeout(600)]
if reason := rie.missing():
    pytestmark.append(pytest.mark.skip(reason=reason))

REGION = "eu-central-1"


@dataclass
class EmulatedCloud:
    aws: str
    runpod: System
    scratch: Path

    def script(self, name: str, *arguments: str, answer: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        known = environment(
            AWS_ENDPOINT_URL=self.aws, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
            TMPDIR=str(self.scratch), **env,
        )  # fmt: skip
        return subprocess.run(
            [PYTHON, ROOT / "scripts" / f"{name}.py", "--region", REGION, *arguments], cwd=ROOT, env=known,
            input=answer, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip

    def deploy(self, image: str) -> str:
        urls = (f"RunpodManagementUrl={self.runpod.emulator}/management", f"RunpodApiUrl={self.runpod.emulator}/v2")
        given = [part for url in urls for part in ("--parameter", url)]
        done = self.script("deploy", "--image", image, *given, RUNPOD_API_KEY=RUNPOD_KEY)
        assert done.returncode == 0, done.stdout + done.stderr
        assert RUNPOD_KEY not in done.stdout + done.stderr
        assert not list(self.scratch.iterdir())
        return done.stdout

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.aws, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def call(self, output: str, key: str, path: str, body: object = None) -> tuple[int, Any]:
        """Call the API through the emulated API Gateway, which finds it by its host name."""
        host = search(r"API +http://(\S+)", output)
        headers = {"X-API-Key": key, "Host": host}
        return http("GET" if body is None else "POST", self.aws + path, body, headers)

    def endpoints(self) -> dict[str, str]:
        """Return id → image of the endpoints that the stack created."""
        url = f"{self.runpod.emulator}/management/v2/serverless"
        listed = http("GET", url, headers={"Authorization": f"Bearer {RUNPOD_KEY}"})[1]["endpoints"]
        return {endpoint["id"]: endpoint["image"] for endpoint in listed if endpoint["id"] != "local"}

    def secret(self, name: str) -> str:
        stack = self.client("cloudformation").describe_stacks(StackName="api-gpu")["Stacks"][0]
        arns = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return str(self.client("secretsmanager").get_secret_value(SecretId=arns[f"{name}Arn"])["SecretString"])


def search(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedCloud]:
    with ministack() as aws, running("--workers=1") as runpod:
        yield EmulatedCloud(aws, runpod, tmp_path_factory.mktemp("scratch"))


@pytest.mark.parametrize(
    ("image", "key", "message"),
    [
        ("registry.example/worker:1.0", "not-the-key-of-runpod", "RunPod refuses"),
        ("registry.example/worker:1.0", "short", "not a RunPod API key"),
        ("no image", RUNPOD_KEY, "not an image reference"),
        ("", RUNPOD_KEY, "image is missing"),
    ],
)
def test_invalid_settings_are_reported_before_anything_is_created(
    cloud: EmulatedCloud, image: str, key: str, message: str
) -> None:
    management = f"RunpodManagementUrl={cloud.runpod.emulator}/management"
    done = cloud.script("deploy", "--image", image, "--parameter", management, RUNPOD_API_KEY=key)
    assert (done.returncode, message in done.stderr) == (1, True), done.stderr
    assert key not in done.stdout + done.stderr
    assert not cloud.client("cloudformation").list_stacks()["StackSummaries"]


def test_stack_is_created_updated_and_deleted(cloud: EmulatedCloud) -> None:
    first = cloud.deploy("registry.example/worker:1.0")
    key = search(r"API key +(ag_\S+)", first)
    assert list(cloud.endpoints().values()) == ["registry.example/worker:1.0"]
    assert cloud.call(first, key, "/jobs") == (200, {"jobs": [], "next_cursor": None})
    assert cloud.call(first, "wrong", "/jobs")[0] == 401
    status, job = cloud.call(first, key, "/video/img2vid", {"url_image": "https://media.example/photo.jpg"})
    assert (status, cloud.call(first, key, f"/job/{job['job_id']}")[1]["job_id"]) == (202, job["job_id"])

    before, hook_secret = cloud.endpoints(), cloud.secret("HookSecret")
    second = cloud.deploy("registry.example/worker:2.0")
    assert "ag_" not in second
    assert cloud.endpoints() == dict.fromkeys(before, "registry.example/worker:2.0")
    assert cloud.secret("HookSecret") == hook_secret
    assert cloud.call(second, key, f"/job/{job['job_id']}")[0] == 200

    added = cloud.script("callers", "add-key", "ada")
    other = search(r"(ag_\S+)", added.stdout)
    eventually(lambda: cloud.call(second, other, "/jobs")[0], lambda status: status == 200, 75, every=2)
    assert cloud.call(second, other, f"/job/{job['job_id']}")[0] == 404
    listed = cloud.script("callers", "list").stdout
    assert cloud.script("callers", "revoke-key", search(r"ada +key (\w+)", listed)).returncode == 0
    eventually(lambda: cloud.call(second, other, "/jobs")[0], lambda status: status == 401, 75, every=2)

    kept = cloud.script("destroy", answer="something else\n")
    assert (kept.returncode, "Nothing was deleted" in kept.stderr) == (1, True)
    bucket = search(r"BucketName\W.*?Value\s+(\S+)", re.sub(r"\s+", " ", second))
    cloud.client("s3").put_object(Bucket=bucket, Key="jobs/x/output.mp4", Body=b"video")
    gone = cloud.script("destroy", answer="api-gpu\n")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert "1 objects" in gone.stdout
    assert cloud.endpoints() == {}
    assert bucket not in json.dumps(cloud.client("s3").list_buckets()["Buckets"], default=str)
    assert cloud.script("destroy", "--yes").returncode == 1
