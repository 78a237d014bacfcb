"""The readers of input from elsewhere, with their input. A reader returns, or raises an ArenaError.

Each target makes a case and returns its reader, so that making the case is not watched.
"""

from __future__ import annotations

import functools
import json
import random
import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from arena.engine.finished import opened
from arena.engine.recorded_calls import CallCount
from arena.families.cheaptalk.data.load import load as load_claims
from arena.families.cheaptalk.data.table import DATASETS
from arena.families.crypto.challenges.schema import load as load_challenges
from arena.families.crypto.rubric import RUBRIC
from arena.families.risk.imports.counts import counts
from arena.families.risk.imports.table import FORMATS, read_runs
from arena.formats import simpleyaml
from arena.judging.items import Item
from arena.judging.verdict import parse_verdict
from arena.play.call_reading import Call
from arena.play.tool_protocol import parse, results_message
from arena.policy.evaluator_file import read_evaluator
from arena.policy.gates_file import read_policy
from arena.store import digests
from arena.store.journal import JOURNAL_FILE, JournalIndex, read_calls
from arena.store.reader import RecordFile
from tests.support.agent_runs import dojo, of_tau2, tau, tau2
from tests.support.arena_rig import DIMENSIONS, ROOT, arena, challenge, verdict
from tests.support.claim_rows import EXAMPLES
from tests.support.fuzz import mutate
from tests.support.hostile_replies import reply

Read = Callable[[], object]
Case = Callable[[random.Random, Path], Read]


@dataclass(frozen=True, slots=True)
class Target:
    """`share`: cases of 50,000; `case`: makes one case in its own folder and returns what reads it."""

    name: str
    share: int
    case: Case


def tool_message(rng: random.Random, folder: Path) -> Read:
    said = reply(rng)
    said = said if rng.random() < 0.5 else mutate.text(rng, said)

    def read() -> None:
        calls = [item for item in parse(said).items if isinstance(item, Call)]
        results_message([(item.id or "x", {"ok": True, "result": item.args}) for item in calls])

    return read


def judge_reply(rng: random.Random, folder: Path) -> Read:
    if rng.random() < 0.3:
        return partial(parse_verdict, RUBRIC, reply(rng))
    good = verdict(*(rng.randint(1, 5) for _ in DIMENSIONS))
    items = (Item("a", "Is a done?"), Item("b", "Is b done?")) if rng.random() < 0.5 else ()
    if items:
        answers = [
            {"id": item.id, "answer": rng.choice(["yes", "no"]), "turn": rng.choice([None, 1])} for item in items
        ]
        good = json.dumps({**json.loads(good), "items": answers})
    damaged = mutate.text(rng, good) if rng.random() < 0.5 else json.dumps(mutate.value(rng, json.loads(good)))
    return partial(parse_verdict, RUBRIC, damaged, items, (0, 1))


@functools.cache
def _lines(*names: str) -> list[str]:
    return [line for name in names for line in (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)]


def _piece(rng: random.Random, lines: list[str]) -> str:
    at = rng.randrange(len(lines))
    return "".join(lines[at : at + rng.randrange(1, 16)])


def yaml(rng: random.Random, folder: Path) -> Read:
    names = ("config/gates.yaml", "config/evaluator.yaml", "config/prices.yaml", "config/risk/tau_risky.yaml")
    return partial(simpleyaml.loads, mutate.text(rng, _piece(rng, _lines(*names))), "x.yaml")


@functools.cache
def _rules(name: str, start: str) -> list[str]:
    """Return the rules of a policy or evaluator file of the project, each as text."""
    found: list[list[str]] = []
    for line in _lines(name):
        if line.startswith("- id:"):
            found.append([start])
        elif not line.startswith(" "):
            continue  # the keys of the file itself
        if found:
            found[-1].append(line)
    return ["".join(rule) for rule in found]


def gates(rng: random.Random, folder: Path) -> Read:
    rule = rng.choice(_rules("config/gates.yaml", "version: 1\npre_call:\n"))
    environ = {"GATES_ENFORCEMENT": "shadow"} if rng.random() < 0.1 else {}
    return partial(read_policy, mutate.text(rng, rule), "gates.yaml", environ)


