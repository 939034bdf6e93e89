"""The targets, with the figures of peers and the best earlier ones: the table that the benches fill in."""

from __future__ import annotations

from benchmarks.load_targets import LOAD
from benchmarks.target import Target

MEDIA: dict[str, Target] = {
    "img2vid.cpu": Target(
        "img2vid",
        "CPU / encoding the same frames, VapourSynth",
        "seed HEAD 7.16, seed 2.56, NCA 1.76, as shipped 3.59",
        "1.27 bicubic, 1.38 Lanczos",
        "<=",
        1.25,
    ),
    "img2vid.bytes": Target(
        "img2vid",
        "bytes / the same frames with a keyframe every 2 s (0.1.0)",
        "-",
        "1",
        "<=",
        0.8,
    ),
    "img2vid.cpu.oldest": Target(
        "img2vid",
        "CPU / encoding the same frames, cykooz.resizer",
        "seed HEAD 7.16, seed 2.56, NCA 1.76, as shipped 3.59",
        "1.49 Catmull-Rom, 1.57 Lanczos",
        "<=",
        1.6,
    ),
    "img2vid.jitter": Target(
        "img2vid",
        "jitter RMS against the path",
        "seed HEAD 0.041, seed 0.279, NCA 0.400",
        "0.006 (floor)",
        "<=",
        0.01,
        4,
        "px",
    ),
    "img2vid.velocity": Target(
        "img2vid",
        "velocity jitter RMS",
        "seed HEAD 0.031, seed 0.154, NCA 0.217",
        "0.007",
        "<=",
        0.012,
        4,
        "px/frame",
    ),
    "img2vid.psnr": Target(
        "img2vid",
        "luma PSNR of frames against float Lanczos",
        "seed 45.5, NCA 45.2",
        "54.9",
        ">=",
        54,
        2,
        "dB",
    ),
    "img2vid.memory": Target(
        "img2vid",
        "peak memory, 12 MP photo",
        "seed HEAD 939, seed 422, NCA 360",
        "346",
        "<=",
        400,
        0,
        "MB",
    ),
    "img2vid.memory.large": Target(
        "img2vid",
        "peak memory, 100 MP photo",
        "-",
        "-",
        "<=",
        1000,
        0,
        "MB",
    ),
    "addaudio.cpu": Target(
        "addaudio",
        "CPU / (file copy + AAC encode)",
        "re-encode veryfast 23",
        "1.06",
        "<=",
        1.05,
    ),
    "addaudio.cpu.aac": Target(
        "addaudio",
        "CPU / the same, AAC input",
        "re-encode veryfast 23",
        "0.07",
        "<=",
        0.1,
        3,
    ),
    "addaudio.exact": Target(
        "addaudio",
        "cuts with a wrong, missing or damaged frame",
        "-shortest: all off by 1-4",
        "0 of 16",
        "=",
        0,
        0,
    ),
    "caption.cpu": Target("caption", "CPU / plain burn, same preset", "seed 2.2", "1.0", "<=", 1.0),
    "caption.karaoke": Target("caption", "karaoke: CPU / plain burn, same preset", "-", "-", "<=", 1.10),
    **{
        f"caption.portrait.{name}": Target(
            "caption", f"1080x1920, {name}: CPU / plain burn, same preset", "-", "-", "<=", 1.10
        )
        for name in ("pop", "pill", "fill", "word_by_word")
    },
    "compose.cpu": Target("compose", "CPU / the seed's three jobs", "1", "0.19", "<=", 0.17, 3),
    "compose.psnr": Target("compose", "luma PSNR, more than the chain's", "41.1 dB", "+1.3", ">=", 1.0, 2, "dB"),
    "compose.bytes": Target("compose", "bytes / the chain's", "1", "0.63", "<=", 0.65),
    "reframe.cpu": Target(
        "reframe", "16:9 to 9:16 with blur: CPU / plain scale to that size, same preset", "-", "-", "<=", 1.25
    ),
    "reframe.watermark": Target("reframe", "with a watermark: CPU / the same without", "-", "-", "<=", 1.05),
    "loudness.off": Target("loudness", "worst distance of a file from its goal", "-", "-", "<=", 0.5, 2, "LU"),
    "loudness.peak": Target("loudness", "highest true peak, at most -1 requested", "-", "-", "<=", -1.0, 2, "dBTP"),
    "loudness.cpu": Target("loudness", "addaudio with music: CPU with a loudness / without", "-", "-", "<=", 1.8),
    "concatenate.copy": Target("concatenate", "10 equal clips: CPU / plain copy, sound too", "-", "-", "<=", 1.3),
    "concatenate.copy.aac": Target("concatenate", "10 equal clips: CPU / copy and AAC encode", "-", "-", "<=", 1.3),
    "concatenate.copy.silent": Target("concatenate", "10 equal silent clips: CPU / plain copy", "-", "-", "<=", 1.3),
    "concatenate.encode": Target("concatenate", "10 different clips: CPU / one encode of them", "-", "-", "<=", 1.15),
    "concatenate.drift": Target(
        "concatenate", "40 joins: sound against picture at the worst", "-", "-", "<=", 1.0, 2, "ms"
    ),
    "slideshow.cpu": Target("slideshow", "CPU / encoding the same frames", "-", "-", "<=", 1.35),
    "slideshow.chain": Target("slideshow", "CPU / the same film by single jobs", "-", "-", "<=", 0.25, 3),
    "slideshow.memory": Target("slideshow", "peak memory, 10 photos of 12 MP", "-", "-", "<=", 500, 0, "MB"),
    "slideshow.memory.large": Target("slideshow", "peak memory, 200 photos of 12 MP", "-", "-", "<=", 1000, 0, "MB"),
    "quality.caption": Target("quality", "caption as a draft: CPU / standard", "-", "-", "<=", 0.25),
    "quality.slideshow": Target("quality", "slideshow as a draft: CPU / standard", "-", "-", "<=", 0.25),
    "transcribe.cpu": Target("transcribe", "CPU / faster-whisper alone", "-", "-", "<=", 1.10),
    "transcribe.first": Target(
        "transcribe", "captions auto: CPU until the first caption / faster-whisper alone", "-", "-", "<=", 1.25
    ),
    "trim.cpu": Target(
        "trim", "60 s of 10 min: CPU / ffmpeg -c copy of the same", "re-encode veryfast", "-", "<=", 2.0
    ),
    "trim.exact": Target("trim", "frames wrong, missing or too many", "-", "-", "=", 0, 0),
}

