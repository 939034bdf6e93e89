"""Media for the demo, generated when needed: nothing is downloaded and nothing is stored in the repository."""

from __future__ import annotations

import array
import math
import sys
import wave
from pathlib import Path

from local.supervisor.processes import run_to_end

CLIP_SECONDS, VOICE_SECONDS = 5, 6
_RATE = 16_000
# The first three formants, in Hz, of five vowels (a, e, i, o, u).
_VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))

SUBTITLES = """\
1
00:00:00,300 --> 00:00:01,900
Une image, une voix, des sous-titres :

2
00:00:02,000 --> 00:00:03,400
el vídeo está listo — ¡así de fácil!

3
00:00:03,500 --> 00:00:04,900
Größe, naïveté, cœur, Łódź:
every accent <i>arrives</i>.
"""


class MediaError(RuntimeError):
    """ffmpeg could not make a file. The message ends with the last line that it printed."""


async def make_clip(ffmpeg: str, path: Path) -> None:
    """Make a 1280x720 clip of 5 s at 25 fps: a zoom into the Mandelbrot set under a moving test card, with chords."""
    chord = "+".join(
        f"0.14*sin({hz}*2*PI*t)*(0.6+0.4*sin(2*PI*t/{beat}))" for hz, beat in ((220, 1), (277, 2), (330, 3))
    )
    picture = (
        "[0:v]scale=1280:720:flags=bicubic,hue=h=20*t:s=0.7[deep];"
        "[1:v]scale=320:180[dial];"
        "[deep][dial]overlay=x='(W-w)*(0.5+0.45*sin(t*1.6))':y='(H-h)*(0.5+0.4*cos(t*1.1))',format=yuv420p[v]"
    )
    await _run(
        ffmpeg,
        *("-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=25:maxiter=150:end_scale=0.02:end_pts=200"),
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25"),
        *("-f", "lavfi", "-i", f"aevalsrc='{chord}|{chord}':s=48000:c=stereo"),
        *("-filter_complex", picture, "-map", "[v]", "-map", "2:a", "-t", str(CLIP_SECONDS)),
        *("-c:v", "libx264", "-preset", "superfast", "-crf", "23", "-c:a", "aac", "-b:a", "128k"),
        *("-movflags", "+faststart", str(path)),
    )


def make_voice(path: Path) -> None:
    """Make a WAV of 6 s that sounds like speech: syllables of formant-shaped harmonics, with pauses."""
    samples = array.array("h")
    tables = [_vowel(formants) for formants in _VOWELS]
    phase = 0.0
    for index in range(_RATE * VOICE_SECONDS):
        t = index / _RATE
        syllable, inside = divmod(t * 4.2, 1.0)
        quiet = int(syllable) % 9 == 8
        pitch = 118 + 22 * math.sin(t * 1.9) + 9 * math.sin(syllable * 2.3) - 12 * inside
        phase += pitch / _RATE
        table = tables[int(syllable) * 7 % len(tables)]
        loudness = 0.0 if quiet else math.sin(math.pi * min(inside / 0.9, 1.0)) ** 0.6
        samples.append(int(20_000 * loudness * table[int(phase * len(table)) % len(table)]))
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(samples.tobytes())


def _vowel(formants: tuple[int, int, int]) -> list[float]:
    """Return one period of a vowel at about 118 Hz: 30 harmonics, weighted by the formants near them."""
    weights = [sum(math.exp(-(((h * 118 - f) / 110) ** 2)) for f in formants) + 0.02 / h for h in range(1, 31)]
    period = [
        sum(w * math.sin(2 * math.pi * h * n / 400 + h * h) for h, w in enumerate(weights, 1)) for n in range(400)
    ]
    peak = max(abs(value) for value in period)
    return [value / peak for value in period]


async def _run(ffmpeg: str, *arguments: str) -> None:
    code, errors = await run_to_end((ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments))
    if code != 0:
        raise MediaError(
            f"ffmpeg could not make the demo's clip: {errors.splitlines()[-1] if errors else 'no message'}"
        )
