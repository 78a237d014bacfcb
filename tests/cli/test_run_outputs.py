"""What a run leaves behind: the files and fields of docs/run-directory.md, and nothing that differs by chance."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.schema import encode_role
from arena.families.crypto.outcome import OUTCOMES
from arena.records import COUNTERS
from arena.store.journal import encode_line
from tests.support.arena_rig import (
    CLOCKED,
    DIMENSIONS,
    NO_TOOLS,
    ROOT,
    Ended,
    Table,
    arena,
    challenge,
    environment,
    process,
    results,
    verdict,
)

DOC = (ROOT / "docs" / "run-directory.md").read_text(encoding="utf-8")
ODD_ROLES = ("Ärztin", "a b", "Seller=1")


def section(title: str) -> str:
    return DOC.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def documented(text: str) -> set[str]:
    """Return the names in the first column of the tables of a text."""
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Ended:
    """A run in which everything occurs that a record can hold: tools, mends, malformed calls, empty replies, errors."""
    folder = tmp_path_factory.mktemp("rich")
    asking = challenge("c1")
    asking["judge"]["items"] = [
        {"id": name, "asks": f"Is {name} seen?", "dimension": "Security Strength", "good": "yes"} for name in "abc"
    ]
    table = Table(folder, [asking, challenge("c2"), challenge("c3", ODD_ROLES)])
    turns = {
        "Ana": [
            {"text": "a private note", "calls": [{"op": "hash", "args": {"data": "utf8:a"}}]},
            '{"tool_call": {"op": "ping", "args": {},}}',
            '{"tool_call": {"op": "nothing"',
            "What do you say?",
            {"text": "Done then.", "done": {"total": "123456789012345678901"}},
        ],
        "Bo": ["I agree.", {"text": "Agreed.", "done": "yes"}],
        **{role: ["Hello.", "=1+1", "007"] for role in ODD_ROLES},
    }
    judge = [{"calls": [{"op": "ping"}]}, verdict(5, 4, 3, 4, 5, text='Fine,\n"quoted"')]
    answers = [{"id": name, "answer": "yes", "turn": 0} for name in "abc"]
    answered = [judge[0], json.dumps({**json.loads(judge[1]), "items": answers})]
    silent = {"Ana": ["", ""], "Bo": []}
    trials = {
        "crypto/c1/rep_0": {"judge": answered},
        "crypto/c1/rep_1": {"judge": answered},
        "crypto/c2/rep_0": {"turns": silent},
        "crypto/c2/rep_1": {"turns": {"Ana": [], "Bo": []}},
    }
    ended = table.play(
        "--calculator-provider", "process", "--judge-tools", "--repetitions", "2", "--max-turns", "4",
        "--continue-on-error", turns=turns, judge=judge, trials=trials,
    )  # fmt: skip
    assert ended.code == 1, ended.err
    stops = {(record["unit"], record["plan"]["rep"]): record["stop"] for record in ended.records()}
    assert stops == {
        ("c1", 0): "agreed_end", ("c1", 1): "agreed_end", ("c2", 0): "empty_reply", ("c2", 1): "provider",
        ("c3", 0): "max_turns", ("c3", 1): "max_turns",
    }  # fmt: skip
    return ended


def test_every_file_that_is_documented_exists_and_every_file_is_documented(rich: Ended) -> None:
    table = DOC.partition("| file |")[2].partition("\n\n")[0]
    names = documented("| file |" + table)
    assert {"manifest.json", "api_calls.jsonl", "matches.jsonl", "summary.json", "inputs/tools.txt"} <= names
    bundle = {"match.json", "transcript.json", "role_views/<RoleId>.json"}
    patterns = [name for name in names if name not in bundle and not name.endswith("/")]
    patterns += [f"matches/<challenge_id>/rep_<r>/{name}" for name in bundle]
    allowed = [re.compile(re.sub(r"<\w+>", r"[^/]+", re.escape(p).replace(r"\<", "<"))) for p in patterns]
    assert rich.folder is not None
    found = [path.relative_to(rich.folder).as_posix() for path in rich.folder.rglob("*") if path.is_file()]
    undocumented = [name for name in found if not any(p.fullmatch(name) for p in allowed)]
    missing = [p.pattern for p in allowed if not any(p.fullmatch(name) for name in found)]
    assert (undocumented, missing) == ([], [])


def test_records_have_exactly_the_documented_fields_in_that_order(rich: Ended) -> None:
    text = section("matches.jsonl").partition("A transcript entry")[0]
    rows = [re.findall(r"`([^`]+)`", line.split(" | ")[0]) for line in text.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in row]
    for record in rich.lines("matches.jsonl"):
        assert list(record) == names
        assert [list(seat) for seat in record["usage"]] == [["seat", *COUNTERS]] * len(record["cast"])
        assert set(record["judging"]) <= set(re.findall(r"`(\w+)`", text.partition("| `judging`")[2].splitlines()[0]))
    assert all(f"`{name}`" in text for name in COUNTERS)


def test_transcript_entries_have_exactly_the_documented_kinds_and_fields(rich: Ended) -> None:
    text = section("matches.jsonl").partition("A transcript entry")[2]
    members = re.findall(r"`(\w+)`", text.partition("The kind")[0])
    allowed: dict[str, set[str]] = {}
    for line in (line for line in text.splitlines() if line.startswith("| `")):
        kinds, fields = line.split(" | ")[:2]
        for kind in re.findall(r"`([^`]+)`", kinds):
            allowed[kind] = {name for name in re.findall(r"`([^`]+)`", fields)}
    seen: dict[str, set[str]] = {}
    for record in rich.lines("matches.jsonl"):
        for entry in record["transcript"]:
            assert list(entry) == members
            used = {name for name, value in entry.items() if value} - {"turn", "from", "to", "kind", "step"}
            seen.setdefault(entry["kind"], set()).update(used)
    assert set(seen) == set(allowed) - {"refusal", "kind"}, "this run shows every kind but one"
    for kind, fields in seen.items():
        always = {"index", "problem"} if kind == "call" else {"text"}
        assert fields <= allowed[kind] and allowed[kind] - fields <= always, kind


def test_calls_have_exactly_the_documented_fields(rich: Ended) -> None:
    names = documented(section("api_calls.jsonl"))
    seen = {name for line in rich.calls() for name in line}
    assert seen <= names
    assert names - seen == {"raw", "http", "assumed", "gates"}, "only where a server was asked, or a gate warned"
    assert {line["kind"] for line in rich.calls()} == {"model", "judge", "tool"}
    reply = {name for line in rich.calls("model", "judge") if "reply" in line for name in line["reply"]}
    assert reply <= set(re.findall(r"`(\w+)`", section("api_calls.jsonl").partition("| `reply`")[2].splitlines()[0]))
    assert [line["seat"] for line in rich.calls("judge")] == ["(judge)"] * len(rich.calls("judge"))


def test_the_manifest_has_exactly_the_documented_fields(rich: Ended) -> None:
    names = documented(section("manifest.json"))
    manifest = rich.json("manifest.json")
    flat = set(manifest) | {f"identity.{name}" for name in manifest["identity"] if name != "family"}
    assert flat == names
    sessions = next(line for line in section("manifest.json").splitlines() if line.startswith("| `sessions`"))
    assert set(manifest["sessions"][0]) == set(re.findall(r"`(\w+)`", sessions)) - {"sessions"}


def test_the_summary_has_every_documented_field(rich: Ended) -> None:
    summary = rich.json("summary.json")
    names = set(re.findall(r"`(\w+)`", section("summary.json and the CSV files").partition("`matches_scores")[0]))
    assert names - {"scored", "usd", "prices", "unpriced", "unknown_attempts"} <= set(summary)
    assert set(summary) - names <= {
        "arena_version", "family", "identity_sha256", "models", "calculator", "rules", "summary_format",
        "unit_noun", "trial_nouns", "conditions", "policy", "scored",
    }  # fmt: skip
    assert list(summary["outcomes"]) == list(OUTCOMES)
    assert [unit["challenge_id"] for unit in summary["per_challenge"]] == ["c1", "c2", "c3"]


def test_the_bundle_of_a_match_holds_what_the_record_holds(rich: Ended) -> None:
    text = section("The bundle of a match")
    assert set(re.findall(r"`(error|judge_verdict)`", text)) == {"error", "judge_verdict"}
    for line, record in zip(rich.lines("matches.jsonl"), rich.records(), strict=True):
        place = f"matches/{record['unit']}/rep_{record['plan']['rep']}"
        match = rich.json(f"{place}/match.json")
        for name in ("seed", "status", "stop", "outcome", "detail", "attempt"):
            assert match[name] == record[name]
        assert match["flagged"] == line["flagged"]
        assert [{"seat": seat, **counters} for seat, counters in match["usage"].items()] == line["usage"]
        assert match["judging"].items() >= json.loads(line["score_detail"]).items()
        assert match["judging"]["asks"] == line["judging"]["asks"]
        assert match["rep"] == record["plan"]["rep"]
        items = json.loads(line["judging"]["items"])
        answers = {"items": items} if items else {}
        judged = {"scores": record["scores"], **answers, "verdict": record["verdict"]} if record["outcome"] else None
        assert match["judge_verdict"] == judged
        assert (match["error"] is not None) == (record["status"] == "error")
        transcript = rich.json(f"{place}/transcript.json")
        entries = record["transcript"]
        says = [entry for entry in entries if entry["kind"] == "say"]
        assert [turn["speaker"] for turn in transcript["transcript"]] == [entry["from"] for entry in says]
        private = [
            {key: value for key, value in entry.items() if key != "place" and (key, value) != ("text", "")}
            for entry in transcript["entries"]
        ]
        assert private == [entry for entry in entries if entry["kind"] != "say"]
        assert [entries[entry["place"]]["kind"] for entry in transcript["entries"]] == [e["kind"] for e in private]


def expected_view(record: dict[str, Any], role: str) -> list[tuple[str, str]]:
    """Return what docs/run-directory.md promises of a role's public messages: role and beginning of the text."""
    found = []
    for entry in record["transcript"]:
        if entry["kind"] == "say":
            own = entry["from"] == role
            heard = "\n".join(f"{entry['from']}| {line}" for line in entry["text"].splitlines())
            found.append(("assistant", entry["text"]) if own else ("user", heard))
        elif entry["from"] == role:
            found.append(("tool" if entry["kind"] == "call" else entry["kind"], ""))
    return found


