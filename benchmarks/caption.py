"""Measure caption: 30 s of 1080p30 with subtitles, and 10 s of 1080x1920 in the styles that show words."""

from __future__ import annotations

import functools
import platform
from pathlib import Path

from benchmarks import baselines, product, sources
from benchmarks.bench import Bench
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations.caption import Caption
from contract.options.captions.style import CaptionStyle

_OPERATION = Caption(url_video=product.U, url_srt=product.U)
_KARAOKE = Caption(url_video=product.U, url_srt=product.U, style=CaptionStyle(preset="karaoke"))
_RATE = ("-crf", "20")
_SIZE = sources.FILM_SIZE
_PORTRAIT = 1080, 1920
_PORTRAIT_SECONDS = 10
_WORD_STYLES = "pop", "pill", "fill", "word_by_word"


def measure(bench: Bench) -> list[Row]:
    bench.say("caption")
    return [*_costs(bench), *_portrait_costs(bench)]


def _portrait_costs(bench: Bench) -> list[Row]:
    seconds = bench.seconds(_PORTRAIT_SECONDS)
    wide = sources.film(bench, seconds, _RATE, "wide.mp4", sources.sound(bench, seconds, "wide.m4a"))
    film, (width, height) = bench.folder / "portrait.mp4", _PORTRAIT
    shape = f"crop=ih*{width}/{height}:ih,scale={width}:{height}"
    bench.run("-i", wide, "-vf", shape, *baselines.x264(bench, "veryfast"), "-c:a", "copy", film)
    srt = sources.subtitles(bench, "portrait.srt", sources.speech(seconds))
    folder = product.burn_folder(bench.folder / "portrait", srt, _PORTRAIT)

    def job(preset: str) -> None:
        operation = Caption(url_video=product.U, url_srt=product.U, style=CaptionStyle(preset=preset))
        product.run_job(bench, operation, {"url_video": film, "url_srt": srt})

    contenders = {name: Contender(functools.partial(job, name), bench.runs) for name in _WORD_STYLES}
    plain = Contender(lambda: _plain(bench, folder, film), bench.runs)
    spent = interleaved({**contenders, "plain burn": plain}, bench.say)
    python, facts = platform.python_version(), {"cpu_seconds": medians(spent), "film_seconds": seconds}
    ratios = {name: Ratio.of(spent[name], spent["plain burn"]) for name in _WORD_STYLES}
    return [
        Row(f"caption.portrait.{name}", python, ratio.value, {}, {**ratio.facts(), **facts})
        for name, ratio in ratios.items()
    ]


def _plain(bench: Bench, folder: Path, film: Path) -> None:
    copy = ("-c:a", "copy", "-movflags", "+faststart", bench.folder / "plain.mp4")
    bench.run("-i", film, "-vf", product.BURN, *baselines.x264(bench, "veryfast"), *copy, cwd=folder)


def _costs(bench: Bench) -> list[Row]:
    seconds = bench.seconds(30)
    film = sources.film(bench, seconds, _RATE, "talk.mp4", sources.sound(bench, seconds, "talk.m4a"))
    srt = sources.subtitles(bench, "talk.srt", sources.speech(seconds))
    folder = product.burn_folder(bench.folder / "talk", srt, _SIZE)
    (folder / "talk.srt").symlink_to(srt)

    def job(operation: Caption) -> None:
        product.run_job(bench, operation, {"url_video": film, "url_srt": srt})

    seed = Contender(lambda: baselines.caption(bench, folder, film, "talk.srt", bench.folder / "peer.mp4"), bench.few)
    job(_OPERATION)
    spent = interleaved(
        {
            "product": Contender(lambda: job(_OPERATION), bench.runs),
            "karaoke": Contender(lambda: job(_KARAOKE), bench.runs),
            "plain burn": Contender(lambda: _plain(bench, folder, film), bench.runs),
            **({"seed": seed} if bench.peers else {}),
        },
        bench.say,
    )
    cpu = medians(spent)
    ratio = Ratio.of(spent["product"], spent["plain burn"])
    others = {"seed": cpu["seed"] / cpu["plain burn"]} if "seed" in cpu else {}
    by_word = Ratio.of(spent["karaoke"], spent["plain burn"])
    facts = {"cpu_seconds": cpu, "film_seconds": seconds}
    python = platform.python_version()
    return [
        Row("caption.cpu", python, ratio.value, others, {**ratio.facts(), **facts}),
        Row("caption.karaoke", python, by_word.value, {}, {**by_word.facts(), **facts}),
    ]
