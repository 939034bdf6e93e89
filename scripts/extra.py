"""Print the requirements of an extra of pyproject.toml, for `scripts/lock.sh`: `python scripts/extra.py lambda`.

Without those of the project itself, which are the client's: only an extra that names `api-gpu` itself has them. A
resolver that reads pyproject.toml adds them to every extra, also to the functions' and the worker's.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_OWN = re.compile(r"api-gpu(?:\[([a-z0-9,-]+)\])?")


def requirements_of(extra: str, project: Mapping[str, Any]) -> Iterator[str]:
    """Yield the requirements of an extra, and of those that it includes."""
    for requirement in project["optional-dependencies"][extra]:
        own = _OWN.fullmatch(requirement)
        if own is None:
            yield requirement
        elif own[1] is None:
            yield from project["dependencies"]
        else:
            for included in own[1].split(","):
                yield from requirements_of(included, project)


if __name__ == "__main__":
    text = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    print("\n".join(dict.fromkeys(requirements_of(sys.argv[1], tomllib.loads(text)["project"]))))
