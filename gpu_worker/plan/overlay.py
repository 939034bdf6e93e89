"""Additions to a picture: a sound, and captions in one or several forms. The operations share them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from contract.options.captions import CaptionOptions
from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.cue_warnings import brief_caption_warnings
from gpu_worker.plan.captions.draw import DrawnCaptions, draw_captions
from gpu_worker.plan.captions.files.portable_faces import PortableFaces
from gpu_worker.plan.captions.files.sidecars import script_of_track, write_sidecars
from gpu_worker.plan.captions.files.track import SubtitleTrack, make_track
from gpu_worker.plan.captions.glyphs.estimated_typefaces import ESTIMATED
from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT
from gpu_worker.plan.captions.words.edits import edit_cues
from gpu_worker.plan.model import Plan, PlanOptions
from gpu_worker.plan.sound.part import NO_SOUND, Sound


@dataclass(frozen=True, slots=True)
class Overlay:
    """Additions to the picture. `end` cuts the output, in seconds."""

    sound: Sound = NO_SOUND
    cues: tuple[Cue, ...] | None = None
    captions: CaptionOptions = field(default_factory=CaptionOptions)
    """The form and the look of the cues."""
    end: Fraction | None = None

    @property
    def draws_captions(self) -> bool:
        return self.cues is not None and self.captions.is_drawn

    def track(self, end: Fraction) -> SubtitleTrack | None:
        """Return the subtitle track of a video that ends at `end`, in seconds; None if there is none."""
        return make_track(self.cues, self.captions, end)

    def complete(
        self,
        plan: Plan,
        made: tuple[DrawnCaptions | None, SubtitleTrack | None],
        end: Fraction,
        size: tuple[int, int],
        options: PlanOptions,
    ) -> Plan:
        """Add to the plan of a video of `size` that ends at `end` its subtitle files, its sound, and warnings."""
        texts = self._write_sidecars(*made, end, size, options) if self.captions.sidecar else {}
        shown = (cue for cue in edit_cues(self.cues or (), self.captions) if cue.start_ms < end * 1000)
        plan = replace(plan, texts=texts, warnings=(*brief_caption_warnings(tuple(shown)), *plan.warnings))
        return self.sound.add_to(plan)

    def _write_sidecars(
        self,
        drawn: DrawnCaptions | None,
        track: SubtitleTrack | None,
        end: Fraction,
        size: tuple[int, int],
        options: PlanOptions,
    ) -> dict[str, str]:
        def script() -> str:
            faces = PortableFaces(options.typefaces or ESTIMATED)
            if drawn is None:
                return script_of_track(track, size, faces)
            if COLOR_EMOJI_FONT in drawn.fonts:
                return draw_captions(self.cues or (), self.captions, size, faces).script
            return drawn.script

        return write_sidecars(self.captions, drawn or track, end, script)

    def draw(self, size: tuple[int, int], options: PlanOptions) -> DrawnCaptions | None:
        """Return the captions for frames of `size`; None if there are none to draw."""
        if self.cues is None or not self.draws_captions:
            return None
        return draw_captions(self.cues, self.captions, size, options.typefaces or ESTIMATED)
