"""`arena verify`: one changed byte in any file is told, as is tampering that fixes the digests; honest runs hold."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from arena import calculator_process, digests, wiring
from arena.calculator import CalculatorSettings
from arena.commands import calibrate
from arena.errors import GateDenied
from arena.gates import AllowAll
from arena.journal import tool_digest
from arena.op_relations import parts, relation
from tests.arena_rig import LOCAL, NO_TOOLS, ROOT, Ended, Table, arena, challenge, local_environ, process, verdict
from tests.http_server import ModelServer, Scripted
from tests.verify_rig import changed, edit_json, edit_lines, files, launder, rebind, verify

DOC = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
DOWN = Scripted(status=500, body={"error": {"message": "the machine room is flooded"}})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Path:
    """A small run with tools, mistakes, two repetitions and a judge with tools. Not to be changed."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    words = ("--limit", "2", "--repetitions", "2", "--participant-model", "mock/careless", "--max-turns", "8")
    assert arena(*words, "--judge-tools", "--out", str(folder)).code == 0
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def told(ended: Ended) -> list[str]:
    """Return the problems that were told."""
    return [line.removeprefix("PROBLEM  ") for line in ended.out.splitlines() if line.startswith("PROBLEM  ")]


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


def test_a_finished_run_holds_and_is_not_changed(finished: Path) -> None:
    before = content(finished)
    ended = verify(finished)
    assert ended.code == 0, ended.text
    calls = [line for line in (finished / "api_calls.jsonl").read_bytes().splitlines() if b'"kind":"tool"' in line]
    assert f"{len(calls)} tool calls: {len(calls)} computed again to the byte" in ended.out
    assert "everything holds" in ended.out and "integrity, not authorship" in ended.out
    assert content(finished) == before


def test_each_match_has_its_ledger(finished: Path) -> None:
    found = json.loads(verify(finished, "--json").out)
    assert found["holds"] and found["problems"] == [] and found["records"] == 4 and len(found["matches"]) == 4
    for match in found["matches"]:
        assert set(match["ledger"]["claims"]) == {"computed", "copied", "asserted", "wrong"}
        line = next(line for line in verify(finished).out.splitlines() if line.startswith(match["key"]))
        assert line.split() == [
            match["key"], "done", *(str(n) for n in match["ledger"]["claims"].values()), str(match["calls_checked"]),
        ]  # fmt: skip
    assert sum(m["calls_checked"] for m in found["matches"]) == found["calls"]["executed"] > 10


def flips(data: bytes, places: int) -> list[int]:
    """Places in a file: the first, the last, and others between them at equal distances."""
    return sorted({round(i * (len(data) - 1) / (places - 1)) for i in range(places)}) if data else []


def caught(folder: Path, places: int) -> int:
    """Flip one bit at `places` places of every file, one after the other; return how many flips that were, all told."""
    count = 0
    for name in files(folder):
        data = (folder / name).read_bytes()
        for place in flips(data, places):
            with changed(folder / name, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]):
                ended = verify(folder)
            assert ended.code in (1, 2) and name.rpartition("/")[2] in ended.text, (name, place, ended.text)
            assert ended.code == 1 or name == "manifest.json"
            count += 1
    assert verify(folder).code == 0
    return count


def test_one_flipped_bit_in_any_file_is_told_with_the_file(copy: Path) -> None:
    assert caught(copy, 3) >= 3 * (len(files(copy)) - 1)


@pytest.mark.long
def test_one_flipped_bit_anywhere_in_any_file_is_told(copy: Path) -> None:
    assert caught(copy, 60) > 60 * 20


def test_a_file_removed_is_told(copy: Path) -> None:
    for name in files(copy):
        if name == "manifest.json":
            continue
        data = (copy / name).read_bytes()
        (copy / name).unlink()
        ended = verify(copy)
        assert ended.code == 1 and any(line.startswith(name) for line in told(ended)), ended.text
        (copy / name).write_bytes(data)


