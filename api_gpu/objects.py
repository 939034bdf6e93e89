"""Objects inside requests, made from the operations by `make generate`: edit those."""

# fmt: off

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Literal, Required, TypedDict

from api_gpu.core.upload_cache import Upload


class CaptionColors(TypedDict, total=False):
    """Colors as `#RRGGBB` or, with opacity, `#RRGGBBAA`."""

    text: str
    """The text, by default white."""
    highlight: str
    """The word that is being spoken, by default yellow."""
    highlight_background: str
    """A box behind the word that is being spoken, by default only in `pill`."""
    outline: str
    """Outline and shadow, by default black."""
    background: str
    """The box behind the text, by default black."""


class CaptionStyle(TypedDict, total=False):
    """The look of captions. A field that is left out has the preset's value."""

    preset: (
        Literal["classic", "box", "karaoke", "highlight", "pill", "underline", "word_by_word", "pop", "fill",
        "progressive"]
    )
    """The look to start from."""
    font: (
        Literal["Anton", "Bangers", "Bebas Neue", "DejaVu Sans", "Inter", "Luckiest Guy", "Montserrat",
        "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Hebrew", "Noto Sans Thai", "Open Sans", "Oswald",
        "Poppins", "Roboto"]
    )
    size: float
    """Font size as in CSS, in percent of the frame's short side."""
    bold: bool
    """Bold letters."""
    italic: bool
    """Italic letters."""
    uppercase: bool
    """Capital letters only."""
    colors: CaptionColors
    background_opacity: float
    """Opacity of the box behind the text: 0 is no box."""
    corner_radius: float
    """Rounding of boxes, in percent of the height of a line: 50 is a half circle."""
    outline_width: float
    """Width of the outline, in percent of the short side."""
    shadow: float
    """Distance of the shadow, in percent of the short side."""
    position: (
        Literal["top_left", "top_center", "top_right", "middle_left", "middle_center", "middle_right", "bottom_left",
        "bottom_center", "bottom_right"]
    )
    """Place in the frame or its safe area, by default where the subtitles say, else the bottom."""
    offset: Offset
    margin: float | Margin
    """Free space at the edges in percent: a number, or `x` and `y`."""
    safe_area: Literal["none", "tiktok", "reels", "shorts", "social"]
    """Part of the picture that a platform's buttons leave free, by default `social` in portrait."""
    max_words: int
    """Words shown at once; 0 is as many as fit."""
    max_characters: int
    """Characters shown at once; 0 is as many as fit."""
    max_lines: int
    """Lines shown at once by word styles."""
    rotation: float
    """Degrees by which the text is turned clockwise."""
    animation: Literal["none", "fade", "pop", "slide_up"]


class ClipImage(TypedDict, total=False):
    """The picture of one of several clips. What is left out is as the request states it for all."""

    url_image: Required[str | Path | BinaryIO | Upload]
    """A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile. Send a public http or
    https URL, or `upload:<upload_id>` for a file that you uploaded. Spaces and accents in a URL are encoded for
    you."""
    duration: float
    """Length of its clip in seconds."""
    motion: (
        Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] | Motion
    )
    fit: Literal["cover", "contain", "blur"]


class Ducking(TypedDict, total=False):
    """The change of the music's level while somebody speaks."""

    amount_db: float
    """By how many dB."""
    attack: float
    """Seconds in which it becomes quiet, before the first word."""
    release: float
    """Seconds in which it becomes loud again after the last word."""


class Focus(TypedDict, total=False):
    """A point of the frame: 0, 0 is its upper left corner, 1, 1 the lower right one."""

    x: float
    """From the left edge, 0, to the right one, 1."""
    y: float
    """From the upper edge, 0, to the lower one, 1."""


class Margin(TypedDict, total=False):
    """Free space at the edges of the frame."""

    x: float
    """At the sides, in percent of the width."""
    y: float
    """At top and bottom, in percent of the height."""


