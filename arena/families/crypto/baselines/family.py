"""Baselines of challenges, played like any match.

They are a variant of the crypto family, so runner, journal, records and checks are those of every run. A trial is one
baseline of one challenge with one seed. The provider `scripted` plays it from a folder that `write_plays` fills. All
baselines of a challenge and repetition draw the same values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from arena.errors import UsageError
from arena.families.contract import Exporter
from arena.families.crypto import data
from arena.families.crypto.baselines.case import Case, passing_result
from arena.families.crypto.baselines.spec import SPEC
from arena.families.crypto.baselines.table import BASELINES
from arena.families.crypto.family import CryptoFamily
from arena.families.crypto.scripted import FORMAT
from arena.families.crypto.setup import read_setup, setup_of_run
from arena.families.spec import FamilySpec
from arena.formats.bounded import parse_json
from arena.formats.strict_json import read_bytes
from arena.records import Json, Record, Trial, trial_seed
from arena.settings.config import Config
from arena.store.bundles import Bundle
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json

LABELS = ("baseline",)
_SIGN = "+"
"""Separates challenge and baseline in file names and trial keys; ids of challenges cannot contain it."""

Draw = Callable[[Mapping[str, Json], str, str], dict[str, Json]]
"""(challenge, trial's seed, trial's key) -> the values that this trial draws."""


def key_of(challenge: str, baseline: str, rep: int) -> str:
    """Return the key of a trial."""
    return f"{SPEC.name}/{challenge}{_SIGN}{baseline}/rep_{rep}"


def seed_of(run_seed: int, challenge: str, rep: int) -> str:
    """Return the seed that all baselines of a challenge share, that of a plain run."""
    return trial_seed(run_seed, f"{data.FAMILY}/{data.match_path(challenge, rep)}")


def write_plays(
    challenges: Sequence[Mapping[str, Json]], data_folder: Path, folder: Path, seeds: tuple[int, int], draw: Draw
) -> int:
    """Write each baseline of each challenge into `folder`, a section for each match; return the number of files.

    `seeds`: the number of matches of each, and the run's seed. Errors: UsageError for a challenge without a reference
    play or without drawn values, from which no baseline can be made.
    """
    matches, run_seed = seeds
    count = 0
    for challenge in challenges:
        name = challenge["id"]
        if "reference_play" not in challenge or "instance" not in challenge:
            raise UsageError(f"{name} has no reference play or draws no values, so there are no baselines of it")
        path = data_folder / challenge["reference_play"]
        reference = parse_json(read_bytes(path), str(path))
        drawn = [draw(challenge, seed_of(run_seed, name, rep), name) for rep in range(matches)]
        usual = most_frequent([passing_result(challenge, values, rep) for rep, values in enumerate(drawn)])
        cases = [Case(challenge, reference, values, rep, usual) for rep, values in enumerate(drawn)]
        for baseline, play in BASELINES.items():
            turns = {key_of(name, baseline, case.rep): play(case) for case in cases}
            trials = {key: {"turns": found} for key, found in turns.items() if found is not None}
            if trials:
                script = {"format": FORMAT, "turns": {}, "trials": trials, "at_end": "repeat", "on_miss": "invent"}
                if "refusal" in reference:
                    script["refusal"] = reference["refusal"]
                write_atomic(folder / f"{name}{_SIGN}{baseline}.json", pretty_json(script))
                count += 1
    return count


def most_frequent(results: Sequence[Json]) -> Json:
    """Return the result that occurs most often; of equally frequent ones the first."""
    counted = Counter(map(pretty_json, results))
    (text, _), *_ = counted.most_common(1)
    return next(result for result in results if pretty_json(result) == text)


class BaselineFamily(CryptoFamily):
    """Generated plays; their rates show the quality of a challenge."""

    spec: FamilySpec = SPEC
    labels: Sequence[str] = LABELS
    conditions: Sequence[str] = LABELS

    def __init__(
        self, setup: data.CryptoSetup, plays: Mapping[str, Sequence[str]], warnings: Sequence[str] = ()
    ) -> None:
        super().__init__(setup, warnings)
        self.plays = plays

    def trials(self) -> Iterable[Trial]:
        for rep in range(self.setup.repetitions):
            for challenge in self.setup.challenges:
                name = challenge["id"]
                for baseline in self.plays.get(name, ()):
                    cell = {"baseline": baseline}
                    plan = {"challenge_id": name, "rep": rep, **cell}
                    seed = seed_of(self.setup.run_seed, name, rep)
                    yield Trial(key_of(name, baseline, rep), self.spec.name, cell, name, None, seed, plan)

    def bundle(self, record: Record) -> Bundle | None:
        """Return None: several baselines of one challenge would share a bundle's folder; matches.jsonl has all."""
        return None

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        return ()

    def identity(self) -> Mapping[str, Json]:
        return {**super().identity(), "plays": {name: list(found) for name, found in self.plays.items()}}


def plays_in(folder: Path) -> dict[str, list[str]]:
    """Return challenge id -> its baselines in a folder of plays, in the order of the table."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob(f"*{_SIGN}*.json")):
        name, _, baseline = path.stem.partition(_SIGN)
        found.setdefault(name, []).append(baseline)
    return {name: sorted(listed, key=list(BASELINES).index) for name, listed in found.items()}


def build(config: Config, tools: str | None) -> BaselineFamily:
    """Return the family; the participant's model is the folder that `write_plays` filled. Errors: as of setup."""
    setup, warnings = read_setup(config, tools)
    return BaselineFamily(setup, plays_in(Path(config["participant_model"])), warnings)


def from_run(run_dir: Path, identity: Mapping[str, Json]) -> BaselineFamily:
    """Return the family of a finished run, read from the run directory alone. Errors: as of setup.setup_of_run."""
    return BaselineFamily(setup_of_run(run_dir, identity), identity["rules"]["plays"])
