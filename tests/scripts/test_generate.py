"""The files that are derived from the operations."""

from __future__ import annotations

import re

from contract.operations import OPERATIONS
from tests.support.scripts import script


def test_derived_files_are_up_to_date() -> None:
    with script("generate") as generate:
        files = generate.render()
        stale = [path.name for path in generate.stale(files)]
    outdated = [path.name for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    assert outdated == stale == [], "run `make generate`"


def test_readme_table_has_a_row_for_each_operation() -> None:
    with script("generate") as generate:
        block = generate.README.read_text(encoding="utf-8").partition(generate.BEGIN)[2].partition(generate.END)[0]
    for operation in OPERATIONS.values():
        assert f"| [`POST {operation.path}`](docs/fields.md#" in block


def test_objects_have_sections_that_fields_link_to() -> None:
    with script("generate") as generate:
        text = generate.render()[generate.FIELDS]
    headings = {title.replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    links = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert {"style", "ducking", "keep"} <= links <= headings
    assert "| [`motion`](#motion) |" in text
    before, objects = text.split("## Objects")
    assert "\n### focus\n" in objects
    assert "###" not in before


def test_notes_follow_the_description_of_a_field() -> None:
    with script("generate") as generate:
        text = generate.render()[generate.FIELDS]
    assert "`none` leaves it. By default -14 with music, else `none` |" in text
    assert "Spaces and accents" not in text
