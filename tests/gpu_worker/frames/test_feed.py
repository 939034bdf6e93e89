"""The feed of frames to ffmpeg: order, transitions, errors, and what is in memory."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path

import pytest

from contract.operations import Fit
from contract.options.picture import SceneLook
from contract.options.picture.motion import Motion, MotionKind
from contract.options.picture.transition import TransitionKind
from gpu_worker.frames import scenes
from gpu_worker.frames.feed import draw_frames, write_frames
from gpu_worker.plan.frame_source import FrameSource
from gpu_worker.plan.still.motion import canvas_size
from gpu_worker.plan.still.scenes import make_frame_source

SIZE = (64, 64)


def source_of(
    directory: Path, lengths: list[int], kind: TransitionKind = TransitionKind.FADE, overlap: int = 2,
    motion: MotionKind = MotionKind.STATIC, size: tuple[int, int] = SIZE,
) -> FrameSource:  # fmt: skip
    """Return scenes whose canvases have the levels 20, 40, 60 and so on."""
    look = SceneLook(size, Fit.COVER, "#000000", Motion(kind=motion, amount=0.1))
    looks = {f"images.{index}.url_image": look for index in range(len(lengths))}
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    source = make_frame_source(looks, starts, sum(lengths), (kind, overlap))
    width, height = canvas_size(look)
    for index, scene in enumerate(source.scenes):
        (directory / scene.path).write_bytes(bytes([20 * (index + 1)]) * (width * height * 3 // 2))
    return source


def read_pipe(source: FrameSource, directory: Path, threads: int) -> bytes:
    reader, writer = os.pipe()
    thread = threading.Thread(target=write_frames, args=(source, directory, threads, writer))
    thread.start()
    with open(reader, "rb") as pipe:  # noqa: PTH123 - a descriptor
        data = pipe.read()
    thread.join()
    return data


@pytest.mark.parametrize("threads", [1, 3])
def test_frames_reach_the_pipe_complete_and_in_order(tmp_path: Path, threads: int) -> None:
    source = source_of(tmp_path, [3, 6, 2])
    size = SIZE[0] * SIZE[1] * 3 // 2
    data = read_pipe(source, tmp_path, threads)
    frames = [data[at : at + size] for at in range(0, len(data), size)]
    assert [frame[0] for frame in frames] == [20, 20, 20, 27, 33, 40, 40, 40, 40, 50, 60]
    assert all(len(frame) == size and len(set(frame)) == 1 for frame in frames)


def test_old_scene_still_moves_during_a_transition(tmp_path: Path) -> None:
    """A wipe shows both scenes; in its last frame the old one is where its own motion ends."""
    source = source_of(tmp_path, [4, 8], TransitionKind.WIPE_RIGHT, 3, MotionKind.PAN_LEFT)
    first, _second = source.scenes
    assert first.camera.view(first.frames - 1, first.frames) == first.camera.end
    width, height = first.canvas
    for scene in source.scenes:
        row = bytes(column * 200 // width for column in range(width))
        (tmp_path / scene.path).write_bytes(row * height + bytes([128]) * (width * height // 2))
    frames = [bytes(planes[0])[:64] for planes in draw_frames(source, tmp_path, 1)]
    moving = [frame[60] for frame in frames[:7]]
    assert moving == sorted(moving, reverse=True)
    assert len(set(moving)) > 3
    # The new scene begins where the old one began, on its own clock.
    assert frames[4][1] == pytest.approx(frames[0][1], abs=1)


def test_canvas_is_read_when_its_scene_begins_and_released_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[weakref.ref[scenes.OpenScene]] = []

    class Watched(scenes.OpenScene):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            opened.append(weakref.ref(self))

    monkeypatch.setattr(scenes, "OpenScene", Watched)
    source = source_of(tmp_path, [5] * 12, overlap=3)
    most = 0
    for index, _planes in enumerate(draw_frames(source, tmp_path, 2)):
        assert len(opened) <= (index + 3) // 5 + 1
        most = max(most, sum(scene() is not None for scene in opened))
    assert len(opened) == 12
    assert most <= 3


def test_closed_pipe_ends_drawing_without_an_error(tmp_path: Path) -> None:
    source = source_of(tmp_path, [1000, 1000], motion=MotionKind.ZOOM_IN, size=(640, 640))
    reader, writer = os.pipe()
    os.close(reader)
    write_frames(source, tmp_path, 2, writer)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writer)


@pytest.mark.parametrize("damage", ["missing", "short", "pipe"])
def test_unusable_canvas_is_an_error_and_closes_the_pipe(tmp_path: Path, damage: str) -> None:
    source = source_of(tmp_path, [3, 3])
    path = tmp_path / source.scenes[1].path
    data = path.read_bytes()
    path.unlink()
    if damage == "short":
        path.write_bytes(data[:-1])
    elif damage == "pipe":
        os.mkfifo(path)
    reader, writer = os.pipe()
    with pytest.raises(OSError, match=r"canvas|No such file|regular"):
        write_frames(source, tmp_path, 2, writer)
    os.close(reader)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writer)
