"""Write TOML, which the standard library only reads. Libraries for it would be the command's only use of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any


def to_toml(values: Mapping[str, Any]) -> str:
    """Return values that tomllib has read as text again, without comments."""
    return "\n".join(_table((), values)).lstrip("\n") + "\n"


def _table(path: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    plain = {name: value for name, value in values.items() if name not in tables}
    if path and (plain or not tables):
        yield f"\n[{'.'.join(map(_text, path))}]"
    yield from (f"{_text(name)} = {_value(value)}" for name, value in plain.items())
    for name, table in tables.items():
        yield from _table((*path, name), table)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(name)} = {_value(entry)}' for name, entry in value.items())}}}"
    return repr(value)


def _text(name: str) -> str:
    """Return a key, quoted unless it is a bare one."""
    is_bare = name.isascii() and name.replace("-", "_").isidentifier()
    return name if is_bare else _quoted(name)


def _quoted(text: str) -> str:
    # A string of JSON is one of TOML, apart from one character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
