"""The path of the camera over the canvas, for every kind of motion."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.operations import Fit
from contract.operations.img2vid import Img2Vid
from contract.options.picture import SceneLook
from contract.options.picture.motion import Easing, Focus, Motion, MotionKind
from gpu_worker.plan.frame_source import Box
from gpu_worker.plan.still.motion import canvas_size, make_camera

SIZE = (1920, 1080)
PANS = (MotionKind.PAN_LEFT, MotionKind.PAN_RIGHT, MotionKind.PAN_UP, MotionKind.PAN_DOWN)
MOTIONS = st.builds(
    Motion,
    kind=st.sampled_from(MotionKind),
    amount=st.floats(0, 1),
    focus=st.builds(Focus, x=st.floats(0, 1), y=st.floats(0, 1)),
    easing=st.sampled_from(Easing),
    seed=st.none() | st.integers(0, 2**31 - 1),
)


def look_of(motion: Motion, size: tuple[int, int] = SIZE) -> SceneLook:
    return SceneLook(size, Fit.COVER, "#000000", motion)


def views(look: SceneLook, frames: int = 25, index: int = 0) -> list[Box]:
    camera = make_camera(look, index)
    return [camera.view(frame, frames) for frame in range(frames)]


def center(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def test_default_zoom_goes_linearly_from_1_to_1_324_into_the_center() -> None:
    look = Img2Vid(url_image="https://example.com/p.jpg").scene_looks()["url_image"]
    assert canvas_size(look) == (2542, 1430)
    path = views(look, 121)
    for index, box in enumerate(path):
        assert center(box) == pytest.approx((1271, 715))
        assert 2542 / (box.right - box.left) == pytest.approx(1 + 0.324 * index / 120)
        assert (box.right - box.left) / (box.bottom - box.top) == pytest.approx(2542 / 1430)
    assert views(look, 1) == [Box(0, 0, 2542, 1430)]


@given(MOTIONS, st.sampled_from([SIZE, (64, 64), (66, 3840), (1080, 1920)]), st.integers(0, 9))
def test_view_stays_in_the_canvas_which_has_enough_pixels(motion: Motion, size: tuple[int, int], index: int) -> None:
    look = look_of(motion, size)
    canvas = canvas_size(look)
    for box in views(look, 7, index):
        assert min(box) >= -1e-9
        assert box.right <= canvas[0] + 1e-9
        assert box.bottom <= canvas[1] + 1e-9
        # The canvas is rounded to even sides.
        assert box.right - box.left > size[0] - 1.01
        assert box.bottom - box.top > size[1] - 1.01


@given(st.sampled_from([MotionKind.ZOOM_IN, MotionKind.ZOOM_OUT]), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_focus_stays_in_view_and_the_zoom_goes_to_it(kind: MotionKind, amount: float, x: float, y: float) -> None:
    look = look_of(Motion(kind=kind, amount=amount, focus=Focus(x=x, y=y)))
    width, height = canvas_size(look)
    path = views(look)
    for box in path:
        assert box.left - 1e-6 <= x * width <= box.right + 1e-6
        assert box.top - 1e-6 <= y * height <= box.bottom + 1e-6
    wide, close = (path[0], path[-1]) if kind is MotionKind.ZOOM_IN else (path[-1], path[0])
    assert wide == pytest.approx((0, 0, width, height))
    half = (close.right - close.left) / 2
    assert center(close)[0] == pytest.approx(min(width - half, max(half, x * width)))


@pytest.mark.parametrize("kind", PANS)
def test_pan_moves_by_exactly_the_overscan(kind: MotionKind) -> None:
    look = look_of(Motion(kind=kind, amount=0.2))
    canvas, path = canvas_size(look), views(look)
    across = kind in {MotionKind.PAN_LEFT, MotionKind.PAN_RIGHT}
    first, last = path[0], path[-1]
    assert (first.right - first.left) / (first.bottom - first.top) == pytest.approx(16 / 9, abs=0.002)
    ways = last.left - first.left, last.top - first.top
    forwards = kind in {MotionKind.PAN_RIGHT, MotionKind.PAN_DOWN}
    moved, fixed = ways if across else ways[::-1]
    side = canvas[0] if across else canvas[1]
    assert fixed == 0
    assert moved == pytest.approx(side / 6 if forwards else -side / 6)
    steps = [center(after)[not across] - center(before)[not across] for before, after in pairwise(path)]
    assert steps == pytest.approx([moved / 24] * 24)


@pytest.mark.parametrize("kind", [MotionKind.STATIC, *(kind for kind in MotionKind if kind is not MotionKind.STATIC)])
def test_still_motion_shows_the_whole_canvas_at_its_own_size(kind: MotionKind) -> None:
    look = look_of(Motion(kind=kind, amount=0.5 if kind is MotionKind.STATIC else 0))
    assert canvas_size(look) == SIZE
    assert views(look, 3) == [Box(0, 0, *SIZE)] * 3


def test_ken_burns_alternates_and_is_repeatable() -> None:
    look = look_of(Motion(kind=MotionKind.KEN_BURNS, amount=0.12))
    paths = [views(look, 2, index) for index in range(8)]
    zooms = [first.right - first.left > last.right - last.left for first, last in paths]
    assert zooms == [True, False] * 4
    ways = [(center(last)[0] > center(first)[0], center(last)[1] > center(first)[1]) for first, last in paths]
    assert all(before != after for before, after in pairwise(ways))
    assert len(set(zip(zooms, ways, strict=True))) == 8
    assert views(look, 2, 3) == paths[3]
    seeded = look_of(Motion(kind=MotionKind.KEN_BURNS, amount=0.12, seed=3))
    assert views(seeded, 2) == paths[3]


def test_ken_burns_goes_to_the_focus_or_comes_from_it() -> None:
    look = look_of(Motion(kind=MotionKind.KEN_BURNS, amount=1, focus=Focus(x=0.6, y=0.4)))
    width, height = canvas_size(look)
    for index, near in ((0, -1), (1, 0)):
        path = views(look, 9, index)
        assert center(path[near]) == pytest.approx((0.6 * width, 0.4 * height))
        assert center(path[-1 - near])[0] < 0.5 * width


@pytest.mark.parametrize(
    ("easing", "speeds"), [("linear", (1, 1, 1)), ("ease_in_out", (0, 1.5, 0)), ("ease_out", (2, 1, 0))]
)
def test_easing_changes_the_speed(easing: str, speeds: tuple[float, float, float]) -> None:
    look = look_of(Motion.model_validate({"kind": "pan_right", "amount": 0.5, "easing": easing}))
    path = [box.left for box in views(look, 1001)]
    for start, speed in zip((0, 500, 999), speeds, strict=True):
        assert (path[start + 1] - path[start]) / (path[-1] / 1000) == pytest.approx(speed, abs=0.01)
    assert path[0] == 0


def test_chroma_view_considers_the_siting() -> None:
    # Unscaled, a chroma plane has half the coordinates; a scaled view also shifts, because of the chroma siting.
    assert Box(0, 0, 1920, 1080).on_chroma((1920, 1080)) == (0, 0, 960, 540)
    assert Box(0, 0, 2880, 1620).on_chroma((1920, 1080)) == (-0.125, 0, 1439.875, 810)
