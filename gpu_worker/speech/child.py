"""The sandboxed process that recognizes speech; `main` is its entry point.

Its argument is the name of a file with the request as JSON: `{"task", "model", "device", "threads", "language", …}`.
It prints the share of the work that is done, a number per line, and writes its reply as JSON to the file REPLY.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

SOUND, REQUEST, REPLY = "speech.pcm", "speech_request.json", "speech_reply.json"
"""Files in the job's directory. The sound is mono, in 16 bits."""
SAMPLE_RATE = 16_000
DEVICE = "device"
"""The argument that only asks for the device: `cuda`, if there is a GPU that the libraries can use, or `cpu`."""
_SECONDS_BETWEEN_LINES = 0.5


def main() -> None:
    """Answer one request. An exception that leaves this function ends the process with code 1."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    if sys.argv[1] == DEVICE:
        sys.stdout.write(_find_device())
        return
    request = json.loads(Path(sys.argv[1]).read_bytes())
    reply = json.dumps(_answer(request))
    with Path(REPLY).open("x", encoding="utf-8") as file:
        file.write(reply)


def _find_device() -> str:
    import ctranslate2  # noqa: PLC0415 - after the environment is set
    import faster_whisper  # noqa: F401, PLC0415 - proves that all its libraries load

    return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415

    from gpu_worker.speech.model import GivenCue, Model  # noqa: PLC0415

    sound = np.fromfile(SOUND, np.dtype("<i2")).astype(np.float32) / 32768.0
    model = Model(request["model"], request["device"], request["threads"])
    report = _Reporter()
    if request["task"] == "align":
        cues = [
            GivenCue(cue["start_ms"], cue["end_ms"], [(text, has_space) for text, has_space in cue["words"]])
            for cue in request["cues"]
        ]
        return model.align(sound, request["language"], cues, report)
    return model.transcribe(sound, request["language"], request["prompt"], report)


class _Reporter:
    """Prints progress, but not too often."""

    def __init__(self) -> None:
        self._printed = 0.0

    def __call__(self, done: float) -> None:
        if time.monotonic() - self._printed >= _SECONDS_BETWEEN_LINES:
            self._printed = time.monotonic()
            print(f"{done:.3f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
