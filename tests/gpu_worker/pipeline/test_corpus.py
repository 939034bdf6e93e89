"""Run whole jobs on hundreds of generated files: the output equals a reference decoder's, or the caller is blamed."""

from __future__ import annotations

import random
from pathlib import Path

import pysubs2
import pytest

from contract.errors import CATALOGUE, Blame, Code
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from gpu_worker.errors import JobFailed
from gpu_worker.subtitles import read_subtitles
from tests.support.media.corpus import SEED, CorpusFile, decode_thumbnails, draw_audio, draw_video, list_decoded_times
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.tone_meter import assert_tone, find_tone

FILMS, SONGS, SUBTITLES = 240, 90, 120
FAR_OFF = 14
"""Mean difference of gray pixels, far above that of any encoder at its usual quality."""

pytestmark = pytest.mark.full


def blames_the_caller(failure: JobFailed, decoded: bool) -> bool:
    """True if the caller is blamed; a file that the reference decodes may be refused by name only."""
    code = failure.failure.code
    if decoded:
        return code == Code.MEDIA_UNSUPPORTED
    return CATALOGUE[code].blame is Blame.CALLER


@pytest.fixture(scope="module")
def subtitles(media: MediaFactory) -> Path:
    path = media.folder / "corpus.srt"
    path.write_text("1\n00:00:00,300 --> 00:00:00,900\nMMMM\n\n2\n00:00:01,500 --> 00:00:02,100\nMMMM\n")
    return path


@pytest.mark.parametrize("number", range(FILMS))
def test_every_video_is_edited_correctly_or_refused(media: MediaFactory, subtitles: Path, number: int) -> None:
    made = draw_video(media, number)
    if made is None:
        pytest.skip("ffmpeg does not write this combination")
    times = list_decoded_times(media, made.path)
    try:
        check_caption(media, made, times, subtitles)
        check_addaudio(media, made, times)
    except JobFailed as failure:
        if not blames_the_caller(failure, bool(times)):
            pytest.fail(f"{failure.failure.code} for {made.choices}")
    finally:
        made.path.unlink()


def check_caption(media: MediaFactory, source: CorpusFile, times: list[float], subtitles: Path) -> None:
    made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=source.path, subtitles=subtitles)
    result = list_decoded_times(media, path)
    assert len(result) >= len(times), source.choices
    assert result[0] <= 0.11, source.choices
    if len(result) == len(times):
        middle = len(times) // 2
        pairs = zip(
            decode_thumbnails(media, source.path, 0, middle), decode_thumbnails(media, path, 0, middle), strict=True
        )
        for before, after in pairs:
            assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) / len(before) < FAR_OFF, source.choices
    path.unlink()
    assert not made.warnings or "damaged" not in " ".join(made.warnings), source.choices


def check_addaudio(media: MediaFactory, source: CorpusFile, times: list[float]) -> None:
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=source.path, audio=media.make_audio())
    result = list_decoded_times(media, path)
    assert made.media.duration_seconds == pytest.approx(min(1.5, made.media.duration_seconds + 1), abs=0.1)
    assert abs(len(result) - sum(1 for time in times if time < 1.5)) <= 3, source.choices
    path.unlink()


@pytest.mark.parametrize("number", range(SONGS))
def test_every_sound_keeps_its_tone_and_duration(media: MediaFactory, number: int) -> None:
    made = draw_audio(media, number)
    if made is None:
        pytest.skip("ffmpeg does not write this combination")
    video = media.make_video("corpus-mute.mp4", 3, "160x90", sound=False)
    result, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=video, audio=made.path)
    # Encoders add silence in front and behind, up to 0.15 s, and not all containers say how much.
    assert result.media.duration_seconds == pytest.approx(2.1, abs=0.2), made.choices
    assert_tone(media, path, 600, *find_tone(media, made.path, 600))
    made.path.unlink()
    path.unlink()


LINES = (
    "Hello there.", "Où êtes-vous allé ?", "Şimdi ne yapacağız?", "Что ты делаешь?", "今日はいい天気です。",
    "你好，世界！", "مرحبا بالعالم", "שלום עולם", "สวัสดีชาวโลก", "- Who is it?\n- Me.", "5 < 7 and 2 > 1", "R&D, 100 %",
    "…", "42", "♪ la la ♪",
)  # fmt: skip
REFUSED = {"microdvd", "mpl2", "tmp", "json"}


@pytest.mark.parametrize("number", range(SUBTITLES))
def test_every_subtitle_file_is_read_exactly_or_refused(number: int) -> None:
    generator = random.Random(SEED + 20_000 + number)  # noqa: S311 - reproducible on purpose
    kind = generator.choice(["srt", "srt", "vtt", "ass", "ssa", *sorted(REFUSED)])
    file, at = pysubs2.SSAFile(), 0
    for _ in range(generator.randint(1, 12)):
        start = at + generator.randrange(0, 3000, 10)
        at = start + generator.randrange(500, 4000, 10)
        file.append(pysubs2.SSAEvent(start, at, generator.choice(LINES).replace("\n", "\\N")))
    text = file.to_string(kind, fps=25 if kind == "microdvd" else None)
    if generator.random() < 0.3:
        text = text.replace("\n", "\r\n")
    data = text.encode(generator.choice(["utf-8", "utf-8-sig", "utf-16"]))
    if kind in REFUSED:
        with pytest.raises(JobFailed) as failure:
            read_subtitles(data, "url_srt", 100)
        assert failure.value.failure.code == Code.SUBTITLES_UNREADABLE
        return
    read = read_subtitles(data, "url_srt", 100)
    found = [(cue.start_ms, cue.end_ms, cue.text) for cue in read.cues or ()]
    assert found == [(event.start, event.end, event.plaintext) for event in file], kind
