"""Compact JSON with the encoder that is made once: the same text as the standard library's own way."""

from __future__ import annotations

import json

import pytest

from arena.formats.json_text import compact_json
from arena.formats.json_types import Json

VALUES: tuple[Json, ...] = (
    "", "é \N{SNOWMAN} \ud800 \u2028 \"quoted\" \\ \n", None, True, 0, -7, 1.0, 1e-7, 10**30, [], {},
    [[], {"a": [1, None]}], {"b": 1, "a": {"c": (1, 2)}},
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_compact_json_is_what_the_standard_library_writes(value: Json) -> None:
    assert compact_json(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_compact_json_refuses_what_is_no_json() -> None:
    with pytest.raises(TypeError):
        compact_json({"a": object()})
