"""Progress that never goes back, files that are never lost, and numbers as people read them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api_gpu.cli.exits import Stop
from api_gpu.cli.output import units
from api_gpu.cli.output.console import Console
from api_gpu.cli.output.files import check_files, plan_files, publish
from api_gpu.cli.output.progress import Progress
from tests.api_gpu.cli.conftest import Terminal


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def console(err: io.StringIO, *, quiet: bool = False) -> Console:
    return Console(io.StringIO(), err, {"TERM": "xterm"}, is_json=False, is_quiet=quiet, verbose=0)


def job(percent: int, status: str = "IN_PROGRESS") -> dict[str, object]:
    return {"job_id": "j", "status": status, "progress": {"percent": percent, "stage": "encode"}}


def test_progress_never_goes_back_and_estimates_the_rest() -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(console(err), clock)
    progress.begin_uploads(2, 4_000_000)
    progress.upload(Path("a.jpg"), 1_000_000, 2_000_000)
    clock.now = 1.0
    progress.upload(Path("a.jpg"), 2_000_000, 2_000_000)
    assert "uploading 1 of 2: a.jpg  2.0 MB of 4.0 MB  2 s left" in err.getvalue()
    for percent in (10, 50, 30):
        clock.now += 5
        progress.job(job(percent))
    shown = err.getvalue().split("\x1b[J")
    assert shown[-1].endswith("encode  50 %  12 s left")
    assert "30 %" not in err.getvalue()
    # Two lines, and back to the first one before the next drawing.
    assert shown[-1].count("\n") == 1
    progress.close()
    assert err.getvalue().endswith("\x1b[1A\r\x1b[J")


def test_elsewhere_each_step_is_one_line() -> None:
    err = io.StringIO()
    progress = Progress(console(err), Clock())
    progress.begin_uploads(1, 10)
    for sent in (0, 5, 10, 10):
        progress.upload(Path("a.jpg"), sent, 10)
    for percent in (1, 2, 3):
        progress.job(job(percent))
    progress.close()
    assert err.getvalue() == "uploaded a.jpg (10 B)\nencode\n"


def test_quiet_shows_nothing() -> None:
    err = Terminal()
    progress = Progress(console(err, quiet=True), Clock())
    progress.begin_uploads(1, 10)
    progress.upload(Path("a.jpg"), 10, 10)
    progress.job(job(1))
    progress.close()
    assert err.getvalue() == ""


def test_control_characters_of_others_reach_no_terminal() -> None:
    err = io.StringIO()
    console(err).warn("a\x1b]0;title\x07b\u009bc")
    assert not {"\x1b", "\x07", "\u009b"} & set(err.getvalue())


@pytest.mark.parametrize(
    ("output", "names", "targets"),
    [
        (None, ["output.mp4"], ["output.mp4"]),
        ("short.mp4", ["output.mp4", "captions.srt"], ["short.mp4", "short.srt"]),
        ("pictures/", ["thumbnail_1.jpg", "thumbnail_2.jpg"], ["pictures/thumbnail_1.jpg", "pictures/thumbnail_2.jpg"]),
        ("there", ["output.mp4"], ["there/output.mp4"]),
        ("x.jpg", ["thumbnail_1.jpg", "thumbnail_2.jpg"], ["x_1.jpg", "x_2.jpg"]),
        (None, ["../../etc/passwd"], ["passwd"]),
    ],
)
def test_files_are_named_as_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str | None, names: list[str], targets: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    assert list(map(str, plan_files(output, names).values())) == targets


def test_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    partial, target = tmp_path / "p", tmp_path / "t"
    check_files([target], [], force=False, makes_folder=False)
    partial.write_text("new")
    target.write_text("old")
    with pytest.raises(Stop, match="was made meanwhile"):
        publish({target: partial}, force=False)
    assert target.read_text() == "old"
    publish({target: partial}, force=True)
    assert target.read_text() == "new"


def test_numbers_are_short() -> None:
    sizes = [units.size(count) for count in (7, 999, 1000, 3_240_000, 240_000_000)]
    assert sizes == ["7 B", "999 B", "1.0 kB", "3.2 MB", "240 MB"]
    assert [units.duration(seconds) for seconds in (4.4, 125, 7260)] == ["4 s", "2:05 min", "2:01 h"]
    assert [units.money(usd) for usd in (0.00213, 12.345)] == ["$0.0021", "$12.35"]
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert [units.age(text, now) for text in ("2026-12-01T11:58:00Z", "2026-11-28T12:00:00Z", None)] == [
        "2 min",
        "3 d",
        "",
    ]
