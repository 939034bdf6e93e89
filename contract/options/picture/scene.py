"""One picture of several, each with its own motion and fit."""

from __future__ import annotations

from contract.base import Message
from contract.options.inputs import ImageUrl
from contract.options.picture.fit import FitChoice
from contract.options.picture.motion import MotionChoice
from contract.options.picture.timing import Duration


class SceneImage(Message):
    """One picture of several. What is left out is as the request states it for all."""

    url_image: ImageUrl
    duration: Duration | None = None
    motion: MotionChoice | None = None
    fit: FitChoice | None = None
