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

LONGEST = ("-t", "86400")
"""For what is not cut anywhere else: nothing that a demuxer makes of a file may be endless. No limit is higher."""


def open_args(role: Role, name: str, max_pixels: int) -> tuple[str, ...]:
    """Arguments that open one input file of ours; `name` is relative to the job's directory.

    The bound on pixels holds for sounds too: a song may bring a cover.
    """
    return (*PROTOCOLS, "-format_whitelist", FORMATS[role], "-max_pixels", str(max_pixels), "-i", name)
