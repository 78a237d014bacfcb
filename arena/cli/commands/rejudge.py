"""`arena rejudge`: score a finished run again, by another judge, several, the same one several times, or, in a family
without a judge, by the family's own scorer."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from arena.analysis.rejudge.agreement import AGREEMENT_FILE
from arena.analysis.rejudge.changes import CHANGES_FILE
from arena.analysis.rejudge.rejudge import decided_policy, source_of
from arena.analysis.rejudge.text import agreement_text, changes_text
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
from arena.settings.blocks import changed, without_judge
from arena.settings.config import Config, ModelRef, Panel, build_parser
from arena.settings.flags import Parser
from arena.settings.model_refs import judge, judge_ref
from arena.settings.table import CORE, JUDGE, JUDGE_BATCH, PROVIDERS, MockModels, Setting
from arena.store import digests
from arena.store.finished_run import FinishedRun
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE, RECORDS_FILE, SUMMARY_FILE, file_digest

_CHANGEABLE = frozenset({*(row.name for row in JUDGE), "outcome_rule", "calculator_provider"})
"""Settings of the identity that a run may change when it is scored again; all others are those of the run."""

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
    *changed(
        (row for row in SETTINGS if row.name != "retry" and (row.part != "identity" or row.name in _CHANGEABLE)),
        _CHANGES,
    ),
    *_NEW,
)
_DESCRIPTION = (
    "Score the finished run RUN again: by another judge, by a panel of judges, several times, or with other limits. A"
    " run without a judge is scored by its family's rules as they are now, and no model is asked. Players are never"
    " called. The result is an ordinary run directory."
)

_EXAMPLES = (
    "python3 -m arena rejudge state/runs/first --judge-model openai/another-judge --out state/runs/first-again",
    "python3 -m arena rejudge state/runs/first --from-batch answers.jsonl --out state/runs/first-judged",
    "python3 -m arena rejudge state/runs/first --judge openai/one --judge groq/two --judge-repetitions 3 --out panel",
    "python3 -m arena rejudge state/results/20260101T000000Z-shim --out scored-again",
)


COMMAND = "arena rejudge"


def parser() -> Parser:
    """Declare RUN, the settings that the matches were not played with, and those of a panel."""
    declared = build_parser(COMMAND, TABLE, _DESCRIPTION, _EXAMPLES)
    declared.usage = f"{COMMAND} RUN [flags]"
    declared.add_argument("run", metavar="RUN", type=Path, help="the finished run to score again; only read")
    declared.show_first(("judges", "judge_repetitions", "from_batch", *COMMON))
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Score the trials of RUN again and print how the scores changed, and how far judges agree; return the code of the
    new run."""
    # As a list of settings, a judge given twice would count as one.
    _check_once([part.strip() for text in getattr(options, "judges", ()) for part in text.split(",")])
    config = read_settings(options, console, TABLE, MOCKS)
    finished = open_run(options.run)
    spec = family_spec(finished.manifest.family)
    judged = bool(finished.manifest.identity.models.judges)
    if not judged:
        _refuse_judges(config, finished, spec)
    source = source_of(finished)
    _check_finished(finished)
    _check_out(config, finished.path)
    answers, panel = None, None
    if config["from_batch"]:
        config, panel = judged_as_asked(finished, config)
        answers = BatchAnswers(read_batches(config["from_batch"], finished, console), finished.path)
    elif judged:
        panel = _panel(config, spec.mocks)
    whole = _whole_config(finished, spec, config, panel)
    process = process_context(config, console, options.argv, COMMAND)
    request = RunRequest(spec, whole, process, panel, source, decided_policy(finished), answers)
    # With --json, standard output holds only the object that `_show` prints.
    out: Path | None = config["out"]
    code = execute(request, replace(console, out=console.err) if config["json"] else console)
    shown = Path(out or "", AGREEMENT_FILE if judged else CHANGES_FILE)
    if out is not None and not config["dry_run"] and shown.is_file():
        _show(shown, spec.words, config, console)
    return code


def _show(path: Path, words: Words, config: Config, shown: Console) -> None:
    """Print judge_agreement.json or score_changes.json; with --json also the summary, in the same object."""
    found = json.loads(path.read_bytes())
    if config["json"]:
        summary = json.loads((path.parent / SUMMARY_FILE).read_bytes())
        shown.result(json.dumps({**summary, path.stem: found}))
    elif not config["quiet"]:
        text = agreement_text if path.name == AGREEMENT_FILE else changes_text
        shown.result(printable(text(found, words)))


def _refuse_judges(config: Config, run: FinishedRun, spec: FamilySpec) -> None:
    """Check that nothing is said about a judge. Errors: UsageError naming what is."""
    names = [row.name for row in (*JUDGE, *JUDGE_BATCH, *_NEW, *_rule_of_outcomes(spec))]
    given = sorted({config.source[name] for name in names if config.source[name].startswith(("--", "config file"))})
    if given:
        raise UsageError(
            f"{run.path}: its {spec.words.trials} were scored without a judge, so none can judge them again; leave out"
            f" {', '.join(given)} and they are scored by the rules of the family {spec.name}"
        )


def _rule_of_outcomes(spec: FamilySpec) -> list[Setting]:
    """Return the row of --outcome-rule if the family has no such rule."""
    has = any(row.name == "outcome_rule" for row in spec.settings)
    return [] if has else [row for row in TABLE if row.name == "outcome_rule"]


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
        raise UsageError(f"{run.path} holds no matches, so there is nothing to score again")


def _check_out(config: Config, path: Path) -> None:
    wanted: Path | None = config["out"]
    if wanted is None:
        if not config["dry_run"]:
            raise UsageError("name the new run directory with --out")
        return
    out, source = wanted.resolve(), path.resolve()
    if out == source or source in out.parents:
        raise UsageError(f"--out {wanted} is inside the run to be scored again, which is only read: name another")


def _whole_config(run: FinishedRun, spec: FamilySpec, config: Config, judges: Panel | None) -> Config:
    """Return the settings of the new run in its family's table: those of this command from this call, all others from
    the old run. Without judges the settings of a judge are left out, as in the old run.

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
        message = f"unknown provider in {', '.join(strangers)}; score the run with the version that played it"
        raise DataError([Issue(str(run.path / MANIFEST_FILE), "/identity/models", message)])
    table = spec.settings if judges is not None else without_judge(spec.settings)
    defaults = {row.name: row.default for row in table}
    given: dict[str, Json] = {
        row.name: defaults[row.name] if _of_the_family(row, config, defaults) else config[row.name] for row in TABLE
    }
    given |= {"participant_provider": provider, "participant_model": model, "role_model": roles}
    if judges is not None:
        given |= {"judge_provider": judges.judges[0].provider, "judge_model": judges.judges[0].model}
    if config["outcome_rule"] is None:
        given["outcome_rule"] = played.get("outcome_rule")
    if not config["judge_tools"]:
        given["calculator_provider"] = "none"
    given |= {"json": False, "quiet": config["quiet"] or config["json"]}
    kept = {name: tuple(value) if isinstance(value, list) else value for name, value in played.items()}
    own = {row.name: kept.get(row.name, row.default) for row in table}
    known = {row.name for row in (*table, *(() if judges is None else JUDGE), *CORE)}
    settings = {**own, **{name: value for name, value in given.items() if name in known}}
    return replace(config, settings=settings, table=table, mocks=spec.mocks)


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
