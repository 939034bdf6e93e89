"""Find out whether this worker can recognize speech: the extra `speech`, a complete model, and the device."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gpu_worker.concurrency import run_all
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.output import LogTail, read_lines
from gpu_worker.sandbox.process import sandboxed_process
from gpu_worker.speech.child import DEVICE

Device = Literal["cuda", "cpu"]

PACKAGE = Path(__file__).parents[1]
_LIBRARY = "faster_whisper"
_FILES = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_LARGE_V3_WORDS = 51_866
"""The size of the vocabulary of large-v3 and its kin, which read more bands of the sound than the others."""
_LARGE_V3_FILE = "preprocessor_config.json"
_TIMEOUT_SECONDS = 60.0
"""To load the libraries once. It takes 2 s; a cold disk may take much longer."""


class SpeechUnusableError(Exception):
    """WHISPER_MODEL is set, but speech cannot be recognized. `reason` tells the operator what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Speech:
    """A model that this worker can run, and the device to try first."""

    folder: Path
    device: Device = "cpu"
    command: Callable[[str], list[str]] = field(default_factory=lambda: build_argv)
    """Returns the command line that answers the request in the file that is its argument."""

    @property
    def name(self) -> str:
        """The name of the model's directory, such as `base`."""
        return self.folder.name

    def needed_paths(self) -> tuple[Path, ...]:
        """Return the paths that the process runs, imports and reads: the sandbox user must be able to read them."""
        return Path(sys.executable), PACKAGE, *list_library_folders(), self.folder


async def find_speech(folder: Path, sandbox: Sandbox) -> Speech:
    """Return what can recognize speech with the model in `folder`, an absolute path. Raises SpeechUnusableError."""
    if importlib.util.find_spec(_LIBRARY) is None:
        raise SpeechUnusableError("WHISPER_MODEL is set, but the extra `speech` is not installed.")
    if problem := await asyncio.to_thread(_check_model, folder):
        raise SpeechUnusableError(problem)
    return Speech(folder, await _find_device(sandbox))


def build_argv(argument: str) -> list[str]:
    """Return the command line of the process: `argument` is the name of a request in its directory, or DEVICE."""
    paths = [str(path) for path in (PACKAGE.parent, *list_library_folders())]
    code = f"import sys; sys.path += {paths!r}; from gpu_worker.speech.child import main; main()"
    libraries = ":".join(str(path) for folder in list_library_folders() for path in _list_cuda_folders(folder))
    # The dynamic linker reads this variable only when a program starts.
    environment = ["env", f"LD_LIBRARY_PATH={libraries}"] if libraries else []
    return [*environment, sys.executable, "-I", "-S", "-B", "-c", code, argument]


def list_library_folders() -> tuple[Path, ...]:
    """Return the folders from which the process imports packages."""
    spec = importlib.util.find_spec(_LIBRARY)
    return (Path(spec.origin).parents[1],) if spec and spec.origin else ()


def _list_cuda_folders(folder: Path) -> list[Path]:
    """Return the folders of NVIDIA's libraries that are installed as packages."""
    return sorted((folder / "nvidia").glob("*/lib"))


def _check_model(folder: Path) -> str | None:
    """Return what is wrong with a model's directory; None if it is complete."""
    if not folder.is_dir():
        return "WHISPER_MODEL is not a directory. Set it to that of a Whisper model in the format of CTranslate2."
    missing = [name for name in _FILES if not (folder / name).is_file()]
    vocabulary = next((folder / name for name in _VOCABULARIES if (folder / name).is_file()), None)
    if vocabulary is None:
        missing.append(_VOCABULARIES[0])
    elif _count_words(vocabulary) == _LARGE_V3_WORDS and not (folder / _LARGE_V3_FILE).is_file():
        missing.append(_LARGE_V3_FILE)
    return f"WHISPER_MODEL: the directory lacks {', '.join(missing)}." if missing else None


def _count_words(vocabulary: Path) -> int:
    try:
        data = vocabulary.read_bytes()
        return len(json.loads(data)) if vocabulary.suffix == ".json" else data.count(b"\n")
    except (OSError, ValueError, TypeError):
        return 0


async def _find_device(sandbox: Sandbox) -> Device:
    lines: list[bytes] = []
    try:
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            sandboxed_process(sandbox, build_argv(DEVICE), Path("/"), seconds=_TIMEOUT_SECONDS) as process,
        ):
            await run_all(read_lines(process.stdout, lines.append), read_lines(process.stderr, LogTail().add))
            code = await process.wait()
    except (OSError, TimeoutError):
        raise SpeechUnusableError("WHISPER_MODEL is set, but faster-whisper does not start in time.") from None
    if code != 0:
        raise SpeechUnusableError("WHISPER_MODEL is set, but faster-whisper cannot be imported: install it again.")
    return "cuda" if b"".join(lines) == b"cuda" else "cpu"
