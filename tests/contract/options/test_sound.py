"""Requests for sound: defaults, and combinations that are impossible."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contract.operations.addaudio import AddAudio
from contract.operations.compose import Compose
from contract.options.sound import FitAudio
from contract.options.sound.loudness import LoudnessGoal

URL = "https://media.example/a"


def addaudio(**fields: Any) -> AddAudio:
    return AddAudio.model_validate({"url_video": URL, "url_audio": URL, **fields})


@pytest.mark.parametrize(
    ("fields", "gain", "fades", "fit"),
    [
        ({}, 1.0, (0, 0), FitAudio.CUT),
        ({"mode": "music"}, pytest.approx(0.12589, abs=1e-5), (0.5, 2), FitAudio.LOOP),
        ({"mode": "music", "volume": 1, "fade_in": 0, "fit_audio": "cut"}, 1.0, (0, 2), FitAudio.CUT),
        ({"mode": "mix", "volume_db": -6, "fade_out": 1}, pytest.approx(0.50119, abs=1e-5), (0, 1), FitAudio.CUT),
        ({"mode": "music", "volume_db": 0}, 1.0, (0.5, 2), FitAudio.LOOP),
    ],
)
def test_defaults_depend_on_the_mode(fields: dict[str, Any], gain: Any, fades: Any, fit: FitAudio) -> None:
    operation = addaudio(**fields)
    assert (operation.gain, operation.fades, operation.sound_fit) == (gain, fades, fit)
    # The worker reads what the gateway writes, with all defaults.
    again = AddAudio.model_validate(operation.model_dump(mode="json"))
    assert (again.gain, again.fades, again.sound_fit) == (gain, fades, fit)


@pytest.mark.parametrize(
    ("fields", "goal"),
    [
        ({}, None),
        ({"loudness": "none"}, None),
        ({"mode": "music"}, LoudnessGoal(-14, -1)),
        ({"music": URL}, LoudnessGoal(-14, -1)),
        ({"music": URL, "loudness": "NONE"}, None),
        ({"loudness": "broadcast", "true_peak_db": -2}, LoudnessGoal(-23, -2)),
        ({"true_peak_db": -2}, None),
        ({"loudness": "-16,5"}, LoudnessGoal(-16.5, -1)),
    ],
)
def test_loudness_has_a_goal_with_music_or_on_request(fields: dict[str, Any], goal: LoudnessGoal | None) -> None:
    assert addaudio(**fields).loudness_goal() == goal


def test_music_is_an_object_or_its_url() -> None:
    bed = Compose(url_image=URL, music=URL).music_bed()
    assert bed is not None
    assert (bed.field, bed.fades, bed.repeats) == ("music.url_audio", (0.5, 2.0), True)
    assert (bed.ducking.amount_db, bed.ducking.attack, bed.ducking.release) == (10, 0.15, 0.5)
    assert bed.gain == pytest.approx(0.12589, abs=1e-5)
    quiet = Compose(url_image=URL, music={"url_audio": URL, "ducking": False, "loop": "false"}).music_bed()
    assert quiet is not None
    assert (quiet.ducking.amount_db, quiet.repeats) == (0, False)
    assert addaudio().music_bed() is None
    mode = addaudio(mode="music").music_bed()
    assert mode is not None
    assert (mode.field, mode.repeats, mode.ducking.amount_db) == ("url_audio", True, 10)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"volume": 1, "volume_db": 0}, "send `volume` or `volume_db`; leave out one of the two"),
        ({"mode": "music", "music": URL}, 'send `music` or the mode "music"; leave out one of the two'),
        ({"volume_db": 13}, "less than or equal to 12"),
        ({"fade_in": 10.5}, "less than or equal to 10"),
        ({"loudness": -8}, "must be a number from -31 to -9"),
        ({"loudness": "loud"}, "'broadcast' or 'none'"),
        ({"music": {"url_audio": URL, "ducking": {"amount_db": 25}}}, "less than or equal to 24"),
        ({"fit_audio": "stretch"}, "Input should be 'cut', 'loop' or 'pad'"),
    ],
)
def test_impossible_requests_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        addaudio(**fields)


def test_loudness_alone_is_enough_for_a_video() -> None:
    assert Compose(url_video=URL, loudness=-16).loudness_goal() == LoudnessGoal(-16, -1)
    with pytest.raises(ValidationError, match="`loudness`"):
        Compose(url_video=URL, loudness="none")
