"""One encode of one picture track, with or without sound and captions: the part that the operations share."""

from gpu_worker.plan.render.frames import render_frames
from gpu_worker.plan.render.video import render_video

__all__ = ["render_frames", "render_video"]