def test_role_views_agree_with_the_transcript_and_hold_nothing_private_of_others(rich: Ended) -> None:
    for record in rich.records():
        roles = ("Ana", "Bo") if record["unit"] != "c3" else ODD_ROLES
        for role in roles:
            name = encode_role(role)
            view = rich.json(f"matches/{record['unit']}/rep_{record['plan']['rep']}/role_views/{name}.json")
            assert f"\n\nYour role:\nYou are {role} in " in view["system_prompt"]
            expected = expected_view(record, role)
            assert [message["role"] for message in view["messages"]] == [kind for kind, _ in expected]
            for message, (kind, text) in zip(view["messages"], expected, strict=True):
                if kind in ("assistant", "user"):
                    assert message["content"].startswith(text)
            lines = [line for line in rich.lines(f"role_views/{name}.jsonl") if line["challenge_id"] == record["unit"]]
            line = next(line for line in lines if line["rep"] == record["plan"]["rep"])
            assert (line["role"], line["system_prompt"], line["messages"]) == (role, *view.values())
    bo = rich.json("matches/c1/rep_0/role_views/Bo.json")
    assert "a private note" not in json.dumps(bo)


def test_the_records_are_chained_from_the_identity(rich: Ended) -> None:
    identity = rich.json("manifest.json")["identity"]
    previous = hashlib.sha256(encode_line(identity)).hexdigest()
    for line in rich.file("matches.jsonl").read_bytes().splitlines(keepends=True):
        assert json.loads(line)["prev"] == previous
        previous = hashlib.sha256(line).hexdigest()
    rest = {name: value for name, value in identity.items() if name != "sha256"}
    assert identity["sha256"] == hashlib.sha256(encode_line(rest)).hexdigest()


