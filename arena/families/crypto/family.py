"""The crypto family behind the common contract (families/contract.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean as mean

from arena.families.contract import Bounds, Exporter, FactGroup, Outcomes, Value
from arena.families.crypto import data
from arena.families.crypto.bundle import RoleViews, match_bundle
from arena.families.crypto.challenges.instance import drawing_order
from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.cheats.rates import CheatRates, cheats_line
from arena.families.crypto.check_rates import CheckRates, cases_line
from arena.families.crypto.checks.ledger import ledger
from arena.families.crypto.checks.match import CHECKS_VERSION, check_match
from arena.families.crypto.checks.results import MatchDetail
from arena.families.crypto.checks.verified import caps_of, describe_rule, findings, verified
from arena.families.crypto.items.files import ItemTables
from arena.families.crypto.items.rates import ItemRates, items_line
from arena.families.crypto.op_levels import PRIMITIVE, refusal
from arena.families.crypto.outcome import ABORTED_OUTCOME, OUTCOMES, outcome
from arena.families.crypto.payoff_rates import PayoffRates, payoffs_line
from arena.families.crypto.prompts import OPENING_CUE, PROMPT_VERSION
from arena.families.crypto.spec import SPEC
from arena.families.crypto.values import draw, guess
from arena.families.crypto.verified_rates import VerifiedRates, verified_line
from arena.families.spec import FamilySpec
from arena.judging.bounds import Judgements, judge_bounds
from arena.judging.judge import JudgeMaterial, JudgeResult, ask_judge, judge_conversation, judge_nonce
from arena.judging.panel import ask_panel
from arena.judging.verdict import verdict_format
from arena.messages import Calculator
from arena.play.bounds import NO_CALLS, Dialogues, Sizes, Typical, dialogue_bounds, read_of
from arena.play.dialogue import DialogueSetup, converse, end_with, rotation
from arena.play.hearing import seat_nonce
from arena.play.past import Past
from arena.play.services import Services
from arena.play.toolbox import CalculatorToolbox, Toolbox
from arena.records import Json, Record, Score, Stop, Transcript, Trial
from arena.settings.config import Config
from arena.stats.moments import Moments
from arena.store.bundles import Bundle
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json

VERIFIED_RULE = "verified_rule"
"""Rule of the run's verified scores: runs of different rules are compared except for these."""

TYPICAL = Typical(turns=0.75, calls=2.0, reply=150, answer=30)
"""Measured on the default run with mock players (11 of 15 turns, 2.0 calls a turn, 28 tokens an answer), except for the
reply: mock players write 70 tokens, which is doubled."""


