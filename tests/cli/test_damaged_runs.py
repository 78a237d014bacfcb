"""Every command that reads a run refuses a damaged record, journal line or manifest with file, line and pointer."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from arena.cli.entry import main
from arena.formats.json_text import json_text
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json
from tests.support.arena_rig import NO_TOOLS, Ended, arena, everything
from tests.support.damage import damages
from tests.support.verify_rig import launder

PLAY = ("--limit", "1", "--participant-model", "mock/careless", "--max-turns", "6", "--judge-tools")

COMMANDS: dict[str, Callable[[Path, Path], Sequence[str | Path]]] = {
    "verify": lambda run, out: ("verify", run, *NO_TOOLS),
    "compare": lambda run, out: ("compare", run.parent / "whole", run, "--resamples", "100"),
    "report": lambda run, out: ("report", run, "--out", out / "page.html"),
    "check": lambda run, out: ("check", run),
    "leaderboard": lambda run, out: ("leaderboard", run),
    "export hf-dataset": lambda run, out: ("export", "hf-dataset", run, "--out", out / "folder"),
    "export leaderboard-result": lambda run, out: ("export", "leaderboard-result", run, "--out", out / "result.json"),
    "rejudge": lambda run, out: ("rejudge", run, "--judge", "mock/judge-noisy", "--out", out / "again"),
    "show": lambda run, out: ("show", run, _unit(run)),
    "run --resume": lambda run, out: ("run", *PLAY, "--out", run, "--resume"),
    "run from a replay": lambda run, out: (
        "run",
        *PLAY,
        "--participant-model",
        f"replay/{run}",
        "--out",
        out / "again",
    ),
}
"""Command -> its words for a run; what it writes goes into the other folder."""

NOT_READ = {"run from a replay": "matches.jsonl: line 1: /score_detail/"}
"""Command -> places that it has no use for: a replay takes a match's calls, whatever its checks came to."""

FILES = ("matches.jsonl", "api_calls.jsonl", "manifest.json")
BY_DIGEST = re.compile(r"/identity/(settings|rules|policy)/.*")
"""What a family and a policy put there has any type. The identity's digest shows that it was changed."""

GATE = {
    "phase": "before", "kind": "model", "seat": "Ana", "turn": 0, "step": 0, "op": None, "decision": "warn",
    "reason_code": "late", "rule_id": "r1", "message": "It is late.", "on_deny": "end_trial", "enforced": False,
    "observed": 1, "bound": 2, "policy": "ab", "fails": False,
}  # fmt: skip
ATTEMPT = {"status": 500, "ms": 1.5, "error": "down", "wait_ms": 2.5, "may_be_billed": True}


def _unit(run: Path) -> str:
    return str(json.loads((run / "inputs/challenges.json").read_bytes())["challenges"][0]["id"])


@dataclass(frozen=True)
class Case:
    """A file with one damaged member: its name, its content, and the place that a message must name. (What is wrong
    may lie within it: an object that lacks its members.)"""

    file: str
    content: bytes
    place: str
    contradicts: bool = False
    """Whether its members are of the right types, and say different things."""

    def named_in(self, text: str) -> bool:
        return re.search(re.escape(self.place) + "[:/]", text) is not None


def cases(run: Path, file: str) -> Iterator[Case]:
    """Yield the file with each member of its lines, or of its one object, damaged: of a journal, of a call of each
    kind, and of one that failed."""
    data = (run / file).read_bytes()
    if file == "manifest.json":
        for damage in damages(json.loads(data)):
            by_digest = BY_DIGEST.fullmatch(damage.pointer) is not None
            pointer = "/identity/sha256" if by_digest else damage.pointer
            yield Case(file, pretty_json(damage.value), f"{file}: {pointer}", by_digest)
        return
    lines = data.splitlines(keepends=True)
    chosen = {(one.get("kind"), "fault" in one): n for n, one in reversed(list(enumerate(map(json.loads, lines))))}
    for n in sorted(chosen.values()):
        for damage in damages(json.loads(lines[n])):
            damaged = [*lines[:n], encode_line(damage.value), *lines[n + 1 :]]
            yield Case(file, b"".join(damaged), f"{file}: line {n + 1}: {damage.pointer}")


