"""matches.jsonl as a table: one schema for every line, which readers of tables infer without options."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arena.formats.json_text import json_text
from arena.records import COUNTERS, Counters, Stop
from tests.support.arena_rig import DIMENSIONS, ROOT, arena
from tests.support.made_runs import record
from tests.support.plain_records import CHECKS, stored

EXAMPLE = ROOT / "state/examples/mock-three/matches.jsonl"
MAPS = frozenset({"/cell", "/scores"})
"""Objects whose members are names that a run chooses; their values have one type."""


def shape(value: Any, pointer: str = "") -> Any:
    """Return the type of a value as a table has it; None if the value leaves it open."""
    if isinstance(value, dict):
        inner = {name: shape(one, f"{pointer}/{name}") for name, one in value.items()}
        return {"*": merged(list(inner.values()), f"{pointer}/*")} if pointer in MAPS else inner
    if isinstance(value, list):
        return [merged([shape(one, f"{pointer}/*") for one in value], f"{pointer}/*")]
    return None if value is None else type(value).__name__


def merged(shapes: list[Any], pointer: str) -> Any:
    """Return the one shape that several values have. Errors: AssertionError with the pointer where they have two."""
    known = [one for one in shapes if one is not None]
    if not known:
        return None
    assert len({type(one) for one in known}) == 1, (pointer, known)
    first = known[0]
    if isinstance(first, dict):
        assert len({tuple(one) for one in known}) == 1, (pointer, [list(one) for one in known])
        return {name: merged([one[name] for one in known], f"{pointer}/{name}") for name in first}
    if isinstance(first, list):
        return [merged([one[0] for one in known], f"{pointer}/*")]
    assert len(set(known)) == 1, (pointer, set(known))
    return first


def least() -> dict[str, Any]:
    """Return a match that broke off before anything was said."""
    return stored(record(stop="bug", transcript=[], usage={}, scores={}, cell={}, judging={}, verdict=None))


def most() -> dict[str, Any]:
    """Return a match that has all that a record can have."""
    judgement = {"judge": "mock/judge", "repetition": 1, "scores": dict.fromkeys(DIMENSIONS, 4), "unscored": None,
                 "verdict": "Good."}  # fmt: skip
    line = stored(record(outcome="SUCCESS", judging={"asks": 2, "panel": [judgement] * 3}))
    line["cast"] = [{"seat": "Ana", "model": "mock/careful"}]
    line["gates"] = json_text([{"phase": "before"}])
    line["score_detail"] = json_text({"checks": CHECKS})
    return {**line, "prev": "0" * 64}


def lines() -> list[dict[str, Any]]:
    found = [stored(record(outcome="PARTIAL", stop=stop)) for stop in Stop]
    return [least(), *found, most(), *map(json.loads, EXAMPLE.read_bytes().splitlines())]


def test_every_line_has_the_same_members_of_the_same_types() -> None:
    without_chain = [{name: value for name, value in line.items() if name != "prev"} for line in lines()]
    assert merged([shape(line) for line in without_chain], "")["usage"][0]["calls"] == "int"


def test_every_counter_is_added_up() -> None:
    total = Counters("A", **{name: 100 * place for place, name in enumerate(COUNTERS)})
    total.add(Counters("B", **dict.fromkeys(COUNTERS, 7)))
    assert total == Counters("A", **{name: 100 * place + 7 for place, name in enumerate(COUNTERS)})


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.update(outcome=None, extra=1),
        lambda line: line["transcript"][0].pop("text"),
        lambda line: line["transcript"][0].update(args={"a": 1}),
        lambda line: line["scores"].update({DIMENSIONS[0]: 3}),
        lambda line: line.update(usage={"Ana": {"calls": 1}}),
        lambda line: line["judging"].update(panel=[]),
    ],
)
def test_a_line_of_another_schema_is_noticed(change: Callable[[dict[str, Any]], Any]) -> None:
    other = most()
    change(other)
    with pytest.raises(AssertionError):
        merged([shape(most()), shape(other)], "")


# The readers themselves


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Path:
    """The records of a run of the whole challenge set."""
    out = tmp_path_factory.mktemp("played") / "run"
    assert arena("--judge-tools", "--out", str(out)).code == 0
    return out / "matches.jsonl"


def polars(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pytest.importorskip("polars").read_ndjson(file).to_dicts()
    return rows


def duckdb(file: Path) -> list[dict[str, Any]]:
    found = pytest.importorskip("duckdb").connect().sql(f"select * from read_json_auto('{file}')")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def pandas(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pytest.importorskip("pandas").read_json(file, lines=True).to_dict("records")
    return rows


def datasets(file: Path) -> list[dict[str, Any]]:
    load = pytest.importorskip("datasets").load_dataset
    rows: list[dict[str, Any]] = load("json", data_files=str(file), cache_dir=str(file.parent / "cache"))[
        "train"
    ].to_list()
    return rows


@pytest.mark.long
@pytest.mark.parametrize("reader", [polars, duckdb, pandas, datasets], ids=lambda reader: str(reader.__name__))
def test_reader_of_tables_takes_a_run_without_options(
    reader: Callable[[Path], list[dict[str, Any]]], played: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    rows, wanted = reader(played), [json.loads(line) for line in played.read_bytes().splitlines()]
    assert len(rows) == len(wanted) > 70
    for row, line in zip(rows, wanted, strict=True):
        assert list(row) == list(line)
        for name in ("key", "cell", "cast", "transcript", "usage", "scores", "judging", "instance", "score_detail"):
            assert row[name] == line[name], (line["key"], name)
