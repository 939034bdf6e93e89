"""Hundreds of generated files through whole jobs: right by a reference decoder, or refused as the caller's."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.errors import CATALOGUE, Blame, Code
from contract.operations import AddAudio, Caption
from gpu_worker.errors import JobFailed
from tests.worker.corpus import Film, decoded_times, film, thumbnails
from tests.worker.studio import Studio, U

FILMS = 240
FAR_OFF = 14
"""Mean difference of gray pixels that no encoder at its usual quality comes near."""

pytestmark = pytest.mark.full


def blames_the_caller(failure: JobFailed, decoded: bool) -> bool:
    """A file that cannot be used is the caller's; one that the reference decodes is refused only by name."""
    code = failure.failure.code
    if decoded:
        return code == Code.MEDIA_UNSUPPORTED
    return CATALOGUE[code].blame is Blame.CALLER


@pytest.fixture(scope="module")
def subtitles(studio: Studio) -> Path:
    path = studio.folder / "corpus.srt"
    path.write_text("1\n00:00:00,300 --> 00:00:00,900\nMMMM\n\n2\n00:00:01,500 --> 00:00:02,100\nMMMM\n")
    return path


@pytest.mark.parametrize("number", range(FILMS))
def test_film_of_the_corpus(studio: Studio, subtitles: Path, number: int) -> None:
    made = film(studio, number)
    if made is None:
        pytest.skip("ffmpeg does not write this combination")
    times = decoded_times(studio, made.path)
    try:
        check_caption(studio, made, times, subtitles)
        check_addaudio(studio, made, times)
    except JobFailed as failure:
        if not blames_the_caller(failure, bool(times)):
            pytest.fail(f"{failure.failure.code} for {made.drawn}")
    finally:
        made.path.unlink()


def check_caption(studio: Studio, source: Film, times: list[float], subtitles: Path) -> None:
    made, path = studio.make(Caption(url_video=U, url_srt=U), video=source.path, subtitles=subtitles)
    result = decoded_times(studio, path)
    assert len(result) >= len(times), source.drawn
    assert result[0] <= 0.11, source.drawn
    if len(result) == len(times):
        middle = len(times) // 2
        pairs = zip(thumbnails(studio, source.path, 0, middle), thumbnails(studio, path, 0, middle), strict=True)
        for before, after in pairs:
            assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) / len(before) < FAR_OFF, source.drawn
    path.unlink()
    assert not made.warnings or "damaged" not in " ".join(made.warnings), source.drawn


def check_addaudio(studio: Studio, source: Film, times: list[float]) -> None:
    made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=source.path, audio=studio.sound())
    result = decoded_times(studio, path)
    assert made.media.duration_seconds == pytest.approx(min(1.5, made.media.duration_seconds + 1), abs=0.1)
    assert abs(len(result) - sum(1 for time in times if time < 1.5)) <= 3, source.drawn
    path.unlink()
