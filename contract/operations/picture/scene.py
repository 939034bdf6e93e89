"""One picture of several, each with its own motion and fit."""

from __future__ import annotations

from contract.base import Message
from contract.operations.inputs import ImageUrl
from contract.operations.picture.fit import FitChoice
from contract.operations.picture.motion import MotionChoice
from contract.operations.picture.timing import Duration


class SceneImage(Message):
    """One picture of several. What is left out is as the request states it for all."""

    url_image: ImageUrl
    duration: Duration | None = None
    motion: MotionChoice | None = None
    fit: FitChoice | None = None
