"""Arguments that open an untrusted file: the demuxers and decoders that may read it, and its limits.

ffmpeg picks a demuxer by content, so a playlist named `.mp4` would make it open every file that the playlist names. The
allow-lists leave out every format that refers to other files. Of ffmpeg's 500 decoders, most are for games and cameras
of the last century: no file of today needs them, and they only add attack surface.
"""

from __future__ import annotations

from contract.operations import Role

_TIMED = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,w64,aac,ac3,eac3,flac,aiff,amr,caf"
"""Sound formats are allowed for a video too, so that the error can say that there is no video in the file."""

FORMATS: dict[Role, str] = {
    Role.VIDEO: f"{_TIMED},gif",
    Role.AUDIO: _TIMED,
}
"""Demuxers, by ffmpeg's names."""

_PICTURES = "mjpeg,png,apng,gif,webp,webp_anim,bmp,tiff"
_FILMS = (
    # Builds differ in which decoders of one format they have and prefer, so all of them are listed.
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
"""Decoders, by ffmpeg's names."""

_LISTED = "mov"
LIST_OPTION = f"option format_whitelist {_LISTED}"
"""The line of a list's entry that keeps ffmpeg from opening a list within the list."""

PROTOCOL_ARGS = ("-protocol_whitelist", "file,pipe")

MAX_DURATION_ARGS = ("-t", "86400")
"""24 h, for runs without a lower limit: a demuxer may make an endless stream of a file. No job may last longer."""


def open_args(role: Role, name: str, max_pixels: int) -> tuple[str, ...]:
    """Return the arguments that open the input file `name`, a path relative to the job's directory.

    The limit on pixels holds for sounds too: they may contain a cover picture.
    """
    allowed = (*PROTOCOL_ARGS, "-format_whitelist", FORMATS[role], "-codec_whitelist", CODECS[role])
    return (*allowed, "-max_pixels", str(max_pixels), "-i", name)


def open_list_args(name: str, max_pixels: int) -> tuple[str, ...]:
    """Return the arguments that open the files of a list that this worker has written, one after the other.

    Each entry of the list states which formats its file may have (`LIST_OPTION`). Packets stay as they are stored.
    """
    allowed = (*PROTOCOL_ARGS, "-format_whitelist", f"concat,{_LISTED}", "-codec_whitelist", CODECS[Role.VIDEO])
    form = ("-f", "concat", "-safe", "0", "-auto_convert", "0")
    return (*allowed, "-max_pixels", str(max_pixels), *form, "-i", name)
