"""Exports: the predecessor's result shape and the Hugging Face folder, each against its written-down form."""

from __future__ import annotations

import json
import re
import tracemalloc
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.exports import hf_dataset
from arena.analysis.exports.canary import canary_of
from arena.cli.entry import main
from arena.families.crypto import leaderboard_result
from arena.formats import simpleyaml
from arena.records import Stop, whole_text
from arena.store.finished_run import FinishedRun
from tests.support.arena_rig import DIMENSIONS, ROOT
from tests.support.made_manifest import made_manifest
from tests.support.made_runs import CANARY, EXAMPLE, HOSTILE, made_run, record
from tests.support.plain_records import records_of

SHAPE = json.loads((ROOT / "tests/data/leaderboard/result_shape.json").read_bytes())
MIXED = [record(f"c{9 - n}", outcome=outcome, stop=stop) for n, (stop, outcome) in enumerate(
    [("agreed_end", "SUCCESS"), ("refusal", "PARTIAL"), ("max_turns", None), ("player_fault", None),
     ("gate_denied", None), ("budget", None), ("provider", None)])]  # fmt: skip


def problems(value: Any, type_: Any, pointer: str = "", bulky: bool = True) -> list[str]:
    """Return where a value is not of the shape that the file of types describes."""
    if isinstance(type_, list):
        if not isinstance(value, list):
            return [f"{pointer}: no list"]
        return [p for n, one in enumerate(value) for p in problems(one, type_[0], f"{pointer}/{n}", bulky)]
    if isinstance(type_, dict) and "map" in type_:
        if not isinstance(value, dict):
            return [f"{pointer}: no object"]
        return [p for key, one in value.items() for p in problems(one, type_["map"], f"{pointer}/{key}", bulky)]
    if isinstance(type_, dict):
        if not isinstance(value, dict):
            return [f"{pointer}: no object"]
        fields = {name: inner for name, inner in type_["fields"]
                  if bulky or name not in SHAPE["bulky"] or not pointer.startswith("/results/0/matches")}  # fmt: skip
        if list(value) != list(fields):
            return [f"{pointer}: has {list(value)}, not {list(fields)}"]
        return [p for name, inner in fields.items() for p in problems(value[name], inner, f"{pointer}/{name}", bulky)]
    if type_ in SHAPE["names"]:
        return problems(value, SHAPE["names"][type_], pointer, bulky)
    options = type_.split("|")
    if value is None:
        return [] if "null" in options else [f"{pointer}: null"]
    plain = [option for option in options if option != "null"][0]
    if plain in SHAPE["names"]:
        return problems(value, plain, pointer, bulky)
    kinds: dict[str, Callable[[Any], bool]] = {
        "str": lambda v: isinstance(v, str), "int": lambda v: type(v) is int, "bool": lambda v: type(v) is bool,
        "float3": lambda v: type(v) is float and round(v, 3) == v, "object": lambda v: isinstance(v, dict),
    }  # fmt: skip
    return [] if kinds[plain](value) else [f"{pointer}: {value!r} is no {plain}"]


def result_of(folder: Path, out: Path, *words: str) -> tuple[str, Any]:
    assert main(["export", "leaderboard-result", str(folder), "--out", str(out), "--quiet", *words]) == 0
    text = out.read_text(encoding="utf-8")
    return text, json.loads(text)


# The predecessor's shape


@pytest.mark.parametrize("transcripts", [True, False])
def test_the_file_has_the_written_down_shape(transcripts: bool, tmp_path: Path) -> None:
    words = ("--include-transcripts",) if transcripts else ()
    for folder in (EXAMPLE, made_run(tmp_path / "mixed", MIXED), made_run(tmp_path / "none", [], planned=2)):
        text, value = result_of(folder, tmp_path / "out.json", *words)
        assert problems(value, SHAPE["file"], bulky=transcripts) == []
        assert value["results"][0]["config"]["include_transcripts"] is transcripts
        assert text == json.dumps(value, indent=2, ensure_ascii=False) + "\n", (
            "indent 2, raw UTF-8, nothing streamed askew"
        )


