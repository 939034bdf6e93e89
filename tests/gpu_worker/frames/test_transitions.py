"""Frames of every kind of transition, drawn from flat or marked pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.options.picture.transition import TransitionKind as Kind
from gpu_worker.frames.masks import Masks
from gpu_worker.frames.resampler import Plane, plane_sizes
from gpu_worker.frames.transitions import DrawScene, draw_transition

SIZE = (160, 90)
OLD, NEW = (40, 60, 200), (200, 180, 90)
THROUGH = {Kind.FADE_BLACK: (16, 128, 128), Kind.FADE_WHITE: (235, 128, 128)}
Array = NDArray[np.uint8]


def flat(levels: Sequence[int], size: tuple[int, int] = SIZE) -> DrawScene:
    planes = [bytes([level]) * (w * h) for level, (w, h) in zip(levels, plane_sizes(size), strict=True)]
    return lambda magnification=1.0: planes


def arrays(drawn: Sequence[Plane], size: tuple[int, int] = SIZE) -> list[Array]:
    return [np.frombuffer(p, np.uint8).reshape(h, w) for p, (w, h) in zip(drawn, plane_sizes(size), strict=True)]


def drawn(kind: Kind, progress: float, size: tuple[int, int] = SIZE) -> list[Array]:
    return arrays(draw_transition(kind, progress, (flat(OLD, size), flat(NEW, size)), Masks(size)), size)


def shares(planes: list[Array]) -> list[float]:
    """Return the part of the new picture in each plane."""
    return [float((plane.mean() - old) / (new - old)) for plane, old, new in zip(planes, OLD, NEW, strict=True)]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in {Kind.CUT, *THROUGH}])
def test_new_picture_comes_steadily_and_alike_in_all_planes(kind: Kind) -> None:
    found = [shares(drawn(kind, (frame + 1) / 13)) for frame in range(12)]
    for luma, *chroma in found:
        assert chroma == pytest.approx([luma, luma], abs=0.015)
    lumas = [0.0, *(luma for luma, *_ in found), 1.0]
    assert all(after > before or before > 0.99 or after < 0.01 for before, after in pairwise(lumas))
    assert lumas[1] < 0.1
    assert lumas[-2] > 0.9
    assert lumas[6] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("kind", THROUGH)
def test_fade_through_a_color_has_it_in_the_middle(kind: Kind) -> None:
    color = THROUGH[kind]
    assert [int(plane[5, 5]) for plane in drawn(kind, 0.5)] == list(color)
    for progress, side in ((0.25, OLD), (0.75, NEW)):
        expected = [(level + through) / 2 for level, through in zip(side, color, strict=True)]
        assert [int(plane[5, 5]) for plane in drawn(kind, progress)] == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("level", [0, 16, 127, 235, 255])
def test_fade_is_the_rounded_mean_and_keeps_equal_samples(level: int) -> None:
    for progress in (1 / 13, 0.5, 7 / 9):
        made = draw_transition(Kind.FADE, progress, (flat((level, 20, 128)), flat((level, 220, 128))), Masks(SIZE))
        luma, blue, red = arrays(made)
        assert (luma == level).all()
        assert (red == 128).all()
        assert abs(int(blue[0, 0]) - (20 + 200 * progress)) < 1


@pytest.mark.parametrize(
    ("kind", "new_part"),
    [
        (Kind.WIPE_LEFT, "right"), (Kind.WIPE_RIGHT, "left"), (Kind.WIPE_UP, "lower"), (Kind.WIPE_DOWN, "upper"),
        (Kind.SMOOTH_LEFT, "right"), (Kind.SMOOTH_RIGHT, "left"), (Kind.CIRCLE_OPEN, "middle"),
        (Kind.CIRCLE_CLOSE, "corners"),
    ],
)  # fmt: skip
def test_edge_moves_where_the_name_says(kind: Kind, new_part: str) -> None:
    for plane, old, new in zip(drawn(kind, 0.4), OLD, NEW, strict=True):
        height, width = plane.shape
        places = {
            "left": plane[height // 2, 1], "right": plane[height // 2, -2], "upper": plane[1, width // 2],
            "lower": plane[-2, width // 2], "middle": plane[height // 2, width // 2], "corners": plane[1, 1],
        }  # fmt: skip
        opposite = {
            "left": "right", "right": "left", "upper": "lower", "lower": "upper", "middle": "corners",
            "corners": "middle",
        }[new_part]  # fmt: skip
        assert places[new_part] == new
        assert places[opposite] == old


@pytest.mark.parametrize(
    ("kind", "way"),
    [(Kind.SLIDE_LEFT, (-1, 0)), (Kind.SLIDE_RIGHT, (1, 0)), (Kind.SLIDE_UP, (0, -1)), (Kind.SLIDE_DOWN, (0, 1))],
)
def test_slide_moves_both_pictures(kind: Kind, way: tuple[int, int]) -> None:
    def marked(start: int) -> list[Array]:
        return [
            (start + np.add.outer(np.arange(h) // (1 if w == SIZE[0] // 2 else 2), np.arange(w) // (SIZE[0] // 16)))
            .astype(np.uint8) for w, h in plane_sizes(SIZE)
        ]  # fmt: skip

    old, new = marked(0), marked(120)
    sides: tuple[DrawScene, DrawScene] = (
        lambda magnification=1.0: [plane.tobytes() for plane in old],
        lambda magnification=1.0: [plane.tobytes() for plane in new],
    )
    found = arrays(draw_transition(kind, 0.25, sides, Masks(SIZE)))
    for plane, before, after in zip(found, old, new, strict=True):
        height, width = plane.shape
        chroma_way = round(0.25 * SIZE[0] / 2) if way[0] else round(0.25 * SIZE[1] / 2)
        moved = chroma_way * (1 if width == SIZE[0] // 2 else 2)
        across, down = way[0] * moved, way[1] * moved
        length = width if way[0] else height
        strip = np.roll(np.concatenate((before, after), axis=1 if way[0] else 0), (down, across), axis=(0, 1))
        place = strip[:, :length] if way[0] else strip[:length]
        assert (plane == place).all()


def test_dissolve_is_random_repeatable_and_only_adds_samples() -> None:
    early, late = drawn(Kind.DISSOLVE, 0.3), drawn(Kind.DISSOLVE, 0.6)
    for plane, later, new in zip(early, late, NEW, strict=True):
        assert ((plane == new) <= (later == new)).all()
        halves = [(half == new).mean() for half in np.array_split(plane, 2, axis=1)]
        assert halves == pytest.approx([0.3, 0.3], abs=0.05)
    assert all((a == b).all() for a, b in zip(early, drawn(Kind.DISSOLVE, 0.3), strict=True))
    # A sample of chroma changes with the four pixels that it colors.
    luma, chroma = early[0] == NEW[0], early[1] == NEW[1]
    assert (luma == chroma.repeat(2, axis=0).repeat(2, axis=1)).all()


def test_zoom_in_magnifies_the_old_scene() -> None:
    asked: list[float] = []

    def old(magnification: float = 1.0) -> Sequence[Plane]:
        asked.append(magnification)
        return flat(OLD)()

    for progress in (0.1, 0.5, 0.9):
        draw_transition(Kind.ZOOM_IN, progress, (old, flat(NEW)), Masks(SIZE))
    assert asked == sorted(asked)
    assert 1 < asked[0] < 1.05
    assert asked[-1] > 2


def test_pixelize_draws_blocks_that_cover_the_same_place_in_all_planes() -> None:
    size = (640, 360)
    noise = np.random.default_rng(1)
    picture = [noise.integers(0, 256, (h, w), dtype=np.uint8) for w, h in plane_sizes(size)]
    scene: DrawScene = lambda magnification=1.0: [plane.tobytes() for plane in picture]  # noqa: E731
    luma, blue, _red = arrays(draw_transition(Kind.PIXELIZE, 0.5, (scene, scene), Masks(size)), size)
    across = [int(np.flatnonzero(np.diff(plane[0].astype(int)))[0]) + 1 for plane in (luma, blue)]
    assert across == [18, 9]
    assert (luma[:18, :18] == luma[0, 0]).all()


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("size", [(64, 64), (66, 130), (1920, 64)])
def test_every_transition_draws_any_even_size(kind: Kind, size: tuple[int, int]) -> None:
    for progress in (0.01, 0.5, 0.99):
        planes = draw_transition(kind, progress, (flat(OLD, size), flat(NEW, size)), Masks(size))
        assert [len(plane) for plane in planes] == [w * h for w, h in plane_sizes(size)]
        assert all(memoryview(plane).contiguous for plane in planes)
