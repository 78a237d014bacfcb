"""The crypto family behind the common contract (arena/families/contract.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from arena.errors import GateDenied, ServiceFault
from arena.families.contract import Exporter
from arena.families.crypto import data
from arena.families.crypto.bundle import RoleViews, write_bundle
from arena.families.crypto.challenges.instance import drawing_order
from arena.families.crypto.checks.ledger import ledger
from arena.families.crypto.checks.match import CHECKS_VERSION, check_match
from arena.families.crypto.checks.verified import caps_of, describe_rule, findings, verified
from arena.families.crypto.outcome import OUTCOMES, outcome
from arena.families.crypto.prompts import OPENING_CUE, PROMPT_VERSION
from arena.families.crypto.values import draw, guess
from arena.judging.judge import JudgeMaterial, JudgeResult, ask_judge, judge_conversation, judge_nonce
from arena.judging.panel import ask_panel
from arena.play.dialogue import Setting, converse
from arena.play.services import Services
from arena.records import ABORTED_OUTCOME, Json, Score, Transcript, Trial
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json


class CryptoFamily:
    """Role agents settle an everyday situation; five rubric dimensions and an outcome per match."""

    name = data.FAMILY

    def __init__(self, setup: data.CryptoSetup, warnings: Sequence[str] = ()) -> None:
        self.setup = setup
        self.warnings = warnings
        self.dimensions = setup.rubric.dimensions
        self.outcomes = OUTCOMES
        self.labels: Sequence[str] = data.CELL_LABELS
        self.unit_noun = "challenge"
        self.settled: Mapping[str, str] = {}
        self.challenges = {challenge["id"]: challenge for challenge in setup.challenges}
        self._orders = {c["id"]: drawing_order(c["instance"]["values"]) for c in setup.challenges if "instance" in c}

    def trials(self) -> Iterable[Trial]:
        return data.trials(self.setup)

    def play(self, trial: Trial, services: Services, past: Sequence[dict[str, Json]]) -> Transcript:
        setup = self.setup
        challenge = self.challenges[trial.plan["challenge_id"]]
        seats = data.roles(challenge)
        try:
            values = draw(challenge, trial.seed, services, self._orders.get(challenge["id"]))
        except (ServiceFault, GateDenied) as fault:
            stop = fault.reason if isinstance(fault, ServiceFault) else "gate_denied"
            return Transcript(stop=stop, detail=f"while drawing the values: {fault}")
        transcript = converse(
            Setting(
                seats=seats,
                systems={seat: setup.prompt(challenge, seat, values) for seat in seats},
                max_turns=setup.max_turns,
                max_tool_calls_per_turn=setup.max_tool_calls_per_turn,
                opening_cue=OPENING_CUE,
            ),
            services,
        )
        transcript.instance = values
        return transcript

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        setup = self.setup
        nothing: dict[str, float | int | None] = dict.fromkeys(setup.rubric.dimensions)
        challenge = self.challenges[trial.plan["challenge_id"]]
        checks = check_match(transcript.entries, challenge, transcript.instance)
        caps = caps_of(findings(transcript.entries, challenge, transcript.instance, checks))
        without = verified(caps, nothing, setup.rule, transcript.stop)
        if transcript.status != "done":
            unscored = f"not judged: {transcript.stop}"
            detail: dict[str, Json] = {"checks": checks, "verified": without}
            return Score(values=nothing, outcome=ABORTED_OUTCOME, unscored=unscored, detail=detail)
        material = JudgeMaterial(
            challenge=setup.judged(challenge, transcript.instance),
            entries=transcript.entries,
            stop=transcript.stop,
            nonce=judge_nonce(trial.seed),
        )
        tools = setup.tools if setup.judge_tools else None
        most = setup.max_tool_calls_per_turn

        def ask(question: int) -> JudgeResult:
            return ask_judge(setup.rubric, material, setup.truncation, services, tools, most, question)

        result = ask_panel(setup.panel, ask)
        detail = {**result.counts, "checks": checks, "verified": without, **result.more}
        if result.scores is None:
            return Score(values=nothing, outcome=None, unscored=result.unscored, detail=detail)
        detail["verified"] = verified(caps, result.scores, setup.rule, transcript.stop)
        return Score(
            values={**result.scores},
            outcome=outcome(setup.rule, result.scores, transcript.stop),
            verdict=result.verdict,
            detail=detail,
        )

    def ledger(self, record: dict[str, Json]) -> dict[str, Json]:
        return ledger(record, self.challenges[record["unit"]])

    def write_bundle(self, run_dir: Path, record: dict[str, Json]) -> None:
        write_bundle(run_dir, record, self.challenges[record["unit"]], self.setup)

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        return [RoleViews(run_dir, self.challenges)]

    def unit_name(self, unit: str) -> str:
        return str(self.challenges[unit]["name"])

    def inputs(self) -> dict[str, bytes]:
        return {"challenges.json": pretty_json({**self.setup.header, "challenges": list(self.setup.challenges)})}

    def longest_prompt(self) -> int:
        longest = 0
        for trial in self.trials():
            challenge = self.challenges[trial.plan["challenge_id"]]
            values = guess(challenge, trial.seed)
            longest = max(longest, *(len(self.setup.prompt(challenge, role, values)) for role in data.roles(challenge)))
        return longest

    def longest_judge_prompt(self) -> int:
        setup = self.setup
        tools = setup.tools if setup.judge_tools else None
        empty = (JudgeMaterial(setup.judged(c, None), (), "max_turns", judge_nonce("")) for c in setup.challenges)
        return max(judge_conversation(setup.rubric, m, setup.truncation, tools)[0].chars for m in empty)

    def describe(self) -> dict[str, Json]:
        setup = self.setup
        selected = hashlib.sha256(encode_line([dict(challenge) for challenge in setup.challenges])).hexdigest()
        return {
            "benchmark_version": setup.header.get("benchmark_version"),
            "set_header_sha256": hashlib.sha256(encode_line(dict(setup.header))).hexdigest(),
            "challenges_sha256": selected,
            "prompt_version": PROMPT_VERSION,
            "prompts_sha256": data.prompts_digest(setup),
            "rubric": {
                "name": setup.rubric.name,
                "version": setup.rubric.version,
                "sha256": hashlib.sha256(setup.rubric.text.encode()).hexdigest(),
            },
            "outcome_rule": setup.rule.to_json(),
            "checks_version": CHECKS_VERSION,
            "verified_rule": describe_rule(),
        }
