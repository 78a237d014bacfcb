#!/usr/bin/env python3
"""Print the defaults of a standard run, for wrapper scripts: config/marco_defaults.yaml, checked against the settings.

python3 scripts/marco_defaults.py [--format json|env|flags] [--file FILE]
  json   one object, setting name -> value
  env    MARCO_<NAME>='value' lines, for `eval` in a shell
  flags  one line of flags for `arena run`, quoted for a shell
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.errors import ArenaError, DataError, Issue  # noqa: E402
from arena.families.crypto.spec import SETTINGS, SPEC  # noqa: E402
from arena.formats import simpleyaml  # noqa: E402
from arena.formats.tables import printable  # noqa: E402
from arena.settings.config import build_parser, check_settings, read_config  # noqa: E402

DEFAULTS_FILE = ROOT / "config" / "marco_defaults.yaml"

DEPLOYMENT: dict[str, Any] = {
    "replicas": 1,
    "accelerator_type": "NVIDIA_H100_80GB",
    "accelerator_count": 1,
    "dollars_per_accelerator_hour": 6.0,
    "ready_within_minutes": 60,
}
"""Key of the block `deployment` -> its default."""


def load(path: Path = DEFAULTS_FILE) -> dict[str, Any]:
    """Return setting name -> value as set in the file. Raises DataError or ConfigError (all issues)."""
    return check_settings(path, SETTINGS)


def deployment(path: Path = DEFAULTS_FILE) -> dict[str, Any]:
    """Return the block `deployment` of the file, completed from DEPLOYMENT.

    Raises DataError for an unknown key, or a value of another kind.
    """
    found = simpleyaml.load(path)
    block = found.get("deployment", {}) if isinstance(found, dict) else {}
    issues = [Issue(str(path), "/deployment", "must be a mapping")] if not isinstance(block, dict) else []
    for key, value in block.items() if isinstance(block, dict) else ():
        usual = DEPLOYMENT.get(key)
        if usual is None:
            issues.append(Issue(str(path), f"/deployment/{key}", f"is unknown; there are {', '.join(DEPLOYMENT)}"))
        elif isinstance(value, bool) or not isinstance(value, type(usual) if isinstance(usual, str) else int | float):
            issues.append(Issue(str(path), f"/deployment/{key}", f"must be like {usual!r}"))
        elif not isinstance(value, str) and value <= 0:
            issues.append(Issue(str(path), f"/deployment/{key}", "must be more than 0"))
    if issues:
        raise DataError(issues)
    return {**DEPLOYMENT, **block}


def as_flags(defaults: dict[str, Any]) -> list[str]:
    """Return the same settings as flags of `arena run`."""
    words: list[str] = []
    for row in SETTINGS:
        if row.name not in defaults:
            continue
        value = defaults[row.name]
        if row.kind == "flag":
            words.append(row.flags[0] if value else "--no-" + row.flags[0][2:])
        elif row.kind == "roles":
            words += [word for role, model in value for word in (row.flags[0], f"{role}={model}")]
        elif row.kind == "list":
            words += [row.flags[0], ",".join(value)]
        else:
            words += [row.flags[0], _plain(value)]
    return words


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)


def print_settings(words: Sequence[str]) -> None:
    """Print each setting that `arena run` would have with these words, and where it comes from.

    Nothing is played, so settings that only a run needs may be missing. Errors: as of `read_config`.
    """
    parser = build_parser("arena run", SPEC.settings, "")
    config = read_config(words, os.environ, SPEC.settings, parser, mocks=SPEC.mocks, complete=False)
    for row in SPEC.settings:
        if config[row.name] is not None:
            print(printable(f"{row.name}: {config[row.name]} ({config.source[row.name]})"))


def print_deployment(block: dict[str, Any], given: Sequence[str] = ()) -> None:
    """Print the block `deployment`, and where each value comes from; `given`: the keys that flags set."""
    for name, value in block.items():
        print(printable(f"deployment.{name}: {value} ({'--' + name if name in given else 'config file'})"))


def _env_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(item if isinstance(item, str) else "=".join(item) for item in value)
    return _plain(value)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Print the defaults of a standard run.", allow_abbrev=False)
    parser.add_argument("--format", choices=("json", "env", "flags"), default="json", help="default: json")
    parser.add_argument("--file", type=Path, default=DEFAULTS_FILE, help="default: config/marco_defaults.yaml")
    options = parser.parse_args(argv)
    try:
        defaults = load(options.file)
    except ArenaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if options.format == "json":
        print(json.dumps(defaults, indent=2, default=str))
    elif options.format == "env":
        for name, value in defaults.items():
            print(f"MARCO_{name.upper()}={shlex.quote(_env_text(value))}")
    else:
        print(shlex.join(as_flags(defaults)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
