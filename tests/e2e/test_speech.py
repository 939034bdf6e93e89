"""Captions of what is said and transcripts, through the whole system with a real speech model."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import SHARED
from tests.support.speech_model import find_speech_model
from tests.support.system import System, Web, running, web

pytestmark = pytest.mark.full
_SENTENCE = "the quick brown fox jumped over the lazy dog"


@pytest.fixture(scope="module")
def speaking_system() -> Iterator[System]:
    model = find_speech_model()
    with running("--workers=1", f"--worker-env=WHISPER_MODEL={model}", env={"SPEECH": "true"}) as started:
        yield started


@pytest.fixture
def narration() -> Iterator[str]:
    if not SHARED.is_dir():
        pytest.skip("no real media next to this checkout")
    with web(SHARED) as serving:
        yield serving("a40.mp3")


@pytest.mark.timeout(300)
def test_captions_of_what_is_said_come_with_a_video(speaking_system: System, site: Web, narration: str) -> None:
    job = speaking_system.submit(
        "compose", url_image=site("photo.jpg"), url_audio=narration, captions="auto", style="karaoke",
        size="360x640", duration=4,
    )  # fmt: skip
    job = speaking_system.wait(job["job_id"], seconds=150)
    assert (job["status"], job["execution"]["word_timing"]) == ("COMPLETED", "aligned"), job
    assert job["video"]["duration_seconds"] == pytest.approx(4, abs=0.05)
    assert any("speech_found" in line and "device=cpu" in line for line in speaking_system.log)


@pytest.mark.timeout(300)
def test_transcript_is_accepted_as_words(speaking_system: System, site: Web, narration: str, tmp_path: Path) -> None:
    status, job = speaking_system.call("POST", "/audio/transcribe", {"url_audio": narration})
    assert status == 202, job
    job = speaking_system.wait(job["job_id"], seconds=150)
    assert job["status"] == "COMPLETED", job
    urls = {artifact["name"]: artifact["url"] for artifact in job["artifacts"]}
    assert list(urls) == ["transcript.json", "transcript.srt", "transcript.vtt"]
    with urllib.request.urlopen(urls["transcript.json"], timeout=30) as answer:
        transcript = json.load(answer)
    assert transcript["text"].lower().startswith(_SENTENCE[:19])
    job = speaking_system.run("caption", url_video=site("clip.mp4"), words=transcript, style="pop")
    assert (job["status"], job["execution"]["word_timing"]) == ("COMPLETED", "given"), job
