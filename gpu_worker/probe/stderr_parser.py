"""What ffmpeg says about an input on stderr, read line by line.

Only lines that ffmpeg itself can have written are believed: values of metadata tags stand behind a
deeper indent and a colon, even where the value holds line breaks. One tag stands in the middle of a line, the
language of a stream. What it may hold is bounded, and so are the words that are taken from a line: some of them
go into command lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gpu_worker.media.info import Color

_INPUT = re.compile(r"Input #0, (?P<name>[^']{1,80}), from '")
_STREAM_START = re.compile(r"  Stream #0:\d")
_STREAM = re.compile(
    r"  Stream #0:(?P<index>\d{1,9})(?:\[0x[0-9a-f]{1,16}\])?(?:\([\w .,-]{1,64}\))?"
    r": (?P<kind>[A-Z][a-z]+): (?P<text>.*)"
)
_ANOTHER = re.compile(r"\): [A-Z][a-z]+: ")
"""What would follow a language that ends with a bracket and goes on like a stream's line."""
_MAPPED = re.compile(r"  Stream #0:(?P<index>\d+) -> #0:(?P<out>\d+)")
_ROTATION = re.compile(
    r"\s+(?:displaymatrix|Display Matrix): rotation of (?P<angle>-?\d+(?:\.\d+)?) degrees", re.IGNORECASE
)
_OPACITY = re.compile(r"(?: {6}| {8})alpha_mode +: 1", re.IGNORECASE)
"""The deeper indent is that of ffmpeg 7."""
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
"""As libavutil/pixdesc.c names what ITU-T H.273 numbers."""
_RATE = re.compile(r", (?P<rate>\d+(?:\.\d+)?k?) fps")
_PIXELS = re.compile(
    r", (?P<name>(?:yuv|rgb|bgr|gbr|gray|ya|argb|abgr|nv|pal8|mono|p0|uyvy|yuyv|xyz|bayer)\w*)(?:\((?P<more>[^)]*)\))?"
)
_REFUSED = re.compile(r"Codec \((?P<name>[\w-]+)\) not on whitelist ")
_BAD_SIZE = re.compile(r"Picture size (?P<width>\d+)x(?P<height>\d+) is invalid$")
_NEW_SIZE = re.compile(r"video parameters changed to [^\n]*?, (?P<width>[1-9]\d*)x(?P<height>[1-9]\d*)")
_CHANNELS = re.compile(r", (\d+) channels\b")
_PAREN = re.compile(r"\([^()]*\)")
_LAYOUTS = {"mono": 1, "stereo": 2, "2.1": 3, "3.0": 3, "4.0": 4, "quad": 4, "5.0": 5, "5.1": 6, "6.1": 7, "7.1": 8}


@dataclass(slots=True)
class StreamLine:
    """One stream's line: `text` is what follows its `kind`, `Video` or `Audio`, and a colon."""

    kind: str
    text: str
    rotation: int = 0
    tilted: bool = False
    """Turned by an angle that is no multiple of 90 degrees, which no output can show."""
    opacity: bool = False
    """WebM's mark of a second picture with the opacity of the first."""

    @property
    def codec(self) -> str:
        """Empty if ffmpeg could not tell."""
        name = self.text.split(" ", 1)[0].strip(",")
        return "" if name == "none" else name

    @property
    def pix_fmt(self) -> str:
        if self.opacity and self.codec in {"vp8", "vp9"}:
            return "yuva420p"
        found = _PIXELS.search(self.text)
        return found["name"] if found else ""

    @property
    def is_default(self) -> bool:
        """True for the stream that players are to start with; files may mark several, or none."""
        return "(default)" in self.text

    @property
    def nominal_rate(self) -> str | None:
        found = _RATE.search(self.text)
        return found["rate"] if found else None

    @property
    def interlaced(self) -> bool:
        return any(word in self.text for word in ("top first", "bottom first", "top coded first", "bottom coded first"))

    @property
    def scattered(self) -> bool:
        """True for more than eight channels of which nobody says where they are to be heard."""
        found = _CHANNELS.search(self.text)
        return found is not None and int(found[1]) > 8

    @property
    def encrypted(self) -> bool:
        return "(encv " in self.text or "(enca " in self.text or "(drm" in self.text

    def color(self) -> Color:
        """Read the bracket after the pixel format: `(tv, bt709)`, `(pc, bt470bg/unknown/unknown, progressive)`."""
        found = _PIXELS.search(self.text)
        words = [word.strip() for word in (found["more"] or "").split(",")] if found else []
        names = next((word for word in words if "/" in word), None)
        if names is None:
            single = next((w for w in words if w.startswith(("bt", "smpte", "fcc")) and " " not in w), None)
            names = "/".join([single or "unknown"] * 3)
        matrix, primaries, transfer = (names.split("/") + ["unknown"] * 3)[:3]
        full = "pc" in words or (found is not None and found["name"].startswith("yuvj"))
        return Color(
            _known(matrix, _MATRICES), _known(primaries, _PRIMARIES), _known(transfer, _TRANSFERS), full_range=full
        )


