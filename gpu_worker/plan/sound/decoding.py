"""Labels of sounds in a graph. A sound that changes midway is decoded outside of the graph first."""

from __future__ import annotations

from dataclasses import replace

from gpu_worker.media.info import AudioFacts

LOOPBACK_DECODER = "-dec"
"""ffmpeg's option for decoding its own output. It is used only for a sound whose sample rate or channels change."""

_DOWNMIX = "0.707*FC+0.707*SL+0.707*BL+0.5*BC", "0.707*FC+0.707*SR+0.707*BR+0.5*BC"
_STEREO = f"pan=stereo|FL<FL+{_DOWNMIX[0]}|FR<FR+{_DOWNMIX[1]}"
"""To stereo from any layout. `pan` ignores channels that the input lacks, so mono keeps its loudness."""


class Decoding:
    """The labels of inputs' sounds in a graph, and the options that must precede the graph for them.

    ffmpeg rebuilds a graph, and loses what is buffered in it, when the sample rate or channels of its input change. So
    a sound that does that is first converted to PCM of constant parameters, as an extra output that ffmpeg discards.
    """

    def __init__(self) -> None:
        self._streams: list[str] = []

    def label(self, audio: AudioFacts, index: int) -> str:
        """Return the label of the sound of input `index`."""
        if audio.is_steady:
            return f"[{index}:{audio.selector}]"
        self._streams.append(f"{index}:{audio.selector}")
        return f"[dec:{len(self._streams) - 1}]"

    def args(self) -> tuple[str, ...]:
        """Return the options before the graph."""
        if not self._streams:
            return ()
        output = ("-af", _STEREO, "-c:a", "pcm_f32le", "-ar", "48000", "-f", "null", "-")
        streams = (option for stream in self._streams for option in ("-map", stream))
        decoders = (option for number in range(len(self._streams)) for option in (LOOPBACK_DECODER, f"0:{number}"))
        return (*streams, *output, *decoders)


def as_decoded(audio: AudioFacts) -> AudioFacts:
    """Return the sound as the graph gets it."""
    return audio if audio.is_steady else replace(audio, sample_rate=48000, channels=2)
