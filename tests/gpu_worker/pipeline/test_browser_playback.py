"""Play cut files in a real browser: they end with the right frame at the right time. Skipped without Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from contract.operations.addaudio import AddAudio
from contract.operations.trim import Trim
from tests.gpu_worker.pipeline.test_exact_cut import FILMS, RATE, make_film, make_silence
from tests.support.media.factory import URL, MediaFactory

PAGE = """<!doctype html><body><script>
// The number drawn into the frame that the video shows now; -1 if it cannot be read.
function read(video) {
  const canvas = document.createElement('canvas');
  canvas.width = 128; canvas.height = 96;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 128, 96);
  const light = (x, y) => context.getImageData(x, y, 1, 1).data[1];
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    const above = light(bit * 16 + 8, 8), below = light(bit * 16 + 8, 24);
    if (Math.abs(above - below) < 60) return -1;
    if (above > below) number |= 1 << bit;
  }
  return number;
}
const event = (video, name) => new Promise((done, fail) => {
  video.addEventListener(name, done, {once: true});
  video.addEventListener('error', () => fail(video.error), {once: true});
});
const pause = () => new Promise(done => setTimeout(done, 100));
async function watch(file) {
  const video = document.createElement('video');
  video.muted = true;
  video.src = URL.createObjectURL(await (await fetch(file)).blob());
  document.body.append(video);
  await event(video, 'loadeddata');
  await pause();
  const report = {duration: video.duration, first: read(video)};
  video.currentTime = video.duration - 0.001;
  await event(video, 'seeked');
  await pause();
  report.seeked = read(video);
  video.currentTime = Math.max(0, video.duration - 0.5);
  await event(video, 'seeked');
  const seen = new Set();
  const look = () => { seen.add(read(video)); video.requestVideoFrameCallback(look); };
  video.requestVideoFrameCallback(look);
  const ended = event(video, 'ended');
  await video.play();
  await ended;
  await pause();
  report.ended = video.currentTime;
  report.latest = Math.max(read(video), ...seen);
  video.remove();
  return report;
}
(async () => {
  const report = [];
  for (const file of FILES) report.push(await watch(file).catch(error => ({error: String(error.message || error)})));
  await fetch('/report', {method: 'POST', body: JSON.stringify(report)});
})();
</script>"""

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required"),
)


@contextlib.contextmanager
def serve_page(files: list[Path]) -> Iterator[tuple[str, threading.Event, list[Any]]]:
    """Serve the page and the files on loopback; the reports of the page are added to the list."""
    answered, report = threading.Event(), []
    page = PAGE.replace("FILES", json.dumps([file.name for file in files])).encode()
    bodies = {"/": ("text/html", page)} | {f"/{file.name}": ("video/mp4", file.read_bytes()) for file in files}

    class Stage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = bodies.get(self.path, ("text/plain", b""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            report.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            answered.set()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", answered, report
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def watch_files(files: list[Path], profile: Path) -> list[Any]:
    """Return the report of Chromium on each file. Skips the test if there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on this machine")
    with serve_page(files) as (address, answered, report):
        argv = [program, *QUIET, f"--user-data-dir={profile}", address]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(argv, stdout=quiet, stderr=quiet, start_new_session=True) as browser:
            try:
                assert answered.wait(120), "the browser sent no report"
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
    return report


def test_browser_ends_with_the_last_frame_on_time(media: MediaFactory, tmp_path: Path) -> None:
    cuts = [("b-frames", 40), ("b-frames", 41), ("b-frames", 42), ("uneven", 43), ("59.94", 44), ("vp9", 45)]
    files, ends = [], []
    for name, frame in cuts:
        film = make_film(media, FILMS[name])
        source = media.probe(film).video
        assert source is not None
        start = sorted(source.packet_times)[frame] * source.time_base
        samples = round((start + Fraction(1, 200)) * RATE)
        made, path = media.transcode(
            AddAudio(url_video=URL, url_audio=URL), video=film, audio=make_silence(media, samples)
        )
        assert made.video_mode == "copy"
        files.append(path)
        ends.append(samples / RATE)
    for (name, frame), end, report in zip(cuts, ends, watch_files(files, tmp_path), strict=True):
        assert report["duration"] == pytest.approx(end, abs=0.002), name
        assert report["ended"] == pytest.approx(end, abs=0.006), name
        assert report["seeked"] == frame, name
        # The last one is due for 5 ms only: while it plays, a screen may pass over it. Nothing later may be seen.
        assert report["latest"] in {frame - 1, frame}, name


def test_browser_hides_what_is_before_a_part(media: MediaFactory, tmp_path: Path) -> None:
    parts = [("b-frames", 25, 50), ("b-frames", 31, 61), ("59.94", 48, 60), ("vp9", 31, 60)]
    files, lengths = [], []
    for name, first, last in parts:
        film = make_film(media, FILMS[name])
        video = media.probe(film).video
        assert video is not None
        times = [time * video.time_base for time in video.shown_times()]
        made, path = media.transcode(Trim(url_video=URL, start=float(times[first]), end=float(times[last])), video=film)
        assert made.video_mode == "copy"
        files.append(path)
        lengths.append(float(times[last] - times[first]))
    for (name, first, last), length, report in zip(parts, lengths, watch_files(files, tmp_path), strict=True):
        assert report["duration"] == pytest.approx(length, abs=0.002), name
        assert report["first"] == first, name
        assert report["seeked"] == last - 1, name
        assert report["latest"] in {last - 2, last - 1}, name
