"""Suggest an existing field for an unknown name."""

from __future__ import annotations

from collections.abc import Collection

_ALIASES = {
    "url_image": "image picture photo img still imageurl pictureurl photourl imgurl imagelink thumbnail",
    "url_video": "video clip videourl clipurl movie film source sourceurl mediaurl file fileurl input inputurl url",
    "url_audio": "audio audiourl sound soundurl music musicurl narration narrationurl voice voiceover voiceurl mp3",
    "url_srt": "srt srturl subtitle subtitles subtitleurl subtitlesurl urlsubtitles captions caption captionsurl vtt",
    "frame_rate": "fps framerate framespersecond",
    "duration": "seconds length time durationseconds durationms",
    "size": "width height resolution aspectratio aspect ratio dimensions orientation format outputsize",
    "fit": "objectfit resize resizemode scale scalemode crop",
    "mode": "audiomode mix replace",
    "volume": "gain loudness audiovolume volumedb",
    "webhook_url": "webhook callback callbackurl webhooks hook hookurl notifyurl notificationurl urlwebhook",
    "metadata": "meta data custom customdata extra id externalid reference userdata tags",
    "limit": "pagesize perpage count size max",
    "cursor": "nextcursor page offset after next",
}
"""Field → its aliases, in lower case without punctuation, the most common first."""


def closest_field(name: str, known: Collection[str]) -> str | None:
    """Return the known field that `name` most likely means, or None."""
    plain = _plain(name[:64])
    exact = next((field for field in known if _plain(field) == plain), None)
    alias = next((field for field in known if plain in _ALIASES.get(field, "").split()), None)
    if exact or alias:
        return exact or alias
    import difflib  # noqa: PLC0415 - needed for mistakes only, not at every start

    plains = {_plain(field): field for field in known}
    close = difflib.get_close_matches(plain, plains, n=1, cutoff=0.75)
    return plains[close[0]] if close else None


def unknown_field(name: str, known: Collection[str]) -> str:
    """Describe an unknown field, with the closest known one or all of them."""
    guess = closest_field(name, known)
    if guess is not None:
        return f"no such field; did you mean {guess}?"
    inputs_first = sorted(known, key=lambda field: not field.startswith("url_"))
    return (
        f"no such field; known fields: {', '.join(inputs_first)}" if known else "no such field; this request has none"
    )


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
