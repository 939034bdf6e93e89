"""The operations that a client can request: one module and one model each, identified by `kind`.

A module with a subclass of `Operation` is all that registers an operation. Gateway routes, request schemas, command
lines, the demo, golden events and the README table are derived from `OPERATIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from importlib import import_module
from operator import or_
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from contract.operations.base import Operation
from contract.options.fields import Trimmed, Url
from contract.options.inputs import Input
from contract.options.picture import Fit, exact_rate, frame_count
from contract.options.sound import AudioMode
from contract.roles import Role

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

OPERATIONS: Mapping[str, type[Operation]] = {
    str(model.model_fields["kind"].default): model for model in Operation.__subclasses__()
}
"""Models by kind, in the order of their modules, which is alphabetical."""

if TYPE_CHECKING:
    OperationUnion = Operation
else:
    OperationUnion = Annotated[reduce(or_, OPERATIONS.values()), Field(discriminator="kind")]
"""The field type that reads any operation. Type checkers see the base class: the union depends on the modules."""

__all__ = [
    "OPERATIONS",
    "AudioMode",
    "Fit",
    "Input",
    "Operation",
    "OperationUnion",
    "Role",
    "Trimmed",
    "Url",
    "exact_rate",
    "frame_count",
]
