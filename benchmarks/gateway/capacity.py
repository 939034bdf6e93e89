"""Compute the on-demand capacity units that DynamoDB charges for a read or a write.

Source: Amazon DynamoDB Developer Guide, "Read and write operations", "Item sizes and formats" and "Global secondary
indexes: write capacity units". Both indexes hold keys only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_INDEXES = (("owner", "created_key"), ("due_shard", "due_at"))
Item = Mapping[str, Any]


def write_units(old: Item | None, new: Item) -> int:
    """Return the units of one put: one per started KiB of the larger item, and one per index entry added or removed."""
    return max(_units(new, 1024), _units(old or {}, 1024)) + sum(
        _index_units(old or {}, new, keys) for keys in _INDEXES
    )


def read_units(item: Item | None) -> int:
    """Return the units of one strongly consistent read: one per started 4 KiB; a missing item costs one."""
    return _units(item or {}, 4096)


def size(item: Item) -> int:
    """Return the size in bytes: names, text as UTF-8, bytes (in Base64 here), and half a byte per digit plus one."""
    return sum(len(name) + _value_size(*next(iter(value.items()))) for name, value in item.items())


def _value_size(kind: str, value: str) -> int:
    if kind == "B":
        return len(value) * 3 // 4
    return len(value) // 2 + 2 if kind == "N" else len(value.encode())


def _units(item: Item, step: int) -> int:
    return max(1, -(-size(item) // step))


def _index_units(old: Item, new: Item, keys: tuple[str, str]) -> int:
    before, after = (tuple(item[key] for key in keys) if keys[1] in item else None for item in (old, new))
    if before == after:
        return 0
    return (before is not None) + (after is not None)
