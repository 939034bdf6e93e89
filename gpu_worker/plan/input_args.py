"""How an untrusted file is opened: which demuxers and decoders may look at it, and with which limits.

ffmpeg picks a demuxer by content, so a playlist named `.mp4` would make it open whatever the list
names. The allow-list per role leaves out every format that refers to other files. Of its 500 decoders,
most are for games and cameras of the last century, and no file of today needs them but to break them.
"""

from __future__ import annotations

from contract.operations import Role

_TIMED = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,w64,aac,ac3,eac3,flac,aiff,amr,caf"
"""Sound formats are read as a video as well, to be able to say that there is no video in them."""

FORMATS: dict[Role, str] = {
    Role.VIDEO: f"{_TIMED},gif",
    Role.AUDIO: _TIMED,
}

_PICTURES = "mjpeg,png,apng,gif,webp,webp_anim,bmp,tiff"
_FILMS = (
    # Several decoders of one format: which of them a build has, and prefers, differs.
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,libvpx,vp9,libvpx-vp9,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,mpeg1video,"
    "mpeg2video,h263,flv,vp6,vp6a,vp6f,wmv1,wmv2,wmv3,vc1,theora,svq1,svq3,cinepak,msvideo1,dvvideo,prores,dnxhd,cfhd,"
    "ffv1,huffyuv,ffvhuff,utvideo,magicyuv,v210,qtrle,rawvideo"
)
_SOUNDS = (
    "aac,aac_fixed,libfdk_aac,aac_latm,mp1float,mp1,mp2float,mp2,mp3float,mp3,ac3,ac3_fixed,eac3,dca,truehd,mlp,opus,"
    "libopus,vorbis,libvorbis,flac,alac,speex,libspeex,amrnb,libopencore_amrnb,amrwb,libopencore_amrwb,wmav1,wmav2,"
    "wmapro,wmalossless,wmavoice,nellymoser,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,adpcm_yamaha,gsm,gsm_ms,"
    "pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,"
    "pcm_f64le,pcm_f64be,pcm_bluray,pcm_dvd"
)
_ALL = f"{_FILMS},{_SOUNDS},{_PICTURES}"
CODECS: dict[Role, str] = {Role.VIDEO: _ALL, Role.AUDIO: _ALL}
"""Decoders, by the names that ffmpeg gives them."""

PROTOCOL_ARGS = ("-protocol_whitelist", "file,pipe")

MAX_DURATION_ARGS = ("-t", "86400")
"""For what is not cut anywhere else: nothing that a demuxer makes of a file may be endless. No limit is higher."""


def open_args(role: Role, name: str, max_pixels: int) -> tuple[str, ...]:
    """Arguments that open one input file of ours; `name` is relative to the job's directory.

    The bound on pixels holds for sounds too: a song may bring a cover.
    """
    allowed = (*PROTOCOL_ARGS, "-format_whitelist", FORMATS[role], "-codec_whitelist", CODECS[role])
    return (*allowed, "-max_pixels", str(max_pixels), "-i", name)
