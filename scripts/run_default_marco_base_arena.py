#!/usr/bin/env python3
"""Play the standard run with a base model on its own deployment, which is deleted at the end in any case.

python3 scripts/run_default_marco_base_arena.py --out-dir DIR [--base-model MODEL] [--replicas N] [flags of arena run]
python3 scripts/run_default_marco_base_arena.py --cleanup

All defaults come from config/marco_defaults.yaml; --print-config shows each value and where it comes from.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.cli.deployed_run import DeployedModel, clean_up, play, refuse_leftovers, show_requests  # noqa: E402
from arena.cli.entry import run_command, sigterm_interrupts  # noqa: E402
from arena.cli.service_script import settings  # noqa: E402
from arena.errors import EXIT_OK, UsageError  # noqa: E402
from arena.providers.jobs.access import fireworks  # noqa: E402
from arena.run import main as arena_run  # noqa: E402
from arena.settings.env import load_dotenv  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402
from scripts.marco_defaults import DEFAULTS_FILE, deployment, print_deployment, print_settings  # noqa: E402

NAME = "run_default_marco_base_arena.py"
MODEL_VARIABLE = "FIREWORKS_MODEL_PARTICIPANT"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(NAME, description="Play the standard run on a deployment that is made for it. Flags that are not"
                    " listed here go to `arena run`.",
                    examples=(f"python3 scripts/{NAME} --out-dir state/runs/default_base_run",
                              f"python3 scripts/{NAME} --out-dir state/runs/default_base_run --dry-run",
                              f"python3 scripts/{NAME} --cleanup"))  # fmt: skip
    parser.add_argument("--out-dir", type=Path, metavar="DIR", help="run directory")
    parser.add_argument("--base-model", metavar="MODEL", help=f"accounts/<account>/models/<id> [{MODEL_VARIABLE}]")
    parser.add_argument("--replicas", type=int, metavar="N", help="replicas of the deployment [of the defaults]")
    parser.add_argument("--account", default="", metavar="ID", help="account [FIREWORKS_ACCOUNT_ID]")
    parser.add_argument("--config", type=Path, default=DEFAULTS_FILE, metavar="FILE", help="defaults of the run")
    parser.add_argument("--print-config", action="store_true", help="show each value and where it comes from")
    parser.add_argument("--dry-run", action="store_true", help="print every request, send none")
    parser.add_argument("--cleanup", action="store_true", help="delete the deployments of earlier runs")
    return parser


def _act(argv: Sequence[str]) -> int:
    options, rest = _parser().parse_known_args(list(argv))
    if options.cleanup:
        return clean_up(fireworks(settings(), options.account))
    model = options.base_model or load_dotenv(os.environ, ROOT).get(MODEL_VARIABLE, "").strip()
    if model and (not model.startswith("accounts/") or "#" in model):
        raise UsageError(f"--base-model {model}: a deployment needs accounts/<account>/models/<id>")
    block = deployment(options.config)
    if options.replicas is not None:
        if options.replicas < 1:
            raise UsageError("--replicas must be 1 or more")
        block["replicas"] = options.replicas
    words = ["--config", str(options.config), *rest]
    if options.print_config:
        player = ["--participant-provider", "fireworks", "--participant-model", model] if model else []
        out = [] if options.out_dir is None else ["--out", str(options.out_dir)]
        print_settings([*words, *player, *out])
        print_deployment(block, ["replicas"] if options.replicas is not None else [])
        return EXIT_OK
    if options.out_dir is None or not model:
        raise UsageError(f"give --out-dir, and --base-model (or set {MODEL_VARIABLE})")
    plan = DeployedModel(model, options.out_dir, block)
    service = fireworks(settings(), options.account)
    if options.dry_run:
        print(plan.cost_line())
        show_requests(plan, service.account, words)
        return EXIT_OK
    refuse_leftovers(service, [plan.id])
    with sigterm_interrupts():
        return play(service, plan, words, arena_run)


def main(argv: Sequence[str] | None = None) -> int:
    """Deploy, play, delete; return the exit code of the run."""
    words = sys.argv[1:] if argv is None else list(argv)
    return run_command(NAME, lambda: _act(words))


if __name__ == "__main__":
    sys.exit(main())
