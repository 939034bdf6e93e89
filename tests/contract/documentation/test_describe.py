"""Descriptions of operations for command lines and documentation."""

from __future__ import annotations

import pytest

from contract.documentation.describe import describe
from contract.operations import OPERATIONS, Role
from contract.operations.addaudio import AddAudio
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_field_has_a_description_and_a_flag(kind: str) -> None:
    description = describe(OPERATIONS[kind])
    assert (description.kind, description.path) == (kind, OPERATIONS[kind].path)
    assert description.summary
    assert description.details
    assert {option.field for option in description.options} == set(OPERATIONS[kind].model_fields) - {"kind"}
    for option in description.options:
        assert option.flag == "--" + option.field.removeprefix("url_").replace("_", "-")
        assert option.description.lstrip("`")[0].islower()
        assert not {"`", "\n"} & set(option.help)
        assert not option.description.endswith(".")


def test_input_files_come_first() -> None:
    roles = [option.role for option in describe(Compose).options]
    assert roles[:4] == [Role.IMAGE, Role.VIDEO, Role.AUDIO, Role.SUBTITLES]
    assert set(roles[4:]) == {None}


def test_numbers_have_a_range_and_choices_are_listed() -> None:
    options = {option.field: option for option in (*describe(Img2Vid).options, *describe(AddAudio).options)}
    assert options["duration"].help == "length of the clip in seconds (0.1 to 300, default 5)"
    assert options["duration"].expected == "a number from 0.1 to 300"
    assert options["duration"].metavar == "SECONDS"
    assert options["mode"].expected == "replace or mix or music"
    assert options["size"].expected.endswith(", such as 1080x1920")
    assert options["url_video"].required
    assert not options["volume"].required


def test_optional_numbers_keep_their_range_and_metavar() -> None:
    duration = next(option for option in describe(Compose).options if option.field == "duration")
    assert (duration.range, duration.default, duration.metavar) == ("0.1 to 300", None, "SECONDS")


def test_fields_are_named_as_flags_in_texts() -> None:
    compose = describe(Compose)
    assert compose.with_flags("url_image and `frame_rate`, not `unknown`") == "--image and --frame-rate, not unknown"


def test_example_is_a_command_line_with_filenames() -> None:
    arguments = list(describe(AddAudio).example_arguments())
    assert arguments[:4] == ["--video", "clip.mp4", "--audio", "narration.mp3"]
    assert set(arguments[4::2]) == {"--mode", "--volume"}
