"""Numbers that gateway and worker share. Sizes in bytes, times in seconds."""

from __future__ import annotations

from contract.base import Finite, Message
from contract.roles import Role

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

MAX_BODY_BYTES = 256 * KIB
MAX_URL_LENGTH = 4096
MAX_METADATA_BYTES = 2 * KIB
MAX_METADATA_KEYS = 50

MIN_FRAME_RATE, MAX_FRAME_RATE, DEFAULT_FRAME_RATE = 1.0, 60.0, 24.0
MIN_DURATION, MAX_DURATION, DEFAULT_DURATION = 0.1, 300.0, 5.0
MIN_SIDE, MAX_SIDE = 64, 3840
MAX_IMAGES, MAX_VIDEOS, MAX_CLIPS = 200, 100, 20
MAX_SLIDESHOW_SECONDS = 3600.0
DEFAULT_SLIDE_SECONDS = 4.0
MAX_VOLUME = 4.0
MAX_CAPTION_BYTES = 128 * KIB
MAX_CAPTION_SECONDS = 86_400.0
MAX_WORDS, MAX_WORD_LENGTH = 10_000, 200

PROGRESS_INTERVAL_SECONDS = 5.0

MAX_UPLOAD_BYTES = 2 * GIB
"""The largest input that any role may have (`Limits`)."""
UPLOAD_SINGLE_BYTES = 100 * MIB
"""A larger file is uploaded in parts."""
UPLOAD_PART_BYTES = 16 * MIB


class Limits(Message):
    """Resource limits of one execution. The gateway sends them in each job message; the worker enforces them."""

    max_video_bytes: int = 2 * GIB
    max_audio_bytes: int = 512 * MIB
    max_image_bytes: int = 64 * MIB
    max_subtitle_bytes: int = 2 * MIB
    max_output_bytes: int = 4 * GIB
    max_pixels: int = 120_000_000
    """Width times height of one decoded picture."""
    max_media_seconds: Finite = 3 * 3600.0
    max_cues: int = 20_000
    fetch_seconds: Finite = 300.0
    """Time to download one input, from connecting to its last byte, including all retries."""
    execution_seconds: Finite = 600.0
    """Time for the whole execution. RunPod stops it then, too (`policy.executionTimeout`)."""

    def max_bytes(self, role: Role) -> int:
        """Return the size limit of an input file."""
        return {
            Role.VIDEO: self.max_video_bytes,
            Role.AUDIO: self.max_audio_bytes,
            Role.IMAGE: self.max_image_bytes,
            Role.SUBTITLES: self.max_subtitle_bytes,
        }[role]
