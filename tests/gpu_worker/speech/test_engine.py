"""The process that recognizes speech, and what becomes of its failures."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code
from gpu_worker.errors import JobFailed
from gpu_worker.media.info import Cue, Word
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.process_tree import PROCESSES
from gpu_worker.speech.engine import Listener
from gpu_worker.speech.find_speech import Speech, SpeechUnusableError, find_speech
from tests.support.speech import FakeSpeech, heard

_CUES = (Cue(0, 1000, "Hello there"), Cue(1000, 2000, "<i></i>"), Cue(2000, 3000, "you"))


def _listener(fake: FakeSpeech, folder: Path, **changes: Any) -> Listener:
    (folder / "speech.pcm").write_bytes(bytes(32_000))
    return Listener(fake.speech, Sandbox(), folder, **({"threads": 2, "seconds": 20.0} | changes))


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


def test_words_are_transcribed(tmp_path: Path, job: Path) -> None:
    fake = FakeSpeech(tmp_path, transcribe=heard("Hello", "there."))
    done: list[float] = []
    found = asyncio.run(_listener(fake, job, on_done=done.append).transcribe(2.0, "en-GB", "Ada"))
    assert found.words == (Word(200, 560, "Hello"), Word(600, 960, "there."))
    assert (found.language, found.seconds, found.probabilities) == ("en", 2.0, (0.9, 0.9))
    (request,) = fake.requests
    assert request == {
        "task": "transcribe", "language": "en", "prompt": "Ada", "model": str(tmp_path), "device": "cpu", "threads": 2,
        "seconds": 1.0,
    }  # fmt: skip
    assert done == [0.5]


def test_cues_are_aligned_without_those_that_have_no_words(tmp_path: Path, job: Path) -> None:
    times = [[[0.1, 0.4, 0.8], [0.5, 0.9, 0.6]], None]
    fake = FakeSpeech(tmp_path, align={"language": "en", "cues": times})
    found = asyncio.run(_listener(fake, job).align(_CUES, None))
    assert found[1:] == [None, None]
    assert found[0] is not None
    assert (found[0].spans, found[0].probability) == (((100, 400), (500, 900)), pytest.approx(0.7))
    assert [cue["words"] for cue in fake.requests[0]["cues"]] == [[["Hello", True], ["there", True]], [["you", True]]]


@pytest.mark.fault("G17")
@pytest.mark.parametrize("failure", [1, 134, "{}", "no JSON"])
def test_replies_that_cannot_be_used_are_failures(tmp_path: Path, job: Path, failure: Any) -> None:
    with pytest.raises(JobFailed) as raised:
        asyncio.run(_listener(FakeSpeech(tmp_path, transcribe=failure), job).transcribe(1.0, None))
    assert raised.value.failure.code is Code.INTERNAL


@pytest.mark.parametrize("cues", [[], [[[0.1, 0.4, 0.8]], None, None], [[["a", 1, 1]], None]])
def test_alignments_of_another_shape_are_failures(tmp_path: Path, job: Path, cues: Any) -> None:
    with pytest.raises(JobFailed) as raised:
        asyncio.run(_listener(FakeSpeech(tmp_path, align={"language": "en", "cues": cues}), job).align(_CUES, None))
    assert raised.value.failure.code is Code.INTERNAL


@pytest.mark.fault("G17")
def test_failure_on_the_gpu_is_repeated_on_the_cpu(tmp_path: Path, job: Path) -> None:
    fake = FakeSpeech(tmp_path, "cuda", cuda=1, cpu=heard("Hello"))
    listener = _listener(fake, job)
    assert [word.text for word in asyncio.run(listener.transcribe(2.0, None)).words] == ["Hello"]
    assert [request["device"] for request in fake.requests] == ["cuda", "cpu"]
    assert listener.warnings == ["The GPU could not be used to recognize speech; the CPU was used instead."]


@pytest.mark.fault("G17")
def test_process_is_stopped_after_its_time(tmp_path: Path, job: Path) -> None:
    with pytest.raises(JobFailed) as raised:
        asyncio.run(_listener(FakeSpeech(tmp_path, transcribe="hang"), job, seconds=0.5).transcribe(1.0, None))
    assert raised.value.failure.code is Code.EXECUTION_TIMEOUT


def test_process_ends_with_its_cancelled_job(tmp_path: Path, job: Path) -> None:
    async def scenario() -> None:
        started = asyncio.Event()
        listener = _listener(FakeSpeech(tmp_path, transcribe="hang"), job, on_done=lambda _done: started.set())
        listening = asyncio.create_task(listener.transcribe(1.0, None))
        await started.wait()
        assert PROCESSES.sessions
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        assert not PROCESSES.sessions

    asyncio.run(scenario())


def test_language_that_the_model_lacks_is_a_warning(tmp_path: Path, job: Path) -> None:
    listener = _listener(FakeSpeech(tmp_path, transcribe=heard("Hallo")), job)
    asyncio.run(listener.transcribe(2.0, "de-AT"))
    assert listener.warnings == ["The speech model does not know the language; the speech was taken as en."]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (None, "not a directory"),
        ((), "lacks model.bin, config.json, tokenizer.json, vocabulary.json"),
        (("model.bin", "config.json", "vocabulary.txt"), "lacks tokenizer.json"),
    ],
)
def test_incomplete_model_is_named(tmp_path: Path, files: tuple[str, ...] | None, reason: str) -> None:
    folder = tmp_path / "model"
    if files is not None:
        folder.mkdir()
        for name in files:
            (folder / name).touch()
    # Without the extra, that is the reason.
    with pytest.raises(SpeechUnusableError, match=f"{reason}|extra `speech` is not installed"):
        asyncio.run(find_speech(folder, Sandbox()))


def test_name_of_a_model_is_that_of_its_directory(tmp_path: Path) -> None:
    assert Speech(tmp_path / "large-v3-turbo").name == "large-v3-turbo"
