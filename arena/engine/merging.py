"""Merges run directories of one plan into one: shards of one run, or copies of a run at different times.

The result is a run directory like any other: it can be verified, resumed, reported, and merged again. Merging is a
union: the order of the runs does not matter, and merging a run twice changes nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from arena.engine.finished import family_of_run, open_run
from arena.engine.manifest import summary_head
from arena.engine.results import Played, write_results
from arena.engine.resuming import write_index
from arena.engine.shards import WHOLE, Shard, index_of, shard_of_run, shards_of_sessions
from arena.errors import ConfigError, DataError, Issue, UsageError
from arena.families.contract import Family
from arena.formats.decode import decode
from arena.play.context import LeftOut
from arena.play.limits import Budget, Limits
from arena.policy.gates_file import GATES_INPUT
from arena.records import Json
from arena.settings.prices import FREE, Price
from arena.settings.table import PROVIDERS
from arena.store import digests, resume_index
from arena.store.files import opened_folder, reading, write_atomic
from arena.store.finished_run import FinishedRun
from arena.store.journal import JOURNAL_FILE, encode_line, read_calls
from arena.store.key_table import KeyTable
from arena.store.manifest import Manifest, SessionLog
from arena.store.merge import Logs, merge_logs
from arena.store.parts import PARTS_DIR
from arena.store.reader import RecordFile
from arena.store.rundir import (
    INPUTS_DIR,
    MANIFEST_FILE,
    RECORDS_FILE,
    SUMMARY_FILE,
    TIMINGS_FILE,
    RunDir,
    differences,
    lock_folder,
)

MOST_NAMED = 20
"""Missing trials that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge. `runs`: how many were merged; `missing`: keys of the planned trials without a record, in
    plan order; `shards`: the shards of the division for which no run was given, empty if the runs are not shards of one
    division.
    """

    runs: int
    summary: Mapping[str, Json]
    missing: Sequence[str]
    shards: Sequence[Shard]


def merge(out: Path, runs: Sequence[Path]) -> Merged:
    """Merge `runs`, and the content of `out`, into the run directory `out`.

    Errors: UsageError for a path that is not a run directory or in use, for a run that is named twice, for one inside
    `out` or around it, and for an `out` that is a shard; ConfigError for runs of another identity or division;
    DataError for a damaged run, one with trials of another shard, or a trial that two of them played independently.
    Then nothing has changed.
    """
    _check_paths(out, runs)
    with ExitStack() as stack:
        sources = [stack.enter_context(_held(path)) for path in runs]
        if (out / MANIFEST_FILE).exists():
            sources.append(open_run(out))
            _check_target(sources[-1])
            _check_whole(out)
        _check_same(sources)
        shards = _shards(sources)
        family = family_of_run(sources[0].path, sources[0].identity)
        manifest = merged_manifest([source.manifest for source in sources])
        prices = _prices(sources)
        logs = [Logs(source.path, family.spec.detail) for source in sources]
        places = _places(family, shards)
        _check_planned(logs, shards, places)
        directory = stack.enter_context(closing(RunDir(out, (out / MANIFEST_FILE).exists())))
        digests.discard(out)
        resume_index.discard(out)
        directory.recover(lambda text: None, (JOURNAL_FILE, RECORDS_FILE, TIMINGS_FILE))
        directory.write_manifest(manifest)
        _copy_inputs(sources[0].path, out, family)
        merge_logs(out, logs, places.keys)
        cost, left_out = _cost(out, manifest, prices)
        head = summary_head(manifest, family, cost, left_out.by_model())
        summary = write_results(Played(out, family, WHOLE, manifest), head)
        write_index(out, manifest.identity.source is not None)
        digests.write(out)
        missing = _missing(out, places.keys)
        return Merged(len(runs), summary, missing, _missing_shards(manifest, out))


def _check_paths(out: Path, runs: Sequence[Path]) -> None:
    if out.exists() and not (out / MANIFEST_FILE).exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty and not a run directory: name another one to merge into")
    target = out.resolve()
    named: dict[Path, Path] = {}
    for path in runs:
        place = path.resolve()
        if place == target:
            raise UsageError(f"{path} is the target of the merge: its content is kept anyway; leave it out")
        if place in target.parents:
            raise UsageError(f"{out} is inside the run {path}, which is only read: name a directory outside of it")
        if target in place.parents:
            raise UsageError(f"{path} is inside the target {out}: move it out, or name another directory to merge into")
        if place in named:
            raise UsageError(f"{named[place]} and {path} are the same directory: name it once")
        named[place] = path


def _check_target(target: FinishedRun) -> None:
    shard = shard_of_run(target.manifest, str(target.path))
    if shard != WHOLE:
        raise UsageError(
            f"{target.path} is itself shard {shard}, and would be no shard after the merge: name the directory to merge"
            " into first, then the runs (arena merge OUT RUN...)"
        )


@contextmanager
def _held(path: Path) -> Iterator[FinishedRun]:
    """Yield a run that no other process works on. Errors: as of `open_run`; UsageError if one does, or if several
    processes that played it were killed."""
    run = open_run(path)
    with opened_folder(path) as folder:
        lock_folder(folder, path)
        _check_whole(path)
        yield run


def _check_whole(path: Path) -> None:
    if (path / PARTS_DIR).exists():
        raise UsageError(
            f"{path} was killed while several processes played, and their matches are still in {PARTS_DIR}/: resume it"
            " first, then merge"
        )


def _check_same(sources: Sequence[FinishedRun]) -> None:
    first = sources[0]
    for other in sources[1:]:
        found = list(differences(first.manifest.identity.to_json(), other.manifest.identity.to_json()))
        if found:
            lines = "\n  ".join(found)
            raise ConfigError(
                f"{other.path} and {first.path} are different runs and cannot be merged; nothing was written\n  {lines}"
            )


def _shards(sources: Sequence[FinishedRun]) -> list[Shard]:
    """Return the shard that each run says it is, WHOLE for one that was not divided or is a merge.

    Errors: DataError for a manifest that contradicts itself; ConfigError for shards of two divisions.
    """
    found: list[Shard] = []
    first: tuple[Path, Shard] | None = None
    for source in sources:
        shard = shard_of_run(source.manifest, str(source.path))
        found.append(shard)
        for number, played in enumerate(shards_of_sessions(source.manifest, str(source.path))):
            if shard not in (WHOLE, played):
                raise DataError([
                    Issue(f"{source.path}/{MANIFEST_FILE}", f"/sessions/{number}/operation/shard",
                          f"is {None if played == WHOLE else played}, but /operation/shard is {shard}: this manifest"
                          " was changed")
                ])  # fmt: skip
            if played == WHOLE:
                continue
            first = first or (source.path, played)
            if played.count != first[1].count:
                raise ConfigError(
                    f"{source.path} holds shard {played} and {first[0]} holds shard {first[1]}: the plan was divided in"
                    " two ways, so these runs cannot be merged; nothing was written"
                )
    return found


class _Plan(NamedTuple):
    """The keys of all planned trials, in plan order, and the index of the shard of each."""

    keys: KeyTable
    shards: array[int]

    def shard(self, key: str) -> int | None:
        """Return the index of a trial's shard, None for one that is not planned."""
        number = self.keys.number(key)
        return None if number is None else self.shards[number]


