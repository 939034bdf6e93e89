"""A stand-in for the process that recognizes speech: it answers what a test tells it to."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gpu_worker.speech.find_speech import Device, Speech

_PROGRAM = """\
import json, pathlib, sys, time
answers = json.loads(pathlib.Path(sys.argv[1]).read_text())
request = json.loads(pathlib.Path(sys.argv[2]).read_text())
with open(sys.argv[1] + ".log", "a") as log:
    size = pathlib.Path("speech.pcm").stat().st_size
    log.write(json.dumps(request | {"seconds": size / 32000}) + "\\n")
print("0.5", flush=True)
answer = answers.get(request["device"], answers.get(request["task"]))
if answer == "hang":
    time.sleep(600)
if isinstance(answer, int):
    sys.exit(answer)
pathlib.Path("speech_reply.json").write_text(answer if isinstance(answer, str) else json.dumps(answer))
"""


class FakeSpeech:
    """Answers by task (`transcribe`, `align`) or by device (`cuda`, `cpu`).

    An answer is a reply as JSON or text, the exit code of a failure, or `hang`.
    """

    def __init__(self, folder: Path, device: Device = "cpu", **answers: Any) -> None:
        program, self._answers = folder / "recognizer.py", folder / "answers.json"
        program.write_text(_PROGRAM)
        self._answers.write_text(json.dumps(answers))
        argv = [sys.executable, "-I", "-S", str(program), str(self._answers)]
        self.speech = Speech(folder, device, command=lambda request: [*argv, request])

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests so far, each with the length of its sound in `seconds`."""
        log = Path(f"{self._answers}.log")
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def heard(*words: str, first: float = 0.2, step: float = 0.4) -> dict[str, Any]:
    """Return the reply of a transcription: words at equal distances, in seconds."""
    times = [first + step * at for at in range(len(words))]
    return {
        "language": "en",
        "words": [[start, start + step * 0.9, f" {word}", 0.9] for start, word in zip(times, words, strict=True)],
    }
