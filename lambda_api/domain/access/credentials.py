"""API keys and the secrets that sign callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCredentials:
    """The contents of the secret at one moment: keys are added and revoked while functions run."""

    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """SHA-256 of an API key in hex → owner."""
    callback_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Owner → `whsec_…` secrets, newest first; two while one is being replaced."""
