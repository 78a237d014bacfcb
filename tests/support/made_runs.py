"""Finished runs made by hand, for tests of what reads them: any status, outcome, name or text, without playing.

    run = made_run(tmp_path / "run", [record("c1", outcome="SUCCESS"), record("c2", stop="provider")])

The summary is the real one (arena/engine/summary.py) over these records, and digests.json lists all files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arena.engine.summary import Summary
from arena.families.contract import FactGroup, Outcomes, Value
from arena.families.crypto.check_rates import CheckRates
from arena.families.crypto.data import CELL_LABELS
from arena.families.crypto.outcome import OUTCOMES
from arena.families.crypto.spec import SPEC
from arena.families.crypto.verified_rates import VerifiedRates
from arena.records import PENDING, STOPS, Record, Stop, awaiting
from arena.stats.moments import Moments
from arena.store import digests
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json
from tests.support.arena_rig import DIMENSIONS, ROOT, challenge
from tests.support.made_manifest import digest_of
from tests.support.plain_records import stored

EXAMPLE = ROOT / "state/examples/mock-three"
GRADES = {"SUCCESS": 5, "SUBSTANTIAL": 3, "PARTIAL": 2, "FAILED": 1}
CANARY = "Test data: 00000000-1111-4222-8333-444444444444"

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]> --> &amp; &#x0; <![CDATA[ \"quoted\" 'too'",
    "| a | b |\n|---|---|\n# Title\n[x](javascript:alert(1)) ![i](http://evil.example/p.png) @everyone #1 `code`",
    "\n::error file=x::planted\n::stop-commands::token\r\n::add-mask::a",
    "100%0A::warning::planted %3A,title=x",
    "\x00\x07\x1b]0;title\x07\x1b[2J\x1b[31m red \u202e\u2066 reversed \u2028\u2029\x85",
    "half a pair \ud83d alone",
    "=HYPERLINK(\"http://evil.example\")",
    "+1+1", "-1", "@SUM(1)", "\t=1",
    "NA", "007", "null", "1e5",
    "\uffff\ufffe noncharacters \U0001f600",
)  # fmt: skip


class _Family:
    """What arena/engine/summary.py asks of a family."""

    spec = SPEC
    values = tuple(Value(name, 1, 5, scale="grade") for name in DIMENSIONS)
    outcomes = Outcomes(OUTCOMES, "FAILED")
    labels = CELL_LABELS
    conditions = ()

    def facts(self) -> Sequence[FactGroup]:
        return CheckRates(), VerifiedRates(Moments(DIMENSIONS), dict.fromkeys(OUTCOMES, 0))

    def unit_name(self, unit: str) -> str:
        return f"The matter {unit}"


def record(
    unit: str = "c1",
    rep: int = 0,
    outcome: str | None = None,
    stop: str = "agreed_end",
    text: str = "Agreed.",
    **changes: Any,
) -> dict[str, Any]:
    """Return a plain record (plain_records.py); without `outcome` a done one is unscored. `text`: what everybody in it
    says."""
    stop = Stop(stop).value  # JSON holds texts
    status = Stop(stop).status
    scored = status == "done" and outcome is not None
    scores = dict.fromkeys(DIMENSIONS, GRADES[str(outcome)] if scored else None)
    unscored = awaiting(Stop.AGREED_END, text) if status == PENDING else f"not judged: {text}"
    said = "FAILED" if status == "aborted" else outcome if scored else None
    verified = {"outcome": said, "scores": dict(scores), "caps": [], "rule": "verified-cap", "version": 1}
    checks = {
        "version": 1, "textbook_names": {"ok": True, "found": []}, "leaks": {"ok": True, "found": [], "undecided": []},
        "result": {"ok": True, "verdict": "right", "agreed": True, "declared": {}, "right": 7},
        "artefacts": {"ok": True, "count": 1, "real": 1, "share": 1.0, "unreal": []},
        "tools": {"ok": True, "calls": 1, "failed": 0, "malformed": 0, "unused": 0, "unused_calls": []},
    }  # fmt: skip
    judging = {"checks": checks, "verified": verified} if status in ("done", "aborted") else {}
    entries = [
        {"turn": 0, "from": "Ana", "to": ["Ana"], "kind": "call", "id": "0.0.0", "step": 0, "index": 0, "op": "ping",
         "args": {"a": text}, "answer": {"ok": True, "result": text}},
        {"turn": 0, "from": "Ana", "to": "all", "kind": "say", "text": text},
        {"turn": 1, "from": "Bo", "to": "all", "kind": "say", "text": text, "done": {"result": text}},
    ]  # fmt: skip
    whole = {
        "key": f"crypto/{unit}/rep_{rep}", "family": "crypto", "unit": unit,
        "cell": {"participant": "mock/careful", "difficulty": "Basic", "primitive_family": "commitment",
                 "split": "train"},
        "seed": "0" * 64, "plan": {"challenge_id": unit, "rep": rep}, "instance": {"n": 7},
        "attempt": 0, "status": status, "stop": stop, "detail": text if status not in ("done",) else "",
        "flags": [stop] if STOPS[Stop(stop)].flagged else [], "gates": [], "transcript": entries,
        "usage": {"Ana": {"calls": 1, "prompt_tokens": 10, "completion_tokens": 5, "tool_calls": 1}},
        "scores": scores if status == "done" else {}, "unscored": None if scored else unscored,
        "outcome": said, "verdict": text if scored else None, "judging": judging, "prev": "0" * 64,
    }  # fmt: skip
    return {**whole, **changes}


def made_run(
    folder: Path,
    records: Sequence[dict[str, Any]],
    settings: dict[str, Any] | None = None,
    models: dict[str, Any] | None = None,
    unpriced: Sequence[str] = (),
    **changes: Any,
) -> Path:
    """Write a run of these records; `changes`: `rules`, `planned`, `header` (of its challenge file)."""
    folder.mkdir(parents=True)
    manifest = json.loads((EXAMPLE / "manifest.json").read_bytes())
    identity = manifest["identity"]
    identity["settings"] |= {"challenges": "challenges.json", "limit": None, **(settings or {})}
    identity["models"] |= models or {}
    identity["rules"] |= changes.get("rules", {})
    identity["sha256"] = digest_of(identity)
    units = list(dict.fromkeys(one["unit"] for one in records)) or ["c1"]
    header = changes.get("header", {"format": 2, "benchmark_version": "test_v2", "created_at": "2026-11-20",
                                    "canary": CANARY})  # fmt: skip
    planned = changes.get("planned", len(records))
    (folder / "inputs").mkdir()
    whole = {**header, "challenges": [challenge(unit) for unit in units]}
    (folder / "inputs/challenges.json").write_bytes(pretty_json(whole))
    (folder / "manifest.json").write_bytes(pretty_json(manifest))
    (folder / "matches.jsonl").write_bytes(b"".join(encode_line(stored(one)) for one in records))
    summary = Summary(folder, _Family(), planned)  # type: ignore[arg-type]
    for one in records:
        summary.add(Record.from_json(stored(one), "", detail=SPEC.detail))
    summary.close({
        "arena_version": manifest["arena_version"], "family": "crypto", "unit_noun": "challenge",
        "trial_nouns": ["match", "matches"], "conditions": [], "policy": identity["policy"],
        "identity_sha256": identity["sha256"], "models": identity["models"], "calculator": identity["calculator"],
        "rules": identity["rules"], "cost_usd": {"usd": 0.25, "unpriced": list(unpriced)},
    })  # fmt: skip
    digests.write(folder)
    return folder