def test_the_shape_refuses_what_is_not_it(tmp_path: Path) -> None:
    _, good = result_of(made_run(tmp_path / "run", MIXED), tmp_path / "out.json", "--include-transcripts")

    def changed(change: Callable[[dict[str, Any]], Any]) -> list[str]:
        value = json.loads(json.dumps(good))
        change(value["results"][0])
        return problems(value, SHAPE["file"])

    assert changed(lambda result: None) == []
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda r: r.pop("elapsed_s"),
        lambda r: r.update(extra=1),
        lambda r: r.update(benchmark_version=r.pop("benchmark_version")),  # another order
        lambda r: r["config"].update(seed="0"),
        lambda r: r["summary"]["mean_scores"].update({"Security Strength": 3.33333}),
        lambda r: r["summary"]["outcomes"].pop("PARTIAL"),
        lambda r: r["matches"][0].update(judge_verdict={"scores": {}, "verdict": ""}),
        lambda r: r["matches"][0]["judge_verdict"]["scores"].update({"Security Strength": 4.5}),
        lambda r: r["matches"][0]["transcript"].append({"speaker": "A", "content": None}),
        lambda r: r["matches"][0].pop("challenge"),
        lambda r: r.update(matches={}),
    ]
    assert [number for number, change in enumerate(changes) if not changed(change)] == []


def test_every_status_is_an_error_or_has_a_verdict(tmp_path: Path) -> None:
    records = [record(f"c{n}", stop=stop.value, outcome="PARTIAL") for n, stop in enumerate(Stop)]
    _, value = result_of(made_run(tmp_path / "run", records), tmp_path / "out.json")
    (result,) = value["results"]
    for one, match in zip(records, result["matches"], strict=True):
        assert (match["error"] is None) == (match["judge_verdict"] is not None) == (one["status"] == "done")
        assert match["outcome"] == {"done": "PARTIAL", "aborted": "FAILED"}.get(one["status"])
        assert one["status"] == "done" or match["error"].startswith(one["status"] + ": ")
    errors = sum(unit["errors"] for unit in result["summary"]["per_challenge"])
    assert errors == sum(match["error"] is not None for match in result["matches"]) > 5


def test_challenges_are_sorted_and_matches_are_not(tmp_path: Path) -> None:
    _, value = result_of(made_run(tmp_path / "run", MIXED), tmp_path / "out.json")
    (result,) = value["results"]
    ids = [unit["challenge_id"] for unit in result["summary"]["per_challenge"]]
    assert ids == sorted(ids) and [m["challenge_id"] for m in result["matches"]] == ids[::-1]
    assert value["canary"] == CANARY and value["participants"] == {"agent": "mock/careful"}
    assert (result["benchmark_version"], result["benchmark_created_at"]) == ("test_v2", "2026-11-20")


@pytest.mark.parametrize(
    ("settings", "limit", "ids"),
    [({}, 7, False), ({"limit": 7}, 7, False), ({"challenge_split": "train"}, 7, True),
     ({"challenge_ids": ["c9"]}, 7, True)],
)  # fmt: skip
def test_the_config_names_what_was_chosen(settings: dict[str, Any], limit: int, ids: bool, tmp_path: Path) -> None:
    _, value = result_of(made_run(tmp_path / "run", MIXED, settings=settings), tmp_path / "out.json")
    config = value["results"][0]["config"]
    assert (config["limit_challenges"], bool(config["challenge_ids"])) == (limit, ids)


def test_what_the_shape_cannot_hold_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cross = made_run(tmp_path / "cross", MIXED, models={"roles": {"Ana": "local/x"}})
    assert main(["export", "leaderboard-result", str(cross), "--out", str(tmp_path / "x.json")]) == 2
    assert "Ana had another model" in capsys.readouterr().err
    other = made_run(tmp_path / "other", MIXED)
    (other / "manifest.json").write_text(json.dumps(made_manifest({"family": "risk"})), encoding="utf-8")
    assert main(["export", "leaderboard-result", str(other), "--out", str(tmp_path / "x.json")]) == 2
    assert capsys.readouterr().err == (
        f"arena export: {other}: this format is for the crypto family, not for risk: give a run of `arena run`\n"
    )
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [], "nothing half written"


# The Hugging Face folder


def folder_of(run: Path, out: Path, *words: str) -> tuple[dict[str, Any], str, dict[str, list[dict[str, Any]]]]:
    """Export; return the front matter, the text below it, and table -> rows."""
    assert main(["export", "hf-dataset", str(run), "--out", str(out), "--quiet", *words]) == 0
    _, front, body = (out / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    rows = {path.stem: [json.loads(line) for line in path.read_bytes().splitlines()]
            for path in sorted((out / "data").iterdir())}  # fmt: skip
    return simpleyaml.loads(front, "README.md"), body, rows


TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "int64": (int,), "float64": (float,), "bool": (bool,)}


