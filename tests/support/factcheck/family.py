"""P1 with honest and lying senders over 20 claims: claim, decision, payoff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from arena.families.contract import Bounds, Exporter, FactGroup, Outcomes, Value
from arena.messages import Calculator, ModelRequest
from arena.play.bounds import NO_CALLS, Dialogues, dialogue_bounds
from arena.play.dialogue import DialogueSetup, converse, rotation
from arena.play.past import Past
from arena.play.services import Services
from arena.play.toolbox import Toolbox
from arena.providers.mock import MockProvider
from arena.records import Json, Record, Score, Transcript, Trial, trial_seed
from arena.settings.config import Config
from arena.store.bundles import Bundle
from tests.support.factcheck.spec import SPEC

CLAIMS = {f"c{n:02}": n % 3 != 0 for n in range(20)}
"""Claim -> whether it is true."""
DEVIATIONS = ("honest", "lie")
SENDER = "You know that the claim is {truth}. {order}"
RECEIVER = "You decide: answer TRUE or FALSE."


class FactCheck:
    spec = SPEC
    values = (Value("payoff", -1, 1, scale="payoff"), Value("messages", 0, None, scale="count"))
    outcomes = Outcomes(("RIGHT", "WRONG"))
    labels: Sequence[str] = ("deviation", "truth")
    conditions: Sequence[str] = ("deviation",)
    play_rules: Sequence[str] = ()
    warnings: Sequence[str] = ()
    carried_over: Mapping[str, str] = {}

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def trials(self) -> Iterator[Trial]:
        for deviation in DEVIATIONS:
            for claim, truth in CLAIMS.items():
                key = f"factcheck/{claim}/{deviation}"
                cell = {"deviation": deviation, "truth": str(truth)}
                yield Trial(key, "factcheck", cell, claim, None, trial_seed(self.seed, key), {"truth": truth})

    def toolbox(self, calculator: Calculator | None) -> Toolbox | None:
        return None

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        truth = str(trial.plan["truth"]).upper()
        order = "Say the truth." if trial.cell["deviation"] == "honest" else "Say the opposite."
        systems = {"sender": SENDER.format(truth=truth, order=order), "receiver": RECEIVER}
        return converse(DialogueSetup(systems, rotation(tuple(systems), 2), 0, "(You open.)"), services)

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        if transcript.status != "done":
            return Score({}, None, unscored="not scored")
        said = [entry.text for entry in transcript.entries if entry.kind == "say"]
        right = len(said) > 1 and said[1] == str(trial.plan["truth"]).upper()
        honest = trial.cell["deviation"] == "honest"
        return Score({"payoff": (1 if right else -0.5) - (0 if honest else 0.25), "messages": len(said)},
                     "RIGHT" if right else "WRONG")  # fmt: skip

    def inputs(self) -> Mapping[str, bytes]:
        return {}

    def identity(self) -> Mapping[str, Json]:
        return {"claims": len(CLAIMS)}

    def facts(self) -> Sequence[FactGroup]:
        return ()

    def lines(self, summary: Mapping[str, Json]) -> list[str]:
        means = {name: group["mean_scores"]["payoff"] for name, group in summary["by"]["deviation"].items()}
        return [f"deviation gain of lie: {means['lie'] - means['honest']:+.3f}"]

    def unit_name(self, unit: str) -> str:
        return unit

    def bundle(self, record: Record) -> Bundle | None:
        """None."""
        return None

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        return ()

    def bounds(self, config: Config) -> Bounds:
        return Bounds(dialogue_bounds(Dialogues(len(CLAIMS) * len(DEVIATIONS), 2, 0, 2, 80, 80), 20), NO_CALLS)

    def unplayed(self, trial: Trial, why: str) -> Mapping[str, Json] | None:
        return None


def talker(request: ModelRequest) -> str:
    """Obey the system text; receivers repeat the claim that they heard, but doubt every fourth one."""
    system = request.conversation.system
    if system == RECEIVER:
        heard = "TRUE" in request.conversation.messages[-1].text
        return str(heard if int(request.seed[:2], 16) % 4 else not heard).upper()
    truth = "is TRUE" in system
    return str(truth if "Say the truth" in system else not truth).upper()


def build(config: Config | str, tools: object) -> FactCheck | MockProvider:
    """Return the family; as the module of the provider `mock` (a name, no settings) its mock model."""
    if isinstance(config, str):
        return MockProvider({"talker": talker}, {})
    return FactCheck(config.operation.seed)


def from_run(run_dir: Path, identity: Mapping[str, Json]) -> FactCheck:
    return FactCheck(identity["settings"]["seed"])
