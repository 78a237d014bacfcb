"""`arena rejudge`: judge a finished run again, by another judge, several, or the same one several times."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from arena.analysis.rejudge.agreement import AGREEMENT_FILE
from arena.analysis.rejudge.rejudge import source_of
from arena.analysis.rejudge.text import agreement_text
from arena.cli.batch_judging import judged_as_asked, read_batches
from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.cli.settings import COMMON, read_settings
from arena.engine.build import RunRequest, family_spec
from arena.engine.finished import open_run
from arena.errors import DataError, Issue, UsageError
from arena.families.crypto.spec import MOCKS, SETTINGS
from arena.families.spec import FamilySpec, Words
from arena.formats.tables import printable
from arena.providers.batch_lines import BatchAnswers
from arena.records import Json
from arena.settings.config import Config, ModelRef, Panel, build_parser
from arena.settings.flags import Parser
from arena.settings.model_refs import judge, judge_ref
from arena.settings.table import CORE, JUDGE, PROVIDERS, MockModels, Setting
from arena.store import digests
from arena.store.finished_run import FinishedRun
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE, RECORDS_FILE, SUMMARY_FILE, file_digest

_OF_THE_RUN = frozenset({
    "challenges", "challenge_split", "challenge_ids", "limit", "repetitions", "seed", "max_turns",
    "max_tool_calls_per_turn", "participant_provider", "participant_model", "role_model", "temperature", "top_p",
    "max_tokens", "reasoning_effort", "op_families", "tool_text", "tool_calls", "retry",
})  # fmt: skip
"""Settings that the matches were played with; they cannot change."""

_MOST_REPETITIONS = 100
_NEW = (
    Setting("judges", ("--judge",), "list", (), "invocation", "Judge",
            "a judge of the panel, PROVIDER/MODEL (in addition to --judge-model); repeatable",
            metavar="JUDGE"),
    Setting("judge_repetitions", ("--judge-repetitions",), "int", 1, "invocation", "Judge",
            "how often each judge judges each match", low=1, high=_MOST_REPETITIONS, metavar="K"),
    Setting("from_batch", ("--from-batch",), "list", (), "invocation", "Judge",
            "take the verdicts of RUN's judge from these answers to a --judge-batch file; repeatable",
            metavar="FILE"),
)  # fmt: skip
_CHANGES: Mapping[str, dict[str, Any]] = {
    "judge_provider": {"help": "who judges: " + ", ".join(PROVIDERS)},
    "outcome_rule": {"default": None, "help": "rule that turns five scores into an outcome [default: the run's]"},
    "calculator_provider": {"help": "for --judge-tools: process, oneshot, lambda"},
    "workers": {"help": "matches judged at once"},
}
TABLE = (
    *(replace(row, **_CHANGES.get(row.name, {})) for row in SETTINGS if row.name not in _OF_THE_RUN),
    *_NEW,
)
_DESCRIPTION = (
    "Judge the matches of the finished run RUN again: by another judge, by a panel of judges, several times, or with"
    " other limits. Players are never called. The result is an ordinary run directory."
)

_EXAMPLES = (
    "python3 -m arena rejudge state/runs/first --judge-model openai/another-judge --out state/runs/first-again",
    "python3 -m arena rejudge state/runs/first --from-batch answers.jsonl --out state/runs/first-judged",
    "python3 -m arena rejudge state/runs/first --judge openai/one --judge groq/two --judge-repetitions 3 --out panel",
)


COMMAND = "arena rejudge"


def parser() -> Parser:
    """Declare RUN, the settings that the matches were not played with, and those of a panel."""
    declared = build_parser(COMMAND, TABLE, _DESCRIPTION, _EXAMPLES)
    declared.usage = f"{COMMAND} RUN [flags]"
    declared.add_argument("run", metavar="RUN", type=Path, help="the finished run to judge again; only read")
    declared.show_first(("judges", "judge_repetitions", "from_batch", *COMMON))
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Judge the matches of RUN again and print how far the judges agree; return the code of the new run."""
    # As a list of settings, a judge given twice would count as one.
    _check_once([part.strip() for text in getattr(options, "judges", ()) for part in text.split(",")])
    config = read_settings(options, console, TABLE, MOCKS)
    finished = open_run(options.run)
    spec = _judged_family(finished)
    source = source_of(finished)
    _check_finished(finished)
    _check_out(config, finished.path)
    answers, panel = None, None
    if config["from_batch"]:
        config, panel = judged_as_asked(finished, config)
        answers = BatchAnswers(read_batches(config["from_batch"], finished, console), finished.path)
    panel = panel or _panel(config, spec.mocks)
    whole = _whole_config(finished, spec, config, panel)
    process = process_context(config, console, options.argv, COMMAND)
    request = RunRequest(spec, whole, process, panel, source, answers=answers)
    # With --json, standard output holds only the object that `_show` prints.
    out: Path | None = config["out"]
    code = execute(request, replace(console, out=console.err) if config["json"] else console)
    if out is not None and not config["dry_run"] and (out / AGREEMENT_FILE).is_file():
        _show(out, spec.words, config, console)
    return code


