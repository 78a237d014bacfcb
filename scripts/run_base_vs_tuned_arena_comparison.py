#!/usr/bin/env python3
"""Play the challenge set with a base and a tuned model, compare the two runs, write the report (docs/comparing.md).

python3 scripts/run_base_vs_tuned_arena_comparison.py --tuned-model MODEL --out-dir DIR --report-path FILE \
    [--base-model MODEL] [--base-run RUN] [--tuned-run RUN] [flags of arena compare] [any flag of arena run]

The runs are DIR/base and DIR/tuned; a second call resumes them (--resume). Without --config they are played with
config/marco_defaults.yaml. With --deploy each model gets a deployment on Fireworks, which is deleted when
its run has ended; without, a model that needs one must have it already.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.analysis.compare.text import text  # noqa: E402
from arena.cli.commands.compare import add_flags, compare_runs, exit_code  # noqa: E402
from arena.cli.deployed_run import DeployedModel, play, refuse_leftovers  # noqa: E402
from arena.cli.entry import run_command, sigterm_interrupts  # noqa: E402
from arena.cli.service_script import settings  # noqa: E402
from arena.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, UsageError  # noqa: E402
from arena.formats.tables import printable  # noqa: E402
from arena.providers.jobs.access import fireworks  # noqa: E402
from arena.providers.jobs.fireworks import Fireworks  # noqa: E402
from arena.run import main as arena_run  # noqa: E402
from arena.settings.env import load_dotenv  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402
from arena.settings.model_refs import split_model  # noqa: E402
from arena.store.rundir import MANIFEST_FILE, SUMMARY_FILE  # noqa: E402
from scripts.marco_defaults import deployment, print_deployment, print_settings  # noqa: E402

NAME = "run_base_vs_tuned_arena_comparison.py"
SIDES = ("base", "tuned")
DEFAULTS = ROOT / "config/marco_defaults.yaml"
DEFAULT_PROVIDER = "fireworks"
BASE_VARIABLE = "FIREWORKS_MODEL_PARTICIPANT"
_OWN = {"--participant-model": "--base-model and --tuned-model", "--out": "--out-dir",
        "--resume": "nothing: a second call resumes by itself", "--dry-run": "arena run --dry-run"}  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        NAME,
        examples=(
            f"python3 scripts/{NAME} --base-model mock/careless --tuned-model mock/careful"
            " --judge-provider mock --calculator-provider process --out-dir state/runs/pair",
            f"python3 scripts/{NAME} --base-run BASE --tuned-run TUNED",
        ),
        description="Play a base and a tuned model on the same challenges and compare the runs. Flags that are not"
        " listed here go to both `arena run` calls (--judge-provider, --workers, --limit, --max-cost-usd ...).",
    )  # fmt: skip
    parser.add_argument(
        "--tuned-model", metavar="MODEL", help="accounts/<acct>/models/<id> (Fireworks), PROVIDER/MODEL"
    )
    parser.add_argument("--base-model", metavar="MODEL", help=f"the same for the base [{BASE_VARIABLE}]")
    parser.add_argument("--participant-provider", metavar="NAME", help="provider of both models, where they name none")
    parser.add_argument("--out-dir", type=Path, metavar="DIR", help="holds the runs base/ and tuned/, and comparison.*")
    for side in SIDES:
        parser.add_argument(f"--{side}-run", type=Path, metavar="RUN", help=f"take this finished run as {side}")
    parser.add_argument(
        "--deploy", action="store_true", help="make a deployment for each model, and delete it after its run"
    )
    parser.add_argument(
        "--print-config", action="store_true", help="show each value of the runs and where it comes from"
    )
    add_flags(parser)
    return parser


def _read(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return our own flags and those for `arena run`. Errors: UsageError."""
    parser = _parser()
    # `--json` of arena run prints; here it names a file. `--seed` is that of the runs, and of the comparison's chance.
    options, rest = parser.parse_known_args(list(argv))
    for word in rest:
        if word.partition("=")[0] in _OWN:
            raise UsageError(f"{word} is set by this script; use {_OWN[word.partition('=')[0]]}")
    if any(word == "--seed" or word.startswith("--seed=") for word in argv):
        rest += ["--seed", str(options.seed)]
    if not any(word == "--config" or word.startswith("--config=") for word in rest):
        rest += ["--config", str(DEFAULTS)]
    if "--quiet" in rest and "--progress" not in rest:  # the defaults ask for progress lines
        rest.append("--no-progress")
    played = not (options.base_run and options.tuned_run)
    if options.out_dir is None and played and not options.print_config:
        raise UsageError("give --out-dir for the runs that are to be played, or both --base-run and --tuned-run")
    return options, rest


