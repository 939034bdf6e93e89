"""Colors in requests: `#RRGGBB` and, with opacity, `#RRGGBBAA`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_COLOR = "#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})"
_OPAQUE = "#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})"


def _reader(pattern: str, shapes: str) -> Any:
    """Return a validator that returns a color with six or eight upper-case digits."""

    def read(value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(pattern, value.strip()):
            raise ValueError(f'must be a color as {shapes}, for example "#FFCC00"')
        digits = value.strip()[1:].upper()
        return "#" + (digits if len(digits) != 3 else "".join(digit * 2 for digit in digits))

    return read


Color = Annotated[
    str,
    Field(pattern=f"^{_COLOR}$", examples=["#FFCC00"]),
    BeforeValidator(_reader(_COLOR, "#RRGGBB or #RRGGBBAA")),
]
OpaqueColor = Annotated[
    str,
    Field(pattern=f"^{_OPAQUE}$", examples=["#FFCC00"]),
    BeforeValidator(_reader(_OPAQUE, "#RRGGBB")),
]