@pytest.mark.parametrize("made", [None, MIXED])
def test_the_folder_holds_what_it_declares(made: list[dict[str, Any]] | None, tmp_path: Path) -> None:
    run = EXAMPLE if made is None else made_run(tmp_path / "run", made)
    front, _, rows = folder_of(run, tmp_path / "out")
    assert front["license"] == "mit"
    assert [config["config_name"] for config in front["configs"]] == list(rows) == ["matches", "turns"]
    for config, info in zip(front["configs"], front["dataset_info"], strict=True):
        name = config["config_name"]
        assert config["data_files"] == [{"split": "test", "path": f"data/{name}.jsonl"}]
        declared = {feature["name"]: feature["dtype"] for feature in info["features"]}
        assert info["config_name"] == name and rows[name]
        for row in rows[name]:
            assert list(row) == list(declared)
            for column, value in row.items():
                assert value is None or type(value) in TYPES[declared[column]], (column, value)
    records = records_of(run)
    assert [row["key"] for row in rows["matches"]] == [one["key"] for one in records]
    assert len(rows["turns"]) == sum(len(one["transcript"]) for one in records)


def test_nothing_is_lost_of_a_transcript(tmp_path: Path) -> None:
    _, _, rows = folder_of(EXAMPLE, tmp_path / "out")
    entries = [entry for one in records_of(EXAMPLE) for entry in one["transcript"]]
    for row, entry in zip(rows["turns"], entries, strict=True):
        back = {"turn": row["turn"], "from": row["seat"], "kind": row["kind"],
                "to": "all" if row["public"] else [row["seat"]], **json.loads(row["more_json"] or "{}")}  # fmt: skip
        back |= {name: row[name] for name in ("text", "op") if row[name] is not None}
        assert back == entry


def test_scores_raw_and_verified_stand_apart(tmp_path: Path) -> None:
    _, _, rows = folder_of(EXAMPLE, tmp_path / "out")
    for row, one in zip(rows["matches"], records_of(EXAMPLE), strict=True):
        assert {name: row[name] for name in DIMENSIONS} == one["scores"]
        assert {name: row[f"verified {name}"] for name in DIMENSIONS} == one["judging"]["verified"]["scores"]


def test_every_file_and_every_row_has_the_canary(tmp_path: Path) -> None:
    _, body, rows = folder_of(made_run(tmp_path / "run", MIXED), tmp_path / "out")
    assert CANARY in body
    assert {row["canary"] for table in rows.values() for row in table} == {CANARY}


def test_no_column_is_one_that_data_frames_change(tmp_path: Path) -> None:
    _, _, rows = folder_of(EXAMPLE, tmp_path / "out")
    for table in rows.values():
        assert not [name for name in table[0] if re.fullmatch(r"timestamp.*|.*_at|.*_time|modified|date", name)]
        assert all(row["run"].startswith("sha256:") for row in table)
        texts = [value for row in table for name, value in row.items() if name.endswith("_json") and value is not None]
        assert texts and all(isinstance(json.loads(text), dict) for text in texts)


def test_a_run_without_turns_declares_no_empty_table(tmp_path: Path) -> None:
    front, _, rows = folder_of(made_run(tmp_path / "run", [record(stop="bug", transcript=[])]), tmp_path / "out")
    assert list(rows) == ["matches"] == [config["config_name"] for config in front["configs"]]
    assert sorted(path.name for path in (tmp_path / "out/data").iterdir()) == ["matches.jsonl"]


