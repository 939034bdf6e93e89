"""The command line that is derived from the operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.operations import OPERATIONS
from gpu_worker.cli.main import main
from gpu_worker.cli.parser import parse


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("caption", "required: --video, --srt, -o/--output"),
        ("dance", "invalid choice: 'dance'"),
        ("compose -o x.mp4", "error: send --image or --video, exactly one of the two"),
        ("compose --video FILE -o x.mp4", "error: send --audio or --srt, or both, with --video"),
        ("img2vid --image nowhere.png -o x.mp4", "error: --image: there is no file nowhere.png"),
        ("img2vid --image / -o x.mp4", "error: --image: / is a folder, a device or a pipe; name a file"),
        ("img2vid --image /dev/null -o x.mp4", "error: --image: /dev/null is a folder, a device or a pipe"),
        ("img2vid --image FILE --size 3x3 -o x.mp4", "error: --size: give width and height in pixels, both even"),
        ("img2vid --image FILE --duration 0 -o x.mp4", "error: --duration: give a number from 0.1 to 300"),
        ("img2vid --image FILE --duration nan -o x.mp4", "error: --duration: give a number"),
        ("img2vid --image FILE --frame-rate x -o x.mp4", "error: --frame-rate: give a number from 1 to 60"),
        ("img2vid --image FILE --fit tile -o x.mp4", "error: --fit: give cover or contain"),
        ("addaudio --video FILE --audio FILE --volume 9 -o x.mp4", "error: --volume: give a number from 0 to 4"),
        ("addaudio --video FILE --audio FILE --mode duck -o x.mp4", "error: --mode: give replace or mix"),
        ("addaudio --video FILE --audio FILE --fit cover -o x.mp4", "error: unrecognized arguments: --fit cover"),
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
            described = options.partition(f"--{field.replace('_', '-')} ")[2].partition(" -")[0]
            if info.default is not None:
                assert f"default {str(info.default).removesuffix('.0')})" in described
            bounds = [getattr(rule, side) for rule in info.metadata for side in ("ge", "le") if hasattr(rule, side)]
            assert all(f"{bound:g}" in described for bound in bounds)
    assert "exit codes: 0" in shown
    # The example is itself a valid command line.
    example = shown.partition("example: python -m gpu_worker ")[2].partition(" exit codes")[0]
    assert parse(example.split())[1].operation.kind == kind
