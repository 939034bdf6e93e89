"""Render the sheets of docs/gallery that show motions, fits and transitions.

`make gallery-motion` runs it. The worker renders the videos; nothing is downloaded.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from sheets import join_frames, run_worker, save_sheet, take_frame

from contract.options.picture import Fit
from contract.options.picture.motion import MotionKind
from contract.options.picture.transition import TransitionKind
from local.samples.image import Light, draw_landscape

_MOTIONS = {
    MotionKind.ZOOM_IN: "From the whole picture to the focus.",
    MotionKind.ZOOM_OUT: "From the focus to the whole picture.",
    MotionKind.PAN_LEFT: "The camera goes to the left.",
    MotionKind.PAN_RIGHT: "The camera goes to the right.",
    MotionKind.PAN_UP: "The camera goes up.",
    MotionKind.PAN_DOWN: "The camera goes down.",
    MotionKind.KEN_BURNS: "A zoom and a pan, another one for each picture.",
    MotionKind.STATIC: "No motion.",
}
_FITS = {
    Fit.COVER: "The picture fills the frame; the rest is cropped.",
    Fit.CONTAIN: "The whole picture on `background`.",
    Fit.BLUR: "The whole picture on a blurred, darker copy of itself.",
}
_TRANSITIONS = {
    TransitionKind.FADE: "The next scene appears through the last one.",
    TransitionKind.FADE_BLACK: "Through black.",
    TransitionKind.FADE_WHITE: "Through white.",
    TransitionKind.DISSOLVE: "In random points.",
    TransitionKind.WIPE_LEFT: "An edge goes to the left.",
    TransitionKind.WIPE_RIGHT: "An edge goes to the right.",
    TransitionKind.WIPE_UP: "An edge goes up.",
    TransitionKind.WIPE_DOWN: "An edge goes down.",
    TransitionKind.SLIDE_LEFT: "Both scenes move to the left.",
    TransitionKind.SLIDE_RIGHT: "Both scenes move to the right.",
    TransitionKind.SLIDE_UP: "Both scenes move up.",
    TransitionKind.SLIDE_DOWN: "Both scenes move down.",
    TransitionKind.SMOOTH_LEFT: "A soft edge goes to the left.",
    TransitionKind.SMOOTH_RIGHT: "A soft edge goes to the right.",
    TransitionKind.CIRCLE_OPEN: "The next scene in a growing circle.",
    TransitionKind.CIRCLE_CLOSE: "The last scene in a shrinking circle.",
    TransitionKind.ZOOM_IN: "Into the last scene, which fades to the next one.",
    TransitionKind.PIXELIZE: "Through large pixels.",
}
"""All but `cut`, which has no frames."""

_ABOUT_MOTION = """\
The `motion` of a picture: the first and the last frame of a clip, and three between them. Its `amount` is 0.4 here,
which is more than the default. [docs/api.md](../api.md#motion-and-transitions) describes its fields. `make
gallery-motion` renders this and the following sheets with the worker."""
_ABOUT_FIT = """\
The `fit` of a picture or a video in frames of three shapes. An `overlay`, such as a logo, lies over the finished frame;
its sizes are relative to the frame, so it looks the same in all three ([docs/api.md](../api.md#overlay))."""
_ABOUT_TRANSITIONS = """\
The `transition` between two scenes of a slideshow, or two joined videos. The default of `concatenate`, `cut`, has no
frames of its own."""
_AMOUNT = 0.4
_RATE, _FRAMES = 5, 5
"""A video of few frames; each sheet shows five of them."""
_SIZE, _SHOWN = "512x288", (224, 126)
_FIT_FRAMES = {"640x360": (320, 180), "360x360": (180, 180), "360x640": (102, 180)}
"""Sizes of videos, and of their frames on the sheet."""


def main() -> None:
    """Write one sheet per motion, fit and transition."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        photos = folder / "dawn.jpg", folder / "noon.jpg"
        for photo, light in zip(photos, (Light.DAWN, Light.NOON), strict=True):
            draw_landscape(photo, light=light)
        for motion in _MOTIONS:
            save_sheet(_render_motion(motion, photos[0], folder), f"motion-{motion}")
        for fit in _FITS:
            save_sheet(_render_fit(fit, photos[0], folder), f"fit-{fit}")
        for transition in _TRANSITIONS:
            save_sheet(_render_transition(transition, photos, folder), f"transition-{transition}")


def page() -> str:
    """Return the part of the gallery's page that shows the sheets."""
    sections: dict[str, tuple[str, str, Mapping[Any, str]]] = {
        "Motion": ("motion", _ABOUT_MOTION, _MOTIONS),
        "Fit": ("fit", _ABOUT_FIT, _FITS),
        "Transitions": ("transition", _ABOUT_TRANSITIONS, _TRANSITIONS),
    }
    parts = []
    for title, (prefix, about, names) in sections.items():
        parts.append(f"\n# {title}\n\n{about}\n")
        parts += [f"\n## {name}\n\n{text}\n\n![{name}]({prefix}-{name}.webp)\n" for name, text in names.items()]
    return "".join(parts)


def _render_motion(kind: MotionKind, photo: Path, folder: Path) -> Image.Image:
    motion = json.dumps({"kind": kind, "amount": _AMOUNT})
    length = f"--duration={_FRAMES / _RATE}"
    video = _render(folder, "img2vid", f"--image={photo}", f"--motion={motion}", f"--size={_SIZE}", length)
    return _join_frames(video, 0)


def _render_fit(fit: Fit, photo: Path, folder: Path) -> Image.Image:
    frames = []
    for size in _FIT_FRAMES:
        options = f"--fit={fit}", f"--size={size}", "--motion=static", "--background=#F4A259"
        frames.append(take_frame(_render(folder, "img2vid", f"--image={photo}", *options, "--duration=0.2"), 0))
    return join_frames(frames, list(_FIT_FRAMES.values()))


def _render_transition(kind: TransitionKind, photos: tuple[Path, Path], folder: Path) -> Image.Image:
    # One frame longer than the transition, so that it is not shortened.
    scene, seconds = (_FRAMES + 1) / _RATE, _FRAMES / _RATE
    images = json.dumps([{"url_image": str(photo), "duration": scene} for photo in photos])
    transition = json.dumps({"kind": kind, "duration": seconds})
    options = f"--transition={transition}", f"--size={_SIZE}", "--motion=static"
    return _join_frames(_render(folder, "slideshow", f"--images={images}", *options), _FRAMES + 1)


def _render(folder: Path, operation: str, *options: str) -> Path:
    video = folder / "gallery.mp4"
    run_worker(operation, *options, f"--frame-rate={_RATE}", "--quality=high", f"--output={video}")
    return video


def _join_frames(video: Path, first: int) -> Image.Image:
    moments = (max(0, first + index - 0.5) / _RATE for index in range(_FRAMES))
    return join_frames([take_frame(video, moment) for moment in moments], [_SHOWN] * _FRAMES)


if __name__ == "__main__":
    main()
