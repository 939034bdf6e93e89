"""What the OpenAPI document states only in words, for the sake of code generators, as rules of its schemas.

Those are blank fields, scalars in metadata, and combinations of fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contract.limits import UPLOAD_SINGLE_BYTES
from contract.operations.thumbnail import MAX_SPRITE_WIDTH
from contract.options.captions.options import SOURCES
from contract.options.picture.transition import MAX_TRANSITION

Schema = dict[str, Any]

_PICTURES = ("url_image", "url_video")
_SOUNDS = ("url_audio", "url_video")
_BLANK = [{"type": "null"}, {"type": "string", "pattern": r"^\s*$"}]
_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_EMPTY = [*_BLANK, {"type": "array", "maxItems": 0}]

_OBJECTS = (
    *("CaptionStyle", "CaptionColors", "Margin", "Offset", "Motion", "Focus", "Music", "Ducking", "Transition"),
    *("WebhookTest", "WebhookDefaultBody"),
    *("SlideshowImage", "ClipImage", "VideoPart", "Watermark", "Poster", "ShareOptions"),
)
_SECOND_WAYS = {"aspect_ratio", "resolution", "volume_db", "keep"}
"""Fields that exclude another one, which no schema can express: `size` and `volume`."""

_HOMES = {
    "style": "CaptionRequest",
    "motion": "Img2VidRequest",
    "overlay": "Img2VidRequest",
    "music": "SlideshowRequest",
    "loudness": "AddAudioRequest",
    "transition": "ConcatenateRequest",
}
"""The request in which the inside of a field is explored. In the others it is a text; a file is left out."""

_ADDED: dict[str, tuple[Schema, ...]] = {
    "loudness": ({"type": "number", "minimum": -31, "maximum": -9},),
    **dict.fromkeys(("style", "motion", "transition"), ({"type": "object", "maxProperties": 0},)),
}
"""What is added to the text, since mutations of a text often are."""


def complete_schema(_: Any, document: Schema) -> None:
    """Add the rules to a document, in place."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Request"):
            _accept_blanks(schema)
            entries = schema["properties"]["metadata"]["anyOf"]
            entries[0]["additionalProperties"] = {"type": ["string", "number", "boolean", "null"]}
            entries.append({"type": "array", "maxItems": 0})
    for methods in document["paths"].values():
        for operation in methods.values():
            # It allows every status, so that no undocumented one would be found.
            del operation["responses"]["default"]
            for parameter in operation.get("parameters", ()):
                _complete_parameter(parameter)
    for name in _OBJECTS:
        _accept_blanks(schemas[name])
    for name, schema in schemas.items():
        if name.endswith("Request"):
            _restrict(name, schema["properties"])
    _combine(schemas)
    _restrict_uploads(schemas)


def _complete_parameter(parameter: Schema) -> None:
    if parameter["schema"].get("format") == "date":
        parameter["schema"]["format"] = "day"
    if not parameter["required"]:
        parameter["schema"] = {"anyOf": [parameter["schema"], _BLANK[1]]}


def _accept_blanks(schema: Schema) -> None:
    """Add that optional fields of an object may be blank."""
    required = schema.get("required", ())
    for name, field_schema in schema["properties"].items():
        if name not in required:
            schema["properties"][name] = {"anyOf": [field_schema, *_BLANK]}
    schema["additionalProperties"] = {"anyOf": _BLANK}


def _restrict(request: str, fields: Schema) -> None:
    """Leave out what no schema can express, and what another request already shows."""
    for name in fields.keys() & _SECOND_WAYS:
        fields[name] = {"anyOf": _EMPTY if name == "keep" else _BLANK}
    for name in fields.keys() & _HOMES.keys():
        if request != _HOMES[name]:
            is_file = name in {"music", "overlay"}
            fields[name] = {"anyOf": _BLANK if is_file else [_text_of(fields[name]), *_ADDED.get(name, ()), *_BLANK]}
    if "subtitle_mode" in fields:
        _fix(fields, "format", "mp4")
    if "captions" in fields:
        fields["captions"]["anyOf"][0]["pattern"] = r"[^\W_]"
        for name in ("words", "replace", "exclude"):
            _fix(fields, name)


def _text_of(field_schema: Schema) -> Schema:
    """Return the first alternative of a field, a text, with the field's examples."""
    alternatives = field_schema["anyOf"][0]
    return {**alternatives["anyOf"][0], "examples": alternatives["examples"]}


def _fix(fields: Schema, name: str, *values: Any) -> None:
    """Let a field have these values only, by default its examples, or be blank."""
    allowed = list(values) or fields[name].get("examples") or fields[name]["anyOf"][0]["examples"]
    fields[name] = {"anyOf": [{"enum": allowed, "examples": allowed}, *_BLANK]}


