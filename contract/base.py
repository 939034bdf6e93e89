"""The base of all messages. It ignores unknown fields, because the peer may be newer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

CONTRACT_VERSION = 2
"""Version of the messages in this package. Since version 2 a result is a list of artifacts."""

PREVIOUS_VERSION = CONTRACT_VERSION - 1
ACCEPTED_VERSIONS = frozenset({PREVIOUS_VERSION, CONTRACT_VERSION})
"""Gateway and worker accept this version and the one before, so that either can be deployed first."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
"""A float without NaN and infinities, which JSON cannot represent (RFC 8259)."""


class Message(BaseModel):
    """A message between gateway and worker. Unknown fields, from a newer peer, are ignored."""

    # Built at first use: no process needs all messages, and a cold start may need none.
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, defer_build=True)
