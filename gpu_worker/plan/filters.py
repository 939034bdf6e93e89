"""Filters that convert any video's picture to that of every output: square pixels, even size, 8-bit BT.709."""

from __future__ import annotations

from collections.abc import Sequence

from gpu_worker.media.info import VideoFacts

_TONE_MAP = (
    # HDR puts SDR's white at 203 cd/m2 (ITU-R BT.2408). Up to 70 % of it nothing changes; highlights up to 1000 cd/m2,
    # the peak of phones and most masters, share the rest.
    "zscale={source}:transfer=linear:primaries=bt709:npl=203",
    "format=gbrpf32le",
    "tonemap=tonemap=mobius:param=0.7:desat=0:peak=4.93",
    # The transfer curve of pictures on the web, so that gray comes out as the gray it was graded as.
    "zscale=transfer=iec61966-2-1:matrix=bt709:range=tv",
)
_NARROW = "zscale={source}:primaries=bt709:transfer=bt709:matrix=bt709:range=tv"

FLATTEN = ("format=gbrap", "premultiply=inplace=1", "format=gbrp")
"""Color times opacity is the picture on a black background."""

_MAX_TERMS = 20

_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""ffmpeg's own decoders ignore the alpha channel that WebM stores next to the picture."""

_MATRICES = {"bt709", "smpte170m", "bt470bg", "fcc", "smpte240m", "bt2020nc", "bt2020c"}
_PRIMARIES = {
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432",
}  # fmt: skip
_SCALE_NAMES = {"bt470bg": "bt601", "smpte170m": "smpte170m", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


def picture_filters(
    video: VideoFacts, size: tuple[int, int] | None = None, crop: str | None = None, scaler: str = "bicubic"
) -> tuple[str, ...]:
    """Return the filters for decoded, upright frames. They never change the number of frames.

    `size` is that of the result, by default the video's own; `crop` is a filter that selects a part of the frames;
    `scaler` is the algorithm of ffmpeg's `scale`.
    """
    width, height = size or video.display_size
    filters, matrix = _to_standard_range(video, crop)
    filters.append(
        f"scale={width}:{height}:flags={scaler}:in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"
    )
    return (*filters, "setsar=1", "format=yuv420p")


def snapshot_filters(video: VideoFacts, size: tuple[int, int], pixels: str, colors: str) -> tuple[str, ...]:
    """Return the filters for frames that become pictures: of a size, in a pixel format and with its `scale` options."""
    filters, matrix = _to_standard_range(video)
    scale = f"scale={size[0]}:{size[1]}:flags=area+accurate_rnd+full_chroma_int:in_color_matrix={matrix}"
    return (*filters, f"{scale}{colors and ':'}{colors}", "setsar=1", f"format={pixels}")


def _to_standard_range(video: VideoFacts, crop: str | None = None) -> tuple[list[str], str]:
    """Return the filters to progressive, opaque frames of standard range, and the color matrix of these.

    `crop` is a filter that selects a part of the frames.
    """
    filters: list[str] = []
    if video.is_interlaced:
        filters.append("bwdif=mode=send_frame:deint=all")
    if crop is not None:
        filters.append(crop)
    matrix = _input_matrix(video)
    if video.has_alpha:
        filters += (f"scale=in_color_matrix={matrix}", *FLATTEN)
        matrix = "auto"
    elif video.color.is_hdr:
        filters += (_TONE_MAP[0].format(source=_zscale_input(video)), *_TONE_MAP[1:])
        matrix = "bt709"
    elif video.color.is_wide:
        filters.append(_NARROW.format(source=_zscale_input(video)))
        matrix = "bt709"
    return filters, matrix


def decoder_args(video: VideoFacts) -> tuple[str, ...]:
    """Return the options before an input whose default decoder would lose the alpha channel."""
    return ("-c:v", _ALPHA_DECODERS[video.codec]) if video.has_alpha and video.codec in _ALPHA_DECODERS else ()


def picture_warnings(video: VideoFacts) -> tuple[str, ...]:
    """Return warnings for the client about changes to the picture."""
    return ("The HDR picture was converted to standard range.",) if video.color.is_hdr else ()


def frame_timing_args(video: VideoFacts, *, keep_clock: bool = True) -> tuple[str, ...]:
    """Return the options that keep the time of each frame. `keep_clock=False`: filters change times.

    The encoder's default clock ticks once per frame of the nominal rate, too coarse for frames that are not evenly
    spaced.
    """
    clock = () if video.has_constant_rate and keep_clock else ("-enc_time_base", "1:90000")
    return ("-fps_mode", "passthrough", *clock)


def _input_matrix(video: VideoFacts) -> str:
    """Return the color matrix of the input, by the names of ffmpeg's `scale`.

    For an untagged file this is what players assume: BT.709 from 720 lines up, BT.601 below.
    """
    if not video.pix_fmt.startswith(("yuv", "nv", "p0", "uyvy", "yuyv")):
        return "auto"
    if video.color.matrix in _MATRICES:
        return _SCALE_NAMES.get(video.color.matrix, video.color.matrix)
    return "bt709" if min(video.width, video.height) >= 720 else "bt601"


def _zscale_input(video: VideoFacts) -> str:
    """Return zscale's options for a wide-gamut input. Files that tag the gamut or the transfer may omit the rest."""
    color = video.color
    matrix = color.matrix if color.matrix in _MATRICES else "bt2020nc"
    primaries = color.primaries if color.primaries in _PRIMARIES else "bt2020"
    return f"matrixin={matrix}:primariesin={primaries}:transferin={color.transfer if color.is_hdr else 'bt709'}"


def add_terms(terms: Sequence[str]) -> str:
    """Return the sum of terms as an expression of ffmpeg, in groups: it refuses sums of about a hundred terms."""
    groups = list(terms)
    while len(groups) > _MAX_TERMS:
        groups = [f"({'+'.join(groups[at : at + _MAX_TERMS])})" for at in range(0, len(groups), _MAX_TERMS)]
    return "+".join(groups)
