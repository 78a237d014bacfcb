"""Compact JSON with the encoder that is made once, or with texts that are kept: what the standard library writes."""

from __future__ import annotations

import json

import pytest

from arena.formats.json_text import AsciiTexts, ascii_json, compact_json
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


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_ascii_json_is_what_the_standard_library_writes_with_and_without_kept_texts(value: Json) -> None:
    kept, written = AsciiTexts(), json.dumps(value, separators=(",", ":"))
    assert ascii_json(value) == kept.json(value) == kept.json(value) == written


def test_kept_texts_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []

    def encode(text: str) -> str:
        encoded.append(text)
        return f'"{text}"'

    kept, value = AsciiTexts(), {"role": "user", "content": "said"}
    monkeypatch.setattr("arena.formats.json_text._json.encode_basestring_ascii", encode)
    texts = [kept.json([value] * count) for count in (1, 2, 3)]
    monkeypatch.undo()
    assert texts == [json.dumps([value] * count, separators=(",", ":")) for count in (1, 2, 3)]
    assert encoded == ["role", "user", "content", "said"]


def test_kept_texts_refuse_what_is_no_json() -> None:
    with pytest.raises(TypeError):
        AsciiTexts().json({"a": object()})
