"""Links and file paths in the documentation exist, and versions agree."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_api.web.app import VERSION

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/*.md", "docs/adr/*.md", "tests/README.md", "integrations/*.md")
    for page in ROOT.glob(pattern)
)  # fmt: skip
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`([\w.*-]+(?:/[\w.*-]+)*/?)(?:::\w+)?`")
SOURCE_SUFFIXES = {".md", ".py", ".sh", ".toml", ".yaml"}
WRITTEN_BY_BENCHES = {"benchmarks/media.json", "benchmarks/gateway.json", "benchmarks/load.json"}
GENERATED_PAGES = {"faults.md"}


def prose(page: Path) -> str:
    return CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(prose(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def missing_paths(page: Path) -> Iterator[str]:
    """Yield backticked paths into this repository, and names of source files, that match no file."""
    for path in PATH.findall(prose(page)):
        first = path.split("/")[0]
        in_repository = "/" in path and first != ".." and (ROOT / first).is_dir()
        if not in_repository and ("/" not in path or Path(path).suffix not in SOURCE_SUFFIXES):
            continue
        if path not in WRITTEN_BY_BENCHES and not any(ROOT.glob(path)):
            yield path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_of_a_page_exist(page: Path) -> None:
    assert not list(broken_links(page))
    assert page.name in GENERATED_PAGES or not list(missing_paths(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_of_a_page_exist(page: Path) -> None:
    named = set(re.findall(r"(?:`|^\$ |^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_picture_of_the_readme_is_small() -> None:
    assert 0 < (ROOT / "docs" / "short.webp").stat().st_size < 300_000


def test_checks_find_a_broken_link_and_a_missing_path(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](none.md) [b](#none) `docs/none.md` `usecases/none.py` `docs/adr`\n", encoding="utf-8")
    assert list(broken_links(page)) == ["none.md", "#none"]
    assert list(missing_paths(page)) == ["docs/none.md", "usecases/none.py"]


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    latest = re.search(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert latest is not None
    assert latest[1] == project["version"] == VERSION