GATEWAY: dict[str, Target] = {
    "cold.api": Target("cold", "api: CPU of init and first request / naive", "naive 1", "0.23", "<=", 0.45, 3),
    "cold.webhook": Target("cold", "webhook: CPU of init and first webhook / naive", "naive 1", "0.14", "<=", 0.38, 3),
    "warm.show": Target("warm", "CPU of GET job / naive", "naive 1", "-", "<=", 1.0),
    "warm.submit": Target("warm", "CPU of POST submit / naive", "naive 1", "-", "<=", 1.0),
    "calls.submit": Target("calls", "writes to the table of a submit", "-", "-", "<=", 2, 0),
    "calls.settle": Target("calls", "writes to the table of a settle", "-", "-", "<=", 1, 0),
    "calls.settle.s3": Target("calls", "reads from the bucket of a settle", "-", "-", "<=", 2, 0),
    "calls.show": Target("calls", "reads from the table of a GET job", "-", "-", "<=", 1, 0),
    "calls.usd": Target("calls", "control plane, 1,000 jobs at list prices", "-", "-", "<=", 0.06, 3, "USD"),
    "load.lost": Target("load", "submits lost or duplicated", "-", "-", "=", 0, 0),
    "load.curve": Target("load", "submits per core, worst of 1 to 64 clients / best", "-", "-", ">=", 0.8),
}

TARGETS = MEDIA | GATEWAY | LOAD
