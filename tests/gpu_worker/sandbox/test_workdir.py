"""Pick, make and clean up the working directories of jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from contract.limits import Limits
from contract.operations.addaudio import AddAudio
from gpu_worker.sandbox.workdir import (
    Volume,
    bytes_needed,
    choose_volume,
    inspect_volume,
    remove_stale_workdirs,
    temporary_workdir,
)
from tests.support.media.factory import URL

GIB = 1024**3


DISK, SMALL_DISK = Volume(Path("/disk"), 20 * GIB, in_memory=False), Volume(Path("/small"), GIB, in_memory=False)


RAM, MUCH_RAM = Volume(Path("/ram"), 4 * GIB, in_memory=True), Volume(Path("/much"), 90 * GIB, in_memory=True)


@pytest.mark.parametrize(
    ("places", "memory", "chosen"),
    [
        ([DISK, RAM], 64, DISK),
        ([RAM, DISK], 64, DISK),
        ([MUCH_RAM, DISK], 64, MUCH_RAM),
        ([MUCH_RAM, DISK], 12, DISK),
        ([SMALL_DISK, DISK], 64, DISK),
        ([SMALL_DISK, RAM], 64, SMALL_DISK),
        ([RAM, SMALL_DISK], 64, SMALL_DISK),
        ([RAM, MUCH_RAM], 12, MUCH_RAM),
    ],
)
def test_memory_is_chosen_only_if_half_of_it_has_room(places: list[Volume], memory: int, chosen: Volume) -> None:
    assert choose_volume(10 * GIB, places, memory * GIB) == chosen


def test_needed_bytes_follow_from_the_inputs() -> None:
    limits = Limits(max_video_bytes=1000, max_audio_bytes=100, max_output_bytes=10)
    assert bytes_needed(AddAudio(url_video=URL, url_audio=URL).inputs(), limits) == 1120


def test_folder_in_memory_is_recognized(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"rootfs / ext4 rw 0 0\nnone {tmp_path} tmpfs rw 0 0\nnone {tmp_path}x ext4 rw 0 0\n")
    inside, outside = inspect_volume(tmp_path / ".", mounts), inspect_volume(tmp_path.parent, mounts)
    assert inside is not None
    assert outside is not None
    assert (inside.in_memory, outside.in_memory) == (True, False)
    assert inspect_volume(tmp_path / "none", mounts) is None


def test_workdirs_of_killed_workers_are_removed_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    for number in (int(gone.stdout), os.getpid(), os.getppid()):
        (tmp_path / f"api-gpu-{number}-abc" / "job").mkdir(parents=True)
    (tmp_path / "api-gpu-notes").mkdir()
    remove_stale_workdirs(None)
    assert {path.name for path in tmp_path.iterdir()} == {f"api-gpu-{os.getppid()}-abc", "api-gpu-notes"}
    with temporary_workdir() as directory:
        assert directory.parent.name.startswith(f"api-gpu-{os.getpid()}-")
    assert not directory.parent.exists()
