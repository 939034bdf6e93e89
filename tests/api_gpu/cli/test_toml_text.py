"""What is written is what was read."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from api_gpu.cli.settings.toml_text import to_toml

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_plain = _texts | st.integers(-(2**60), 2**60) | st.booleans() | st.floats(allow_nan=False) | st.dates() | st.times()
_values = st.recursive(_plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3))


@given(st.dictionaries(_texts, _values, max_size=5))
def test_values_return_as_they_were(values: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(values)) == values


def test_settings_are_written_as_people_write_them() -> None:
    profiles = {"default": {"url": "https://api.example.com", "api_key": "k"}, "my work": {"url": "u"}}
    assert to_toml({"profile": "default", "profiles": profiles}) == (
        'profile = "default"\n\n[profiles.default]\nurl = "https://api.example.com"\napi_key = "k"\n\n'
        '[profiles."my work"]\nurl = "u"\n'
    )
