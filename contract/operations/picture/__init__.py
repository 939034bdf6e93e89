"""The picture: its size and shape, the motion over a still, and transitions."""

from contract.operations.picture.fit import Fit
from contract.operations.picture.options import PictureOptions, SceneLook, StillOptions
from contract.operations.picture.size import SizeOptions
from contract.operations.picture.timing import exact_rate, frame_count

__all__ = ["Fit", "PictureOptions", "SceneLook", "SizeOptions", "StillOptions", "exact_rate", "frame_count"]
