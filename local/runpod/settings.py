"""The emulator's settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.runpod.fleet.scaler import Scaling
from local.runpod.jobs.effects import Rules


@dataclass(frozen=True, slots=True)
class Settings:
    """One endpoint. Times in seconds."""

    endpoint_id: str = "local"
    api_key: str = "local-runpod-key"
    scaling: Scaling = field(default_factory=Scaling)
    rules: Rules = field(default_factory=Rules)
    webhook_scale: float = 1.0
    take_hold: float = 20.0
    """Seconds that job-take and job-stop are held open. The SDK does not pause between polls."""
    silence: float = 60.0
    """A worker with a job and without contact for this long is lost."""
    overdue_grace: float = 5.0
    """Seconds between the stop request after an execution timeout and the kill."""