def _combine(schemas: Schema) -> None:
    # A picture is shown no shorter than the transition before it.
    _fix(schemas["SlideshowImage"]["properties"], "duration", MAX_TRANSITION)
    images = {"required": ["images"], "properties": {}}
    schemas["SlideshowRequest"]["oneOf"] = [_merge(images, captions) for captions in _captions()]
    schemas["Img2VidRequest"]["oneOf"] = _clips()
    schemas["CaptionRequest"]["oneOf"] = [_only(source, SOURCES) for source in SOURCES]
    image, video = (_only(name, _PICTURES) for name in _PICTURES)
    *with_captions, without = _captions()
    schemas["ComposeRequest"]["oneOf"] = [
        *(_merge(image, captions) for captions in (*with_captions, without)),
        *(_merge(video, captions) for captions in with_captions),
        _merge(video, without, _only("url_audio", ["url_audio"])),
    ]
    schemas["TranscribeRequest"]["oneOf"] = [_only(name, _SOUNDS) for name in _SOUNDS]
    schemas["ProbeRequest"]["oneOf"] = [_only(name, _SOUNDS) for name in _SOUNDS]
    _fix(schemas["ProbeRequest"]["properties"], "measure", ["loudness", "silence"])
    one: Schema = {"count": {"anyOf": [{"enum": [1]}, *_BLANK]}, "sprite": {"anyOf": [{"enum": [False]}, *_BLANK]}}
    several: Schema = {"count": {"type": "integer", "minimum": 2}, "at": {"anyOf": _BLANK}}
    schemas["ThumbnailRequest"]["properties"]["width"]["anyOf"][0]["maximum"] = MAX_SPRITE_WIDTH
    schemas["ThumbnailRequest"]["oneOf"] = [
        {"required": [], "properties": one},
        {"required": ["count"], "properties": several},
    ]
    trim = schemas["TrimRequest"]
    for name, value in (("start", "0:01"), ("end", 20), ("accuracy", "exact")):
        _fix(trim["properties"], name, value)
    trim["properties"]["duration"] = {"anyOf": _BLANK}
    trim["required"] = ["url_video", "start"]
    trim["properties"]["start"] = {"enum": [0.5, "0:01"], "examples": [0.5]}
    schemas["VideoPart"]["properties"]["end"] = {"anyOf": _BLANK}


def _restrict_uploads(schemas: Schema) -> None:
    """State which names and types there are, and that only a file that is sent at once has a checksum."""
    upload = schemas["NewUpload"]
    fields = upload["properties"]
    _accept_blanks(upload)
    fields["filename"]["pattern"] = r"\S"
    _fix(fields, "content_type")
    small = {"type": "integer", "minimum": 1, "maximum": UPLOAD_SINGLE_BYTES}
    upload["oneOf"] = [
        {"required": ["sha256"], "properties": {"sha256": _TEXT, "size_bytes": small}},
        {"required": [], "properties": {"sha256": {"anyOf": _BLANK}}},
    ]
    _accept_blanks(schemas["CompletedUpload"])


def _clips() -> list[Schema]:
    """Return the rules of pictures that become clips: one, or several, which have no poster and no filename."""
    alone: Schema = {"url_image": {"anyOf": _BLANK}}
    unnamed: Schema = {"poster": {"anyOf": [{"enum": [False]}, *_BLANK]}, "output_filename": {"anyOf": _BLANK}}
    return [
        {"required": ["url_image"], "properties": {"url_image": _TEXT, "images": {"anyOf": _EMPTY}}},
        {"required": ["images"], "properties": {"images": {"type": "array", "minItems": 1, "maxItems": 1}, **alone}},
        {"required": ["images"], "properties": {"images": {"type": "array", "minItems": 2}, **alone, **unnamed}},
    ]


def _captions() -> list[Schema]:
    """Return the rules of captions that are optional: one per source, and the last without any."""
    without = _merge(_only(None, SOURCES), {"required": [], "properties": {"sidecar": {"anyOf": _EMPTY}}})
    return [*(_only(source, SOURCES) for source in SOURCES), without]


def _only(present: str | None, fields: Iterable[str]) -> Schema:
    """Require one of the fields and leave the others blank; with None, leave all blank."""
    given = {"type": "array"} if present == "words" else _TEXT
    properties = {name: given if name == present else {"anyOf": _BLANK} for name in fields}
    return {"required": [present] if present else [], "properties": properties}


def _merge(*rules: Schema) -> Schema:
    return {
        "required": [name for rule in rules for name in rule["required"]],
        "properties": {name: schema for rule in rules for name, schema in rule["properties"].items()},
    }
