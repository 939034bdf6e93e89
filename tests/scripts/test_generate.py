"""The files that are derived from the operations."""

from __future__ import annotations

from contract.operations import OPERATIONS
from tests.support.scripts import script


def test_derived_files_are_up_to_date() -> None:
    with script("generate") as generate:
        outdated = [path.name for path, text in generate.render().items() if path.read_text(encoding="utf-8") != text]
    assert outdated == [], "run `make generate`"


def test_readme_table_has_a_row_for_each_operation() -> None:
    with script("generate") as generate:
        block = generate.README.read_text(encoding="utf-8").partition(generate.BEGIN)[2].partition(generate.END)[0]
    for operation in OPERATIONS.values():
        assert f"| [`POST {operation.path}`](docs/fields.md#" in block