def test_a_file_added_or_emptied_is_told(copy: Path) -> None:
    (copy / "matches/c/rep_0").mkdir(parents=True)
    (copy / "matches/c/rep_0/match.json").write_text("{}")
    (copy / "role_views" / next((copy / "role_views").iterdir()).name).write_bytes(b"")
    ended = verify(copy)
    assert ended.code == 1
    assert "matches/c/rep_0/match.json: is not in digests.json" in ended.out
    assert "matches/c/rep_0/match.json: belongs to no record" in ended.out
    assert "role_views/" in ended.out


@pytest.mark.parametrize("name", ["matches.jsonl", "api_calls.jsonl", "timings.jsonl", "matches_scores.csv"])
def test_two_lines_swapped_are_told(name: str, copy: Path) -> None:
    first, second, *rest = (copy / name).read_bytes().splitlines(keepends=True)
    (copy / name).write_bytes(b"".join([second, first, *rest]))
    ended = verify(copy)
    assert ended.code == 1 and any(line.startswith(name) for line in told(ended))


def test_several_problems_are_told_at_once_and_their_list_is_bounded(copy: Path) -> None:
    edit_lines(copy / "api_calls.jsonl", lambda line: line.update(kind="rumour"))
    (copy / "api_calls.jsonl").write_bytes((copy / "api_calls.jsonl").read_bytes() * 3)
    (copy / "summary.json").write_text("{}")
    ended = verify(copy)
    problems = told(ended)
    assert ended.code == 1 and problems[-1].startswith("... and ") and 90 < len(problems) <= 101
    assert any(line.startswith("summary.json") for line in problems) and "rumour" in ended.out
    found = json.loads(verify(copy, "--json").out)
    assert len(found["problems"]) == 100 and found["problems_not_listed"] > 0


def tamper_answer(copy: Path) -> None:
    def edit(line: Any) -> None:
        if line["kind"] == "tool" and line["op"] == "commit_hash":
            line["answer"]["result"]["nonce"] = "0" * 64

    edit_lines(copy / "api_calls.jsonl", edit)


def test_a_tampered_tool_answer_is_told_by_computing_it_again_though_the_digests_fit(copy: Path) -> None:
    tamper_answer(copy)
    launder(copy)
    problems = told(verify(copy))
    assert any("api_calls.jsonl" in line and "commit_hash" in line and "computed again" in line for line in problems)
    assert not any("digests.json" in line for line in problems)


def test_tampered_arguments_and_seeds_are_told(copy: Path) -> None:
    def edit(line: Any) -> None:
        if line["kind"] == "tool" and line["op"] == "commit_hash":
            line["args"] = {"msg": "utf8:1"}
            line["digest"] = tool_digest(line["op"], line["args"])
        elif line["kind"] == "tool" and line["op"] == "random_bytes":
            line["seed"] = "0" * 64
        elif line["kind"] == "tool":
            line.pop("seed")

    edit_lines(copy / "api_calls.jsonl", edit)
    launder(copy)
    text = verify(copy).out
    assert "commit_hash" in text and "the answer does not hold" in text
    assert "the seed is not that of its place" in text and "this call has no seed" in text


def first_record(copy: Path, edit: Callable[[Any], None]) -> None:
    seen: list[str] = []

    def once(record: Any) -> None:
        if not seen:
            edit(record)
        seen.append(record["key"])

    edit_lines(copy / "matches.jsonl", once)


RECORD_EDITS: dict[str, Callable[[Any], None]] = {
    "score": lambda r: r["scores"].update({"Security Strength": 1 + r["scores"]["Security Strength"] % 5}),
    "verified score": lambda r: r["judging"]["verified"]["scores"].update({"Security Strength": 0}),
    "cap": lambda r: r["judging"]["verified"].update(caps=[{"dimension": "x", "cap": 1, "reason": "y"}]),
    "outcome": lambda r: r.update(outcome="PARTIAL" if r["outcome"] != "PARTIAL" else "FAILED"),
    "verdict": lambda r: r.update(verdict="Splendid."),
    "check": lambda r: r["judging"]["checks"]["tools"].update(calls=99),
    "said": lambda r: next(e for e in r["transcript"] if e["kind"] == "say").update(text="Trust me."),
    "answer": lambda r: next(e for e in r["transcript"] if e["kind"] == "call").update(
        answer={"ok": True, "result": 1}
    ),
    "usage": lambda r: next(iter(r["usage"].values())).update(calls=1000),
    "seed": lambda r: r.update(seed="0" * 64),
    "value": lambda r: r["instance"].update({next(iter(r["instance"])): "other"}),
    "entry left out": lambda r: r["transcript"].pop(0),
    "status": lambda r: r.update(status="error"),
}


