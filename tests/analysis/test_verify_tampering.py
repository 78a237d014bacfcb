"""`arena verify` tells tampering that made the digests fit again, and takes any junk without a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arena.store import digests
from arena.store.journal import tool_digest
from tests.support.made_manifest import digest_of
from tests.support.verify_rig import (
    changed,
    edit_json,
    edit_lines,
    files,
    first_record,
    inside,
    launder,
    rebind,
    tamper_answer,
    told,
    verify,
)


def test_a_tampered_tool_answer_is_told_by_computing_it_again_though_the_digests_fit(copied_run: Path) -> None:
    tamper_answer(copied_run)
    launder(copied_run)
    problems = told(verify(copied_run))
    assert any("api_calls.jsonl" in line and "commit_hash" in line and "computed again" in line for line in problems)
    assert not any("digests.json" in line for line in problems)


def test_tampered_arguments_and_seeds_are_told(copied_run: Path) -> None:
    def edit(line: Any) -> None:
        if line["kind"] == "tool" and line["op"] == "commit_hash":
            line["args"] = {"msg": "utf8:1"}
            line["digest"] = tool_digest(line["op"], line["args"])
        elif line["kind"] == "tool" and line["op"] == "random_bytes":
            line["seed"] = "0" * 64
        elif line["kind"] == "tool":
            line.pop("seed")

    edit_lines(copied_run / "api_calls.jsonl", edit)
    launder(copied_run)
    text = verify(copied_run).out
    assert "commit_hash" in text and "the answer is wrong" in text
    assert "the seed is not that of its place" in text and "this call has no seed" in text


RECORD_EDITS: dict[str, Callable[[Any], None]] = {
    "score": lambda r: r["scores"].update({"Security Strength": 1 + r["scores"]["Security Strength"] % 5}),
    "verified score": inside("score_detail", lambda d: d["verified"]["scores"].update({"Security Strength": 0})),
    "cap": inside("score_detail", lambda d: d["verified"].update(caps=[{"dimension": "x", "cap": 1, "reason": "y"}])),
    "outcome": lambda r: r.update(outcome="PARTIAL" if r["outcome"] != "PARTIAL" else "FAILED"),
    "verdict": lambda r: r.update(verdict="Splendid."),
    "check": inside("score_detail", lambda d: d["checks"]["tools"].update(calls=99)),
    "said": lambda r: next(e for e in r["transcript"] if e["kind"] == "say").update(text="Trust me."),
    "answer": lambda r: inside("answer", lambda a: a.update(ok=True, result=1))(
        next(e for e in r["transcript"] if e["kind"] == "call")
    ),
    "usage": lambda r: r["usage"][0].update(calls=1000),
    "seed": lambda r: r.update(seed="0" * 64),
    "value": inside("instance", lambda i: i.update({next(iter(i)): "other"})),
    "entry left out": lambda r: r["transcript"].pop(0),
    "status": lambda r: r.update(status="error", stop="provider"),
}


@pytest.mark.parametrize("what", RECORD_EDITS)
def test_a_tampered_record_is_told_though_chain_and_digests_fit(what: str, copied_run: Path) -> None:
    first_record(copied_run, RECORD_EDITS[what])
    launder(copied_run)
    ended = verify(copied_run)
    assert ended.code == 1
    assert any(line.startswith("matches.jsonl: crypto/") for line in told(ended)), ended.text


def test_a_tampered_record_breaks_the_chain_where_only_the_digests_were_made_to_fit(copied_run: Path) -> None:
    first_record(copied_run, RECORD_EDITS["verdict"])
    digests.write(copied_run)
    assert any(line.startswith("matches.jsonl: line 2: is not bound") for line in told(verify(copied_run)))


def test_a_record_left_out_doubled_or_invented_is_told(copied_run: Path) -> None:
    path = copied_run / "matches.jsonl"
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, *rest]))
    launder(copied_run)
    assert any("has no record" in line for line in told(verify(copied_run)))
    path.write_bytes(b"".join([first, second, second, *rest]))
    launder(copied_run)
    assert any("has a record already" in line for line in told(verify(copied_run)))
    path.write_bytes(b"".join([second, first, *rest, first.replace(b"rep_0", b"rep_9")]))
    launder(copied_run)
    problems = told(verify(copied_run))
    assert any("out of plan order" in line for line in problems)
    assert any("is not in the plan" in line for line in problems)


def test_calls_that_no_record_tells_of_are_told(copied_run: Path) -> None:
    path = copied_run / "api_calls.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[0].replace(b'"turn":0', b'"turn":99'), lines[0]]))
    digests.write(copied_run)
    text = verify(copied_run).out
    assert "turn 99, step 0: the match does without it" in text and "1 of its calls are recorded twice" in text


DERIVED_EDITS: dict[str, tuple[str, bytes, bytes]] = {
    "summary.json": ("summary.json", b'"n_matches": 4', b'"n_matches": 5'),
    "cost": ("summary.json", b'"usd": 0.0', b'"usd": 9.0'),
    "scores": ("matches_scores.csv", b",done,", b",Done,"),
    "challenges": ("challenge_summary.csv", b"challenge_id", b"Challenge_id"),
}


@pytest.mark.parametrize("what", DERIVED_EDITS)
def test_a_tampered_table_is_told_by_building_it_again(what: str, copied_run: Path) -> None:
    name, old, new = DERIVED_EDITS[what]
    data = (copied_run / name).read_bytes()
    assert old in data
    (copied_run / name).write_bytes(data.replace(old, new, 1))
    digests.write(copied_run)
    assert [line for line in told(verify(copied_run)) if line.startswith(name)]


def test_tampered_views_and_bundles_are_told_with_the_line(copied_run: Path) -> None:
    for name in files(copied_run):
        if name.startswith(("matches/", "role_views/")):
            data = (copied_run / name).read_bytes()
            with changed(copied_run / name, data.replace(b"e", b"E", 1)):
                digests.write(copied_run)
                ended = verify(copied_run)
            assert any(line.startswith(f"{name}: the records give another file") for line in told(ended)), name
    digests.write(copied_run)
    assert verify(copied_run).code == 0


_SHOW_IT = ("manifest.json: ", "matches.jsonl: ", "api_calls.jsonl: ")

MANIFEST_EDITS: dict[str, Callable[[Any], None]] = {
    "seed": lambda m: m["identity"]["settings"].update(seed=7),
    "turns": lambda m: m["identity"]["settings"].update(max_turns=9),
    "judge": lambda m: m["identity"]["models"].update(judge="openai/gpt"),
    "player": lambda m: m["identity"]["models"].update(participant="openai/gpt"),
    "rule": lambda m: m["identity"]["rules"]["outcome_rule"]["rules"][0].update(when="all >= 2"),
    "prompts": lambda m: m["identity"]["rules"].update(prompts_sha256="0" * 64),
    "plan": lambda m: m["identity"]["plan"].update(count=3),
}


@pytest.mark.parametrize("what", MANIFEST_EDITS)
def test_a_tampered_identity_is_told_though_its_digest_fits(what: str, copied_run: Path) -> None:
    def edit(manifest: Any) -> None:
        MANIFEST_EDITS[what](manifest)
        manifest["identity"]["sha256"] = digest_of(manifest["identity"])

    edit_json(copied_run / "manifest.json", edit)
    launder(copied_run)
    ended = verify(copied_run)
    assert ended.code == 1 and any(line.startswith(_SHOW_IT) for line in told(ended))


MANIFEST_DAMAGE: dict[str, tuple[Callable[[Any], None], str]] = {
    "format": (lambda m: m.update(manifest_format=99), "/manifest_format"),
    "settings": (lambda m: m["identity"].update(settings=[]), "/identity/settings"),
    "sessions": (lambda m: m.update(sessions=[]), "/sessions"),
}


@pytest.mark.parametrize("what", MANIFEST_DAMAGE)
def test_a_damaged_manifest_is_refused_with_the_pointer(what: str, copied_run: Path) -> None:
    edit, pointer = MANIFEST_DAMAGE[what]
    edit_json(copied_run / "manifest.json", edit)
    launder(copied_run)
    ended = verify(copied_run)
    assert ended.code == 2 and f"manifest.json: {pointer}: " in ended.err


CONTRADICTIONS: dict[str, tuple[Callable[[Any], None], str]] = {
    "setting": (lambda m: m["identity"]["settings"].update(seed=7), "/identity/sha256"),
    "digest": (lambda m: m["identity"].update(sha256="0" * 64), "/identity/sha256"),
    "family": (lambda m: m.update(family="risk"), "/family"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_manifest_that_contradicts_itself_is_a_problem(what: str, copied_run: Path) -> None:
    edit, pointer = CONTRADICTIONS[what]
    edit_json(copied_run / "manifest.json", edit)
    launder(copied_run)
    ended = verify(copied_run)
    assert ended.code == 1 and any(line.startswith(f"manifest.json: {pointer}: ") for line in told(ended))
    assert "checked; " in ended.out, "the rest is verified all the same"


def test_tampered_inputs_are_told(copied_run: Path) -> None:
    for name in ("inputs/challenges.json", "inputs/tools.txt"):
        data = (copied_run / name).read_bytes()
        with changed(copied_run / name, data.replace(b"the ", b"THE ", 1)):
            digests.write(copied_run)
            assert verify(copied_run).code == 1
    (copied_run / "inputs/challenges.json").write_bytes(b"[")
    digests.write(copied_run)
    assert any(line.startswith("inputs/challenges.json") for line in told(verify(copied_run)))


JUNK = (b"", b"\n", b"{}\n", b"[]\n", b'"x"\n', b"\xff\xfe\n", b"null\n", b'{"a":' * 3000 + b"\n", b'{"key":1}\n')


@pytest.mark.parametrize("name", ["matches.jsonl", "api_calls.jsonl", "timings.jsonl", "summary.json", "digests.json"])
def test_whatever_a_file_holds_it_is_told_without_a_traceback(name: str, copied_run: Path) -> None:
    for junk in JUNK[name == "timings.jsonl" :]:  # a kill may lose all timings: none is no problem
        (copied_run / name).write_bytes(junk)
        if name != "digests.json":
            digests.write(copied_run)
        assert verify(copied_run).code in (1, 2), junk


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
def test_lines_of_any_shape_are_told_without_a_traceback(
    name: str, edit: Callable[[Any], None], copied_run: Path
) -> None:
    edit_lines(copied_run / name, edit)
    rebind(copied_run) if name == "api_calls.jsonl" else None
    digests.write(copied_run)
    ended = verify(copied_run)
    assert ended.code == 2 and "\x1b" not in ended.text
