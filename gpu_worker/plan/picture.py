"""Filters that bring any video's picture to what every output has: square pixels, even size, 8-bit BT.709."""

from __future__ import annotations

from gpu_worker.plan.facts import VideoFacts

_HDR = (
    "zscale=transfer=linear:npl=100",
    "format=gbrpf32le",
    "zscale=primaries=bt709",
    "tonemap=tonemap=hable:desat=0",
    "zscale=transfer=bt709:matrix=bt709:range=tv",
)

_MATRICES = {"bt709", "smpte170m", "bt470bg", "fcc", "smpte240m", "bt2020nc", "bt2020c"}
_SCALE_NAMES = {"bt470bg": "bt601", "smpte170m": "smpte170m", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


def picture_filters(video: VideoFacts) -> tuple[str, ...]:
    """Filters for a decoded, upright frame. Never changes the number of frames."""
    width, height = video.display_size
    filters: list[str] = []
    if video.interlaced:
        filters.append("bwdif=mode=send_frame:deint=all")
    if video.colour.is_hdr:
        filters += _HDR
        matrix = "bt709"
    else:
        matrix = _input_matrix(video)
    filters.append(f"scale={width}:{height}:flags=bicubic:in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv")
    return (*filters, "setsar=1", "format=yuv420p")


def picture_warnings(video: VideoFacts) -> tuple[str, ...]:
    """What a client may want to know about how the picture was changed."""
    return ("The HDR picture was converted to standard range.",) if video.colour.is_hdr else ()


def _input_matrix(video: VideoFacts) -> str:
    """The matrix to read the picture with, in the words of ffmpeg's `scale`.

    A file that does not say is read as players do: BT.709 from 720 lines up, BT.601 below.
    """
    if not video.pix_fmt.startswith(("yuv", "nv", "p0", "uyvy", "yuyv")):
        return "auto"
    if video.colour.matrix in _MATRICES:
        return _SCALE_NAMES.get(video.colour.matrix, video.colour.matrix)
    return "bt709" if min(video.width, video.height) >= 720 else "bt601"


def frame_timing(video: VideoFacts) -> tuple[str, ...]:
    """Options that keep each source frame at its own time.

    The encoder's default clock ticks once per frame of the nominal rate, too coarse where frames
    are not evenly spaced.
    """
    clock = () if video.constant_rate else ("-enc_time_base", "1:90000")
    return ("-fps_mode", "passthrough", *clock)
