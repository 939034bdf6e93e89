"""Filters that bring any video's picture to what every output has: square pixels, even size, 8-bit BT.709."""

from __future__ import annotations

from gpu_worker.media.info import VideoFacts

_TONE_MAP = (
    # 203 cd/m2 is where HDR puts what SDR calls white (ITU-R BT.2408). Up to 70 % of it nothing changes, and
    # highlights up to 1000 cd/m2, where phones and most masters end, share the rest.
    "zscale={source}:transfer=linear:primaries=bt709:npl=203",
    "format=gbrpf32le",
    "tonemap=tonemap=mobius:param=0.7:desat=0:peak=4.93",
    # The curve that pictures on the web are made for, so that grey comes out as the grey it was graded as.
    "zscale=transfer=iec61966-2-1:matrix=bt709:range=tv",
)
_NARROW = "zscale={source}:primaries=bt709:transfer=bt709:matrix=bt709:range=tv"

FLATTEN = ("format=gbrap", "premultiply=inplace=1", "format=gbrp")
"""Color times opacity is what stands on black."""

_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""ffmpeg's own decoders leave out the opacity that WebM keeps beside the picture."""

_MATRICES = {"bt709", "smpte170m", "bt470bg", "fcc", "smpte240m", "bt2020nc", "bt2020c"}
_PRIMARIES = {
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432",
}  # fmt: skip
_SCALE_NAMES = {"bt470bg": "bt601", "smpte170m": "smpte170m", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


def picture_filters(video: VideoFacts) -> tuple[str, ...]:
    """Filters for a decoded, upright frame. Never changes the number of frames."""
    width, height = video.display_size
    filters: list[str] = []
    if video.interlaced:
        filters.append("bwdif=mode=send_frame:deint=all")
    matrix = _input_matrix(video)
    if video.has_alpha:
        filters += (f"scale=in_color_matrix={matrix}", *FLATTEN)
        matrix = "auto"
    elif video.color.is_hdr:
        filters += (_TONE_MAP[0].format(source=_described(video)), *_TONE_MAP[1:])
        matrix = "bt709"
    elif video.color.is_wide:
        filters.append(_NARROW.format(source=_described(video)))
        matrix = "bt709"
    filters.append(f"scale={width}:{height}:flags=bicubic:in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv")
    return (*filters, "setsar=1", "format=yuv420p")


def decoder_args(video: VideoFacts) -> tuple[str, ...]:
    """Options before an input whose usual decoder would lose part of the picture."""
    return ("-c:v", _ALPHA_DECODERS[video.codec]) if video.has_alpha and video.codec in _ALPHA_DECODERS else ()


def picture_warnings(video: VideoFacts) -> tuple[str, ...]:
    """What a client may want to know about how the picture was changed."""
    return ("The HDR picture was converted to standard range.",) if video.color.is_hdr else ()


def _input_matrix(video: VideoFacts) -> str:
    """The matrix to read the picture with, in the words of ffmpeg's `scale`.

    A file that does not say is read as players do: BT.709 from 720 lines up, BT.601 below.
    """
    if not video.pix_fmt.startswith(("yuv", "nv", "p0", "uyvy", "yuyv")):
        return "auto"
    if video.color.matrix in _MATRICES:
        return _SCALE_NAMES.get(video.color.matrix, video.color.matrix)
    return "bt709" if min(video.width, video.height) >= 720 else "bt601"


def _described(video: VideoFacts) -> str:
    """What `zscale` must know of a wide picture. Files that state its brightness or colors may leave out the rest."""
    color = video.color
    matrix = color.matrix if color.matrix in _MATRICES else "bt2020nc"
    primaries = color.primaries if color.primaries in _PRIMARIES else "bt2020"
    return f"matrixin={matrix}:primariesin={primaries}:transferin={color.transfer if color.is_hdr else 'bt709'}"


def frame_timing_args(video: VideoFacts, *, keep_clock: bool = True) -> tuple[str, ...]:
    """Options that keep each frame at its own time. `keep_clock`: no filter gives a frame another.

    The encoder's default clock ticks once per frame of the nominal rate, too coarse where frames
    are not evenly spaced.
    """
    clock = () if video.constant_rate and keep_clock else ("-enc_time_base", "1:90000")
    return ("-fps_mode", "passthrough", *clock)