class CryptoFamily:
    """Role agents settle an everyday situation; five rubric dimensions and an outcome per match."""

    spec: FamilySpec = SPEC
    labels: Sequence[str] = data.CELL_LABELS
    conditions: Sequence[str] = ()
    play_rules: Sequence[str] = ("prompt_version", "prompts_sha256")

    def __init__(self, setup: data.CryptoSetup, warnings: Sequence[str] = ()) -> None:
        self.setup = setup
        self.warnings = warnings
        rubric = setup.rubric
        self.values = tuple(Value(name, rubric.lowest, rubric.highest, scale="grade") for name in rubric.dimensions)
        self.outcomes = Outcomes(OUTCOMES, ABORTED_OUTCOME)
        self.carried_over: Mapping[str, str] = {}
        self.challenges = {challenge["id"]: challenge for challenge in setup.challenges}
        self._orders = {c["id"]: drawing_order(c["instance"]["values"]) for c in setup.challenges if "instance" in c}

    def trials(self) -> Iterable[Trial]:
        return data.trials(self.setup)

    def challenge_of(self, trial: Trial) -> Mapping[str, Json]:
        """Return the challenge of a trial as this trial plays it."""
        return data.challenge_of(self.challenges, trial)

    def toolbox(self, calculator: Calculator | None) -> Toolbox | None:
        return None if calculator is None else CalculatorToolbox(calculator)

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        setup = self.setup
        challenge = self.challenge_of(trial)
        seats = data.roles(challenge)
        transcript = Transcript()

        def drawn() -> None:
            transcript.instance = draw(challenge, trial.seed, services, self._orders.get(challenge["id"]))

        end_with(transcript, drawn)
        if transcript.stop is not None:
            transcript.detail = f"while drawing the values: {transcript.detail}"
            return transcript
        values = transcript.instance
        nonces = {seat: seat_nonce(trial.seed, seat) for seat in seats}
        clock = data.time_of(challenge, values, turns_of(challenge, setup.max_turns))
        return converse(
            DialogueSetup(
                systems={seat: setup.prompt(challenge, seat, nonces[seat], values) for seat in seats},
                nonces=nonces,
                schedule=rotation(seats, turns_of(challenge, setup.max_turns), None if clock is None else clock.cue),
                max_tool_calls_per_turn=setup.max_tool_calls_per_turn,
                opening_cue=OPENING_CUE,
                tools=setup.offered(challenge),
                channels=data.channels_of(challenge),
                refusal=refusal if setup.op_level == PRIMITIVE else None,
                instead=None if clock is None else clock.answer,
            ),
            services,
            transcript,
        )

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        setup, stop = self.setup, transcript.stop or Stop.BUG
        nothing: dict[str, float | int | None] = dict.fromkeys(setup.rubric.dimensions)
        challenge = self.challenge_of(trial)
        checks = check_match(transcript.entries, challenge, transcript.instance)
        caps = caps_of(findings(transcript.entries, challenge, transcript.instance, checks))
        without = verified(caps, nothing, setup.rule, stop)
        if transcript.status != "done":
            unscored = f"not judged: {stop}"
            return Score(nothing, ABORTED_OUTCOME, unscored=unscored, detail=MatchDetail(checks, without))
        material = JudgeMaterial(
            subject=setup.judged(challenge, transcript.instance, checks.cheat),
            entries=transcript.entries,
            stop=stop,
            nonce=judge_nonce(trial.seed),
            items=setup.questions(challenge, transcript.instance),
        )
        tools = setup.tools if setup.judge_tools else None
        most = setup.max_tool_calls_per_turn

        def ask(question: int) -> JudgeResult:
            return ask_judge(setup.rubric, material, setup.truncation, services, tools, most, question)

        result = ask_panel(setup.panel, ask)
        if result.scores is None:
            detail = MatchDetail(checks, without)
            return Score(nothing, None, unscored=result.unscored, detail=detail, judging=result.judging)
        return Score(
            values={**result.scores},
            outcome=outcome(setup.rule, result.scores, stop),
            verdict=result.verdict,
            detail=MatchDetail(checks, verified(caps, result.scores, setup.rule, stop)),
            judging=result.judging,
        )

    def facts(self) -> Sequence[FactGroup]:
        counted = VerifiedRates(Moments(self.setup.rubric.dimensions), dict.fromkeys(OUTCOMES, 0))
        return CheckRates(), counted, CheatRates(), PayoffRates(), ItemRates(self.challenges)

    def lines(self, summary: Mapping[str, Json]) -> list[str]:
        level = f"operations: {PRIMITIVE} (building blocks, no recipes)" if self.setup.op_level == PRIMITIVE else None
        lines = (
            verified_line(summary), items_line(summary), cases_line(summary), cheats_line(summary),
            payoffs_line(summary), level,
        )  # fmt: skip
        return [line for line in lines if line is not None]

    def ledger(self, record: Record) -> dict[str, Json]:
        """Return the ledger of a record (checks/ledger.py): `claims`, class -> count, and more."""
        return ledger(record, self.challenge_of(record.trial))

    def bundle(self, record: Record) -> Bundle | None:
        return match_bundle(record, self.challenge_of(record.trial), self.setup)

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        return [RoleViews(run_dir, self.challenges, self.setup), ItemTables(run_dir, self.challenges)]

    def unit_name(self, unit: str) -> str:
        return str(self.challenges[unit]["name"])

    def unplayed(self, trial: Trial, why: str) -> Mapping[str, Json] | None:
        return None

    def inputs(self) -> Mapping[str, bytes]:
        challenges = {**self.setup.header, "challenges": list(self.setup.challenges)}
        return {data.CHALLENGES_INPUT: pretty_json(challenges)}

    def bounds(self, config: Config) -> Bounds:
        setup = self.setup
        players, judge = config.players, config.judge
        said = None if players is None else players.sampling.max_tokens
        verdict = None if judge is None else judge.sampling.max_tokens
        calls, questions = setup.max_tool_calls_per_turn, self._question_chars()
        played, judged, longest = NO_CALLS, NO_CALLS, 0
        for turns, (trials, prompts) in sorted(self._prompt_sizes().items()):
            longest = max(longest, prompts.most)
            seats = prompts.n / trials
            dialogues = Dialogues(
                trials, turns, calls if setup.tools else 0, seats, prompts.mean, prompts.most, rotate=True
            )
            judgements = Judgements(
                trials * max(1, len(setup.panel)),
                calls if setup.judge_tools else 0,
                mean(questions),
                max(questions),
                read_of(dialogues, said, TYPICAL),
            )
            played += dialogue_bounds(dialogues, said, TYPICAL)
            judged += judge_bounds(judgements, verdict)
        return Bounds(
            played,
            judged,
            (("system prompts", f"{longest:,} characters at most, sent with every call"),),
            TYPICAL,
        )

    def _prompt_sizes(self) -> dict[int, tuple[int, Sizes]]:
        """Return the number of trials, and the characters of each seat's system prompt and opening cue, by the most
        turns of a match: groups of more than three seats have more."""
        found: dict[int, tuple[int, Sizes]] = {}
        for trial in self.trials():
            challenge = self.challenge_of(trial)
            turns = turns_of(challenge, self.setup.max_turns)
            trials, sizes = found.get(turns, (0, Sizes()))
            values = guess(challenge, trial.seed)
            for role in data.roles(challenge):
                prompt = self.setup.prompt(challenge, role, seat_nonce(trial.seed, role), values)
                clock = data.time_of(challenge, values, turns)
                cues = 0 if clock is None else len(clock.cue(0)) * turns
                sizes.add(len(prompt) + len(OPENING_CUE) + cues)
            found[turns] = trials + 1, sizes
        return found

    def _question_chars(self) -> list[int]:
        """Return the characters of the question to the judge about an empty transcript, for each challenge."""
        setup = self.setup
        tools = setup.tools if setup.judge_tools else None
        empty = (
            JudgeMaterial(setup.judged(c, None), (), Stop.MAX_TURNS, judge_nonce(""), setup.questions(c, None))
            for c in setup.challenges
        )
        return [judge_conversation(setup.rubric, m, setup.truncation, tools)[0].chars for m in empty] or [0]

    def identity(self) -> Mapping[str, Json]:
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
                "verdict_format": verdict_format(any(setup.questions(c, None) for c in setup.challenges)),
            },
            "outcome_rule": setup.rule.to_json(),
            "checks_version": CHECKS_VERSION,
            VERIFIED_RULE: describe_rule(),
        }