@pytest.mark.parametrize("what", RECORD_EDITS)
def test_a_tampered_record_is_told_though_chain_and_digests_fit(what: str, copy: Path) -> None:
    first_record(copy, RECORD_EDITS[what])
    launder(copy)
    ended = verify(copy)
    assert ended.code == 1
    assert any(line.startswith("matches.jsonl: crypto/") for line in told(ended)), ended.text


def test_a_tampered_record_breaks_the_chain_where_only_the_digests_were_made_to_fit(copy: Path) -> None:
    first_record(copy, RECORD_EDITS["verdict"])
    digests.write(copy)
    assert any(line.startswith("matches.jsonl: line 2: is not bound") for line in told(verify(copy)))


def test_a_record_left_out_doubled_or_invented_is_told(copy: Path) -> None:
    path = copy / "matches.jsonl"
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, *rest]))
    launder(copy)
    assert any("has no record" in line for line in told(verify(copy)))
    path.write_bytes(b"".join([first, second, second, *rest]))
    launder(copy)
    assert any("has a record already" in line for line in told(verify(copy)))
    path.write_bytes(b"".join([second, first, *rest, first.replace(b"rep_0", b"rep_9")]))
    launder(copy)
    problems = told(verify(copy))
    assert any("out of plan order" in line for line in problems)
    assert any("is not in the plan" in line for line in problems)


def test_calls_that_no_record_tells_of_are_told(copy: Path) -> None:
    path = copy / "api_calls.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[0].replace(b'"turn":0', b'"turn":99'), lines[0]]))
    digests.write(copy)
    text = verify(copy).out
    assert "turn 99, step 0: the match does without it" in text and "1 of its calls stand there twice" in text


DERIVED_EDITS: dict[str, tuple[str, bytes, bytes]] = {
    "summary.json": ("summary.json", b'"n_matches": 4', b'"n_matches": 5'),
    "cost": ("summary.json", b'"usd": 0.0', b'"usd": 9.0'),
    "scores": ("matches_scores.csv", b",done,", b",Done,"),
    "challenges": ("challenge_summary.csv", b"challenge_id", b"Challenge_id"),
}


@pytest.mark.parametrize("what", DERIVED_EDITS)
def test_a_tampered_table_is_told_by_building_it_again(what: str, copy: Path) -> None:
    name, old, new = DERIVED_EDITS[what]
    data = (copy / name).read_bytes()
    assert old in data
    (copy / name).write_bytes(data.replace(old, new, 1))
    digests.write(copy)
    assert [line for line in told(verify(copy)) if line.startswith(name)]


def test_tampered_views_and_bundles_are_told_with_the_line(copy: Path) -> None:
    for name in files(copy):
        if name.startswith(("matches/", "role_views/")):
            data = (copy / name).read_bytes()
            with changed(copy / name, data.replace(b"e", b"E", 1)):
                digests.write(copy)
                ended = verify(copy)
            assert any(line.startswith(f"{name}: the records give another file") for line in told(ended)), name
    digests.write(copy)
    assert verify(copy).code == 0


MANIFEST_EDITS: dict[str, Callable[[Any], None]] = {
    "seed": lambda m: m["identity"]["settings"].update(seed=7),
    "turns": lambda m: m["identity"]["settings"].update(max_turns=9),
    "judge": lambda m: m["identity"]["models"].update(judge="openai/gpt"),
    "player": lambda m: m["identity"]["models"].update(participant="openai/gpt"),
    "rule": lambda m: m["identity"]["rules"]["outcome_rule"]["rules"][0].update(when="all >= 2"),
    "prompts": lambda m: m["identity"]["rules"].update(prompts_sha256="0" * 64),
    "plan": lambda m: m["identity"]["plan"].update(count=3),
    "digest": lambda m: m["identity"].update(sha256="0" * 64),
    "format": lambda m: m.update(manifest_format=99),
    "family": lambda m: m.update(family="risk"),
    "family of the identity": lambda m: m["identity"].update(family="risk"),
    "settings": lambda m: m["identity"].update(settings=[]),
    "sessions": lambda m: m.update(sessions=[]),
}


