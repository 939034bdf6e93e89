"""Every option of a request has an effect: on command lines, files, names or warnings."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import astuple, replace
from fractions import Fraction
from typing import Any

import pytest

from contract.artifacts import VideoFormat
from contract.operations import OPERATIONS, Fit, Operation, Role
from contract.options.inputs import ROLES
from contract.options.output import OutputOptions, Quality
from contract.options.picture import PictureOptions
from gpu_worker.media.info import AudioFacts, Cue, Facts
from gpu_worker.plan import make_plan
from gpu_worker.plan.model import PlanOptions
from tests.gpu_worker.plan.test_golden import CLIP as GOLDEN_CLIP
from tests.gpu_worker.plan.test_golden import PICTURE, URL
from tests.support.media.inputs import inputs_of

CUES = (Cue(0, 900, "damn good"), Cue(900, 1900, "words of two lines"))
CAPTIONED = {"url_srt": URL, "style": "karaoke"}

BASES: dict[str, dict[str, Any]] = {
    "addaudio": {"url_video": URL, "url_audio": URL},
    "caption": {"url_video": URL, **CAPTIONED},
    "compose": {"url_image": URL, "url_audio": URL, **CAPTIONED},
    "compose video": {"url_video": URL, "url_audio": URL, **CAPTIONED},
    "concatenate": {"videos": [URL, URL]},
    "img2vid": {"url_image": URL},
    "slideshow": {"images": [URL, URL], "url_audio": URL, **CAPTIONED},
    "trim": {"url_video": URL, "start": 0.5},
    "trim parts": {"url_video": URL, "keep": [{"start": 0, "end": 0.4}, {"start": 1, "end": 1.4}]},
}
"""Requests to which one option is added. The first word is the operation."""

NEEDS: dict[str, dict[str, Any]] = {
    "fit": {"size": "360x640"},
    "background": {"size": "360x640", "fit": "contain"},
    "true_peak_db": {"loudness": -16},
    "language": {"subtitle_mode": "soft"},
    "accuracy": {"start": 0.7},
}
"""What an option is about. Without it, it has nothing to change."""

CHANGES: dict[str, Any] = {
    "overlay": {"url_image": URL},
    "music": {"url_audio": URL},
    "background": "#123456",
    "duration": 1,
    "end": 1.5,
    "exclude": [{"start": 0, "end": 0.9}],
    "frame_rate": 10,
    "language": "pl",
    "loudness": -20,
    "motion": "pan_left",
    "resolution": "480p",
    "start": 1,
    "style": "pop",
    "true_peak_db": -3,
}
"""Values of options, where the example of the documentation is no change or does not fit the test's media."""

CHOICES = {
    "quality": [Quality.DRAFT, Quality.HIGH],
    "format": [VideoFormat.MP4_HEVC, VideoFormat.WEBM, VideoFormat.GIF],
    "fit": [Fit.CONTAIN, Fit.BLUR],
}
"""Options of which each value is tried."""

INPUTS = {*ROLES, "videos", "images", "captions", "words"}
BEFORE_THE_PLAN = {"align"}
"""Options of what is done before there is a plan."""
IMPOSSIBLE = {("trim parts", field) for field in ("start", "end", "duration", "accuracy", "reencode")}
"""Options that exclude the others of the request, or state what it is anyway."""
MAY_STAY_A_COPY = {"quality"}

CLIP = replace(
    GOLDEN_CLIP,
    parameter_sets="0123",
    frames=100,
    end=Fraction(4),
    packet_times=array("q", range(0, 51200, 512)),
    keys=bytes([1]) + bytes(99),
)
VIDEO = Facts("mov,mp4,m4a,3gp,3g2,mj2", CLIP, AudioFacts("aac", 48000, 2, Fraction(0), Fraction(4)))
SOUND = Facts("mp3", None, AudioFacts("mp3", 44100, 2, Fraction(0), Fraction(7, 2)))
"""Long enough to have a loudness."""


def options() -> Iterator[tuple[str, str, Any]]:
    """Yield requests, and for each the options and the values that are added to it."""
    for base in BASES:
        model = model_of(base)
        properties = model.model_json_schema()["properties"]
        for field in sorted(model.model_fields.keys() - INPUTS - BEFORE_THE_PLAN - {"kind", "keep"}):
            if (base, field) not in IMPOSSIBLE:
                examples = [CHANGES[field]] if field in CHANGES else [example(properties[field])]
                for value in CHOICES.get(field, examples):
                    yield base, field, value


def model_of(base: str) -> type[Operation]:
    return OPERATIONS[base.split(maxsplit=1)[0]]


def example(schema: dict[str, Any]) -> Any:
    """Return the example of a field in the documentation."""
    return next(value for part in (schema, *schema.get("anyOf", ())) for value in part.get("examples", ()))


def read(base: str, **fields: Any) -> Operation:
    return model_of(base).model_validate({**BASES[base], **fields})


def effect(operation: Operation, *, may_copy: bool) -> str:
    """Return all that a request determines."""
    given = operation.inputs()
    photos = {it.field: PICTURE for it in given if it.role is Role.IMAGE}
    media = {it.field: SOUND for it in given if it.role is Role.AUDIO}
    media |= {it.field: VIDEO for it in given if it.role is Role.VIDEO}
    cues = CUES if any(it.role is Role.SUBTITLES for it in given) else None
    inputs = replace(inputs_of(cues=cues, speech=((0.2, 0.9),)), media=media, photos=photos)
    plan = make_plan(operation, inputs, PlanOptions(may_copy=may_copy))
    name = operation.download_name() if isinstance(operation, OutputOptions) else None
    return repr((astuple(plan), operation.scene_looks(), name))


@pytest.mark.parametrize(("base", "field", "value"), list(options()))
def test_every_option_has_an_effect(base: str, field: str, value: Any) -> None:
    needs = NEEDS.get(field, {})
    before, after = read(base, **needs), read(base, **needs, **{field: value})
    changed = [effect(before, may_copy=copy) != effect(after, may_copy=copy) for copy in (False, True)]
    assert any(changed)
    if field in PictureOptions.model_fields.keys() - MAY_STAY_A_COPY:
        assert all(changed)


@pytest.mark.parametrize("base", ["addaudio", "concatenate", "trim"])
@pytest.mark.parametrize("quality", [Quality.DRAFT, Quality.HIGH])
def test_quality_changes_no_copy(base: str, quality: Quality) -> None:
    assert effect(read(base), may_copy=True) == effect(read(base, quality=quality), may_copy=True)
