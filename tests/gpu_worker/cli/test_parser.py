"""The command line that is derived from the operations."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from pydantic import BaseModel

from contract.operations import OPERATIONS, Role
from contract.operations.caption import Caption
from gpu_worker.cli.main import main
from gpu_worker.cli.parser import parse


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("caption", "required: --video, -o/--output"),
        ("dance", "invalid choice: 'dance'"),
        ("compose -o x.mp4", "error: send --image or --video, exactly one of the two"),
        ("compose --video FILE -o x.mp4", "error: with --video also send --audio, captions in --srt, --captions"),
        ("caption --video FILE -o x.mp4", "error: send --srt, --captions or --words, exactly one of them"),
        ("caption --video FILE --srt FILE --captions x -o x.mp4", "error: send --srt, --captions or --words"),
        ("caption --video FILE --captions ... -o x.mp4", "error: --captions: give the captions themselves"),
        ("caption --video FILE --captions x --style bold -o x.mp4", "error: --style: no such preset; choose one of"),
        ('caption --video FILE --captions x --style {"size":99} -o x.mp4', "error: --style: size: "),
        ('caption --video FILE --captions x --style {"size" -o x.mp4', "error: --style: not valid JSON: "),
        (
            'caption --video FILE --words [{"word":"a"}] -o x.mp4',
            "error: --words: entry 0: start and end must be times",
        ),
        (
            'caption --video FILE --captions x --exclude [{"start":2}] -o x.mp4',
            "error: --exclude: 0.end: Field required",
        ),
        ("img2vid --image nowhere.png -o x.mp4", "error: --image: there is no file nowhere.png"),
        ("img2vid --image / -o x.mp4", "error: --image: / is a folder, a device or a pipe; name a file"),
        ("img2vid --image /dev/null -o x.mp4", "error: --image: /dev/null is a folder, a device or a pipe"),
        ("img2vid --image FILE --size 3x3 -o x.mp4", "error: --size: give width and height in pixels, both even"),
        ("img2vid --image FILE --duration 0 -o x.mp4", "error: --duration: give a number from 0.1 to 300"),
        ("img2vid --image FILE --duration nan -o x.mp4", "error: --duration: give a number"),
        ("img2vid --image FILE --frame-rate x -o x.mp4", "error: --frame-rate: give a number from 1 to 60"),
        ("img2vid --image FILE --fit tile -o x.mp4", "error: --fit: give cover or contain or blur"),
        ("addaudio --video FILE --audio FILE --volume 9 -o x.mp4", "error: --volume: give a number from 0 to 4"),
        ("addaudio --video FILE --audio FILE --mode duck -o x.mp4", "error: --mode: give replace or mix or music"),
        ("addaudio --video FILE --audio FILE --style pop -o x.mp4", "error: unrecognized arguments: --style pop"),
        ("addaudio --video FILE --audio FILE --music nowhere.mp3 -o x.mp4", "error: --music: there is no file nowhere"),
        ('addaudio --video FILE --audio FILE --music {"volume_db":1} -o x.mp4', "error: --music: url_audio: "),
    ],
)
def test_wrong_command_lines_name_the_option(
    args: str, says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exited:
        main(args.replace("FILE", __file__).split())
    assert exited.value.code == 2
    shown = capsys.readouterr().err
    assert "usage:" in shown
    assert says in shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", OPERATIONS)
def test_help_has_ranges_defaults_exit_codes_and_an_example(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main([kind, "--help"])
    assert exited.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for field, info in OPERATIONS[kind].model_fields.items():
        if field.startswith("url_"):
            assert f"--{field.removeprefix('url_')} FILE" in shown
        elif field != "kind":
            options = shown.partition("options:")[2]
            named = options.partition(f"--{field.replace('_', '-')} ")[2]
            described = re.split(r" -[-o]", named, maxsplit=1)[0]
            if not info.is_required() and info.default is not None and not isinstance(info.default, tuple | BaseModel):
                default = str(info.default).lower() if isinstance(info.default, bool) else str(info.default)
                assert f"default {default.removesuffix('.0')})" in described
            bounds = [getattr(rule, side) for rule in info.metadata for side in ("ge", "le") if hasattr(rule, side)]
            assert all(f"{bound:g}" in described for bound in bounds)
    assert "exit codes: 0" in shown
    # The example is itself a valid command line.
    example = shown.partition("example: python -m gpu_worker ")[2].partition(" exit codes")[0]
    assert parse(shlex.split(example))[1].operation.kind == kind


def test_captions_in_the_command_line_become_an_input_file() -> None:
    request = parse(["caption", "--video", "v.mp4", "--captions", "Hello there", "-o", "x.mp4"])[1]
    assert request.texts == {"url_srt": b'{"text": "Hello there"}'}
    assert [given.role for given in request.operation.inputs()] == [Role.VIDEO, Role.SUBTITLES]


def test_json_options_are_read() -> None:
    words = '[{"word": "Hello", "start": 0, "end": 0.5}]'
    style = '{"preset": "pop", "colors": {"text": "#abc"}}'
    changes = [
        "--replace",
        '[{"find": "a", "replace": "b"}]',
        "--exclude",
        '[{"start": 1, "end": 2}]',
        "--style",
        style,
    ]
    request = parse(["caption", "--video", "v.mp4", "--words", words, *changes, "-o", "x.mp4"])[1]
    assert request.texts == {"url_srt": b'{"words": [{"word": "Hello", "start": 0.0, "end": 0.5}]}'}
    operation = request.operation
    assert isinstance(operation, Caption)
    assert (operation.style.preset, operation.style.colors.text) == ("pop", "#AABBCC")
    assert [item.find for item in operation.replace] == ["a"]
    assert [(item.start, item.end) for item in operation.exclude] == [(1, 2)]
