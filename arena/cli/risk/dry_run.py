"""The dry run of the risk lab: the gates decide about the first request of every planned trial, and no model is
asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from arena.analysis.risk.results import Options, Results, write_results
from arena.analysis.risk.rows_file import ROWS_FILE
from arena.analysis.risk.rows_of_run import plan_head, utc
from arena.analysis.risk.unplayed import OTHER_SHARD, shard_limits
from arena.cli.console import Console
from arena.cli.execute import sharded
from arena.cli.process import process_context
from arena.engine.build import RunRequest, build_cast, build_family
from arena.engine.dry_run import dry_run_text
from arena.engine.session import Run
from arena.engine.shards import WHOLE, Shard
from arena.errors import UsageError
from arena.families.risk import setup
from arena.families.risk.checkers.checker import AGENT
from arena.families.risk.family import RiskFamily
from arena.families.risk.rows import DRY_RUN, gate_counts, unplayed_row
from arena.families.risk.spec import SPEC
from arena.formats.decode import encode
from arena.play.bounds import CallBounds
from arena.policy.gates import ALLOW, AllowAll, CallFacts, Gate
from arena.policy.policy_gate import PolicyGate
from arena.policy.rules import Policy, Rule
from arena.records import Json
from arena.settings.config import Config
from arena.store.files import AtomicFile, write_atomic
from arena.store.journal import encode_line
from arena.store.rundir import INPUTS_DIR

LIMITS = ("max_calls", "max_trials", "max_total_tokens", "max_prompt_tokens", "max_completion_tokens", "max_cost_usd")


def write_dry_run(
    config: Config, policy: Policy | None, folder: Path, options: Callable[[Sequence[Rule]], Options], shard: Shard
) -> Results:
    """Write rows and results of a dry run of `shard` into a new folder.

    No provider is built, so no key is needed. Errors: UsageError if the folder is not empty; as of `setup.build`.
    """
    family = setup.build(config, None)
    gate: Gate = AllowAll() if policy is None else PolicyGate(policy)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; give another --out or RUN_ID")
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: AtomicFile(folder / name / ROWS_FILE, folder) for name in family.setup.experiments}
    try:
        for row in dry_rows(family, gate, folder.resolve().name, shard):
            files[row["exp"]].write(encode_line(row))
        for file in files.values():
            file.close()
    finally:
        for file in files.values():
            file.discard()
    for name, data in family.inputs().items():
        write_atomic(folder / INPUTS_DIR / name, data, folder)
    identity = config.identity_settings()
    bounds = family.bounds(config)
    head = {
        **plan_head(family, folder.resolve().name, identity, gate.identity()),
        "started": utc(time.time()),
        "dry_run": True,
        "limits": shard_limits({name: config[name] for name in LIMITS}, shard),
        "bounds": _bounds_json(bounds.players),
    }
    return write_results(folder, head, options(() if policy is None else policy.all_rules()))


def dry_rows(family: RiskFamily, gate: Gate, run_id: str, shard: Shard = WHOLE) -> Iterator[dict[str, Json]]:
    """Yield a row for each planned trial; for those of `shard` with what the gate decides about its first request."""
    for trial in family.trials():
        beside = replace(family.beside(trial, 1), run_id=run_id)
        if shard != WHOLE and not shard.holds(trial):
            yield unplayed_row(trial, OTHER_SHARD, beside)
            continue
        facts = CallFacts("before", "model", AGENT, 0, 0, beside.prompt)
        decision = gate.open(trial).decide(facts)
        if decision is ALLOW:
            yield unplayed_row(trial, DRY_RUN, beside)
        else:
            noted = decision.noted(facts)
            yield unplayed_row(trial, DRY_RUN, beside, encode(noted), gate_counts([noted]))


def _bounds_json(bounds: CallBounds) -> dict[str, Json]:
    return {
        f"{name}_{which}": round(getattr(amount, name))
        for name in ("calls", "prompt_tokens", "completion_tokens")
        for which, amount in (("expected", bounds.expected), ("most", bounds.most))
    }


def planned(config: Config, gate: Gate, console: Console, argv: Sequence[str]) -> tuple[RunRequest, Shard]:
    """Return the planned run, and the shard that would be played. Errors: as of `sharded`."""
    request = RunRequest(SPEC, config, process_context(config, console, argv, "arena risk run"), gate=gate)
    return sharded(request, console)


def plan_text(request: RunRequest, shard: Shard, console: Console) -> str:
    """Return the dry-run text of the planned run: calls, tokens, cost. Errors: as of `setup.build` and `build_cast`."""
    with build_cast(request) as cast:
        return dry_run_text(Run(build_family(request, None), request, console, cast, None, None, shard=shard))
