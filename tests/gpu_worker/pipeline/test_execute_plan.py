"""Fail a job with the right code if an encode goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.errors import Code
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.execute_plan import share_progress
from gpu_worker.pipeline.machine import Machine
from tests.support.media.factory import URL, MediaFactory
from tests.support.programs import write_ffmpeg


@pytest.mark.fault("G12", "G13", "G15")
@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo broken >&2; exit 1", Code.ENCODE_FAILED),
        ("echo 'No space left on device' >&2; exit 1", Code.RESOURCES),
        ("kill -KILL $$", Code.RESOURCES),
        ("kill -SEGV $$", Code.ENCODE_FAILED),
        (": > out.mp4", Code.OUTPUT_INVALID),
        ("echo 'not a film' > out.mp4", Code.OUTPUT_INVALID),
        ("exit 0", Code.OUTPUT_INVALID),
    ],
)
def test_failed_encode_has_its_code(media: MediaFactory, tmp_path: Path, script: str, code: Code) -> None:
    program = write_ffmpeg(
        tmp_path, f'case "$*" in *libx264*) cat >/dev/null; {script}; exit;; esac\nexec "{media.ffmpeg}" "$@"'
    )
    picture = media.make_circle("wrong.png", (160, 90), 20)
    machine = Machine(Ffmpeg(program, media.sandbox), None, 2)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, duration=0.2, size="160x90"), machine=machine, image=picture)
    assert failure.value.failure.code == code


@pytest.mark.fault("G15")
def test_truncated_encode_is_rejected(media: MediaFactory, tmp_path: Path) -> None:
    short = 'case "$*" in *libx264*) set -- $(echo "$@" | sed "s/-c:v libx264/-frames:v 11 -c:v libx264/");; esac'
    program = write_ffmpeg(tmp_path, f'{short}\nexec "{media.ffmpeg}" "$@"')
    picture = media.make_circle("short.png", (160, 90), 20)
    machine = Machine(Ffmpeg(program, media.sandbox), None, 2)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, duration=0.5, size="160x90"), machine=machine, image=picture)
    assert failure.value.failure.code == Code.OUTPUT_INVALID


def test_steps_share_the_progress_by_their_work() -> None:
    reports: list[tuple[str, float]] = []
    for on_step in share_progress([6.0, 2.0, 2.0], lambda stage, done: reports.append((stage, done))):
        on_step("encode", 0.5)
        on_step("encode", 1.0)
    assert reports == [("encode", done) for done in (0.3, 0.6, 0.7, 0.8, 0.9, 1.0)]
