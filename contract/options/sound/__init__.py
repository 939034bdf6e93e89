"""Sound: how a new one is added, music under it, and the loudness of the result."""

from contract.options.sound.options import AudioMode, FitAudio, SoundOptions

__all__ = ["AudioMode", "FitAudio", "SoundOptions"]
