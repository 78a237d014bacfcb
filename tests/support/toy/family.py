"""The toy family: an asker has a doer put boxes on a shelf; a judge grades the care."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from arena.engine.build import Roster
from arena.families.contract import Bounds, Exporter, FactGroup, Outcomes, Value
from arena.judging.bounds import Judgements, judge_bounds
from arena.judging.judge import JudgeMaterial, Rubric, Truncation, ask_judge, judge_json, judge_nonce
from arena.messages import Calculator, Sampling, ToolAnswer
from arena.play.bounds import Dialogues, dialogue_bounds
from arena.play.dialogue import DialogueSetup, Row, converse
from arena.play.past import Past
from arena.play.services import Services
from arena.play.toolbox import Toolbox
from arena.records import Json, Judging, Record, Score, Stop, Transcript, Trial, trial_seed
from arena.settings.config import Config
from arena.settings.model_refs import ModelRef
from arena.store.bundles import Bundle
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json
from tests.support.toy.spec import SPEC

MOODS = ("calm", "hurried")
RUBRIC = Rubric("toy", "1", ("care",), {"care": ("none", "little", "some", "much", "all")}, "You judge one delivery.",
                subject="parcel")  # fmt: skip


class Shelf:
    """Tools with a state: boxes put in one trial; `count` names all of them."""

    seeded = False

    def __init__(self) -> None:
        self.boxes = 0

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        if op != "put" or not isinstance(args.get("boxes"), int):
            return ToolAnswer({"ok": False, "error": {"code": "unknown_op", "message": "there is only put"}}, 0.0)
        self.boxes += args["boxes"]
        return ToolAnswer({"ok": True, "result": {"on_shelf": self.boxes}}, 0.0)

    def recall(self, op: str, args: Json, seed: str, answer: Json) -> None:
        self.call(op, args, seed)


class Shelves:
    name = "shelf"
    repeatable = True

    def open(self, trial: Trial) -> Shelf:
        return Shelf()


class BoxesPut:
    """Boxes and refusals over a group of records."""

    name = "shelf"
    columns = ("boxes",)

    def __init__(self) -> None:
        self.boxes = self.refused = 0

    def add(self, record: Record) -> None:
        self.boxes += record.score.detail.get("boxes", 0)
        self.refused += sum(gate.decision == "deny" for gate in (*record.transcript.gates, *record.gates))

    def merge(self, other: BoxesPut) -> None:
        self.boxes += other.boxes
        self.refused += other.refused

    def to_json(self) -> Json:
        return {"boxes": self.boxes, "refused": self.refused}

    def cells(self, record: Record) -> list[Json]:
        return [record.score.detail.get("boxes")]


class Ledger:
    """A derived file of the whole run: one line a delivery."""

    def __init__(self, run_dir: Path) -> None:
        self._path, self._lines = run_dir / "shelf.json", []  # type: ignore[var-annotated]

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        self._lines.append([record.key, record.score.detail.get("boxes")])

    def close(self) -> None:
        write_atomic(self._path, pretty_json(self._lines))


def carry(total: int, record: Record) -> int:
    return total + int(record.score.detail.get("boxes", 0))


class ToyFamily:
    spec = SPEC
    values = (
        Value("boxes", 0, 10, scale="boxes"),
        Value("care", 1, 5, scale="grade"),
        Value("before", 0, None, False, scale="boxes", required=False),
    )
    outcomes = Outcomes(("SHELVED", "LEFT"), "LEFT")
    labels: Sequence[str] = ("mood", "size")
    conditions: Sequence[str] = ("mood",)
    play_rules: Sequence[str] = ("toy_version",)
    warnings: Sequence[str] = ()
    carried_over: Mapping[str, str] = {}

    def __init__(self, parcels: int, repetitions: int, seed: int) -> None:
        self.parcels, self.repetitions, self.seed = parcels, repetitions, seed
        self.pasts: dict[str, int] = {}

    def trials(self) -> Iterator[Trial]:
        for rep in range(self.repetitions):
            for mood in MOODS:
                for number in range(self.parcels):
                    key = f"toy/p{number}/{mood}/rep_{rep}"
                    cell = {"mood": mood, "size": "small" if number % 2 else "large"}
                    series = f"{mood}/rep_{rep}" if mood == "hurried" else None
                    plan = {"rep": rep}
                    yield Trial(key, "toy", cell, f"p{number}", series, trial_seed(self.seed, key), plan,
                                {"doer": "mock/doer"})  # fmt: skip

    def toolbox(self, calculator: Calculator | None) -> Toolbox:
        return Shelves()

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        before = self.pasts[trial.key] = past.fold(0, carry)
        transcript = Transcript(instance={"before": before} if trial.series else None)

        def schedule() -> Iterator[Row]:
            yield Row("asker", cue=f"{before} boxes are shelved.", hears=("doer",), tools=False)
            yield Row("doer")
            if len(transcript.entries) < 12:
                yield Row("asker", cue="Anything else?", hears=(), fresh=True, sampling=Sampling(temperature=0.7))

        systems = {"asker": "You ask.", "doer": "You do."}
        return converse(DialogueSetup(systems, schedule(), 3, "(You open.)", agreed_end=False), services, transcript)

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        calls = [entry for entry in transcript.entries if entry.answered.get("ok") is True]
        boxes = sum((entry.args or {})["boxes"] for entry in calls)
        detail: dict[str, Json] = {"boxes": boxes}
        if transcript.status != "done":
            return Score({}, "LEFT", unscored="not judged", detail=detail)
        stop = transcript.stop or Stop.BUG
        material = JudgeMaterial(judge_json({"id": trial.unit}), transcript.entries, stop, judge_nonce(trial.seed))
        result = ask_judge(RUBRIC, material, Truncation(), services, None, 0)
        judging = Judging(result.asks, usage=result.usage)
        if result.scores is None:
            return Score({"boxes": boxes}, None, unscored=result.unscored, detail=detail, judging=judging)
        before = (transcript.instance or {}).get("before")
        values: dict[str, float | int | None] = {"boxes": boxes, "care": result.scores["care"], "before": before}
        return Score(values, "SHELVED" if boxes else "LEFT", result.verdict, detail=detail, judging=judging)

    def inputs(self) -> Mapping[str, bytes]:
        return {"toy.json": pretty_json({"parcels": self.parcels})}

    def identity(self) -> Mapping[str, Json]:
        return {"toy_version": 1, "parcels": self.parcels}

    def facts(self) -> Sequence[FactGroup]:
        return (BoxesPut(),)

    def lines(self, summary: Mapping[str, Json]) -> list[str]:
        return [f"shelf: {summary['shelf']['boxes']} boxes"]

    def unit_name(self, unit: str) -> str:
        return f"Parcel {unit[1:]}"

    def bundle(self, record: Record) -> Bundle | None:
        """None."""
        return None

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        return (Ledger(run_dir),)

    def bounds(self, config: Config) -> Bounds:
        n = self.parcels * self.repetitions * len(MOODS)
        return Bounds(dialogue_bounds(Dialogues(n, 3, 3, 2, 20, 20), 50), judge_bounds(Judgements(n, 0, 500, 500), 50))

    def unplayed(self, trial: Trial, why: str) -> Mapping[str, Json] | None:
        return None


def roster(config: Config) -> Roster:
    assert config.players is not None
    return Roster(config.players.refs.default, {}, (ModelRef("mock", "doer"),))


def build(config: Config, tools: str | None) -> ToyFamily:
    return ToyFamily(config["parcels"], config["repetitions"], config.operation.seed)


def from_run(run_dir: Path, identity: Mapping[str, Json]) -> ToyFamily:
    parcels = json.loads((run_dir / "inputs" / "toy.json").read_bytes())["parcels"]
    settings = identity["settings"]
    return ToyFamily(parcels, settings["repetitions"], settings["seed"])