def _places(family: Family, shards: Sequence[Shard]) -> _Plan:
    """Return the plan by the division of these shards."""
    count = max(shard.count for shard in shards)
    found = _Plan(KeyTable(), array("I"))
    for trial in family.trials():
        found.keys.add(trial.key)
        found.shards.append(index_of(trial, count))
    return found


def _fits(planned: int | None, shard: Shard) -> bool:
    """Return whether a trial whose shard has the index `planned` may be in a run of a shard."""
    return planned is not None and shard in (WHOLE, Shard(planned, shard.count))


def _check_planned(logs: Sequence[Logs], shards: Sequence[Shard], plan: _Plan) -> None:
    for one, shard in zip(logs, shards, strict=True):
        key = min((key for key in one.all_keys() if not _fits(plan.shard(key), shard)), default=None)
        if key is None:
            continue
        planned = plan.shard(key)
        if planned is None:
            raise DataError([Issue(str(one.path), key, "is not in the plan: this run was changed")])
        raise DataError([
            Issue(str(one.path), key,
                  f"belongs to shard {planned}/{shard.count}, but this run says that it is shard {shard}:"
                  " its manifest or its records were changed")
        ])  # fmt: skip


def merged_manifest(manifests: Sequence[Manifest]) -> Manifest:
    """Return the merged manifest of runs of one identity: that of the run created first, with all sessions.

    A session that several manifests list is kept once, in its finished form if one has it.
    """
    first = min(manifests, key=lambda one: (one.created_utc, encode_line(_whole(one).to_json())))
    sessions: dict[bytes, SessionLog] = {}
    for manifest in manifests:
        for session in manifest.sessions:
            key = encode_line([session.started_utc, dict(session.operation), session.retry_generation])
            if key not in sessions or not sessions[key].ended:
                sessions[key] = session
    ordered = sorted(sessions.items(), key=lambda item: (item[1].started_utc, item[0]))
    return replace(_whole(first), sessions=[session for _, session in ordered])


