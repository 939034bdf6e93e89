"""The Python client against the running system, as a user's program has it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_gpu import (
    AsyncClient,
    Client,
    ConflictError,
    Job,
    JobFailed,
    NotFoundError,
    UnauthorizedError,
    UnprocessableError,
    WaitTimeout,
)
from tests.support.guard import run_environment
from tests.support.system import ROOT, System, Web

KEY = "local-key"


@pytest.fixture
def client(system: System) -> Iterator[Client]:
    with Client(system.url, KEY) as connected:
        yield connected


def test_job_is_made_followed_and_saved(client: Client, site: Web, tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    job = client.img2vid(url_image=site("photo.jpg"), duration=1, size="320x240", poster=True)
    job.wait(timeout=90, on_progress=lambda it: seen.append((it.status, it.progress.percent)))
    job.raise_for_status()
    assert seen[-1] == ("COMPLETED", 100)
    assert job.cost is not None
    saved = job.download_all(tmp_path)
    assert sorted(path.name for path in saved) == ["output.mp4", "poster.jpg"]
    assert job.download(tmp_path / "again.mp4").read_bytes() == (tmp_path / "output.mp4").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_second_process_continues_with_the_id(client: Client, system: System, site: Web, tmp_path: Path) -> None:
    job = client.probe(url_video=site("clip.mp4"))
    program = (
        "import sys; from api_gpu import Client\n"
        "job = Client().job(sys.argv[1]).wait(timeout=90)\n"
        "print(job.status, job.download(sys.argv[2] + '/').name)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, job.id, str(tmp_path)], cwd=ROOT, check=True, timeout=120, text=True,
        env={"API_GPU_URL": system.url, "API_GPU_KEY": KEY, **run_environment()}, capture_output=True,
    )  # fmt: skip
    assert ran.stdout == "COMPLETED probe.json\n"
    assert b'"container"' in (tmp_path / "probe.json").read_bytes()


def test_same_idempotency_key_is_the_same_job(client: Client, site: Web) -> None:
    body = {"url_video": site("clip.mp4")}
    first = client.submit("probe", body)
    assert first.idempotency_key
    assert client.submit("probe", body, idempotency_key=first.idempotency_key).id == first.id
    assert client.run("probe", body, timeout=90).id != first.id
    assert first.id in [job.id for job in client.jobs(limit=5)]


def test_cancelled_and_failed_jobs_say_so(client: Client, system: System, site: Web) -> None:
    job = client.submit("probe", {"url_video": site("none.mp4")})
    with pytest.raises(JobFailed) as raised:
        job.wait(timeout=90).raise_for_status()
    assert (raised.value.code, raised.value.blame) == ("source_http", "caller")
    with pytest.raises(ConflictError):
        job.cancel()
    system.faults(worker="hold")
    waiting = client.submit("probe", {"url_video": site("clip.mp4")})
    with pytest.raises(WaitTimeout):
        waiting.wait(timeout=0)
    assert waiting.cancel().wait(timeout=30).status == "CANCELLED"


def test_refusals_have_their_errors(client: Client, system: System) -> None:
    with pytest.raises(UnprocessableError) as raised:
        client.submit("caption", {"url_video": "no address"})
    assert "url_video" in [error["field"] for error in raised.value.errors]
    assert raised.value.request_id
    with pytest.raises(NotFoundError):
        client.job("00000000-0000-0000-0000-000000000000").refresh()
    with Client(system.url, "wrong") as other, pytest.raises(UnauthorizedError):
        other.fonts()


def test_asyncio_makes_several_jobs_at_once(system: System, site: Web) -> None:
    async def use() -> list[str]:
        async with AsyncClient(system.url, KEY) as client:
            made = await asyncio.gather(*(client.probe(url_video=site("clip.mp4")) for _ in range(3)))
            return [(await job.wait(timeout=90)).status for job in made]

    assert asyncio.run(use()) == ["COMPLETED"] * 3


def test_local_files_are_sent_by_themselves(client: Client, media: Path, tmp_path: Path) -> None:
    """In one piece, by path and by open file; the same content once."""
    sent: list[tuple[str, int, int]] = []
    with (media / "clip.mp4").open("rb") as clip:
        job: Job = client.caption(
            url_video=clip, url_srt=media / "clip.srt", on_upload=lambda *it: sent.append(it), size="320x180"
        )
    assert ("clip.mp4", (media / "clip.mp4").stat().st_size, (media / "clip.mp4").stat().st_size) in sent
    job.wait(timeout=90).raise_for_status()
    assert job.download(tmp_path).stat().st_size > 1000
    assert str(client.upload(media / "clip.mp4")) == str(client.upload(media / "clip.mp4"))
    checked = client.dry_run("probe", {"url_video": media / "clip.mp4"})
    assert (checked["dry_run"], checked["valid"]) == (True, True)


def test_file_in_parts_is_sent_and_read(client: Client, media: Path, tmp_path: Path) -> None:
    """A WAV file above 100 MiB, which storage takes in parts of 16 MiB."""
    sound = tmp_path / "long.wav"
    seconds = 120 * 1024 * 1024 // (48_000 * 4)
    with wave.open(str(sound), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        for _ in range(seconds):
            file.writeframes(bytes(48_000 * 4))
    sent: list[int] = []
    job = client.probe(url_audio=sound, on_upload=lambda name, done, total: sent.append(done))
    assert sent == sorted(set(sent))
    assert sent[-1] == sound.stat().st_size
    job.wait(timeout=170).raise_for_status()
