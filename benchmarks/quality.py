"""Measure drafts: a caption of 10 s of 1080p30 and a slideshow, each against the same in the standard quality."""

from __future__ import annotations

import functools
import platform
from collections.abc import Callable

from benchmarks import product, slideshow, sources
from benchmarks.bench import Bench
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations.caption import Caption
from contract.options.output import Quality

_SECONDS = 10
_SLIDES_SECONDS = 40


def measure(bench: Bench) -> list[Row]:
    bench.say("quality")
    captions, slides = _captions(bench), _slides(bench)
    captions(Quality.DRAFT)
    return [_draft(bench, "quality.caption", captions), _draft(bench, "quality.slideshow", slides)]


def _draft(bench: Bench, key: str, job: Callable[[Quality], None]) -> Row:
    draft, standard = (
        Contender(functools.partial(job, kind), bench.runs) for kind in (Quality.DRAFT, Quality.STANDARD)
    )
    spent = interleaved({"draft": draft, "standard": standard}, bench.say)
    ratio = Ratio.of(spent["draft"], spent["standard"])
    return Row(key, platform.python_version(), ratio.value, {}, {**ratio.facts(), "cpu_seconds": medians(spent)})


def _captions(bench: Bench) -> Callable[[Quality], None]:
    seconds = bench.seconds(_SECONDS)
    film = sources.film(bench, seconds, ("-crf", "20"), "wide.mp4", sources.sound(bench, seconds, "wide.m4a"))
    srt = sources.subtitles(bench, "draft.srt", sources.speech(seconds))

    def job(kind: Quality) -> None:
        operation = Caption(url_video=product.U, url_srt=product.U, quality=kind)
        product.run_job(bench, operation, {"url_video": film, "url_srt": srt})

    return job


def _slides(bench: Bench) -> Callable[[Quality], None]:
    seconds = bench.seconds(_SLIDES_SECONDS)
    given = slideshow.files(bench, seconds)
    return lambda kind: slideshow.run(bench, slideshow.operation(seconds, quality=kind), given)
