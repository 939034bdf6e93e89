"""What the worker's tests share: ffmpeg, drawn media, and one server that plays bucket and gateway."""

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
    """Photographs and films that stand beside some checkouts; the tests that want them are skipped elsewhere."""
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "media"
    if not folder.is_dir():
        pytest.skip("no real media beside this checkout")
    return folder
