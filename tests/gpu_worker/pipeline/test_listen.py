"""Jobs that listen to their sound: captions of what is said, aligned words, and transcripts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code
from contract.operations import Operation
from contract.operations.caption import Caption
from contract.operations.captions.style import CaptionStyle
from contract.operations.captions.words import read_words
from contract.operations.compose import Compose
from contract.operations.transcribe import Transcribe
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.transcode import Output
from gpu_worker.subtitles import read_subtitles
from tests.support.media.factory import URL, MediaFactory
from tests.support.speech import FakeSpeech, heard

_KARAOKE = CaptionStyle(preset="karaoke")
_SRT = b"1\n00:00:00,200 --> 00:00:01,000\nHello there\n\n2\n00:00:01,100 --> 00:00:01,900\nyou\n"


class Listening:
    """Makes videos with a stand-in for the recognizer."""

    def __init__(self, media: MediaFactory, folder: Path) -> None:
        self.media = media
        self.folder = folder
        self.machine = Machine(media.sandboxed_ffmpeg(), None, 2)
        self.video = media.make_video("listen.mp4", seconds=2, size="128x96")

    def fake(self, **answers: Any) -> FakeSpeech:
        fake = FakeSpeech(self.folder, **answers)
        self.machine = replace(self.machine, speech=fake.speech)
        return fake

    def run(self, operation: Operation, **inputs: Path) -> Output:
        return self.media.transcode(operation, machine=self.machine, **{"video": self.video, **inputs})

    def srt(self, data: bytes = _SRT) -> Path:
        path = self.folder / "listen.srt"
        path.write_bytes(data)
        return path


@pytest.fixture
def listening(media: MediaFactory, tmp_path: Path) -> Listening:
    return Listening(media, tmp_path)


def _failure_code(listening: Listening, operation: Operation, **inputs: Path) -> Code:
    with pytest.raises(JobFailed) as raised:
        listening.run(operation, **inputs)
    return raised.value.failure.code