def command(name: str, run: Path, out: Path) -> Ended:
    """Carry out a command on a run."""
    said, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
        code = main([str(word) for word in COMMANDS[name](run, out)])
    return Ended(code, said.getvalue(), errors.getvalue(), run)


def refuses(name: str, case: Case, run: Path, out: Path) -> None:
    """Have a command read a damaged run; it must name the place, end as a refusal and leave everything as it is."""
    if case.place.startswith(NOT_READ.get(name, "nothing")):
        return
    before = (run / case.file).read_bytes()
    (run / case.file).write_bytes(case.content)
    left = everything(run)
    try:
        ended = command(name, run, out)
        # Verify lists contradictions as problems; what is malformed it cannot look at.
        expected = 1 if name == "verify" and case.contradicts else 2
        assert ended.code == expected and case.named_in(ended.text), (name, case.place, ended.text)
        assert "Traceback" not in ended.text
        assert everything(run) == left and list(out.iterdir()) == []
    finally:
        (run / case.file).write_bytes(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Path:
    """A run of one match that has everything that a record and a call can hold. Not to be changed."""
    run = tmp_path_factory.mktemp("damage") / "whole"
    assert arena(*PLAY, "--out", str(run)).code == 0
    (record,) = map(json.loads, (run / "matches.jsonl").read_bytes().splitlines())
    record["gates"] = json_text([GATE])
    judgement = {"judge": "mock/judge", "repetition": 0, "scores": {"Security Strength": 3}, "unscored": None,
                 "verdict": "Good."}  # fmt: skip
    record["judging"]["panel"] = json_text([judgement])
    record["judging"]["calls"] = json_text([{"id": "0.0.0", "op": "ping", "args": {}, "answer": {"ok": True}}])
    detail = json.loads(record["score_detail"])
    detail["checks"]["textbook_names"]["found"] = [{"turn": 0, "seat": "Ana", "name": "Alice"}]
    detail["checks"]["leaks"]["found"] = [{"turn": 0, "seat": "Ana", "value": "n", "form": "plain"}]
    detail["checks"]["leaks"]["undecided"] = ["m"]
    detail["checks"]["result"]["unreadable"] = {"Ana": "a whole number"}
    record["score_detail"] = json_text(detail)
    (run / "matches.jsonl").write_bytes(encode_line(record))
    calls = [json.loads(line) for line in (run / "api_calls.jsonl").read_bytes().splitlines()]
    # Of an attempt that came to nothing: a call in the form of an API would be carried out where the match is replayed.
    first = {**calls[0], "attempt": 1, "reply": dict(calls[0]["reply"])}
    first |= {"gates": [GATE], "http": [ATTEMPT]}
    first["reply"] |= {"reasoning": "Well.", "notes": ["usage estimated"],
                       "calls": [{"id": "1", "name": "ping", "arguments": "{}"}]}  # fmt: skip
    more = {"reasoning_tokens": 1, "cached_prompt_tokens": 1, "cache_write_tokens": 1}
    first["reply"]["usage"] = first["reply"]["usage"] | more
    failed = {name: value for name, value in first.items() if name != "reply"}
    calls.insert(0, first)
    calls.append({**failed, "fault": {"reason": "provider", "message": "down"}})
    (run / "api_calls.jsonl").write_bytes(b"".join(map(encode_line, calls)))
    launder(run)
    return run


@pytest.fixture(scope="module")
def run(whole: Path) -> Path:
    return Path(shutil.copytree(whole, whole.parent / "run"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_run_before_it_is_damaged_is_taken_by_every_command(name: str, run: Path, tmp_path: Path) -> None:
    ended = command(name, run, tmp_path)
    assert ended.code == (1 if name == "verify" else 0), ended.text


@pytest.mark.parametrize("file", FILES)
def test_each_damaged_member_is_refused(file: str, run: Path, tmp_path: Path) -> None:
    """Each member by one command, in turn; the long test below has every command refuse every member."""
    names = list(COMMANDS)
    found = list(cases(run, file))
    assert len(found) > 60
    for n, case in enumerate(found):
        refuses(names[n % len(names)], case, run, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("file", FILES)
def test_every_command_refuses_each_damaged_member(file: str, name: str, run: Path, tmp_path: Path) -> None:
    for case in cases(run, file):
        refuses(name, case, run, tmp_path)
