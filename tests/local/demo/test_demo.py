"""The demo: samples, verification of outputs, callbacks, files."""

from __future__ import annotations

import asyncio
import hashlib
import wave
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pysubs2
import pytest
from aiohttp import web
from PIL import Image, ImageStat
from standardwebhooks import Webhook

from contract.operations import OPERATIONS
from gpu_worker.ffmpeg.locate import find_ffmpeg
from local.demo import file_server
from local.demo.callback_receiver import CallbackReceiver, Received
from local.demo.requests import output_paths, outputs_in, requests, select_possible
from local.demo.run_demo import report
from local.demo.verify_output import Verification, verify_file, verify_video
from local.samples.image import draw_landscape
from local.samples.media import SUBTITLES, make_clip, make_voice
from local.samples.server import SAMPLES, SampleServer
from local.servers import Server, bind
from local.settings import CALLBACK_SECRET

URLS = {url: f"http://files/{sample.name}" for url, sample in SAMPLES.items()}


def test_sample_photo_is_large_and_detailed(tmp_path: Path) -> None:
    draw_landscape(tmp_path / "photo.jpg")
    with Image.open(tmp_path / "photo.jpg") as photo:
        assert photo.size == (2400, 1600)
        assert min(ImageStat.Stat(photo).stddev) > 20
        assert len(photo.resize((240, 160)).getcolors(240 * 160) or []) > 5000


