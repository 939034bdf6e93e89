"""Run a client generator and linters from the registries on the document."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fakes import World
from tests.support.gateway import Client

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"
GENERATOR = "openapi-python-client==0.29.1"
LINTERS = {
    "@redocly/cli@2.77.0": ["redocly", "lint"],
    "@stoplight/spectral-cli@6.16.3": ["spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "error"],
}
CALL = """
import json, sys
from generated.api.videos import compose
from generated.models import ComposeRequest, ComposeRequestMetadata, Fit, JobView
body = ComposeRequest(
    url_image="https://media.example/p.jpg", url_audio="https://media.example/a.mp3", url_srt="https://media.example/s.srt",
    size="1080x1920", fit=Fit.CONTAIN, duration=2.5, metadata=ComposeRequestMetadata.from_dict({"row": "7"}),
    webhook_url="https://hooks.example/x",
)
if len(sys.argv) == 1:
    print(json.dumps(compose._get_kwargs(body=body)))
else:
    job = JobView.from_dict(json.loads(sys.argv[1]))
    print(json.dumps([job.job_id, job.status.value, job.operation.value, job.metadata.to_dict()]))
"""


def run(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_generated_client_submits_a_compose(tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", GENERATOR, cwd=tmp_path)
    generator = tmp_path / "venv" / "bin" / "openapi-python-client"
    run(
        generator,
        "generate",
        "--path",
        DOCUMENT,
        "--meta",
        "none",
        "--output-path",
        tmp_path / "generated",
        cwd=tmp_path,
    )
    call = json.loads(run(python, "-c", CALL, cwd=tmp_path))
    assert (call["method"], call["url"]) == ("post", "/video/compose")
    answer = Client(World()).call("POST", call["url"], call["json"], headers=call["headers"])
    assert answer.status == 202, answer.text
    read = json.loads(run(python, "-c", CALL, answer.text, cwd=tmp_path))
    assert read == ["job-1", "IN_QUEUE", "compose", {"row": "7"}]


@pytest.mark.skipif(shutil.which("npx") is None, reason="npm is not installed")
@pytest.mark.parametrize("package", LINTERS)
def test_linter_finds_no_error(tmp_path: Path, package: str) -> None:
    (tmp_path / "spectral.yaml").write_text('extends: ["spectral:oas"]\n')
    run("npx", "--yes", f"--package={package}", "--", *LINTERS[package], DOCUMENT, cwd=tmp_path)