class Motion(TypedDict, total=False):
    """Motion of the camera over a picture."""

    kind: Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"]
    """The motion of the camera: `pan_left` moves it to the left. `ken_burns` zooms and pans."""
    amount: float
    """Zoom, or way of a pan in parts of the frame: 0.3 zooms to 1.3."""
    focus: Focus
    """The point that a zoom goes to or comes from."""
    easing: Literal["linear", "ease_in_out", "ease_out"]
    """Speed over time."""
    seed: int
    """Chooses the directions of `ken_burns`."""


class Music(TypedDict, total=False):
    """Music under the other sounds of a video, until its end."""

    url_audio: Required[str | Path | BinaryIO | Upload]
    """A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video. Send a public http or https URL, or
    `upload:<upload_id>` for a file that you uploaded. Spaces and accents in a URL are encoded for you."""
    volume_db: float
    """Change of its level in dB: 0 leaves it unchanged."""
    ducking: bool | Ducking
    """How much quieter the music is while somebody speaks: true, false, or an object."""
    fade_in: float
    """Seconds in which the music becomes loud at its start."""
    fade_out: float
    """Seconds in which the music becomes silent before its end."""
    loop: bool
    """Whether it repeats until the end."""


class Offset(TypedDict, total=False):
    """A shift from the position, in percent of the frame's width and height; positive is right and down."""

    x: float
    """To the right, in percent of the width."""
    y: float
    """Down, in percent of the height."""


class Part(TypedDict, total=False):
    """A part of the video."""

    start: Required[float | str]
    """Start of the part. Seconds, or text such as '1:02:03.5'."""
    end: Required[float | str]
    """End of the part. Seconds, or text such as '1:02:03.5'."""


class Poster(TypedDict, total=False):
    """A picture of the finished video."""

    at: float
    """Its time in seconds, by default that of a typical picture."""


class Replacement(TypedDict, total=False):
    """A word, or several, and what is drawn in their place."""

    find: Required[str]
    """Whole words, in any case."""
    replace: Required[str]
    """What is drawn; empty to leave them out."""


class SlideshowImage(TypedDict, total=False):
    """One picture of a slideshow. What is left out is as the slideshow states it."""

    url_image: Required[str | Path | BinaryIO | Upload]
    """A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile. Send a public http or
    https URL, or `upload:<upload_id>` for a file that you uploaded. Spaces and accents in a URL are encoded for
    you."""
    duration: float
    """Seconds from its start to that of the next picture."""
    motion: (
        Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down", "ken_burns", "static"] | Motion
    )
    fit: Literal["cover", "contain", "blur"]


class TimeRange(TypedDict, total=False):
    """A range in seconds."""

    start: Required[float]
    """Start in seconds."""
    end: Required[float]
    """End in seconds, after the start."""


class Transition(TypedDict, total=False):
    """The transition between scenes. It lies at the start of the later scene."""

    kind: (
        Literal["cut", "fade", "fade_black", "fade_white", "dissolve", "wipe_left", "wipe_right", "wipe_up",
        "wipe_down", "slide_left", "slide_right", "slide_up", "slide_down", "smooth_left", "smooth_right",
        "circle_open", "circle_close", "zoom_in", "pixelize"]
    )
    """Its look."""
    duration: float
    """Length in seconds."""


class VideoPart(TypedDict, total=False):
    """One of the videos, or a part of it."""

    url_video: Required[str | Path | BinaryIO | Upload]
    """A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others. Send a public http or https URL, or
    `upload:<upload_id>` for a file that you uploaded. Spaces and accents in a URL are encoded for you."""
    start: float | str
    end: float | str


class Watermark(TypedDict, total=False):
    """A picture over the video, under its captions. Transparency is kept, and nothing of it is outside the frame."""

    url_image: Required[str | Path | BinaryIO | Upload]
    """A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile. Send a public http or
    https URL, or `upload:<upload_id>` for a file that you uploaded. Spaces and accents in a URL are encoded for
    you."""
    position: (
        Literal["top_left", "top_center", "top_right", "middle_left", "middle_center", "middle_right", "bottom_left",
        "bottom_center", "bottom_right"]
    )
    """Its place in the frame."""
    size: float
    """Its width in percent of the frame's short side; less if it would not fit between the margins."""
    opacity: float
    """Opacity: 1 changes nothing, 0 hides it."""
    margin: float
    """Distance from the frame's edges, in percent of its short side."""
