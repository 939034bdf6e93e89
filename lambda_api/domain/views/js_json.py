"""JSON byte for byte as JavaScript's `JSON.stringify` writes it.

Many receivers verify a signature over the body that they parsed and serialized again. For them the two must be equal.
No Python library writes numbers and key order as JavaScript does
(ECMA-262: Number::toString, QuoteJSONString, OrdinaryOwnPropertyKeys).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_LAST_INDEX = 2**32 - 2


def dumps(value: Any) -> str:
    """Serialize JSON types and tuples. Raises ValueError for NaN and the infinities."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{dumps(name)}:{dumps(value[name])}" for name in _order(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, float):
        return format_number(value)
    return json.dumps(value, ensure_ascii=False)


def format_number(value: float) -> str:
    """Format a number without `.0`, and with an exponent only where JavaScript writes one."""
    if not math.isfinite(value):
        raise ValueError("not a JSON number")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + int(exponent)
    if 0 < point <= 21:
        plain = text.ljust(point, "0") if point >= len(text) else f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        plain = f"0.{'0' * -point}{text}"
    else:
        plain = f"{text[0]}{'.' if text[1:] else ''}{text[1:]}e{point - 1:+d}"
    return f"-{plain}" if sign else plain


def _order(value: Mapping[str, Any]) -> list[str]:
    """Order names as a JavaScript object does: array indexes first, by number."""
    indexes = sorted((name for name in value if _is_index(name)), key=int)
    return [*indexes, *(name for name in value if not _is_index(name))]


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 10 and str(int(name)) == name and int(name) <= _LAST_INDEX