def _model_flags(side: str, model: str | None, provider: str | None, environ: Mapping[str, str]) -> list[str]:
    """Return the flags that name one side's players. Errors: UsageError when there is no model."""
    if model is None and side == "base":
        model = load_dotenv(environ, ROOT).get(BASE_VARIABLE, "").strip() or None
    if model is None:
        variable = f" (or set {BASE_VARIABLE})" if side == "base" else ""
        raise UsageError(f"give --{side}-model{variable}, or --{side}-run with a finished run")
    if provider is None and model.startswith("accounts/"):
        provider = DEFAULT_PROVIDER
    provider, name = split_model(provider, model, f"--{side}-model")
    return ["--participant-provider", provider, *(["--participant-model", name] if name else [])]


def _say(message: str) -> None:
    print(printable(message), file=sys.stderr, flush=True)


def _players(options: argparse.Namespace) -> dict[str, list[str]]:
    """Return the flags of the players of each side that is to be played; all are known before anything is played."""
    return {
        side: _model_flags(side, getattr(options, f"{side}_model"), options.participant_provider, os.environ)
        for side in SIDES
        if getattr(options, f"{side}_run") is None
    }


def _play(side: str, out: Path, players: Sequence[str], rest: Sequence[str], service: Fireworks | None) -> int:
    """Play one side into `out`, or resume it; return the exit code of `arena run`.

    `service`: where a deployment is made for it; None: it is served already.
    """
    shown = "/".join(players[1::2])
    if service is not None:
        _say(f"{side}: {shown} -> {out}")
        return play(service, DeployedModel(players[3], out, deployment(DEFAULTS)), list(rest), arena_run)
    if players[1] == DEFAULT_PROVIDER:
        _say(f"{side}: this script creates no deployment; {shown} must be serverless, or already deployed by you")
    words = [*rest, *players, "--out", str(out), *(["--resume"] if (out / MANIFEST_FILE).exists() else [])]
    _say(f"{side}: {shown} -> {out}")
    return arena_run(words)


def _print_config(options: argparse.Namespace, rest: Sequence[str]) -> None:
    """Print the settings that both runs have, and those of the deployments where --deploy makes them."""
    provider = [] if options.participant_provider is None else ["--participant-provider", options.participant_provider]
    print_settings([*rest, *provider])
    if options.deploy:
        print_deployment(deployment(DEFAULTS))


def _service(options: argparse.Namespace, players: Mapping[str, Sequence[str]]) -> Fireworks | None:
    """Return where deployments are made; None without --deploy. Errors: UsageError for a model of somebody else."""
    if not options.deploy:
        return None
    for side, words in players.items():
        if words[1] != DEFAULT_PROVIDER or len(words) < 4 or not words[3].startswith("accounts/"):
            raise UsageError(
                f"--deploy needs accounts/<account>/models/<id> of {DEFAULT_PROVIDER}; {side} is {words[1]}"
            )
    service = fireworks(settings(), "")
    refuse_leftovers(
        service, [DeployedModel(words[3], options.out_dir / side, {}).id for side, words in players.items()]
    )
    return service


def main(argv: Sequence[str] | None = None) -> int:
    """Play, compare, write; return the exit code: that of a run that failed, else that of the comparison."""
    words = sys.argv[1:] if argv is None else list(argv)
    with sigterm_interrupts():
        return run_command(NAME, lambda: _act(words))


def _act(argv: Sequence[str]) -> int:
    options, rest = _read(argv)
    if options.print_config:
        _print_config(options, rest)
        return EXIT_OK
    folders, worst = {side: getattr(options, f"{side}_run") for side in SIDES}, EXIT_OK
    chosen = _players(options)
    service = _service(options, chosen)
    for side, players in chosen.items():
        folders[side] = options.out_dir / side
        code = _play(side, folders[side], players, rest, service)
        if code in (EXIT_USAGE, EXIT_INTERRUPTED) or not (folders[side] / SUMMARY_FILE).is_file():
            again = "" if code == EXIT_USAGE else "; the same call resumes it"
            _say(f"{side}: the run ended with exit code {code}, nothing was compared{again}")
            return code or EXIT_USAGE
        worst = max(worst, code)
    if options.out_dir is not None:
        for name, ending in (("json", "json"), ("csv", "csv"), ("markdown", "md"), ("figure", "svg")):
            if getattr(options, name) is None:
                setattr(options, name, options.out_dir / f"comparison.{ending}")
    found = compare_runs(folders["base"], folders["tuned"], options)
    print(text(found))
    if worst:
        _say("matches that failed are in no figure; the same call plays them on and compares again")
    return worst or exit_code(found, options.fail_if_worse)


if __name__ == "__main__":
    sys.exit(main())