def _whole(manifest: Manifest) -> Manifest:
    operation = {**manifest.operation, "shard": None}
    return replace(manifest, operation=operation, sessions=manifest.sessions[:1])


def _copy_inputs(source: Path, out: Path, family: Family) -> None:
    inputs = dict(family.inputs())
    for name in ("tools.txt", GATES_INPUT):
        kept = source / INPUTS_DIR / name
        if kept.exists():
            with reading(kept, source) as file:
                inputs[name] = file.read()
    for name, data in inputs.items():
        write_atomic(out / INPUTS_DIR / name, data, out)


def _prices(sources: Sequence[FinishedRun]) -> dict[str, Price]:
    """Return model -> price, as the finished runs say. Errors: ConfigError if they differ."""
    prices: dict[str, Price] = {}
    for source in sources:
        if (source.path / SUMMARY_FILE).is_file():
            for label, row in source.summary()["cost_usd"]["prices"].items():
                price = decode(Price, row, f"{source.path}/{SUMMARY_FILE}", f"/cost_usd/prices/{label}")
                if prices.setdefault(label, price) != price:
                    raise ConfigError(
                        f"{source.path}: the price of {label} is {asdict(price)}, elsewhere {asdict(prices[label])}:"
                        " resume those shards with the same --prices"
                    )
    return prices


def _cost(out: Path, manifest: Manifest, prices: Mapping[str, Price]) -> tuple[dict[str, Json], LeftOut]:
    """Return `cost_usd` of the summary, the sum over the calls of all runs, and the settings that were not sent."""
    budget, left_out = Budget(Limits()), LeftOut()
    for _, line in read_calls(out / JOURNAL_FILE):
        usage = None
        if line.reply is not None:
            usage = line.reply.usage
            left_out.add(line.provider, line.reply.not_sent)
        if line.provider:
            price = prices.get(line.provider, FREE)
            budget.add_past(line.provider, price, usage, line.assumed, len(line.http), line.unknown)
    identity = manifest.identity
    labels = set(identity.models.judges)
    if identity.source is None:  # otherwise an earlier run called and paid its players
        labels |= set(identity.models.roster)
    cost: dict[str, Json] = {
        "usd": round(budget.spent()["cost_usd"], 6),
        "unpriced": sorted(label for label in labels if not _offline(label) and label not in prices),
        "unknown_attempts": budget.unknown,
        "prices": {label: price.to_json() for label, price in sorted(prices.items())},
    }
    return cost, left_out


def _offline(label: str) -> bool:
    row = PROVIDERS.get(label.partition("/")[0])
    return row is not None and row.offline


def _missing(out: Path, keys: Iterable[str]) -> list[str]:
    here = RecordFile(out / RECORDS_FILE)
    return [key for key in keys if key not in here]


def _missing_shards(manifest: Manifest, out: Path) -> list[Shard]:
    """Return the shards of the division that have no session here; none if the sessions are not all of one division."""
    shards = set(shards_of_sessions(manifest, str(out)))
    counts = {shard.count for shard in shards}
    if len(counts) != 1:
        return []
    count = counts.pop()
    return [shard for shard in (Shard(index, count) for index in range(count)) if shard not in shards]
