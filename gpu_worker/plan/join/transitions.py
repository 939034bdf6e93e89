"""The transitions as ffmpeg's filters make them: `xfade` for the picture, `acrossfade` for the sound."""

from __future__ import annotations

from contract.options.picture.transition import TransitionKind

_NAMES = {
    TransitionKind.FADE: "fade",
    TransitionKind.FADE_BLACK: "fadeblack",
    TransitionKind.FADE_WHITE: "fadewhite",
    TransitionKind.DISSOLVE: "dissolve",
    TransitionKind.WIPE_LEFT: "wipeleft",
    TransitionKind.WIPE_RIGHT: "wiperight",
    TransitionKind.WIPE_UP: "wipeup",
    TransitionKind.WIPE_DOWN: "wipedown",
    TransitionKind.SLIDE_LEFT: "slideleft",
    TransitionKind.SLIDE_RIGHT: "slideright",
    TransitionKind.SLIDE_UP: "slideup",
    TransitionKind.SLIDE_DOWN: "slidedown",
    TransitionKind.SMOOTH_LEFT: "smoothleft",
    TransitionKind.SMOOTH_RIGHT: "smoothright",
    TransitionKind.CIRCLE_OPEN: "circleopen",
    TransitionKind.CIRCLE_CLOSE: "circleclose",
    TransitionKind.ZOOM_IN: "zoomin",
    TransitionKind.PIXELIZE: "pixelize",
}


def picture_transition(kind: TransitionKind, seconds: float) -> str:
    """Return the filter that replaces the first picture by the second one, from the start of both. Not for a cut."""
    return f"xfade=transition={_NAMES[kind]}:duration={seconds:.6f}:offset=0"


def sound_transition(samples: int) -> str:
    """Return the filter that fades the end of the first sound into the start of the second one, at equal power."""
    return f"acrossfade=ns={samples}:c1=qsin:c2=qsin"
