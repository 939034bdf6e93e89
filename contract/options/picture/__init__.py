"""The picture: its size and shape, the motion over a still, and transitions."""

from contract.options.picture.fit import Fit
from contract.options.picture.options import PictureOptions, SceneLook, StillOptions
from contract.options.picture.size import SizeOptions
from contract.options.picture.timing import exact_rate, frame_count

__all__ = ["Fit", "PictureOptions", "SceneLook", "SizeOptions", "StillOptions", "exact_rate", "frame_count"]
