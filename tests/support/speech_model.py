"""A real speech model for tests, where one is installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest


def find_speech_model() -> Path:
    """Return the directory of the model that `make test-speech` installs, or WHISPER_MODEL. Skips without one."""
    folder = Path(os.environ.get("WHISPER_MODEL") or Path(sys.prefix) / "whisper" / "tiny.en")
    if importlib.util.find_spec("faster_whisper") is None or not folder.is_dir():
        pytest.skip("speech recognition is not installed: make test-speech")
    return folder
