"""The HTTP surface for clients. The only place with FastAPI."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

# FastAPI's models of OpenAPI are for the document alone, which hardly any process is asked for. Left to themselves they
# are compiled when they are imported: a tenth of a cold start. Whoever uses one has it compiled then.
BaseModel.model_config = ConfigDict(defer_build=True)
try:
    import fastapi  # noqa: F401 - its models, wherever they are
finally:
    BaseModel.model_config = ConfigDict()
