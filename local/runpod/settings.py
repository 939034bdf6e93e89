"""How the emulator behaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.runpod.effects import Rules
from local.runpod.scaler import Scaling


@dataclass(frozen=True, slots=True)
class Settings:
    """One endpoint. Times in seconds."""

    endpoint_id: str = "local"
    api_key: str = "local-runpod-key"
    scaling: Scaling = field(default_factory=Scaling)
    rules: Rules = field(default_factory=Rules)
    webhook_scale: float = 1.0
    take_hold: float = 20.0
    """How long job-take and job-stop are held open. The SDK has no pause of its own between polls."""
    silence: float = 60.0
    """A worker that holds a job and has not been heard of for this long is lost."""
    overdue_grace: float = 5.0
    """After an execution timeout the worker is told to stop, then killed if it has not."""