def test_sample_voice_has_syllables_and_pauses(tmp_path: Path) -> None:
    make_voice(tmp_path / "voice.wav")
    with wave.open(str(tmp_path / "voice.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() == 6.0
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")
    loud = [max(abs(value) for value in samples[at : at + 800]) for at in range(0, len(samples), 800)]
    assert max(loud) > 10_000
    assert loud.count(0) >= 3


def test_sample_subtitles_end_with_the_clip() -> None:
    events = pysubs2.SSAFile.from_string(SUBTITLES).events
    assert len(events) == 3
    assert events[-1].end <= 5000
    assert any(ord(letter) > 255 for event in events for letter in event.text)


def test_output_is_compared_with_its_job(tmp_path: Path) -> None:
    async def scenario() -> None:
        ffmpeg, path = find_ffmpeg(None).path, tmp_path / "clip.mp4"
        await make_clip(ffmpeg, path)
        honest = {"width": 1280, "height": 720, "duration_seconds": 5.0, "size_bytes": path.stat().st_size}
        first = await verify_video(ffmpeg, path, honest)
        assert first.problem == "different from its job: sha256"
        assert abs(first.seconds - 5.0) < 0.05
        path.write_bytes(path.read_bytes()[:-5000])
        assert (await verify_video(ffmpeg, path, honest)).problem is not None

    asyncio.run(scenario())


def test_receiver_accepts_only_signed_callbacks() -> None:
    async def scenario() -> None:
        sink = CallbackReceiver(CALLBACK_SECRET)
        server = Server(sink.app, bind())
        await server.start()
        body, now = '{"job_id": "j1", "status": "COMPLETED"}', datetime.now(UTC)
        headers = {
            "webhook-id": "m1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(CALLBACK_SECRET).sign("m1", now, body),
        }
        async with aiohttp.ClientSession(trust_env=False) as session:
            for sent, status in ((body.replace("j1", "j2"), 401), (body, 204)):
                async with session.post(f"{server.url}/callback", data=sent, headers=headers) as answer:
                    assert answer.status == status
        await server.stop()
        assert [one.verified for one in sink.received] == [False, True]
        assert sink.verified_for("j2") is None
        assert sink.verified_for("j1") is not None

    asyncio.run(scenario())


def test_file_server_serves_only_its_files(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "a.srt").write_text("text")
        (tmp_path / "secret").write_text("no")
        server = Server(file_server.build({"srt.srt": tmp_path / "a.srt"}), bind())
        await server.start()
        async with aiohttp.ClientSession(trust_env=False) as session:
            async with session.get(f"{server.url}/srt.srt") as answer:
                assert await answer.text() == "text"
            for name in ("secret", "a.srt", "%2e%2e/secret"):
                async with session.get(f"{server.url}/{name}") as answer:
                    assert answer.status == 404
        await server.stop()

    asyncio.run(scenario())


def test_report_names_every_failed_operation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = {
        "job_id": "j1",
        "status": "COMPLETED",
        "execution": {"settled_by": "webhook", "encoder": "libx264"},
        "artifacts": [{"name": "output.mp4"}, {"name": "captions.srt"}],
    }
    jobs = {"caption": done, "compose": {"job_id": "j2", "status": "FAILED"}}
    results = {
        "caption": Verification(5.0, 1000, None),
        "compose": Verification(0.0, 0, "url_audio has no audio stream."),
    }
    sink = CallbackReceiver(CALLBACK_SECRET)
    sink.received = [Received(f"m{n}", verified=True, body={"job_id": f"j{n}"}) for n in (1, 2)]
    assert report(jobs, results, sink, tmp_path) == ["compose: url_audio has no audio stream."]
    shown = capsys.readouterr().out
    assert "Callbacks: 2 of 2" in shown
    assert f"{tmp_path}/caption.mp4 {tmp_path}/caption.srt" in shown
    assert f"{tmp_path}/compose.mp4" not in shown


def test_file_is_compared_with_its_entry_in_the_job(tmp_path: Path) -> None:
    path = tmp_path / "captions.srt"
    path.write_bytes(b"1\n")
    entry = {"name": "captions.srt", "size_bytes": 2, "sha256": hashlib.sha256(b"1\n").hexdigest()}
    assert asyncio.run(verify_file(path, entry)) == Verification(0.0, 2, None)
    path.write_bytes(b"22\n")
    wrong = asyncio.run(verify_file(path, entry))
    assert wrong.problem == "captions.srt is different from its job: size_bytes, sha256"


def test_demo_names_what_it_cannot_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = requests(URLS)
    for model, missing in (("", {"transcribe"}), ("/models/tiny", set())):
        monkeypatch.setenv("WHISPER_MODEL", model)
        assert set(wanted) - set(select_possible(wanted)) == missing
        assert capsys.readouterr().out.endswith("SPEECH=1): transcribe\n" if missing else "")


def test_demo_clears_every_file_that_it_writes(tmp_path: Path) -> None:
    paths = outputs_in(tmp_path)
    names = {path.name for path in paths}
    assert len(names) == len(paths)
    assert {"caption.mp4", "short.mp4", "short.srt", "transcribe.json", "transcribe.vtt"} <= names


def test_files_with_one_ending_do_not_replace_each_other(tmp_path: Path) -> None:
    assert output_paths(tmp_path, "clips", ["output_1.mp4", "output_2.mp4", "poster.jpg"]) == {
        "output_1.mp4": tmp_path / "clips_1.mp4",
        "output_2.mp4": tmp_path / "clips_2.mp4",
        "poster.jpg": tmp_path / "clips.jpg",
    }


def test_request_bodies_have_a_sample_for_each_input() -> None:
    for kind, body in requests(URLS).values():
        inputs = OPERATIONS[kind].model_validate(body).inputs()
        assert inputs
        assert {given.url for given in inputs} <= set(URLS.values())


def test_samples_are_made_on_the_first_request_and_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        app = web.Application()
        SampleServer(tmp_path, find_ffmpeg(None).path).add_to(app)
        server = Server(app, bind())
        await server.start()
        async with aiohttp.ClientSession(trust_env=False) as session:
            for name, status, start in (
                ("voice.srt", 200, b"1\n"),
                ("voice.wav", 200, b"RIFF"),
                ("secret", 404, b"Sam"),
            ):
                both = []
                for _ in range(2):
                    async with session.get(f"{server.url}/samples/{name}") as answer:
                        assert answer.status == status
                        both.append(await answer.read())
                assert both[0] == both[1]
                assert both[0].startswith(start)
        await server.stop()

    asyncio.run(scenario())
    assert {path.name for path in tmp_path.iterdir()} == {"voice.srt", "voice.wav"}
