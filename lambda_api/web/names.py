"""Which field a person meant by a name that does not exist."""

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
"""Field → other names of it, without signs and in small letters, the commonest first."""


def meant(name: str, known: Collection[str]) -> str | None:
    """Return the known field that `name` most likely stands for."""
    plain = _plain(name[:64])
    exact = next((field for field in known if _plain(field) == plain), None)
    alias = next((field for field in known if plain in _ALIASES.get(field, "").split()), None)
    if exact or alias:
        return exact or alias
    import difflib  # noqa: PLC0415 - for mistakes only, not for every start

    plains = {_plain(field): field for field in known}
    close = difflib.get_close_matches(plain, plains, n=1, cutoff=0.75)
    return plains[close[0]] if close else None


def unknown(name: str, known: Collection[str]) -> str:
    """Say that the field does not exist, and which does."""
    guess = meant(name, known)
    if guess is not None:
        return f"no such field; did you mean {guess}?"
    inputs_first = sorted(known, key=lambda field: not field.startswith("url_"))
    return f"no such field; known here: {', '.join(inputs_first)}" if known else "no such field; none is known here"


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