def test_the_scores_as_csv_hold_what_the_records_hold(rich: Ended) -> None:
    rows = rich.rows("matches_scores.csv")
    records = rich.records()
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert None not in row and None not in row.values(), "as many cells as columns"
        assert (row["challenge_id"], row["rep"]) == (record["unit"], str(record["plan"]["rep"]))
        assert row["outcome"] == (record["outcome"] or "")
        for name in DIMENSIONS:
            score = record["scores"].get(name)
            assert row[name] == ("" if score is None else f"{score:g}")
        says = [entry for entry in record["transcript"] if entry["kind"] == "say"]
        assert int(row["turns"]) == len(says)
    units = rich.rows("challenge_summary.csv")
    assert [row["challenge_id"] for row in units] == ["c1", "c2", "c3"]
    assert [int(row["errors"]) for row in units] == [0, 1, 0]
    raw = rich.file("matches_scores.csv").read_bytes()
    assert b"\r" not in raw and raw.endswith(b"\n") and len(raw.splitlines()) == len(records) + 1


def test_means_and_counts_can_be_recomputed_from_the_records(rich: Ended) -> None:
    summary, records = rich.json("summary.json"), rich.records()
    scored = [record["scores"] for record in records if record["status"] == "done" and record["unscored"] is None]
    assert summary["scored"] == len(scored) == 5
    for name in DIMENSIONS:
        assert summary["mean_scores"][name] == round(sum(scores[name] for scores in scored) / len(scored), 3)
    assert summary["statuses"]["error"] == summary["errors"] == 1
    assert summary["flagged"] == 1 and summary["n_not_played"] == 0
    judges = sum(record["judging"].get("usage", {}).get("calls", 0) for record in records)
    assert summary["usage"]["judge"]["calls"] == judges == len(rich.calls("judge"))
    answered = [line for line in rich.calls("model") if "reply" in line]
    assert summary["usage"]["players"]["calls"] == len(answered)