@dataclass(slots=True)
class StderrParser:
    """Collects the streams of the one input, and the signs of a file that ends too early."""

    container: str = ""
    streams: dict[int, StreamLine] = field(default_factory=dict)
    mapped: dict[int, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Decoders that were asked for and are not allowed."""
    garbled: bool = False
    """A stream's line is not of ffmpeg's form, or is there again with other words: a tag is made to look like one."""
    cut_off: bool = False
    no_index: bool = False
    too_many_pixels: bool = False
    damaged_aac: bool = False
    """The first packets of an AAC stream, which ffmpeg decodes to get to know it, are in no order."""
    _current: StreamLine | None = None
    _in_input: bool = False

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stderr."""
        text = line.decode("utf-8", "replace").rstrip("\r")
        self._signs(text)
        if text.startswith("Output #"):
            self._in_input = False
        elif found := _INPUT.match(text):
            self.container, self._in_input = found["name"], True
        elif found := _MAPPED.match(text):
            self.mapped[int(found["out"])] = int(found["index"])
        elif self._in_input and _STREAM_START.match(text):
            self._stream(text)
        elif self._in_input and self._current is not None and (found := _ROTATION.match(text)):
            # ffmpeg's angle runs against the clock.
            quarters = -float(found["angle"]) / 90
            self._current.rotation = round(quarters) * 90 % 360
            self._current.tilted = abs(quarters - round(quarters)) > 0.02
        elif self._in_input and self._current is not None and _OPACITY.fullmatch(text):
            self._current.opacity = True

    def _stream(self, line: str) -> None:
        found = _STREAM.fullmatch(line)
        if found is None or _ANOTHER.search(found["text"]):
            self.garbled = True
            return
        self._current = StreamLine(found["kind"], found["text"])
        # A stream of several programs is shown with each of them.
        before = self.streams.setdefault(int(found["index"]), self._current)
        self.garbled = self.garbled or (before.kind, before.text) != (found["kind"], found["text"])

    def mapped_streams(self, kind: str) -> list[tuple[int, StreamLine]]:
        """The streams of that kind that were copied out, each with its number in the output."""
        chosen = ((out, self.streams.get(index)) for out, index in sorted(self.mapped.items()))
        return [(out, stream) for out, stream in chosen if stream is not None and stream.kind == kind]

    def mapped_stream(self, kind: str) -> StreamLine | None:
        """The first stream of that kind that was copied out."""
        return next((stream for _, stream in self.mapped_streams(kind)), None)

    def can_decode(self, stream: StreamLine) -> bool:
        """False for a codec that ffmpeg does not know, or that this worker does not allow."""
        return bool(stream.codec) and stream.codec not in self.refused

    def first_stream(self, kind: str) -> StreamLine | None:
        """The first stream of that kind in the file, copied out or not."""
        return next((stream for _, stream in sorted(self.streams.items()) if stream.kind == kind), None)

    def _signs(self, text: str) -> None:
        if not text.startswith("["):
            return  # messages carry their component in brackets; tag values do not start a line
        self.cut_off = self.cut_off or text.endswith((": partial file", "File ended prematurely"))
        self.damaged_aac = self.damaged_aac or text.startswith("[aac @")
        self.no_index = self.no_index or text.endswith("moov atom not found")
        if refused := _REFUSED.search(text):
            self.refused.add(refused["name"])
        # ffmpeg has a bound of its own, of about 2^28 pixels, and says so in other words.
        size = _BAD_SIZE.search(text)
        too_large = size is not None and int(size["width"]) * int(size["height"]) > 2**26
        self.too_many_pixels = self.too_many_pixels or too_large or "exceeds specified max pixel count" in text


def _known(name: str, names: frozenset[str]) -> str:
    return name if name in names else "unknown"


def changes_shape(log: str, size: tuple[int, int]) -> bool:
    """True if ffmpeg met frames whose sides relate otherwise than those of `size`, by more than a hundredth."""
    sizes = ((int(found["width"]), int(found["height"])) for found in _NEW_SIZE.finditer(log))
    return any(abs(width * size[1] / (height * size[0]) - 1) > 0.01 for width, height in sizes)


def changes_sound(log: str) -> bool:
    """True if ffmpeg met samples of another rate or layout than those before, and started its filters anew."""
    return "because audio parameters changed to" in log


def channels_of(layout: str, text: str) -> int:
    """How many channels: from the layout's name (`5.1(side)`, `12 channels`) or the stream's line; 2 if unknown."""
    for source in (layout, text):
        counted = re.search(r"(\d+) channels", source)
        if counted:
            return int(counted[1])
    plain = _PAREN.sub("", layout).strip()
    for part in (plain, *(_PAREN.sub("", piece).strip() for piece in text.split(","))):
        if part in _LAYOUTS:
            return _LAYOUTS[part]
    return 2
