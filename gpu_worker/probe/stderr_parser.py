"""Parse ffmpeg's description of an input on stderr, line by line.

Only lines that ffmpeg itself has written are trusted: it indents values of metadata tags more deeply and puts a colon
before them, even after line breaks in a value. Only one tag is in the middle of a line, the language of a stream. Its
characters are restricted, and so are the words taken from a line: some of them are used in command lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gpu_worker.probe.stream_line import StreamLine

_INPUT = re.compile(r"Input #0, (?P<name>[^']{1,80}), from '")
_STREAM_START = re.compile(r"  Stream #0:\d")
_STREAM = re.compile(
    r"  Stream #0:(?P<index>\d{1,9})(?:\[0x[0-9a-f]{1,16}\])?(?:\((?P<language>[\w .,-]{1,64})\))?"
    r": (?P<kind>[A-Z][a-z]+): (?P<text>.*)"
)
_SECOND_STREAM = re.compile(r"\): [A-Z][a-z]+: ")
"""A language tag that imitates the rest of a stream's line."""
_MAPPED = re.compile(r"  Stream #0:(?P<index>\d+) -> #0:(?P<out>\d+)")
_ROTATION = re.compile(
    r"\s+(?:displaymatrix|Display Matrix): rotation of (?P<angle>-?\d+(?:\.\d+)?) degrees", re.IGNORECASE
)
_OPACITY = re.compile(r"(?: {6}| {8})alpha_mode +: 1", re.IGNORECASE)
"""ffmpeg 7 indents it by 8 spaces."""
_REFUSED = re.compile(r"Codec \((?P<name>[\w-]+)\) not on whitelist ")
_BAD_SIZE = re.compile(r"Picture size (?P<width>\d+)x(?P<height>\d+) is invalid$")


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


def _read_language(tag: str | None) -> str | None:
    """Return the language of a stream; None if its tag is not a language, or stands for an unknown one."""
    return tag if tag and _LANGUAGE.fullmatch(tag) and tag != "und" else None


@dataclass(slots=True)
class StderrParser:
    """Collects the streams of the input, and the signs of a truncated file."""

    container: str = ""
    streams: dict[int, StreamLine] = field(default_factory=dict)
    mapped: dict[int, int] = field(default_factory=dict)
    refused_codecs: set[str] = field(default_factory=set)
    """Decoders that the file requires and this worker does not allow."""
    has_garbled_stream: bool = False
    """A stream's line is malformed, or appears again with other words: a tag imitates one."""
    is_truncated: bool = False
    has_no_index: bool = False
    has_too_many_pixels: bool = False
    has_damaged_aac: bool = False
    """The first packets of an AAC stream, which ffmpeg decodes to detect its format, are broken."""
    _current: StreamLine | None = None
    _in_input: bool = False

    def read(self, line: bytes) -> None:
        """Take one line of ffmpeg's stderr."""
        text = line.decode("utf-8", "replace").rstrip("\r")
        self._read_message(text)
        if text.startswith("Output #"):
            self._in_input = False
        elif found := _INPUT.match(text):
            self.container, self._in_input = found["name"], True
        elif found := _MAPPED.match(text):
            self.mapped[int(found["out"])] = int(found["index"])
        elif self._in_input and _STREAM_START.match(text):
            self._read_stream(text)
        elif self._in_input and self._current is not None and (found := _ROTATION.match(text)):
            # ffmpeg's angle is counterclockwise.
            quarters = -float(found["angle"]) / 90
            self._current.rotation = round(quarters) * 90 % 360
            self._current.is_tilted = abs(quarters - round(quarters)) > 0.02
        elif self._in_input and self._current is not None and _OPACITY.fullmatch(text):
            self._current.has_opacity = True

    def _read_stream(self, line: str) -> None:
        found = _STREAM.fullmatch(line)
        if found is None or _SECOND_STREAM.search(found["text"]):
            self.has_garbled_stream = True
            return
        self._current = StreamLine(found["kind"], found["text"], language=_read_language(found["language"]))
        # ffmpeg lists a stream of several programs with each of them.
        before = self.streams.setdefault(int(found["index"]), self._current)
        self.has_garbled_stream = self.has_garbled_stream or (before.kind, before.text) != (
            found["kind"],
            found["text"],
        )

    def list_mapped_streams(self, kind: str) -> list[tuple[int, StreamLine]]:
        """Return the streams of that kind that were mapped, each with its number in the output."""
        chosen = ((out, self.streams.get(index)) for out, index in sorted(self.mapped.items()))
        return [(out, stream) for out, stream in chosen if stream is not None and stream.kind == kind]

    def find_mapped_stream(self, kind: str) -> StreamLine | None:
        """Return the first stream of that kind that was mapped."""
        return next((stream for _, stream in self.list_mapped_streams(kind)), None)

    def can_decode(self, stream: StreamLine) -> bool:
        """Return False for a codec that ffmpeg does not know, or that this worker does not allow."""
        return bool(stream.codec) and stream.codec not in self.refused_codecs

    def find_first_stream(self, kind: str) -> StreamLine | None:
        """Return the first stream of that kind in the file, mapped or not."""
        return next((stream for _, stream in sorted(self.streams.items()) if stream.kind == kind), None)

    def _read_message(self, text: str) -> None:
        if not text.startswith("["):
            return  # messages start with their component in brackets; tag values never start a line
        self.is_truncated = self.is_truncated or text.endswith((": partial file", "File ended prematurely"))
        self.has_damaged_aac = self.has_damaged_aac or text.startswith("[aac @")
        self.has_no_index = self.has_no_index or text.endswith("moov atom not found")
        if refused := _REFUSED.search(text):
            self.refused_codecs.add(refused["name"])
        # ffmpeg has a limit of its own, about 2^28 pixels, with another message.
        size = _BAD_SIZE.search(text)
        too_large = size is not None and int(size["width"]) * int(size["height"]) > 2**26
        self.has_too_many_pixels = self.has_too_many_pixels or too_large or "exceeds specified max pixel count" in text
