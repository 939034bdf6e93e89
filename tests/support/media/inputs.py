"""Inputs of plans and jobs, named as most operations have them."""

from __future__ import annotations

from typing import Any

from contract.options.inputs import ROLES
from gpu_worker.media.info import Facts, PhotoInfo
from gpu_worker.plan.model import AUDIO, IMAGE, VIDEO, Inputs, local_name


def inputs_of(
    video: Facts | None = None, audio: Facts | None = None, image: PhotoInfo | None = None, **others: Any
) -> Inputs:
    """Return the inputs of a job that has at most one of each kind."""
    media = {field: facts for field, facts in ((VIDEO, video), (AUDIO, audio)) if facts is not None}
    return Inputs(media, {} if image is None else {IMAGE: image}, **others)


def local_role(role: str) -> str:
    """Return the name, in the job's directory, of the input of a role such as `subtitles`."""
    return local_name(next(field for field, known in ROLES.items() if known == role))
