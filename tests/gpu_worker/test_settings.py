"""Read the worker's settings from environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpu_worker.settings import Settings


def test_work_dir_is_unset_by_default() -> None:
    assert Settings.from_environ({}).work_dir is None
    assert Settings.from_environ({"WORK_DIR": ""}).work_dir is None


def test_loopback_requires_exactly_true() -> None:
    assert Settings.from_environ({"ALLOW_LOOPBACK_URLS": "true"}).allow_loopback
    for word in ("True", "1", "yes", "", " true"):
        assert not Settings.from_environ({"ALLOW_LOOPBACK_URLS": word}).allow_loopback
    assert not Settings.from_environ({}).allow_loopback
    assert Settings.from_environ({"WORK_DIR": "/x", "FFMPEG": "/f"}) == Settings(ffmpeg="/f", work_dir=Path("/x"))


def test_invalid_setting_is_named_without_its_value() -> None:
    with pytest.raises(ValueError, match="CONTACT") as error:
        Settings.from_environ({"CONTACT": "s3cret (value)"})
    assert "s3cret" not in str(error.value)


def test_lower_case_variables_are_ignored() -> None:
    assert Settings.from_environ({"ffmpeg": "/x", "allow_loopback": "true"}) == Settings()
