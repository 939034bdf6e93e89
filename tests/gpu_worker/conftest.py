"""Fixtures of the worker's tests: ffmpeg and media files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.media.factory import MediaFactory


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaFactory:
    return MediaFactory(tmp_path_factory.mktemp("media"))


@pytest.fixture
def ffmpeg(media: MediaFactory) -> str:
    return media.ffmpeg


@pytest.fixture
def real_media() -> Path:
    """Photographs and videos next to some checkouts. Tests that need them are skipped without them."""
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "media"
    if not folder.is_dir():
        pytest.skip("no real media next to this checkout")
    return folder


@pytest.fixture
def work_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, media: MediaFactory) -> Path:
    """The environment of a worker that accepts loopback URLs; the parent of its working directories."""
    folder = tmp_path / "work"
    monkeypatch.setenv("WORK_DIR", str(folder))
    monkeypatch.setenv("FFMPEG", media.ffmpeg)
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    return folder
