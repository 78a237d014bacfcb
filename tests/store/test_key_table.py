"""Keys of a large run in little memory: KeyTable, and the records that a resume keeps (StoredRecords)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from arena.stops import Stop
from arena.store.key_table import KeyTable
from arena.store.lines_by_key import LinesByKey, Place
from arena.store.stored import Calls, Stored, StoredRecords

KEYS = [f"crypto/adjourned-chess-move/rep_{number}" for number in range(2000)]


def test_keys_are_numbered_in_order_and_each_once() -> None:
    table = KeyTable(["b", "a", "b", ""])
    assert list(table) == ["b", "a", ""] and len(table) == 3
    assert [table.number(key) for key in ("b", "a", "", "c")] == [0, 1, 2, None]
    assert table.add("c") == 3 and table.add("a") == 1 and "c" in table and table.key(3) == "c"


def test_a_table_that_has_grown_finds_every_key() -> None:
    table = KeyTable(KEYS)
    assert [table.number(key) for key in KEYS] == list(range(len(KEYS))) and list(table) == KEYS
    assert not any(f"{key}0" in table for key in KEYS[-500:])


@pytest.mark.parametrize("key", ["é/ü", "\ud800 alone", "a\0b", "\U0001f600"])
def test_any_text_is_a_key(key: str) -> None:
    table = KeyTable(["first", key])
    assert table.number(key) == 1 and table.key(1) == key


def kept(number: int, attempt: int = 0, calls: int = 1) -> Stored:
    return Stored(Place(number + 1, 100 * number), Stop.MAX_TURNS, attempt, Calls(calls, 0, 2, 0))


def test_stored_records_are_a_mapping_in_the_order_of_entry() -> None:
    wanted = {"b": kept(0), "a": kept(1, 3)}
    stored = StoredRecords(wanted)
    assert stored == wanted and list(stored) == ["b", "a"] and len(stored) == 2
    stored["b"] = kept(5)
    assert stored.pop("a") == kept(1, 3) and stored == {"b": kept(5)} and "a" not in stored
    assert stored.number("a") is None and stored.numbers == 2
    with pytest.raises(KeyError):
        del stored["a"]
    stored["a"] = kept(2)
    assert list(stored) == ["b", "a"]


def test_stored_records_are_removed_while_they_are_iterated_over() -> None:
    stored = StoredRecords({key: kept(number) for number, key in enumerate("abcd")})
    for key, one in stored.items():
        if one.place.number % 2:
            del stored[key]
    assert list(stored) == ["b", "d"] and len(stored) == 2


@pytest.mark.parametrize("huge", [kept(0, attempt=1 << 40), kept(0, calls=1 << 80), kept(1 << 60)])
def test_counts_of_any_size_are_kept(huge: Stored) -> None:
    stored = StoredRecords({"a": kept(1), "b": huge})
    number = stored.number("b")
    assert stored["b"] == huge and number is not None
    assert (stored.attempt(number), stored.calls(number)) == (huge.attempt, huge.calls)
    stored["b"] = kept(2)
    assert stored["b"] == kept(2)


def grown(make: Callable[[list[str]], object], keys: list[str]) -> int:
    """Return the bytes that a structure over these keys keeps."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        structure = make(keys)
        found = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert structure
    return found


def three_lines_each(keys: list[str]) -> LinesByKey:
    lines = LinesByKey()
    for number, key in enumerate(keys * 3, 1):
        lines.add(key, Place(number, 100 * number))
    return lines


STRUCTURES: dict[str, tuple[Callable[[list[str]], object], int]] = {
    "keys": (KeyTable, 70),
    "three lines each": (three_lines_each, 150),
    "stored records": (lambda keys: StoredRecords((key, kept(n)) for n, key in enumerate(keys)), 110),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_key_of_a_large_run_takes_few_bytes(name: str) -> None:
    make, most = STRUCTURES[name]
    keys = [f"crypto/adjourned-chess-move/rep_{number}" for number in range(20_000)]
    assert grown(make, keys) - grown(make, keys[:10_000]) < most * 10_000


def test_lines_of_a_key_are_given_in_the_order_of_the_file() -> None:
    lines = LinesByKey()
    assert not lines and list(lines.of("a")) == []
    for number, key in enumerate("abaab", 1):
        lines.add(key, Place(number, 10 * number))
    assert list(lines.of("a")) == [Place(1, 10), Place(3, 30), Place(4, 40)]
    assert list(lines) == ["a", "b"] and "a" in lines and "c" not in lines and lines


def test_a_forgotten_key_has_no_lines_until_others_are_added() -> None:
    lines = LinesByKey()
    for number in (1, 2):
        lines.add("a", Place(number, number))
    lines.forget("a")
    lines.forget("nobody")
    assert "a" not in lines and list(lines.of("a")) == [] and not lines and list(lines) == []
    lines.add("a", Place(3, 3))
    assert list(lines.of("a")) == [Place(3, 3)] and list(lines) == ["a"]
