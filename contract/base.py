"""The shared pydantic base: tolerant, for a peer may be newer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

CONTRACT_VERSION = 1
"""Version of the messages in this package. Version 1 was the first."""

ACCEPTED_VERSIONS = frozenset({max(1, CONTRACT_VERSION - 1), CONTRACT_VERSION})
"""Gateway and worker accept this version and the one before, so that either can be deployed first."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
"""A float that is a number: NaN and the infinities are refused (RFC 8259 has no spelling for them)."""


class Message(BaseModel):
    """A message between the two sides: unknown fields come from a newer peer and are skipped."""

    # Compiled at first use: no process needs all messages, and a function that starts may need none.
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, defer_build=True)
