"""Which scenes are visible in which frames."""

from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from contract.operations import Fit
from contract.options.picture import SceneLook
from contract.options.picture.motion import Motion, MotionKind
from contract.options.picture.transition import TransitionKind
from gpu_worker.plan.frame_source import FrameSource
from gpu_worker.plan.still.scenes import make_frame_source


def scenes_of(lengths: list[int], transition: tuple[TransitionKind, int]) -> FrameSource:
    look = SceneLook((640, 360), Fit.COVER, "#000000", Motion(kind=MotionKind.KEN_BURNS, amount=0.12))
    looks = {f"images.{index}.url_image": look for index in range(len(lengths))}
    ends = list(accumulate(lengths))
    return make_frame_source(looks, [0, *ends[:-1]], ends[-1], transition)


def test_transition_lies_at_the_start_of_the_later_scene() -> None:
    source = scenes_of([10, 20, 15], (TransitionKind.FADE, 4))
    assert [(scene.start, scene.frames) for scene in source.scenes] == [(0, 14), (10, 24), (30, 15)]
    assert [(one.start, one.frames) for one in source.transitions] == [(10, 4), (30, 4)]
    assert [scene.path for scene in source.scenes][1] == "in_images_1_image.yuv"
    assert len({scene.camera for scene in source.scenes}) == 3
    assert source.frames == 45
    progress = [source.transitions[0].progress(index) for index in range(10, 14)]
    assert progress == [0.2, 0.4, 0.6, 0.8]


def test_cut_has_no_transition() -> None:
    source = scenes_of([10, 20], (TransitionKind.CUT, 12))
    assert source.transitions == ()
    assert [(scene.start, scene.frames) for scene in source.scenes] == [(0, 10), (10, 20)]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(0, 12))
def test_one_scene_is_visible_or_two_in_a_transition(lengths: list[int], transition: int) -> None:
    source = scenes_of(lengths, (TransitionKind.FADE, transition))
    for index in range(source.frames):
        visible = [scene for scene in source.scenes if scene.start <= index < scene.end]
        blended = [one for one in source.transitions if one.start <= index < one.start + one.frames]
        assert len(visible) == 1 + len(blended)
    for before, after in pairwise(source.transitions):
        assert before.start + before.frames < after.start
    wanted = [min(transition, length - 1) for length in lengths[1:]]
    assert [one.frames for one in source.transitions] == [frames for frames in wanted if frames > 0]
