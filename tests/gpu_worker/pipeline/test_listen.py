"""Jobs that listen to their sound: captions of what is said, aligned words, and transcripts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Operation
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.transcribe import Transcribe
from contract.options.captions.style import CaptionStyle
from contract.options.captions.words import read_words
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.transcode import Output, transcode
from gpu_worker.plan.model import SUBTITLES, local_name
from gpu_worker.subtitles import read_subtitles
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.inputs import local_role
from tests.support.speech import FakeSpeech, heard

_KARAOKE = CaptionStyle(preset="karaoke")
_SRT = b"1\n00:00:00,200 --> 00:00:01,000\nHello there\n\n2\n00:00:01,100 --> 00:00:01,900\nyou\n"


class Listening:
    """Runs operations with a stand-in for the recognizer. The video lasts 2 s and has a sound."""

    def __init__(self, media: MediaFactory, folder: Path) -> None:
        self.folder = folder
        self.machine = Machine(media.sandboxed_ffmpeg, None, 2)
        self.video = media.make_video("listen.mp4", seconds=2, size="128x96")
        self.narration = media.make_audio("narration.wav", seconds=1.5)
        self.stages: list[tuple[str, float]] = []

    def fake(self, **answers: Any) -> FakeSpeech:
        fake = FakeSpeech(self.folder, **answers)
        self.machine = replace(self.machine, speech=fake.speech)
        return fake

    def run(self, operation: Operation, texts: bytes = b"", **inputs: Path) -> Output:
        """Run the operation on files given by role name, and on the `texts` of captions."""
        job = self.folder / "job"
        job.mkdir()
        for role, path in inputs.items():
            (job / local_role(role)).symlink_to(path)
        if texts:
            (job / local_name("url_srt")).write_bytes(texts)
        on_stage = self.stages.append
        return asyncio.run(
            transcode(operation, job, self.machine, Limits(), lambda stage, done: on_stage((stage, done)))
        )

    def fail(self, operation: Operation, **inputs: Path) -> JobFailed:
        with pytest.raises(JobFailed) as raised:
            self.run(operation, **inputs)
        return raised.value

    @property
    def script(self) -> str:
        """The captions as they are drawn."""
        return (self.folder / "job" / SUBTITLES).read_text()


@pytest.fixture
def listening(media: MediaFactory, tmp_path: Path) -> Listening:
    return Listening(media, tmp_path)


def test_captions_of_what_is_said_are_drawn(listening: Listening) -> None:
    fake = listening.fake(transcribe=heard("Hello", "there.", "You"))
    made = listening.run(Caption(url_video=URL, captions="auto", style=_KARAOKE), video=listening.video)
    assert made.word_timing == "aligned"
    assert "Hello" in listening.script
    assert fake.requests[0]["seconds"] == pytest.approx(2.0, abs=0.05)
    assert ("transcribe", 0.5) in listening.stages
    assert [stage for stage, _ in listening.stages].index("transcribe") < [s for s, _ in listening.stages].index(
        "encode"
    )


def test_narration_is_heard_only_as_long_as_it_is_used(listening: Listening) -> None:
    fake = listening.fake(transcribe=heard("Hello"))
    long = listening.narration
    operation = Compose(url_video=URL, url_audio=URL, captions="auto", language="en")
    listening.run(operation, video=listening.video, audio=long)
    assert fake.requests[0]["seconds"] == pytest.approx(1.5, abs=0.01)
    assert fake.requests[0]["language"] == "en"


def test_sound_without_speech_gives_a_video_without_captions(listening: Listening) -> None:
    listening.fake(transcribe=heard())
    made = listening.run(Caption(url_video=URL, captions="auto", style=_KARAOKE), video=listening.video)
    assert made.warnings[0] == "No speech was found in the sound."
    assert made.media is not None
    assert "Dialogue" not in listening.script


def test_captions_of_what_is_said_need_a_sound(listening: Listening, media: MediaFactory) -> None:
    listening.fake(transcribe=heard("Hello"))
    silent = media.make_video("unspoken.mp4", seconds=1, size="128x96", sound=False)
    failure = listening.fail(Caption(url_video=URL, captions="auto"), video=silent).failure
    assert (failure.code, failure.params["field"]) == (Code.MEDIA_NO_AUDIO, "url_video")


def test_speech_that_is_not_installed_is_a_failure(listening: Listening) -> None:
    operation = Transcribe(url_video=URL)
    assert listening.fail(operation, video=listening.video).failure.code is Code.SPEECH_NOT_AVAILABLE


def test_words_of_given_captions_get_the_times_found_in_the_sound(listening: Listening) -> None:
    times = [[[0.2, 0.3, 0.9], [0.7, 0.9, 0.9]], None]
    listening.fake(align={"language": "en", "cues": times})
    operation = Caption(url_video=URL, url_srt=URL, style=_KARAOKE, language="en")
    made = listening.run(operation, _SRT, video=listening.video)
    assert made.word_timing == "aligned"
    assert "aligned: 1 of 2 cues; the words of the others share their time by length." in made.warnings
    assert "0:00:00.70" in listening.script


@pytest.mark.fault("G17")
@pytest.mark.parametrize(
    "answer",
    [1, {"language": "en", "cues": [None, None]}, {"language": "en", "cues": [[[5, 6, 0.9], [6, 7, 1]], None]}],
)
def test_words_that_are_not_found_get_estimated_times(listening: Listening, answer: Any) -> None:
    listening.fake(align=answer)
    made = listening.run(Caption(url_video=URL, url_srt=URL, style=_KARAOKE), _SRT, video=listening.video)
    assert made.word_timing == "estimated"
    assert "The words could not be found in the sound; their times are estimates." in made.warnings


@pytest.mark.parametrize(
    "changes",
    [{"align": "off"}, {"style": CaptionStyle()}, {"subtitle_mode": "soft"}],
)
def test_sound_is_not_heard_where_no_word_needs_a_time(listening: Listening, changes: dict[str, Any]) -> None:
    fake = listening.fake(align=1)
    operation = Caption(**{"url_video": URL, "url_srt": URL, "style": _KARAOKE, **changes})
    listening.run(operation, _SRT, video=listening.video)
    assert fake.requests == []


def test_given_times_of_words_stay(listening: Listening) -> None:
    fake = listening.fake(align=1, transcribe=1)
    words = json.dumps({"words": [{"word": "Hi", "start": 0.1, "end": 0.5}]}).encode()
    made = listening.run(Caption(url_video=URL, url_srt=URL, style=_KARAOKE), words, video=listening.video)
    assert (made.word_timing, fake.requests) == ("given", [])


def test_text_without_times_is_timed_by_the_narration(listening: Listening) -> None:
    listening.fake(transcribe=heard("hello", "their", "dear", "friend"))
    text = json.dumps({"text": "Hello there, dear friend!"}).encode()
    made = listening.run(Caption(url_video=URL, url_srt=URL, style=_KARAOKE), text, video=listening.video)
    assert made.word_timing == "aligned"
    assert "0:00:01.00" in listening.script


def test_text_that_is_not_spoken_is_spread(listening: Listening) -> None:
    listening.fake(transcribe=heard("la", "la", "la"))
    text = json.dumps({"text": "Hello there, dear friend!"}).encode()
    made = listening.run(Caption(url_video=URL, url_srt=URL, style=_KARAOKE), text, video=listening.video)
    assert made.word_timing == "estimated"
    assert "The text is not what is said in the sound; it was spread over the time." in made.warnings


def test_transcript_is_written_in_each_format(listening: Listening) -> None:
    listening.fake(transcribe=heard("Hello", "there.", "A", "<b>", "&"))
    made = listening.run(Transcribe(url_audio=URL), audio=listening.narration)
    transcript = json.loads(made.paths["transcript.json"].read_text())
    assert transcript["text"] == "Hello there. A <b> &"
    assert (transcript["language"], transcript["duration"]) == ("en", 1.5)
    assert [segment["text"] for segment in transcript["segments"]] == ["Hello there.", "A <b> &"]
    assert transcript["words"][0] == {"word": "Hello", "start": 0.2, "end": 0.56, "probability": 0.9}
    assert [word["word"] for word in read_words(transcript)] == ["Hello", "there.", "A", "<b> &"]
    assert made.paths["transcript.vtt"].read_text() == (
        "WEBVTT\n\n00:00:00.200 --> 00:00:00.960\nHello <00:00:00.600>there.\n\n"
        "00:00:01.000 --> 00:00:01.500\nA <00:00:01.400>&lt;b&gt; &amp;\n"
    )
    cues = read_subtitles(made.paths["transcript.srt"].read_bytes(), "url_srt", 9).cues
    assert cues is not None
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(200, 960), (1000, 1500)]
    assert (made.media, made.encoder, made.video_mode) == (None, None, None)


def test_transcript_has_what_is_requested(listening: Listening) -> None:
    listening.fake(transcribe=heard("Hello", "there."))
    operation = Transcribe(url_audio=URL, formats=("json", "vtt"), words=False)
    made = listening.run(operation, audio=listening.narration)
    assert list(made.paths) == ["transcript.json", "transcript.vtt"]
    assert "words" not in json.loads(made.paths["transcript.json"].read_text())
    assert made.paths["transcript.vtt"].read_text() == "WEBVTT\n\n00:00:00.200 --> 00:00:00.960\nHello there.\n"


def test_transcript_of_a_sound_without_speech_is_empty(listening: Listening) -> None:
    listening.fake(transcribe=heard())
    made = listening.run(Transcribe(url_audio=URL), audio=listening.narration)
    transcript = json.loads(made.paths["transcript.json"].read_text())
    assert transcript == {"language": "en", "duration": 1.5, "text": "", "segments": [], "words": []}
    assert all(path.stat().st_size for path in made.paths.values())
    assert made.warnings == ("No speech was found in the sound.",)