def strings(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def test_nothing_in_a_run_directory_is_an_absolute_path_of_this_machine(rich: Ended) -> None:
    assert rich.folder is not None
    places = {str(rich.folder.parent), str(ROOT)}
    for path in rich.folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [place for place in places if place in text], path


def test_clock_values_stand_only_where_they_are_documented(rich: Ended, tmp_path: Path) -> None:
    named = "Clock values are only in " + ", ".join(f"`{name}`" for name in ("manifest.json", "api_calls.jsonl"))
    assert named in DOC and "`timings.jsonl`" in DOC
    keys = {"unix", "ms", "seconds", "started_utc", "created_utc", "ended_utc", "timestamp", "elapsed_s"}
    assert rich.folder is not None
    for path in rich.folder.rglob("*.json*"):
        if path.name not in CLOCKED and "role_views" not in path.parts:
            for line in (
                path.read_text(encoding="utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text()]
            ):
                assert not keys & set(strings(json.loads(line))), path


SMALL = ("--limit", "4", "--repetitions", "4", "--max-turns", "6", "--participant-model", "mock/careless")


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Ended:
    ended = arena(*SMALL, "--workers", "1", "--out", str(tmp_path_factory.mktemp("one") / "run"))
    assert ended.code == 0 and ended.calls("tool")
    return ended


@pytest.mark.parametrize("workers", ["4", "16"])
def test_equal_runs_give_equal_bytes_whatever_the_number_of_workers(
    workers: str, one_worker: Ended, tmp_path: Path
) -> None:
    assert one_worker.folder is not None
    ended = arena(*SMALL, "--workers", workers, "--out", str(tmp_path / "run"))
    assert ended.code == 0
    assert results(tmp_path / "run") == results(one_worker.folder)


def test_equal_runs_give_equal_bytes_from_another_working_directory(one_worker: Ended, tmp_path: Path) -> None:
    assert one_worker.folder is not None
    door = (str(ROOT / "arena" / "run.py"),)
    ended = process(*SMALL, "--out", "elsewhere", door=door, cwd=tmp_path, environ=environment(TZ="Asia/Tokyo"))
    assert ended.code == 0, ended.err
    assert results(tmp_path / "elsewhere") == results(one_worker.folder)


def test_one_process_per_call_computes_what_the_kept_process_computes(one_worker: Ended, tmp_path: Path) -> None:
    words = ("--limit", "1", "--max-turns", "6", "--participant-model", "mock/careless")
    ended = arena(*words, "--calculator-provider", "oneshot", "--out", str(tmp_path / "run"))
    assert ended.code == 0
    ours = ended.records()[0]["transcript"]
    assert ours == one_worker.records()[0]["transcript"]


def test_a_moved_run_can_be_resumed_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    turns = {"Ana": ["Hello."], "Bo": ["Hi."]}
    whole = table.play("--max-turns", "2", out="whole", turns=turns, judge=[verdict(4)])
    stopped = table.play("--max-turns", "2", "--max-calls", "4", "--workers", "1", turns=turns, judge=[verdict(4)])
    assert stopped.json("summary.json")["statuses"]["limit"] == 1
    (tmp_path / "far").mkdir()
    shutil.move(tmp_path / "run", tmp_path / "far" / "moved")
    shutil.move(tmp_path / "script.json", tmp_path / "far" / "script.json")
    monkeypatch.chdir(tmp_path / "far")
    ended = arena(
        "--challenges", "../challenges.json", "--participant-model", "scripted/script.json", "--judge-model",
        "scripted/script.json", "--max-turns", "2", *NO_TOOLS, "--out", "moved", "--resume",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert whole.folder is not None
    assert results(tmp_path / "far" / "moved") == results(whole.folder)


def test_role_files_are_named_so_that_any_role_has_one_and_no_two_share_one(tmp_path: Path) -> None:
    roles = ["Ana", "nul", "../x", "con", "a/b"]
    turns = {role: ["Hello.", "Hello again."] for role in roles}  # five have more turns than the five asked for
    ended = Table(tmp_path, [challenge("c1", roles)]).play("--max-turns", "5", turns=turns, judge=[verdict(3)])
    assert ended.code == 0
    names = {path.name for path in (tmp_path / "run" / "matches" / "c1" / "rep_0" / "role_views").iterdir()}
    assert names == {f"{encode_role(role)}.json" for role in roles}
    assert len({name.lower() for name in names}) == 5
