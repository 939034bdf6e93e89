"""Name the formats of unsupported files, so that the error says what the file is."""

from __future__ import annotations

from contract.operations import Role
from gpu_worker.formats.iso_brands import AVIF_BRANDS, HEIF_BRANDS

HEAD_BYTES = 1024

_PLAYLISTS = (b"#extm3u", b"<mpd", b"ffconcat", b"v=0")
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "EPS or PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS or PostScript"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"\1\0\x09\0", "WMF"),
    (b"gimp xcf", "XCF of GIMP"),
    (b"DDS ", "DDS texture"),
    (b"\x0a\x05\x01\x08", "PCX"),
    (b"qoif", "QOI"),
    (b"icns", "ICNS"),
    (b"v/1\1", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"SIMPLE  =", "FITS"),
    (b"FUJIFILMCCD-RAW", "raw photo"),
    (b"IIU\0", "raw photo"),
    (b"IIRO", "raw photo"),
    (b"IIRS", "raw photo"),
    (b"MMOR", "raw photo"),
    (b"II\x1a\0\0\0HEAP", "raw photo"),
    (b"FOVb", "raw photo"),
    (b"\0MRM", "raw photo"),
    (b"MAC ", "Monkeys Audio, APE"),
    (b"wvpk", "WavPack"),
    (b"TTA1", "True Audio, TTA"),
    (b"MPCK", "Musepack"),
    (b"MP+", "Musepack"),
    (b"tBaK", "TAK"),
    (b"ajkg", "Shorten"),
    (b"DSD ", "DSD audio, DSF"),
    (b"FRM8", "DSD audio, DFF"),
    (b"MThd", "MIDI"),
    (b".snd", "AU"),
    (b".RMF", "RealMedia"),
    (b".ra\xfd", "RealAudio"),
    (b"FWS", "Flash, SWF"),
    (b"CWS", "Flash, SWF"),
    (b"ZWS", "Flash, SWF"),
    (b"YUV4MPEG2", "YUV4MPEG"),
    (b"DKIF", "IVF"),
    (b"BIK", "Bink video"),
    (b"KB2", "Bink video"),
    (b"nut/multimedia container", "NUT"),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "WTV"),
    (b"PK\3\4", "ZIP archive"),
    (b"Rar!\x1a\7", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
)
_PICTURES = (
    b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\0", b"MM\0*", b"8BPS", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"\0\0\1\0",
)  # fmt: skip
_SOUNDS = (b"ID3", b"fLaC", b"OggS", b"#!AMR", b"caff", b"\x0b\x77", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1")
_VIDEOS = (b"\x1a\x45\xdf\xa3", b"FLV\1", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\0\0\1\xba", b"\0\0\1\xb3")
_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip"}
_MXF = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01"
"""The start of a partition pack, with which an MXF file begins."""


def is_heif(head: bytes) -> bool:
    """Return True for HEIC and AVIF photos. ffmpeg reads their tiles as videos."""
    return head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS | AVIF_BRANDS


def name_unsupported(head: bytes, role: Role) -> str | None:
    """Return the format of a file that starts with `head` (HEAD_BYTES) and is unusable as `role`; None if unknown."""
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_PLAYLISTS):
        return "a playlist"
    known = next((name for start, name in _STARTS if head.startswith(start)), None)
    return known or _name_by_content(head) or _name_other_role(head, role)


def _name_by_content(head: bytes) -> str | None:
    if head[4:12] == b"ftypcrx ":
        return "raw photo"
    if head[40:44] == b" EMF" and head[:4] == b"\1\0\0\0":
        return "EMF"
    if _MXF in head:
        return "MXF"
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith(b"<") and b"<svg" in text:
        return "SVG"
    return None


def _name_other_role(head: bytes, role: Role) -> str | None:
    if role is Role.IMAGE:
        if _is_sound(head):
            return "a sound, not a picture"
        return "a video, not a picture" if _is_video(head) else None
    if is_heif(head):
        return "HEIF or AVIF"
    is_picture = head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    expected = "a sound" if role is Role.AUDIO else "a video"
    return f"a picture, not {expected}" if is_picture else None


def _is_sound(head: bytes) -> bool:
    is_wave = head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE"
    is_aiff = head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}
    return is_wave or is_aiff or head[4:11] == b"ftypM4A" or head.startswith(_SOUNDS)


def _is_video(head: bytes) -> bool:
    is_transport_stream = len(head) > 376 and head[0] == head[188] == head[376] == 0x47
    is_movie = head[4:8] in _QUICKTIME or (head[4:8] == b"ftyp" and not is_heif(head))
    return (
        is_transport_stream or is_movie or head.startswith(_VIDEOS) or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
    )
