"""Measure reframing: 10 s of 1080p30 in a frame of 1080x1920 with a blurred background, and with a watermark."""

from __future__ import annotations

import platform
from pathlib import Path

from PIL import Image

from benchmarks import baselines, product, sources
from benchmarks.bench import Bench
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations import Fit
from contract.operations.compose import Compose
from contract.options.picture.watermark import WATERMARK, Watermark

_WIDTH, _HEIGHT = 1080, 1920
_REFRAMED = Compose(url_video=product.U, size=f"{_WIDTH}x{_HEIGHT}", fit=Fit.BLUR)
_MARKED = _REFRAMED.model_copy(update={"overlay": Watermark(url_image=product.U)})
_PLAIN = f"scale={_WIDTH}:{_HEIGHT}:flags=bicubic,setsar=1"
_BARS = f"scale={_WIDTH}:-2:flags=bicubic,setsar=1,pad={_WIDTH}:{_HEIGHT}:-1:-1"
_COMMON = (
    f"split[a][b];[a]scale={_WIDTH}:-2[front];[b]scale=-2:{_HEIGHT},crop={_WIDTH}:{_HEIGHT},boxblur=20:5[back];"
    "[back][front]overlay=0:(H-h)/2"
)
"""The graph of most recipes: the background is blurred at full size, and the picture is blended over it."""


def measure(bench: Bench) -> list[Row]:
    bench.say("reframe")
    seconds = bench.seconds(10)
    film = sources.film(bench, seconds, ("-crf", "20"), "wide.mp4", sources.sound(bench, seconds, "wide.m4a"))
    logo = bench.folder / "logo.png"
    Image.new("RGBA", (512, 512), (200, 30, 60, 160)).save(logo)
    files = {"url_video": film, WATERMARK: logo}

    def job(operation: Compose) -> None:
        product.run_job(bench, operation, {given.field: files[given.field] for given in operation.inputs()})

    job(_REFRAMED)
    spent = interleaved(
        {
            "product": Contender(lambda: job(_REFRAMED), bench.runs),
            "with a watermark": Contender(lambda: job(_MARKED), bench.runs),
            "plain scale": Contender(lambda: _filter(bench, film, _PLAIN), bench.runs),
            "black bars": Contender(lambda: _filter(bench, film, _BARS), bench.few),
            **({"full-size blur": Contender(lambda: _filter(bench, film, _COMMON), bench.few)} if bench.peers else {}),
        },
        bench.say,
    )
    cpu = medians(spent)
    ratio, marked = (
        Ratio.of(spent["product"], spent["plain scale"]),
        Ratio.of(spent["with a watermark"], spent["product"]),
    )
    peers = {name: cpu[name] / cpu["plain scale"] for name in ("full-size blur",) if name in cpu}
    python, facts = platform.python_version(), {"cpu_seconds": cpu, "film_seconds": seconds}
    return [
        Row("reframe.cpu", python, ratio.value, peers, {**ratio.facts(), **facts}),
        Row("reframe.watermark", python, marked.value, {}, {**marked.facts(), **facts}),
    ]


def _filter(bench: Bench, film: Path, graph: str) -> None:
    copy = ("-c:a", "copy", "-movflags", "+faststart", bench.folder / "filtered.mp4")
    bench.run("-i", film, "-vf", graph, *baselines.x264(bench, "veryfast"), *copy)
