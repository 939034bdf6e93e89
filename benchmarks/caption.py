"""caption: 30 s of 1080p30 under subtitles; and the service's own film, of which a fifth has text."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from benchmarks import baselines, product, sources
from benchmarks.bench import Bench
from benchmarks.cut_accuracy import shown
from benchmarks.measure import Contender, Ratio, interleaved, medians
from benchmarks.results import Row
from contract.operations import Caption, Compose, Role

_OPERATION = Caption(url_video=product.U, url_srt=product.U)
_RATE = ("-crf", "20")
_SIZE = sources.FILM_SIZE


def measure(bench: Bench) -> list[Row]:
    bench.say("caption")
    return [_cost(bench), *_smart(bench)]


def _plain(bench: Bench, folder: Path, film: Path) -> None:
    copy = ("-c:a", "copy", "-movflags", "+faststart", bench.folder / "plain.mp4")
    bench.run("-i", film, "-vf", product.BURN, *baselines.x264(bench, "veryfast"), *copy, cwd=folder)


def _cost(bench: Bench) -> Row:
    seconds = bench.seconds(30)
    film = sources.film(bench, seconds, _RATE, "talk.mp4", sources.sound(bench, seconds, "talk.m4a"))
    srt = sources.subtitles(bench, "talk.srt", sources.speech(seconds))
    folder = product.burn_folder(bench.folder / "talk", srt, _SIZE)
    (folder / "talk.srt").symlink_to(srt)

    def job() -> None:
        product.run_job(bench, _OPERATION, {Role.VIDEO: film, Role.SUBTITLES: srt})

    seed = Contender(lambda: baselines.caption(bench, folder, film, "talk.srt", bench.folder / "peer.mp4"), bench.few)
    job()
    spent = interleaved(
        {
            "product": Contender(job, bench.runs),
            "plain burn": Contender(lambda: _plain(bench, folder, film), bench.runs),
            **({"seed": seed} if bench.peers else {}),
        },
        bench.say,
    )
    cpu = medians(spent)
    ratio = Ratio.of(spent["product"], spent["plain burn"])
    others = {"seed": cpu["seed"] / cpu["plain burn"]} if "seed" in cpu else {}
    facts = {**ratio.facts(), "cpu_seconds": cpu, "film_seconds": seconds}
    return Row("caption.cpu", platform.python_version(), ratio.value, others, facts)


def _smart(bench: Bench) -> Iterator[Row]:
    seconds = bench.seconds(30)
    own = _own_film(bench, seconds)
    block = [(seconds * 0.4 + at, seconds * 0.4 + at + 1.0) for at in range(seconds // 5)]
    spread = [(start + 2.0, start + 3.0) for start in range(0, seconds - 4, 5)]
    texts = {"block": block, "spread": spread}
    srts = {name: sources.subtitles(bench, f"{name}.srt", spans) for name, spans in texts.items()}
    folder = product.burn_folder(bench.folder / "own", srts["block"], _SIZE)

    def job(srt: Path, keep: Path | None = None) -> str:
        return product.run_job(bench, _OPERATION, {Role.VIDEO: own, Role.SUBTITLES: srt}, keep).video_mode

    modes = {name: job(srt, bench.folder / f"own-{name}.mp4") for name, srt in srts.items()}
    spent = interleaved(
        {
            "text in one block": Contender(lambda: job(srts["block"]), bench.runs),
            "text spread": Contender(lambda: job(srts["spread"]), bench.runs),
            "plain burn": Contender(lambda: _plain(bench, folder, own), bench.runs),
        },
        bench.say,
    )
    ratio = Ratio.of(spent["text in one block"], spent["plain burn"])
    facts = {
        **ratio.facts(),
        "cpu_seconds": medians(spent),
        "spread": Ratio.of(spent["text spread"], spent["plain burn"]).facts(),
        "video_mode": modes,
        "film_seconds": seconds,
    }
    yield Row("caption.smart", platform.python_version(), ratio.value, {}, facts)
    kept = {name: _kept(bench, own, bench.folder / f"own-{name}.mp4", spans) for name, spans in texts.items()}
    changed = sum(found["changed"] for found in kept.values())
    yield Row("caption.untouched", platform.python_version(), float(changed), {}, kept)


def _own_film(bench: Bench, seconds: int) -> Path:
    path = bench.folder / "own.mp4"
    bench.say(f"making {seconds} s of the service's own film")
    operation = Compose(url_image=product.U, url_audio=product.U, duration=seconds, frame_rate=sources.FILM_RATE)
    inputs = {Role.IMAGE: sources.photo(bench), Role.AUDIO: sources.sound(bench, seconds, "own.m4a")}
    product.run_job(bench, operation, inputs, keep=path)
    return path


def _kept(bench: Bench, before: Path, after: Path, spans: list[tuple[float, float]]) -> dict[str, int]:
    """How the frames fared. A group of pictures that has text is encoded again, at least from there on; no other is."""
    old, new = shown(bench, before), shown(bench, after)
    same = {index for index, (was, is_now) in enumerate(zip(old, new, strict=False)) if was == is_now}
    text = {index for index, (time, _) in enumerate(old) if any(begin <= time < end for begin, end in spans)}
    starts = {time for time, _ in shown(bench, before, "-skip_frame", "nokey")}
    groups = list(accumulate(time in starts for time, _ in old))
    written = {groups[index] for index in text}
    free = {index for index, group in enumerate(groups) if group not in written}
    return {
        "frames": len(old),
        "in_groups_without_text": len(free),
        "changed": len(free - same) + abs(len(new) - len(old)),
        "without_text": len(old) - len(text),
        "without_text_but_encoded_again": len(set(range(len(old))) - text - same),
        "with_text_but_unchanged": len(text & same),
    }
