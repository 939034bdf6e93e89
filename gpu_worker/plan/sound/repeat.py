"""Repeat a sound without gaps: it is decoded once, because encoded files have silence at both ends."""

from __future__ import annotations

from fractions import Fraction

from contract.options.inputs import role_of
from gpu_worker.media.info import AudioFacts
from gpu_worker.plan.input_args import open_args
from gpu_worker.plan.model import Step, local_name
from gpu_worker.plan.sound.decoding import Decoding, as_decoded
from gpu_worker.plan.sound.filters import continuous_filter, stereo_filter
from gpu_worker.plan.sound.part import MIX_RATE, RAW_STEREO, MadeFile

_BLEND = Fraction(3, 2)
"""Seconds in which the end of music becomes its start."""
_MAX_BLEND_SHARE = Fraction(1, 4)


def repeat_sound(
    field: str, audio: AudioFacts, end: Fraction, max_pixels: int, *, blends: bool
) -> tuple[tuple[MadeFile, ...], Step]:
    """Return the files to play one after the other until `end`, and the step that makes them.

    The last one repeats. If the sound `blends`, its end and its start overlap.
    """
    decoding = Decoding()
    label = decoding.label(audio, 0)
    steady = as_decoded(audio)
    decoded = f"{label}{continuous_filter(steady, MIX_RATE)},{stereo_filter(steady)}"
    name = local_name(field)
    unit = MadeFile(f"{name}.f32", ("-stream_loop", "-1", "-t", f"{float(end):.6f}", *RAW_STEREO))
    opening = (*open_args(role_of(field), name, max_pixels), *decoding.args())
    if not blends:
        args = (*opening, "-filter_complex", f"{decoded}[unit]", *_write("[unit]", unit.name))
        return (unit,), Step(args, 0.0, decoded_field=field)
    head = MadeFile(f"{name}_start.f32", RAW_STEREO)
    total = int(audio.end * MIX_RATE)
    blend = int(min(_BLEND, audio.end * _MAX_BLEND_SHARE) * MIX_RATE)
    graph = (
        f"{decoded},apad=whole_len={total},atrim=end_sample={total},asplit=4[a][b][c][d];"
        f"[a]atrim=end_sample={blend}[head];[b]atrim=end_sample={blend}[start];"
        f"[c]atrim={_samples(blend, total - blend)},asetpts=N/SR/TB[body];"
        f"[d]atrim={_samples(total - blend, total)},asetpts=N/SR/TB[tail];"
        f"[tail][start]acrossfade=nb_samples={blend}:curve1=qsin:curve2=qsin[seam];"
        "[body][seam]concat=n=2:v=0:a=1[unit]"
    )
    args = (*opening, "-filter_complex", graph, *_write("[head]", head.name), *_write("[unit]", unit.name))
    return (head, unit), Step(args, 0.0, decoded_field=field)


def _samples(start: int, end: int) -> str:
    return f"start_sample={start}:end_sample={end}"


def _write(label: str, name: str) -> tuple[str, ...]:
    return ("-map", label, *RAW_STEREO, "-c:a", "pcm_f32le", "-y", name)