@pytest.mark.parametrize("what", MANIFEST_EDITS)
def test_a_tampered_identity_is_told(what: str, copy: Path) -> None:
    edit_json(copy / "manifest.json", MANIFEST_EDITS[what])
    launder(copy)
    ended = verify(copy)
    assert ended.code == 1 and any("manifest.json" in line or "matches.jsonl" in line for line in told(ended))


def test_tampered_inputs_are_told(copy: Path) -> None:
    for name in ("inputs/challenges.json", "inputs/tools.txt"):
        data = (copy / name).read_bytes()
        with changed(copy / name, data.replace(b"the ", b"THE ", 1)):
            digests.write(copy)
            assert verify(copy).code == 1
    (copy / "inputs/challenges.json").write_bytes(b"[")
    digests.write(copy)
    assert any(line.startswith("inputs/challenges.json") for line in told(verify(copy)))


JUNK = (b"", b"\n", b"{}\n", b"[]\n", b'"x"\n', b"\xff\xfe\n", b"null\n", b'{"a":' * 3000 + b"\n", b'{"key":1}\n')


@pytest.mark.parametrize("name", ["matches.jsonl", "api_calls.jsonl", "timings.jsonl", "summary.json", "digests.json"])
def test_whatever_a_file_holds_it_is_told_without_a_traceback(name: str, copy: Path) -> None:
    for junk in JUNK[name == "timings.jsonl" :]:  # a kill may lose all timings: none is no problem
        (copy / name).write_bytes(junk)
        if name != "digests.json":
            digests.write(copy)
        assert verify(copy).code == 1, junk


HOSTILE: tuple[Callable[[Any], None], ...] = (
    lambda v: v.clear(),
    lambda v: v.update(dict.fromkeys(v)),
    lambda v: v.update(dict.fromkeys(v, [])),
    lambda v: v.update({name: {} for name in v if name not in ("key", "trial")}),
    lambda v: v.update({name: 10**400 for name in v if name not in ("key", "trial", "kind")}),
    lambda v: v.update(seat="\x1b[31m", turn=-1, transcript=[{}], status="\x1b[31m", attempt=5),
)


@pytest.mark.parametrize("name", ["matches.jsonl", "api_calls.jsonl"])
@pytest.mark.parametrize("edit", HOSTILE)
def test_lines_of_any_shape_are_told_without_a_traceback(name: str, edit: Callable[[Any], None], copy: Path) -> None:
    edit_lines(copy / name, edit)
    rebind(copy) if name == "api_calls.jsonl" else None
    digests.write(copy)
    ended = verify(copy)
    assert ended.code == 1 and "\x1b" not in ended.text


def test_a_run_that_was_killed_is_not_finished_and_holds_once_it_is(tmp_path: Path, calculator_binary: Path) -> None:
    words = ("--limit", "3", "--participant-model", "mock/careless", "--max-turns", "8", "--out", str(tmp_path / "run"))
    process("60000", *words, door=("-m", "tests.killed_run"))
    ended = verify(tmp_path / "run")
    assert ended.code == 1 and "the run is not finished; go on with it by --resume" in ended.out
    assert arena(*words, "--resume").code == 0
    holds(tmp_path / "run")


@pytest.mark.parametrize("argument", ["nowhere", "."])
def test_what_is_no_run_ends_with_2(argument: str, tmp_path: Path) -> None:
    ended = verify(tmp_path / argument)
    assert ended.code == 2 and "is not a run directory" in ended.err


def test_the_door_says_what_is_missing_and_helps(tmp_path: Path) -> None:
    assert process(door=("-m", "arena", "verify")).code == 2
    shown = process("--help", door=("-m", "arena", "verify"))
    assert shown.code == 0 and "RUN" in shown.out and "--calculator-provider" in shown.out
    assert "--workers" not in shown.out


