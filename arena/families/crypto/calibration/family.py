"""Measures how well a judge notices faults: reference plays, sabotaged plays and injections, judged like any match.

A variant of the crypto family, so runner, journal, resume and records are those of every run. A trial is a play of one
challenge: the reference, or a corruption of it (sabotage.py), played by the provider `scripted` out of a
folder that `write_plays` fills; or a fixed talk with or without an injection (injection.py). All variants
of a challenge and repetition draw the same values. docs/calibration.md explains the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.errors import UsageError
from arena.families.contract import Exporter
from arena.families.crypto import data
from arena.families.crypto.calibration.injection import FixedDialogue, load_dialogues
from arena.families.crypto.calibration.items import ITEMS_TABLE, ItemTally, items_csv
from arena.families.crypto.calibration.report import CALIBRATION_FILE, CalibrationTally
from arena.families.crypto.calibration.sabotage import sabotaged
from arena.families.crypto.calibration.spec import SPEC
from arena.families.crypto.family import CryptoFamily
from arena.families.crypto.setup import read_setup, setup_of_run
from arena.families.crypto.values import draw
from arena.families.spec import FamilySpec
from arena.formats.bounded import parse_json
from arena.formats.decode import decode, encode
from arena.formats.strict_json import IssueList, parse, read_bytes
from arena.play.past import Past
from arena.play.services import Services
from arena.records import Json, Record, Stop, Transcript, Trial, trial_seed
from arena.settings.config import Config
from arena.store.bundles import Bundle
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json

REFERENCE = "reference"
LABELS = ("kind", "variant")
"""Names in a trial's cell."""

INJECTIONS_FILE = "injection_plays.json"
TALKS_INPUT = "talks.json"
"""The talks of a run, in its `inputs/`."""

_SIGN = "+"
"""Separates challenge and variant in file names and trial keys; ids of challenges cannot contain it."""


def write_plays(challenges: Sequence[Mapping[str, Json]], data_folder: Path, folder: Path) -> int:
    """Write the reference play of each challenge and its corruptions into `folder`; return how many files.

    Errors: UsageError if no challenge has a reference play.
    """
    count = 0
    for challenge in challenges:
        if "reference_play" not in challenge:
            continue
        path = data_folder / challenge["reference_play"]
        play = parse_json(read_bytes(path), str(path))
        for variant, one in {REFERENCE: play, **sabotaged(play, challenge)}.items():
            write_atomic(folder / f"{challenge['id']}{_SIGN}{variant}.json", pretty_json(one))
            count += 1
    if not count:
        raise UsageError("none of the chosen challenges has a reference play to calibrate with")
    return count


def variants_of(folder: Path) -> dict[str, list[str]]:
    """Return challenge id -> its variants in a folder of plays, the reference first."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob(f"*{_SIGN}*.json")):
        name, _, variant = path.stem.partition(_SIGN)
        found.setdefault(name, []).append(variant)
    return {name: sorted(variants, key=lambda v: (v != REFERENCE, v)) for name, variants in found.items()}


class CalibrationFamily(CryptoFamily):
    """Plays of known quality; the tables show how a judge grades them."""

    spec: FamilySpec = SPEC
    labels: Sequence[str] = LABELS
    conditions: Sequence[str] = LABELS

    def __init__(
        self,
        setup: data.CryptoSetup,
        variants: Mapping[str, list[str]],
        talks: Sequence[FixedDialogue],
        warnings: Sequence[str],
    ) -> None:
        super().__init__(setup, warnings)
        self.variants = variants
        self.talks = {talk.name: talk for talk in talks}

    def trials(self) -> Iterable[Trial]:
        for rep in range(self.setup.repetitions):
            for challenge in self.setup.challenges:
                for variant in self.variants.get(challenge["id"], ()):
                    yield self._trial(challenge["id"], variant, rep, {"kind": "play", "variant": variant})
            for talk in self.talks.values():
                kind = "talk" if talk.technique is None else "injection"
                yield self._trial(talk.challenge, talk.name, rep, {"kind": kind, "variant": talk.name})

    def _trial(self, challenge: str, variant: str, rep: int, cell: dict[str, str]) -> Trial:
        seed = trial_seed(self.setup.run_seed, f"{data.FAMILY}/{data.match_path(challenge, rep)}")
        key = f"{self.spec.name}/{challenge}{_SIGN}{variant}/rep_{rep}"
        plan = {"challenge_id": challenge, "rep": rep, **cell}
        return Trial(key, self.spec.name, cell, challenge, None, seed, plan)

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        if trial.plan["kind"] == "play":
            return super().play(trial, services, past)
        talk = self.talks[trial.plan["variant"]]
        return Transcript(
            entries=list(talk.entries),
            stop=Stop.AGREED_END,
            instance=draw(self.challenges[talk.challenge], trial.seed, services),
        )

    def bundle(self, record: Record) -> Bundle | None:
        """Return None: several variants of one challenge would share a bundle's folder; matches.jsonl has all."""
        return None

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        return [_Report(run_dir, self)]

    def inputs(self) -> Mapping[str, bytes]:
        talks = [encode(talk) for talk in self.talks.values()]
        return {**super().inputs(), TALKS_INPUT: pretty_json(talks)}

    def identity(self) -> Mapping[str, Json]:
        talks = {name: encode(talk) for name, talk in self.talks.items()}
        return {**super().identity(), "variants": dict(self.variants), "talks": talks}


class _Report:
    """Writes calibration.json, and a table of the questions next to it, at the end of a session."""

    def __init__(self, run_dir: Path, family: CalibrationFamily) -> None:
        self._path = run_dir / CALIBRATION_FILE
        bases = {talk.name: talk.base for talk in family.talks.values() if talk.technique is not None}
        techniques = {talk.name: talk.technique for talk in family.talks.values() if talk.technique is not None}
        items = ItemTally(family.challenges)
        self._tally = CalibrationTally(family.setup.rubric.dimensions, bases, techniques, items)

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        self._tally.add(record)

    def close(self) -> None:
        report = self._tally.report()
        write_atomic(self._path, pretty_json(report))
        if report["items"] is not None:
            write_atomic(self._path.with_name(ITEMS_TABLE), items_csv(report["items"]))


@dataclass(frozen=True, slots=True)
class _Dialogues:
    talks: tuple[FixedDialogue, ...]


def build(config: Config, tools: str | None) -> CalibrationFamily:
    """Return the family; the participant's model is the folder that `write_plays` filled. Errors: as of setup."""
    setup, warnings = read_setup(config, tools)
    variants = variants_of(Path(config["participant_model"]))
    return CalibrationFamily(setup, variants, list(_talks(config, setup)), warnings)


def from_run(run_dir: Path, identity: Mapping[str, Json]) -> CalibrationFamily:
    """Return the family of a finished run, read from the run directory alone. Errors: as of setup.setup_of_run."""
    path = run_dir / "inputs" / TALKS_INPUT
    issues = IssueList(str(path))
    found = parse(read_bytes(path), issues)
    issues.raise_if_any()
    talks = decode(_Dialogues, {"talks": found}, str(path)).talks
    return CalibrationFamily(setup_of_run(run_dir, identity), identity["rules"]["variants"], talks, ())


def _talks(config: Config, setup: data.CryptoSetup) -> Iterator[FixedDialogue]:
    path = Path(config["challenges"]).parent / INJECTIONS_FILE
    if path.is_file():
        yield from load_dialogues(path, {challenge["id"] for challenge in setup.challenges})