def _show(out: Path, words: Words, config: Config, shown: Console) -> None:
    found = json.loads((out / AGREEMENT_FILE).read_bytes())
    if config["json"]:
        summary = json.loads((out / SUMMARY_FILE).read_bytes())
        shown.result(json.dumps({**summary, "judge_agreement": found}))
    elif not config["quiet"]:
        shown.result(printable(agreement_text(found, words)))


def _judged_family(run: FinishedRun) -> FamilySpec:
    """Return the family of the run. Errors: UsageError if no judge scored the run."""
    spec = family_spec(run.manifest.family)
    if not run.manifest.identity.models.judges:
        trials = spec.words.trials
        raise UsageError(f"{run.path}: its {trials} were scored without a judge, so none can judge them again")
    return spec


def _check_finished(run: FinishedRun) -> None:
    """Check the run. Errors: UsageError when it is not finished; DataError if the files that are read have changed
    since."""
    listed = digests.read(run.path)
    used = [name for name in listed if name in (MANIFEST_FILE, RECORDS_FILE) or name.startswith(f"{INPUTS_DIR}/")]
    changed = [
        Issue(str(run.path / name), "", "was changed after the run (arena verify says more)")
        for name in used
        if not (run.path / name).is_file() or file_digest(run.path / name) != listed[name].sha256
    ]
    if changed:
        raise DataError(changed)
    if RECORDS_FILE not in listed:
        raise UsageError(f"{run.path} holds no matches, so there is nothing to judge")


def _check_out(config: Config, path: Path) -> None:
    wanted: Path | None = config["out"]
    if wanted is None:
        if not config["dry_run"]:
            raise UsageError("name the new run directory with --out")
        return
    out, source = wanted.resolve(), path.resolve()
    if out == source or source in out.parents:
        raise UsageError(f"--out {wanted} is inside the run to be judged, which is only read: name another")


def _whole_config(run: FinishedRun, spec: FamilySpec, config: Config, judges: Panel) -> Config:
    """Return the settings of the new run in its family's table: those of this command from this call, all others from
    the old run.

    Errors: UsageError for a run without players, DataError for models of an unknown provider.
    """
    played, models = run.manifest.identity.settings, run.manifest.identity.models
    if models.participant is None:
        raise UsageError(f"{run.path}: no model played, so there is nothing to score again")
    provider, _, model = models.participant.partition("/")
    roles = tuple(models.roles.items())
    labels = [models.participant, *models.roles.values()]
    strangers = [label for label in labels if label.partition("/")[0] not in PROVIDERS]
    if strangers:
        place = Issue(str(run.path / MANIFEST_FILE), "/identity/models", f"unknown provider in {', '.join(strangers)}")
        raise DataError([place])
    defaults = {row.name: row.default for row in spec.settings}
    changed: dict[str, Json] = {
        row.name: defaults[row.name] if _of_the_family(row, config, defaults) else config[row.name] for row in TABLE
    }
    changed |= {"participant_provider": provider, "participant_model": model, "role_model": roles}
    changed |= {"judge_provider": judges.judges[0].provider, "judge_model": judges.judges[0].model}
    if config["outcome_rule"] is None:
        changed["outcome_rule"] = played.get("outcome_rule")
    if not config["judge_tools"]:
        changed["calculator_provider"] = "none"
    changed |= {"json": False, "quiet": config["quiet"] or config["json"]}
    kept = {name: tuple(value) if isinstance(value, list) else value for name, value in played.items()}
    own = {row.name: kept.get(row.name, row.default) for row in spec.settings}
    known = {row.name for row in (*spec.settings, *JUDGE, *CORE)}
    settings = {**own, **{name: value for name, value in changed.items() if name in known}}
    return replace(config, settings=settings, table=spec.settings, mocks=spec.mocks)


def _of_the_family(row: Setting, config: Config, defaults: Mapping[str, Json]) -> bool:
    """Return whether nobody set a row of the judge, and the family of the run has another default than this command."""
    return row in JUDGE and config.source[row.name] == "default" and defaults.get(row.name, row.default) != row.default


def _panel(config: Config, mocks: MockModels) -> Panel:
    """Return the judges; `mocks` judge if the provider `mock` has no model. Errors: UsageError when none is named, or
    one name is given twice."""
    judges: list[ModelRef] = [judge(config, mocks, False)] if config["judge_provider"] is not None else []
    judges += [judge_ref(text, mocks) for text in config["judges"]]
    if not judges:
        raise UsageError("no judge: give --judge-provider and --judge-model, or --judge PROVIDER/MODEL for each one")
    _check_once([str(ref.shown) for ref in judges])
    return Panel(tuple(judges), config["judge_repetitions"])


def _check_once(names: Sequence[str]) -> None:
    twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
    if twice:
        raise UsageError(f"{twice} is in the panel twice; with --judge-repetitions K each judge judges K times")