def test_without_a_calculator_the_calls_are_counted_as_unchecked(finished: Path, copy: Path) -> None:
    found = json.loads(verify(finished, *NO_TOOLS, "--json").out)
    assert found["holds"] and found["calls"]["executed"] == 0
    assert sum(found["calls"]["unchecked"].values()) == found["calls"]["tool"] > 0
    assert "none" in found["calls"]["why_unchecked"]["commit_hash"]
    assert verify(finished, "--calculator-provider", "oneshot").code == 0
    refused = verify(finished, "--calculator-provider", "lambda")
    assert refused.code == 2 and "process, oneshot, none" in refused.err
    tamper_answer(copy)
    launder(copy)
    assert verify(copy, *NO_TOOLS).code == 1, "the record does not follow from the tampered answer"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    with ModelServer() as running:
        for name, value in local_environ(running).items():
            monkeypatch.setenv(name, value)
        yield running


PRICES = "version: 1\nunit: usd_per_million_tokens\nmodels:\n  local/player:\n    prompt: 1\n    completion: 2\n"


def over_http(tmp_path: Path, *words: str) -> Ended:
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    return arena(
        *LOCAL, *NO_TOOLS, "--limit", "4", "--max-turns", "2", "--workers", "1", "--max-retries", "0", "--prices",
        str(tmp_path / "prices.yaml"), "--out", str(tmp_path / "run"), *words,
    )  # fmt: skip


def holds(folder: Path) -> str:
    ended = verify(folder)
    assert ended.code == 0, ended.text
    return ended.out


def test_outages_of_players_and_judge_ceilings_and_stops_hold(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), DOWN, Scripted(), Scripted(), DOWN)
    ended = over_http(tmp_path, "--continue-on-error")
    assert [record["status"] for record in ended.records()].count("error") == 2
    holds(tmp_path / "run")
    over_http(tmp_path, "--resume", "--max-calls", str(len(server.seen)))
    out = holds(tmp_path / "run")
    assert " limit " in out
    over_http(tmp_path, "--resume")
    holds(tmp_path / "run")


def test_a_run_that_stopped_early_says_what_was_not_played(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), Scripted(), Scripted(), DOWN)
    over_http(tmp_path)
    assert "2 of 4 planned matches were not played: error" in holds(tmp_path / "run")
    edit_json(tmp_path / "run/manifest.json", lambda m: m["sessions"][-1].update(stopped_by=None))
    digests.write(tmp_path / "run")
    assert "has no record" in verify(tmp_path / "run").out


def test_costs_follow_from_the_calls_and_the_prices_that_the_summary_names(tmp_path: Path, server: ModelServer) -> None:
    ended = over_http(tmp_path)
    cost = ended.json("summary.json")["cost_usd"]
    assert cost["usd"] > 0 and cost["prices"] == {"local/player": {"prompt": 1.0, "completion": 2.0}}
    assert cost["unpriced"] == ["local/judge"]
    holds(tmp_path / "run")
    edit_json(tmp_path / "run/summary.json", lambda s: s["cost_usd"].update(usd=0.5, unpriced=[]))
    digests.write(tmp_path / "run")
    text = verify(tmp_path / "run").out
    assert "/cost_usd/usd: is 0.5" in text and "/cost_usd/unpriced" in text


def faulty(reply: dict[str, Any]) -> None:
    reply["choices"][0]["message"]["content"] = '{"tool_call": {"op": "x"'


def test_aborted_matches_and_their_retries_hold(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted(edit=faulty)] * 4)
    over_http(tmp_path, "--limit", "1")
    assert "aborted" in holds(tmp_path / "run")
    over_http(tmp_path, "--limit", "1", "--resume", "--retry", "aborted")
    holds(tmp_path / "run")


