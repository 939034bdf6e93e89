"""The bench measures known shifts, known errors and known work correctly."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import media
from benchmarks.cut_accuracy import Verdict
from benchmarks.measure import Contender, Ratio, cpu_seconds, interleaved, peak_memory
from benchmarks.pictures import (
    Luma,
    Points,
    Reference,
    centroids,
    decibels,
    dots,
    jitter,
    lanczos,
    on_path,
    squared_error,
)
from benchmarks.report import complete, describe_misses, read_rows, table, write_json
from benchmarks.results import Row
from benchmarks.targets import MEDIA

SIZE = (480, 270)
GRID = (4, 3)


def picture_of(places: Points, sigma: float, size: tuple[int, int] = SIZE) -> Luma:
    xs, ys = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    drawn = sum(
        np.outer(np.exp(-((ys - y) ** 2) / (2 * sigma**2)), np.exp(-((xs - x) ** 2) / (2 * sigma**2)))
        for x, y in places
    )
    return np.rint(16 + 219 * np.asarray(drawn)).astype(np.uint8)


def test_centroid_of_a_dot_is_exact() -> None:
    places = np.array([[100.0, 80.0], [200.37, 151.81]])
    assert centroids(picture_of(places, 4), places.round(), 24) == pytest.approx(places, abs=0.01)


def test_dots_are_at_their_positions() -> None:
    picture, places = dots(SIZE, GRID, 5)
    assert picture.shape == (270, 480)
    assert len(places) == 12
    assert centroids(picture, places, 30) == pytest.approx(places, abs=0.005)


def test_known_jitter_is_measured() -> None:
    _, places = dots(SIZE, (3, 1), 10)
    zooms = [1.0, 1.1, 1.2, 1.3]
    frames = [
        picture_of(on_path(places, SIZE, SIZE, zoom) + np.array([shift, 0.0]), 4)
        for zoom, shift in zip(zooms, (0.3, -0.3, 0.3, -0.3), strict=True)
    ]
    found = jitter(frames, zooms, places, SIZE, SIZE)
    # Shaken along one of two axes: the mean of 0.3² and 0.
    assert found.rms == pytest.approx(0.3 / math.sqrt(2), abs=0.01)
    assert found.velocity == pytest.approx(0.6 / math.sqrt(2), abs=0.01)
    assert found.worst == pytest.approx(0.3, abs=0.02)


def test_steady_zoom_has_no_jitter() -> None:
    _, places = dots(SIZE, (3, 1), 10)
    zooms = [1.0 + 0.324 * index / 9 for index in range(10)]
    frames = [picture_of(on_path(places, SIZE, SIZE, zoom), 4) for zoom in zooms]
    found = jitter(frames, zooms, places, SIZE, SIZE)
    assert found.rms < 0.005
    assert found.velocity < 0.007


def test_psnr_of_a_known_error_is_exact() -> None:
    flat = np.full((4, 4), 100, np.uint8)
    assert decibels(squared_error(flat, flat)) == math.inf
    assert decibels(squared_error(flat, flat + np.uint8(255 - 100))) == pytest.approx(20 * math.log10(255 / 155))
    # The difference of 8-bit values must not wrap around.
    assert squared_error(np.array([1], np.uint8), np.array([3], np.uint8)) == 4


def test_reference_keeps_flat_areas_and_linear_ramps() -> None:
    assert lanczos(100, 40, 1.3).sum(axis=1) == pytest.approx(np.ones(40), abs=1e-6)
    ramp = np.tile(np.arange(400, dtype=np.float32) + 0.5, (300, 1))
    zoomed = Reference(ramp, (200, 150)).at(1.25)
    # The middle 320 columns in 200 pixels: 40 + 1.6 (x + 0.5). Lanczos is exact on a ramp to a few thousandths.
    assert zoomed[75, 20:180] == pytest.approx(40 + 1.6 * (np.arange(20, 180) + 0.5), abs=0.02)


def test_verdict_counts_different_frames() -> None:
    source = ["a", "b", "c", "d", "e"]
    assert Verdict.of(["a", "b", "c"], ["a", "b", "c"], source).exact
    assert Verdict.of(["a", "b"], ["a", "b", "c"], source) == Verdict(1, 0, 0)
    assert Verdict.of(["a", "b", "c", "e"], ["a", "b", "c"], source) == Verdict(0, 1, 0)
    assert Verdict.of(["a", "x", "c"], ["a", "b", "c"], source) == Verdict(1, 0, 1)
    assert Verdict.of(["b", "a", "c"], ["a", "b", "c"], source) == Verdict(0, 0, 2)


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_cpu_time_includes_children_and_excludes_waiting() -> None:
    def child() -> None:
        code = "import time\nwhile time.process_time() < 0.3: pass"
        peak_memory([sys.executable, "-c", code], Path.cwd())

    assert cpu_seconds(lambda: burn(0.1)) >= 0.1
    assert cpu_seconds(child) >= 0.3
    assert cpu_seconds(lambda: time.sleep(0.3)) < 0.2


def test_memory_includes_descendants() -> None:
    code = (
        "import subprocess, sys, time\n"
        "own = bytes(1) * 60_000_000\n"
        "subprocess.run([sys.executable, '-c', 'import time; own = bytes(1) * 60_000_000; time.sleep(0.4)'])\n"
    )
    assert 120e6 < peak_memory([sys.executable, "-c", code], Path.cwd()) < 250e6


def test_contenders_take_turns() -> None:
    turns: list[str] = []
    jobs = {"a": Contender(lambda: turns.append("a"), 3), "b": Contender(lambda: turns.append("b"), 2)}
    spent = interleaved(jobs, lambda _: None)
    assert turns == ["a", "b", "a", "b", "a"]
    assert [len(values) for values in spent.values()] == [3, 2]


def test_ratio_is_of_medians_and_its_spread_of_rounds() -> None:
    ratio = Ratio.of([2.0, 4.0, 9.0], [1.0, 4.0, 3.0])
    assert (ratio.value, ratio.low, ratio.high, ratio.runs) == (4 / 3, 1.0, 3.0, 3)


def test_report_lists_met_missed_and_unmeasured_targets(tmp_path: Path) -> None:
    rows = [
        Row("img2vid.cpu", "3.13.0", 1.2549, {"NCA": 1.8}, {"low": 1.2, "high": 1.3}),
        Row("img2vid.psnr", "3.13.0", 53.0),
    ]
    assert [row.met for row in rows] == [True, False]
    rows = complete(rows, ["img2vid.cpu", "img2vid.cpu.oldest"], "no such Python")
    assert [row.key for row in rows] == ["img2vid.cpu", "img2vid.cpu.oldest", "img2vid.psnr"]
    shown = table(rows)
    assert all(heading in shown for heading in ("peers", "best so far", "target", "measured", "met"))
    assert "NCA 1.80" in shown
    words = describe_misses(rows)
    assert "53.00 dB, target ≥ 54 dB" in words
    assert "not measured: no such Python" in words
    path = tmp_path / "media.json"
    write_json(path, rows, {"runs": 5})
    assert read_rows(path) == rows
    written = json.loads(path.read_text(encoding="utf-8"))
    assert list(written["rows"][0]) == sorted(written["rows"][0])


def test_every_target_belongs_to_a_part_of_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        media.main(["--help"])
    assert stop.value.code == 0
    text = "".join(capsys.readouterr().out.split())  # argparse breaks long lists
    assert ",".join(dict.fromkeys(target.operation for target in MEDIA.values())) in text


def test_unknown_part_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        media.main(["--only", "img2vid,nonsense"])
    assert "unknown: nonsense" in capsys.readouterr().err