def test_pandas_reads_it_without_options(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is missing: pip install pandas")
    _, _, rows = folder_of(EXAMPLE, tmp_path / "out")
    for name, table in rows.items():
        frame = pandas.read_json(tmp_path / f"out/data/{name}.jsonl", lines=True)
        assert list(frame.columns) == list(table[0]) and len(frame) == len(table)
        for column in ("run", "key", "canary"):
            assert list(frame[column]) == [row[column] for row in table]


def test_datasets_reads_it_without_options(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is missing: pip install datasets")
    _, _, rows = folder_of(EXAMPLE, tmp_path / "out")
    for name, table in rows.items():
        found = datasets.load_dataset(str(tmp_path / "out"), name, split="test", cache_dir=str(tmp_path / "cache"))
        assert found.to_list() == table


def test_the_document_lists_every_column(tmp_path: Path) -> None:
    page = (ROOT / "docs/leaderboard.md").read_text(encoding="utf-8").partition("## The Hugging Face folder")[2]
    _, _, rows = folder_of(EXAMPLE, tmp_path / "out")
    for table in rows.values():
        for name in table[0]:
            known = name in DIMENSIONS or name.startswith(("label_", "verified "))
            assert known or f"`{name}`" in page, name


@pytest.mark.parametrize("licence", ["", "no licence", "MIT\nconfigs: []", "../x"])
def test_a_licence_that_is_none_is_refused(licence: str, tmp_path: Path) -> None:
    words = ["export", "hf-dataset", str(EXAMPLE), "--out", str(tmp_path / "out"), "--license", licence]
    assert main(words) == 2 and not (tmp_path / "out").exists()


def test_what_cannot_be_exported_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine", encoding="utf-8")
    assert main(["export", "hf-dataset", str(EXAMPLE), "--out", str(tmp_path / "full")]) == 2
    empty = made_run(tmp_path / "empty", [])
    assert main(["export", "hf-dataset", str(empty), "--out", str(tmp_path / "out")]) == 2
    assert "no match yet" in capsys.readouterr().err
    assert main(["export", "parquet", str(EXAMPLE), "--out", str(tmp_path / "out")]) == 2
    assert main(["export", "hf-dataset", str(tmp_path), "--out", str(tmp_path / "out")]) == 2


# Both


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_out_as_they_went_in(text: str, tmp_path: Path) -> None:
    ends = (("agreed_end", "FAILED"), ("agreed_end", None), ("provider", None))
    records = [
        record(f"c{n}", outcome=outcome, stop=stop, text=text, cell={"participant": text})
        for n, (stop, outcome) in enumerate(ends)
    ]
    run = made_run(tmp_path / "run", records, models={"participant": text, "judge": text})
    plain, value = result_of(run, tmp_path / "out.json", "--include-transcripts")
    assert problems(value, SHAPE["file"]) == []
    assert value["results"][0]["matches"][0]["transcript"][0]["content"] == whole_text(text)
    front, body, rows = folder_of(run, tmp_path / "out")
    assert rows["turns"][1]["text"] == whole_text(text) and rows["matches"][0]["players"] == text
    assert list(front) == ["license", "pretty_name", "tags", "configs", "dataset_info"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", body)
    assert not re.search(r"[<>\[\]*]|https?://", re.sub(r"\\[!-/:-@\[-`{-~]", "", body))


@pytest.mark.parametrize("header", [{"format": 2, "benchmark_version": "x_v1"},
                                    {"format": 2, "benchmark_version": "x_v1", "canary": "no guid here"}])  # fmt: skip
def test_a_set_without_a_guid_gets_one_that_its_challenges_decide(
    header: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = (made_run(tmp_path / name, MIXED, header=header) for name in ("a", "b"))
    other = made_run(tmp_path / "c", MIXED, header=header, rules={"challenges_sha256": "f" * 64})
    (text, of_set), again, third = (canary_of(FinishedRun(run)) for run in (one, two, other))
    assert not of_set and (text, of_set) == again and third[0] != text
    assert uuid.UUID(text.rpartition(" ")[2]).version == 5
    result_of(one, tmp_path / "out.json")
    assert "names no canary" in capsys.readouterr().err


def test_exports_take_no_more_memory_for_more_matches(tmp_path: Path) -> None:
    def peak(n: int, export: Callable[[FinishedRun, Path], Any]) -> int:
        run = FinishedRun(tmp_path / str(n))
        out = tmp_path / f"out-{len(list(tmp_path.iterdir()))}"
        tracemalloc.start()
        export(run, out)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def as_result(run: FinishedRun, out: Path) -> None:
        leaderboard_result.export(run, out, True, "")

    def as_folder(run: FinishedRun, out: Path) -> None:
        hf_dataset.export(run, out)

    for n in (20, 600):
        made_run(tmp_path / str(n), [record("c1", rep, outcome="SUCCESS", text="x" * 1000) for rep in range(n)])
    for export in (as_result, as_folder):
        peak(20, export)  # what is loaded once
        assert peak(600, export) < peak(20, export) + 200_000, "600 matches hold more than 3 MB of text"