def test_an_outage_with_a_score_is_told(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), DOWN)
    over_http(tmp_path, "--continue-on-error")
    first_record(tmp_path / "run", lambda r: r.update(outcome="SUCCESS", stop="agreed_end"))
    launder(tmp_path / "run")
    text = verify(tmp_path / "run").out
    assert "/outcome: an outage is never a score" in text and "does not follow from agreed_end" in text


def test_unscored_refusing_and_silent_matches_hold(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2"), challenge("c3")])
    refusing = {"Ana": [{"text": "No.", "finish": "refusal"}] * 2}
    table.play(
        "--max-turns", "1", turns={"Ana": ["Hello."]}, judge=[verdict(2)],
        trials={"crypto/c2/rep_0": {"judge": ["?", "?", "?"]}, "crypto/c3/rep_0": {"turns": refusing}},
    )  # fmt: skip
    holds(tmp_path / "run")


class DenyAll:
    def decide(self, facts: Any) -> Any:
        raise GateDenied("rule 7: no")


def test_denied_matches_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.session.AllowAll", DenyAll)
    Table(tmp_path).play()
    monkeypatch.setattr("arena.session.AllowAll", AllowAll)
    assert "denied" in holds(tmp_path / "run")


def test_a_calculator_that_failed_and_values_that_it_draws_hold(tmp_path: Path, calculator_binary: Path) -> None:
    drawn = {"values": {"n": {"draw": "calculator", "op": "random_int", "args": {"min": 1, "max": 9}, "get": "n"}},
             "own": {"Ana": ["n"]}, "truth": {"int": "n"}, "result": "int"}  # fmt: skip
    table = Table(tmp_path, [challenge("c1", instance=drawn)])
    table.play("--calculator-provider", "process", "--max-turns", "4")
    assert '"seat":"(setup)"' in (tmp_path / "run/api_calls.jsonl").read_text()
    holds(tmp_path / "run")
    table.play("--continue-on-error", out="none")
    assert "error" in holds(tmp_path / "none")


def test_calibrations_and_replays_hold(finished: Path, tmp_path: Path) -> None:
    assert calibrate.main(["--quiet", "--out", str(tmp_path / "cal"), "--limit", "3", "--seeds", "1"]) == 0
    holds(tmp_path / "cal")
    model = f"replay/{finished}"
    words = ("--limit", "2", "--repetitions", "2", "--max-turns", "8", "--participant-model", model, *NO_TOOLS)
    assert arena(*words, "--judge-model", "mock/judge", "--out", str(tmp_path / "again")).code == 0
    assert " 0 computed again" not in holds(tmp_path / "again")


def test_a_run_without_a_calculator_holds(tmp_path: Path) -> None:
    Table(tmp_path).play()
    assert "0 tool calls" in holds(tmp_path / "run")


@pytest.fixture
def unseeded(tmp_path: Path, calculator_binary: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose calculator took no seeds, as one on Lambda."""
    monkeypatch.setattr(wiring, "CalculatorSettings", partial(CalculatorSettings, seeded=False))
    calls: list[Any] = [
        {"op": "hash", "args": {"data": "utf8:x"}},
        {"op": "commit_hash", "args": {"msg": "utf8:heads"}},
        {"op": "random_bytes", "args": {"len": 8}},
        {"op": "open_hash", "args": {"commitment": "00", "nonce": "00", "msg": "00"}},
        {"op": "batch", "args": {"requests": [{"op": "pedersen_commit", "args": {"m": 3}},
                                              {"op": "hash", "args": {"data": "utf8:y"}}]}},
    ]  # fmt: skip
    turns = {"Ana": [{"calls": calls}, "Well."], "Bo": ["Fine."]}
    Table(tmp_path).play("--calculator-provider", "process", "--max-turns", "2", turns=turns, judge=[verdict(3)])
    monkeypatch.undo()
    return tmp_path / "run"


def test_answers_without_seeds_are_computed_again_or_checked_by_a_relation_or_named(unseeded: Path) -> None:
    assert b'"seed":"' not in b"".join(
        line for line in (unseeded / "api_calls.jsonl").read_bytes().splitlines() if b'"kind":"tool"' in line
    )
    found = json.loads(verify(unseeded, "--json").out)
    assert found["holds"], found["problems"]
    calls = found["calls"]
    assert (calls["tool"], calls["executed"], calls["related"]) == (5, 2, 2)
    assert calls["unchecked"] == {"random_bytes": 1}
    assert "random_bytes 1 (the answer is random" in verify(unseeded).out


@pytest.mark.parametrize("op", ["hash", "commit_hash", "batch"])
def test_a_tampered_answer_without_a_seed_is_told(op: str, unseeded: Path) -> None:
    def edit(line: Any) -> None:
        if line["kind"] == "tool" and line["op"] == op:
            text = json.dumps(line["answer"])
            place = text.rindex('"', 0, text.rindex('"')) + 1 if op == "hash" else text.index("commitment") + 14
            line["answer"] = json.loads(text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :])

    edit_lines(unseeded / "api_calls.jsonl", edit)
    digests.write(unseeded)
    assert any(f"{op} (crypto/c1/rep_0" in line and "does not hold" in line for line in told(verify(unseeded)))


def test_relations_hold_for_every_random_op_that_has_one_and_for_no_forged_answer(calculator_binary: Path) -> None:
    settings = CalculatorSettings(root=ROOT, command=(str(calculator_binary),), seeded=False)
    calculator = calculator_process.build("process", settings)
    try:
        rows = {row["name"]: row for row in calculator.catalogue()}
        related = []
        for name, row in rows.items():
            example = row["example"]
            if not row["randomised"] or "then" not in example:
                continue
            answer = calculator.call(name, example["args"], "").answer
            then = rows[example["then"]["op"]]
            wanted = relation(row, then, example["args"], answer["result"])
            if isinstance(wanted, str):
                continue
            assert calculator.call(wanted.op, wanted.args, "").answer["result"] == wanted.result, name
            related.append(name)
        assert {"commit_hash", "aead_encrypt", "shamir_split", "ring_sign", "gen_prime"} <= set(related)
        assert len(related) > 20
    finally:
        calculator.close()


def test_where_something_stays_open_there_is_no_relation() -> None:
    params = [{"name": "n"}, {"name": "context"}]
    then = {"op": "open", "args": {"n": "$n", "key": "0123456789abcdef0123", "context": "c"}, "result": {"valid": True}}
    row = {"example": {"args": {"m": 1, "context": "c"}, "then": then}}
    assert "does not hold (key)" in str(relation(row, {"params": params}, {"m": 2}, {"n": 5}))
    del then["args"]["key"]  # type: ignore[attr-defined]
    assert "result has no n" in str(relation(row, {"params": params}, {"m": 2}, {}))
    assert "what x changes" in str(relation(row, {"params": params}, {"m": 2, "x": 1}, {"n": 5}))
    assert relation(row, {"params": params}, {"m": 2, "context": "d"}, {"n": 5}) == (
        "open", {"n": 5, "context": "d"}, {"valid": True},
    )  # fmt: skip
    assert relation(row, {"params": params}, {"m": 2}, {"n": 5}) == ("open", {"n": 5}, {"valid": True})


def test_parts_of_a_batch_are_read_only_where_both_sides_are_there() -> None:
    answer = {"ok": True, "result": {"answers": [{"ok": True, "result": 1}]}}
    assert list(parts("batch", {"requests": [{"op": "a", "args": {"x": 1}}, {"op": "b"}]}, answer)) == [
        ("a", {"x": 1}, {"ok": True, "result": 1}),
    ]  # fmt: skip
    assert list(parts("batch", {}, answer)) == [("batch", {}, answer)]


def test_another_version_of_the_calculator_is_said(copy: Path) -> None:
    edit_json(copy / "manifest.json", lambda m: m["identity"]["calculator"].update(catalogue="0" * 16))
    assert "the run's calculator is not the one here (catalogue 0000000000000000" in verify(copy).out


def test_the_document_names_every_step_and_the_limits() -> None:
    for word in ("digests.json", "hash chain", "unchecked", "authorship", "--calculator-provider none", "exit code"):
        assert word in DOC, word


def test_the_kept_example_is_as_it_was_left() -> None:
    assert digests.check(ROOT / "state" / "examples" / "mock-three") == []
