"""The cheaptalk family behind the common contract (families/contract.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from arena.families.cheaptalk import cross_exam, labels, prompts, reputation
from arena.families.cheaptalk.claim import Claim
from arena.families.cheaptalk.data.load import Source, digest_of
from arena.families.cheaptalk.detail import Condition, EpisodeDetail
from arena.families.cheaptalk.deviations.table import BASELINE, DEVIATIONS
from arena.families.cheaptalk.episode_of_record import episode_of
from arena.families.cheaptalk.facts import EarlyEnds, early_lines
from arena.families.cheaptalk.findings.conduct import Conduct
from arena.families.cheaptalk.findings.facts import EpisodeRates, Incentives, LastRead
from arena.families.cheaptalk.findings.lines import talk_lines
from arena.families.cheaptalk.findings.run import Statistician
from arena.families.cheaptalk.mock.skill import SKILLS
from arena.families.cheaptalk.outputs.write import ResultFiles, ResultRules
from arena.families.cheaptalk.plan import CONDITIONS, LABELS, Game
from arena.families.cheaptalk.reading import Heard, read_method, read_talk
from arena.families.cheaptalk.reputation import Reputation
from arena.families.cheaptalk.scene import ALONE, Scene, Standing
from arena.families.cheaptalk.scoring import Finished, score_episode
from arena.families.cheaptalk.spec import SPEC
from arena.families.cheaptalk.task_budget import NO_BUDGET, spent, within
from arena.families.cheaptalk.verifying import evidence, rating
from arena.families.cheaptalk.verifying.pieces import evidence_of
from arena.families.contract import Bounds, Exporter, FactGroup, Outcomes, Value
from arena.families.spec import FamilySpec
from arena.formats.decode import encode
from arena.judging.bounds import Judgements, judge_bounds
from arena.messages import Calculator, Conversation
from arena.play.bounds import NO_CALLS, Dialogues, Sizes, Typical, dialogue_bounds
from arena.play.dialogue import DialogueSetup, converse
from arena.play.past import Past
from arena.play.services import Services, merge_usage
from arena.play.toolbox import Toolbox
from arena.records import Json, Judging, Record, Score, Transcript, Trial
from arena.settings.config import Config
from arena.store.bundles import Bundle
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json

RULES_VERSION = 1
"""Raise it when the same answers would give another score."""

CLAIMS_INPUT = "claims.json"
OPENING_CUE = "(You begin.)"

RATING_TOKENS = 40
"""Usual tokens of a rating: one number for each of a few sentences, as JSON."""

TYPICAL = Typical(reply=50)
"""Mock players write 21 tokens; a real sender quotes a sentence or two, a receiver answers with a word."""

OUTCOMES = RIGHT, WRONG, UNPARSABLE = ("right", "wrong", "unparsable")

VALUES = (
    Value("payoff", scale="payoff"),
    Value("receiver_payoff", scale="receiver_payoff"),
    Value("correct", 0, 1, scale="share"),
    Value("evidence_provided", 0, 1, scale="share"),
    Value("evidence_match", 0, 1, scale="share", required=False),
    Value("fever", 0, 1, scale="share", required=False),
)


class CheapTalk:
    """A sender talks to a receiver about a claim; does the protocol make honesty pay?"""

    spec: FamilySpec = SPEC
    values: Sequence[Value] = VALUES
    outcomes = Outcomes(OUTCOMES)
    labels: Sequence[str] = LABELS
    conditions: Sequence[str] = CONDITIONS
    play_rules: Sequence[str] = ("prompts_version", "claims_sha256", "deviations_sha256", "source",
                                 "senders", "receivers", "seeds", "mock_sha256")  # fmt: skip

    def __init__(
        self, game: Game, source: Mapping[str, Json], results: ResultRules, warnings: Sequence[str] = ()
    ) -> None:
        self.game = game
        self.results = results
        self.statistician = Statistician(results.statistics)
        self._read = LastRead(episode_of)
        self.source = source
        self.warnings = warnings
        self.carried_over: Mapping[str, str] = {}

    def trials(self) -> Iterable[Trial]:
        return self.game.plan()

    def toolbox(self, calculator: Calculator | None) -> Toolbox | None:
        return None

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        game, rules = self.game, self.game.rules
        standing = None if trial.series is None else past.fold(game.start(), game.after)
        scene, protocol = game.scene(trial, standing), game.protocols[trial.plan["protocol"]]
        transcript = Transcript(instance=_instance(standing))
        systems = protocol.systems(scene)
        rows = protocol.schedule(scene, transcript)
        if rules.budget.limits and protocol.id in rules.budgeted:
            rows = within(rows, systems, transcript, rules.budget, rules.sampling)
        return converse(DialogueSetup(systems, rows, 0, OPENING_CUE, agreed_end=False), services, transcript)

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        if transcript.status != "done":
            return Score({}, None, unscored=f"not scored: {transcript.stop}")
        finished = self._finished(trial, transcript)
        judging = Judging()
        rated = self._rating(finished, services, judging) if self.game.rules.paying.rated else None
        detail = score_episode(finished, rated, self.game.rules.paying)
        return Score(_values(detail), _outcome(detail), detail=detail, judging=judging)

    def _finished(self, trial: Trial, transcript: Transcript) -> Finished:
        """Read a finished trial."""
        game, rules = self.game, self.game.rules
        standing = _standing(transcript)
        scene, protocol = game.scene(trial, standing), game.protocols[trial.plan["protocol"]]
        expected = protocol.messages if scene.message else 1
        heard: Heard
        if trial.plan["deviation"] == BASELINE:
            heard = read_method(protocol.id, transcript)
        else:
            heard = read_talk(transcript, expected, protocol.asks)
        budget = rules.budget if protocol.id in rules.budgeted else NO_BUDGET
        return Finished(
            key=trial.key,
            series=trial.series,
            scene=scene,
            condition=self._condition(trial, standing),
            transcript=transcript,
            heard=heard,
            spent=spent(transcript, budget, expected),
        )

    def _condition(self, trial: Trial, standing: Standing | None) -> Condition:
        plan, cell = trial.plan, trial.cell
        return Condition(
            protocol=plan["protocol"],
            deviation=plan["deviation"],
            acted=self.game.acted(trial, standing),
            sender=cell["sender"],
            receiver=cell["receiver"],
            information=cell["information"],
            seed=plan["seed"],
            repetition=plan["rep"],
            milestones=tuple(plan["milestones"]),
        )

    def _rating(self, finished: Finished, services: Services, judging: Judging) -> rating.Rating | None:
        """Let a model rate the pieces of a message; None if it has none."""
        pieces = evidence_pieces(finished)
        if not pieces:
            return None
        conversation = Conversation("You rate evidence.")
        conversation.add("user", rating.prompt(finished.scene.claim.text, pieces))
        reply = services.judge(0, 0, conversation)
        judging.asks = 1
        merge_usage(judging.usage, reply)
        return rating.read_rating(reply.text, len(pieces))

    def facts(self) -> Sequence[FactGroup]:
        return EpisodeRates(self._read), Incentives(self._read, self.statistician), Conduct(), EarlyEnds()

    def lines(self, summary: Mapping[str, Json]) -> list[str]:
        return [*talk_lines(summary), *early_lines(summary)]

    def bundle(self, record: Record) -> Bundle | None:
        """Return None: the records contain all of an episode."""
        return None

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        return (ResultFiles(run_dir, self.results, self.statistician, self._read),)

    def told(self, trial: Trial, transcript: Transcript) -> tuple[Scene, Mapping[str, str]]:
        """Return the scene of a trial, and the system text of each seat."""
        scene = self.game.scene(trial, _standing(transcript))
        return scene, self.game.protocols[trial.plan["protocol"]].systems(scene)

    def unit_name(self, unit: str) -> str:
        return self.game.by_key[unit].text

    def unplayed(self, trial: Trial, why: str) -> Mapping[str, Json] | None:
        return None

    def inputs(self) -> Mapping[str, bytes]:
        seeds = {str(seed): [claim.key for claim in drawn] for seed, drawn in self.game.claims.items()}
        claims = [encode(claim) for claim in self.game.by_key.values()]
        return {CLAIMS_INPUT: pretty_json({"claims": claims, "seeds": seeds})}

    def bounds(self, config: Config) -> Bounds:
        game, players = self.game, config.players
        most = None if players is None else players.sampling.max_tokens
        sizes: dict[tuple[int, int], Sizes] = {}
        questions = Sizes()
        for trial in self.trials():
            scene = game.scene(trial, game.start() if trial.series else None)
            protocol = game.protocols[trial.plan["protocol"]]
            systems = protocol.systems(scene)
            turns = (protocol.messages if scene.message else 1) + (ALONE in systems)
            chars = sum(map(len, systems.values())) // len(systems) + len(prompts.sender_cue(scene))
            sizes.setdefault((turns, len(systems)), Sizes()).add(chars)
            if game.rules.paying.rated and scene.message:
                questions.add(len(rating.prompt(scene.claim.text, scene.claim.gold_texts())))
        longest = max((len(self._longest(claim)) for claim in game.by_key.values()), default=0)
        bounds = NO_CALLS
        for (turns, seats), found in sizes.items():
            bounds += dialogue_bounds(Dialogues(found.n, turns, 0, seats, found.mean, longest), most, TYPICAL)
        rated = NO_CALLS
        if questions.n:
            read = 0.0, float(bounds.reply_tokens)
            what = Judgements(questions.n, 0, questions.mean, questions.most, read, 1, RATING_TOKENS)
            rated = judge_bounds(what, config["judge_max_tokens"])
        rows = (
            ("conditions", str(len(game.conditions))),
            ("information", game.rules.information),
            ("payoff", game.rules.paying.payoff.name),
        )
        return Bounds(bounds, rated, rows, TYPICAL)

    def _longest(self, claim: Claim) -> str:
        """Return the length of the longest text about a claim that a seat may get."""
        scene = Scene(claim, claim, (*claim.gold_texts(), *claim.distractors), (), True, "", self.game.rules.constants)
        instruction = max((row.instruction for row in DEVIATIONS.values()), key=len)
        told = replace(scene, instruction=instruction, standing=self.game.start())
        return prompts.sender_system(told) + prompts.sender_cue(told)

    def identity(self) -> Mapping[str, Json]:
        game, rules = self.game, self.game.rules
        said = [[row.name, row.instruction] for row in DEVIATIONS.values()]
        return {
            "rules_version": RULES_VERSION,
            "prompts_version": prompts.VERSION,
            "labels_version": labels.VERSION,
            "evidence_version": evidence.VERSION,
            "rating_version": rating.VERSION,
            "cross_exam_version": cross_exam.VERSION,
            "reputation_version": reputation.VERSION,
            "payoff_version": rules.paying.payoff.version,
            "claims_sha256": digest_of(tuple(game.by_key.values())),
            "deviations_sha256": hashlib.sha256(encode_line(said)).hexdigest(),
            "mock_sha256": hashlib.sha256(encode_line({name: asdict(one) for name, one in SKILLS.items()})).hexdigest(),
            "source": dict(self.source),
            "senders": list(game.senders),
            "receivers": list(game.receivers),
            "seeds": list(game.claims),
            "conditions": [[one.protocol, one.deviation] for one in game.conditions],
        }


def evidence_pieces(finished: Finished) -> tuple[str, ...]:
    """Return the pieces of evidence that a message shows."""
    return evidence_of(finished.heard.message).pieces


def source_json(source: Source) -> dict[str, Json]:
    return encode(source)


def _instance(standing: Standing | None) -> dict[str, Json] | None:
    return None if standing is None else {"identity": standing.identity, "reputation": encode(standing.reputation)}


def _standing(transcript: Transcript) -> Standing | None:
    instance = transcript.instance
    return None if instance is None else Standing(instance["identity"], Reputation(**instance["reputation"]))


def _values(detail: EpisodeDetail) -> dict[str, float | int | None]:
    fever = detail.verifier.fever
    return {
        "payoff": detail.payoff.paid,
        "receiver_payoff": detail.payoff.receiver,
        "correct": int(detail.verifier.label_correct),
        "evidence_provided": int(detail.evidence.provided),
        "evidence_match": detail.verifier.match,
        "fever": None if fever is None else int(fever),
    }


def _outcome(detail: EpisodeDetail) -> str:
    if detail.read.predicted is None:
        return UNPARSABLE
    return RIGHT if detail.verifier.label_correct else WRONG
