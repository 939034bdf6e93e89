"""One stream's line of ffmpeg's stderr, and the meaning of its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gpu_worker.media.info import Color

_MATRICES = frozenset({
    "gbr", "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "ycgco", "ycgco-re", "ycgco-ro", "bt2020nc", "bt2020c",
    "smpte2085", "chroma-derived-nc", "chroma-derived-c", "ictcp", "ipt-c2",
})  # fmt: skip
_PRIMARIES = frozenset({
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432",
    "ebu3213",
})  # fmt: skip
_TRANSFERS = frozenset({
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "linear", "log100", "log316", "iec61966-2-4", "bt1361e",
    "iec61966-2-1", "bt2020-10", "bt2020-12", "smpte2084", "smpte428", "arib-std-b67",
})  # fmt: skip
"""Names of libavutil/pixdesc.c for the numbers of ITU-T H.273."""
_RATE = re.compile(r", (?P<rate>\d+(?:\.\d+)?k?) fps")
_PIXELS = re.compile(
    r", (?P<name>(?:yuv|rgb|bgr|gbr|gray|ya|argb|abgr|nv|pal8|mono|p0|uyvy|yuyv|xyz|bayer)\w*)(?:\((?P<more>[^)]*)\))?"
)
_CHANNELS = re.compile(r", (\d+) channels\b")
_PAREN = re.compile(r"\([^()]*\)")
_LAYOUTS = {"mono": 1, "stereo": 2, "2.1": 3, "3.0": 3, "4.0": 4, "quad": 4, "5.0": 5, "5.1": 6, "6.1": 7, "7.1": 8}


@dataclass(slots=True)
class StreamLine:
    """One stream's line: `text` follows its `kind`, `Video` or `Audio`, and a colon."""

    kind: str
    text: str
    rotation: int = 0
    is_tilted: bool = False
    """Rotated by an angle that is not a multiple of 90 degrees, which no output can show."""
    has_opacity: bool = False
    """WebM's flag for a second picture with the opacity of the first."""
    language: str | None = None

    @property
    def codec(self) -> str:
        """Return the codec's name; empty if ffmpeg does not know it."""
        name = self.text.split(" ", 1)[0].strip(",")
        return "" if name == "none" else name

    @property
    def pix_fmt(self) -> str:
        if self.has_opacity and self.codec in {"vp8", "vp9"}:
            return "yuva420p"
        found = _PIXELS.search(self.text)
        return found["name"] if found else ""

    @property
    def is_default(self) -> bool:
        """Return True for a stream that players should select; files may mark several, or none."""
        return "(default)" in self.text

    @property
    def nominal_rate(self) -> str | None:
        found = _RATE.search(self.text)
        return found["rate"] if found else None

    @property
    def is_interlaced(self) -> bool:
        return any(word in self.text for word in ("top first", "bottom first", "top coded first", "bottom coded first"))

    @property
    def has_unknown_layout(self) -> bool:
        """Return True for more than eight channels without a layout."""
        found = _CHANNELS.search(self.text)
        return found is not None and int(found[1]) > 8

    @property
    def is_encrypted(self) -> bool:
        return "(encv " in self.text or "(enca " in self.text or "(drm" in self.text

    def parse_color(self) -> Color:
        """Parse the parentheses after the pixel format: `(tv, bt709)`, `(pc, bt470bg/unknown/unknown, progressive)`."""
        found = _PIXELS.search(self.text)
        words = [word.strip() for word in (found["more"] or "").split(",")] if found else []
        names = next((word for word in words if "/" in word), None)
        if names is None:
            single = next((w for w in words if w.startswith(("bt", "smpte", "fcc")) and " " not in w), None)
            names = "/".join([single or "unknown"] * 3)
        matrix, primaries, transfer = (names.split("/") + ["unknown"] * 3)[:3]
        full = "pc" in words or (found is not None and found["name"].startswith("yuvj"))
        return Color(
            _known_or_unknown(matrix, _MATRICES),
            _known_or_unknown(primaries, _PRIMARIES),
            _known_or_unknown(transfer, _TRANSFERS),
            full_range=full,
        )


def _known_or_unknown(name: str, names: frozenset[str]) -> str:
    return name if name in names else "unknown"


def count_channels(layout: str, text: str) -> int:
    """Return the number of channels by the layout's name (`5.1(side)`, `12 channels`) or the line; 2 if unknown."""
    for source in (layout, text):
        counted = re.search(r"(\d+) channels", source)
        if counted:
            return int(counted[1])
    plain = _PAREN.sub("", layout).strip()
    for part in (plain, *(_PAREN.sub("", piece).strip() for piece in text.split(","))):
        if part in _LAYOUTS:
            return _LAYOUTS[part]
    return 2
