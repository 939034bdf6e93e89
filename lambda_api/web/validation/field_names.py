"""Suggest an existing field for an unknown name."""

from __future__ import annotations

from collections.abc import Collection

from contract.options.inputs import inputs_first

_ALIASES = {
    "url_image": "image picture photo img still imageurl pictureurl photourl imgurl imagelink thumbnail",
    "url_video": "video clip videourl clipurl movie film source sourceurl mediaurl file fileurl input inputurl url",
    "url_audio": "audio audiourl sound soundurl music musicurl narration narrationurl voice voiceover voiceurl mp3",
    "url_srt": "srt srturl subtitle subtitles subtitleurl subtitlesurl urlsubtitles captionsurl captionurl vtt",
    "captions": "caption text script srttext subtitletext subtitlestext captiontext captionstext srtcontent content",
    "words": "wordtimes wordtimings wordtimestamps timestamps transcript transcription segments",
    "replace": "replacements substitutions censor",
    "exclude": "excludetimeranges excluderanges exclusions skip",
    "language": "lang locale languagecode",
    "style": "settings preset captionstyle captionsstyle subtitlestyle template theme font fontfamily fontsize "
    "fontname color colour colors position linecolor wordcolor",
    "frame_rate": "fps framerate framespersecond",
    "duration": "seconds length time durationseconds durationms",
    "size": "width height dimensions outputsize",
    "aspect_ratio": "aspect ratio aspectratio orientation shape",
    "resolution": "quality definition",
    "background": "backgroundcolor bgcolor padcolor bars",
    "motion": "effect zoom pan kenburns animation movement zoomspeed",
    "transition": "transitions effect xfade crossfade",
    "images": "pictures photos imageurls slides scenes frames",
    "videos": "clips videourls files parts",
    "music": "backgroundmusic bgm soundtrack musicurl urlmusic",
    "overlay": "watermark logo urlwatermark urllogo",
    "loudness": "lufs normalize targetlufs loudnorm",
    "fade_in": "fadein audiofadein",
    "fade_out": "fadeout audiofadeout",
    "fit_audio": "loop loopaudio shortest pad",
    "keep": "ranges segments parts cuts",
    "fit": "objectfit resize resizemode scale scalemode crop",
    "mode": "audiomode mix replace",
    "volume": "gain audiovolume",
    "volume_db": "volumedb gaindb decibels",
    "webhook_url": "webhook callback callbackurl webhooks hook hookurl notifyurl notificationurl urlwebhook",
    "events": "webhookevents event eventtypes",
    "webhook_events": "events webhookevent callbackevents webhookeventsfilter eventtypes",
    "metadata": "meta data custom customdata extra id externalid reference userdata tags",
    "limit": "pagesize perpage count size max",
    "cursor": "nextcursor page offset after next",
    "state": "status states statuses jobstatus",
    "created_after": "after since from",
    "created_before": "before until to",
    "after": "since from newerthan",
    "from": "since start after",
    "to": "until end before",
    "group_by": "by group groups",
    "expires_in": "expires ttl lifetime",
    "size_bytes": "size bytes length filesize contentlength",
    "filename": "name file title",
    "content_type": "type mime mimetype",
    "url": "webhookurl webhook callbackurl callback target",
}
"""Field → its aliases, in lower case without punctuation, the most common first."""

_NESTED_ALIASES = {
    "preset": "style name template theme type",
    "font": "fontfamily fontname family typeface",
    "size": "fontsize textsize height",
    "uppercase": "allcaps caps upper capitals texttransform case",
    "colors": "color colour colours textcolor fontcolor linecolor wordcolor highlightcolor outlinecolor strokecolor "
    "boxcolor backgroundcolor palette",
    "background_opacity": "opacity boxopacity backgroundalpha",
    "outline_width": "outline outlinesize stroke strokewidth border borderwidth",
    "shadow": "shadowoffset shadowdistance dropshadow",
    "position": "alignment align placement anchor",
    "offset": "shift translate xy",
    "margin": "margins marginv marginh marginl marginr padding",
    "safe_area": "safezone platform",
    "max_words": "maxwordsperline wordsperline wordsperpage wordspersubtitle",
    "max_characters": "maxchars maxlength charsperline maxcharactersperline",
    "max_lines": "lines linesperpage",
    "rotation": "angle rotate",
    "animation": "effect transition entrance",
    "text": "line linecolor textcolor color colour font fill primary",
    "highlight": "word wordcolor active accent spoken highlightcolor secondary",
    "outline": "stroke border outlinecolor shadow",
    "background": "box boxcolor backgroundcolor back",
    "find": "from search old text word pattern",
    "replace": "to with new replacement",
    "start": "from begin starttime in",
    "end": "to until endtime out",
}
"""The same for the fields of objects inside a request."""


def closest_field(name: str, known: Collection[str], *, is_nested: bool = False) -> str | None:
    """Return the known field that `name` most likely means, or None."""
    plain = _plain(name[:64])
    aliases = _NESTED_ALIASES if is_nested else _ALIASES
    exact = next((field for field in known if _plain(field) == plain), None)
    alias = next((field for field in known if plain in aliases.get(field, "").split()), None)
    if exact or alias:
        return exact or alias
    import difflib  # noqa: PLC0415 - needed for mistakes only, not at every start

    plains = {_plain(field): field for field in known}
    close = difflib.get_close_matches(plain, plains, n=1, cutoff=0.75)
    return plains[close[0]] if close else None


def unknown_field(name: str, known: Collection[str], *, is_nested: bool = False) -> str:
    """Describe an unknown field, with the closest known one or all of them."""
    guess = closest_field(name, known, is_nested=is_nested)
    if guess is not None:
        return f"no such field; did you mean {guess}?"
    if not known:
        return "no such field; this request has none"
    return f"no such field; known fields: {', '.join(inputs_first(known))}"


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