def evaluator(rng: random.Random, folder: Path) -> Read:
    rule = rng.choice(_rules("config/evaluator.yaml", "version: 1\nrules:\n"))
    return partial(read_evaluator, mutate.text(rng, rule), "evaluator.yaml")


def challenges(rng: random.Random, folder: Path) -> Read:
    good = {"format": 2, "benchmark_version": "v", "challenges": [_challenge(rng.randrange(20)), challenge("b")]}
    path = folder / "challenges.json"
    path.write_bytes(mutate.as_json(rng, mutate.value(rng, good)))
    return partial(load_challenges, path)


@functools.cache
def _challenge(number: int) -> dict[str, Any]:
    whole = json.loads((ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json").read_bytes())
    found: dict[str, Any] = whole["challenges"][number]
    return found


_DATASETS = {one.name: one for one in DATASETS}


def claims(rng: random.Random, folder: Path) -> Read:
    name = rng.choice(list(EXAMPLES))
    rows = [mutate.as_json(rng, mutate.value(rng, row)) for row in rng.sample(EXAMPLES[name], 2)]
    path = folder / "rows.jsonl"
    path.write_bytes(b"\n".join(rows))
    return partial(load_claims, _DATASETS[name], path, "rows.jsonl", skip_unusable=rng.random() < 0.5)


def agent_runs(rng: random.Random, folder: Path) -> Read:
    good: dict[str, Any] = {"tau-bench": [tau(), tau(1)], "tau2": of_tau2(tau2()), "agentdojo": dojo()}
    name = rng.choice(list(good))
    path = folder / "runs.json"
    path.write_bytes(mutate.as_json(rng, mutate.value(rng, good[name])))
    return lambda: counts(read_runs(name, [path], "m", "imported"))


@functools.cache
def _run(folder: Path) -> Path:
    out = folder.parent / "good-run"
    ended = arena("--limit", "1", "--max-turns", "3", "--participant-model", "mock/talker", "--calculator-provider",
                  "none", "--out", str(out))  # fmt: skip
    assert ended.code == 0, ended.err
    return out


def _resume_scan(run: Path) -> None:
    """Read what resume reads, as if the lines had been checked before."""
    count = CallCount(RecordFile(run / "matches.jsonl").stored(checked=True), judges_only=False)
    JournalIndex(run / JOURNAL_FILE).scan(None, count.see, checked=True)
    count.short()


def run_directory(rng: random.Random, folder: Path) -> Read:
    source, run = _run(folder), folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir()
    for name in ("manifest.json", "matches.jsonl", JOURNAL_FILE, "digests.json"):
        shutil.copyfile(source / name, run / name)
    shutil.copytree(source / "inputs", run / "inputs")
    path = run / rng.choice(("manifest.json", "matches.jsonl", JOURNAL_FILE, "digests.json", "inputs/challenges.json"))
    good = path.read_bytes()
    if path.name == "digests.json" or rng.random() < 0.4:
        path.write_bytes(mutate.raw(rng, good))
    else:
        path.write_bytes(b"".join(mutate.as_json(rng, mutate.value(rng, json.loads(line))) + b"\n"
                                  for line in (good.splitlines() if path.suffix == ".jsonl" else [good])))  # fmt: skip

    def read() -> None:
        digests.check(run)
        deque(read_calls(run / JOURNAL_FILE), 0)
        _resume_scan(run)
        deque(opened(run).records, 0)

    return read


TARGETS = (
    Target("tool messages", 24_300, tool_message),
    Target("judge replies", 11_000, judge_reply),
    Target("YAML", 5_000, yaml),
    Target("gates", 2_500, gates),
    Target("evaluators", 2_500, evaluator),
    Target("FEVER rows", 2_500, claims),
    Target("agent runs", 1_600, agent_runs),
    Target("run directories", 300, run_directory),
    Target("challenge files", 300, challenges),
)
assert set(FORMATS) == {"tau-bench", "tau2", "agentdojo"}
