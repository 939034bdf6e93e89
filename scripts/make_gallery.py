"""Render docs/gallery: three frames of each caption preset, in portrait and in landscape, and a page that shows them.

One more pair of sheets shows emoji; `make_motion_gallery` renders motions, fits and transitions.

`make gallery` runs it. The worker renders the videos; nothing is downloaded.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import make_motion_gallery
from PIL import Image
from sheets import FOLDER, join_frames, run_worker, save_sheet, take_frame

from contract.options.captions.presets import PRESETS
from local.samples.image import draw_landscape

_SHAPES = {"portrait": ("540x960", (216, 384)), "landscape": ("960x540", (384, 216))}
"""The size of the video, and that of a frame on the sheet."""
_PARTS = {"portrait": (920, 0, 1820, 1600), "landscape": (100, 330, 2360, 1600)}
"""The parts of the landscape that show no lettering."""
_TEXT = "The mountains were here long before us, and they will stay when we are gone."
_EMOJI = ("emoji", "karaoke", "Emoji are drawn in color, in every style.")
_EMOJI_TEXT = "Look 👀 at the 🌲🌲 mountains, 😍 they were 🇨🇭 here before us 👨‍👩‍👧 and they will 👍🏽 stay 🎉"
_SECONDS, _MOMENTS = 4, (0.5, 1.7, 3.4)


def main() -> None:
    """Write one sheet per preset and shape, and the page."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        for shape in _SHAPES:
            photo = folder / f"{shape}.jpg"
            draw_landscape(photo)
            with Image.open(photo) as picture:
                picture.crop(_PARTS[shape]).save(photo, "JPEG", quality=92)
            for name, preset, _ in _sheets():
                text = _EMOJI_TEXT if name == _EMOJI[0] else _TEXT
                save_sheet(_render(photo, preset, text, shape, folder), f"{name}-{shape}")
    make_motion_gallery.main()
    (FOLDER / "README.md").write_text(_page() + make_motion_gallery.page(), encoding="utf-8")


def _sheets() -> list[tuple[str, str, str]]:
    """Return the name, the preset and the description of each pair of sheets."""
    return [*((name, name, preset.description) for name, preset in PRESETS.items()), _EMOJI]


def _page() -> str:
    head = "# Caption styles\n\n`make gallery` renders this page with the worker."
    parts = [f"{head} [docs/api.md](../api.md#captions) describes the fields of a style.\n"]
    for name, _, description in _sheets():
        images = "\n".join(f"![{name}, {shape}]({name}-{shape}.webp)" for shape in _SHAPES)
        parts.append(f"## {name}\n\n{description}\n\n{images}\n")
    return "\n".join(parts)


def _render(photo: Path, preset: str, text: str, shape: str, folder: Path) -> Image.Image:
    size, frame = _SHAPES[shape]
    video = folder / "gallery.mp4"
    options = [f"--image={photo}", f"--captions={text}", f"--style={preset}", f"--size={size}"]
    timing = [f"--duration={_SECONDS}", "--frame-rate=25", f"--output={video}"]
    run_worker("compose", *options, *timing)
    return join_frames([take_frame(video, moment) for moment in _MOMENTS], [frame] * len(_MOMENTS))


if __name__ == "__main__":
    main()
