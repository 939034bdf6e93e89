"""How an untrusted file is opened: which demuxers may look at it, and with which limits.

ffmpeg picks a demuxer by content, so a playlist named `.mp4` would make it open whatever the list
names. The allow-list per role leaves out every format that refers to other files.
"""

from __future__ import annotations

from contract.operations import Role

_TIMED = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,w64,aac,ac3,eac3,flac,aiff,amr,caf"
"""Sound formats are read as a video as well, to be able to say that there is no video in them."""

FORMATS: dict[Role, str] = {
    Role.VIDEO: f"{_TIMED},gif",
    Role.AUDIO: _TIMED,
    Role.IMAGE: "jpeg_pipe,png_pipe,apng,webp_pipe,webp_anim,gif,gif_pipe,bmp_pipe,tiff_pipe",
}

PROTOCOLS = ("-protocol_whitelist", "file,pipe")


def open_args(role: Role, name: str, max_pixels: int) -> tuple[str, ...]:
    """Arguments that open one input file of ours; `name` is relative to the job's directory."""
    bound = () if role is Role.AUDIO else ("-max_pixels", str(max_pixels))
    return (*PROTOCOLS, "-format_whitelist", FORMATS[role], *bound, "-i", name)
