"""manifest.json: what a run is (identity) and how it was carried out (operation). Floor F4.

Identity is digested and compared on resume; operation may change. No secret and no absolute path is in it.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from arena import __version__
from arena.config import Config, judge, players
from arena.family import Family
from arena.journal import encode_line
from arena.messages import Calculator
from arena.records import RECORD_FORMAT, Json

MANIFEST_FORMAT = 1


def git_state(root: Path) -> dict[str, Json]:
    """Return commit and whether the work tree was changed; None for both where git does not know."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": dirty}


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.strip()


def plan(keys: Iterable[str]) -> dict[str, Json]:
    """Return the number of trials and the SHA-256 over their keys, in order."""
    digest = hashlib.sha256(b"arena-plan/1\0")
    count = 0
    for key in keys:
        digest.update(encode_line(key))
        count += 1
    return {"count": count, "sha256": digest.hexdigest()}


def utc() -> str:
    """Return the time now in UTC, ISO 8601 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def run_identity(
    config: Config,
    family: Family,
    planned: Mapping[str, Json],
    calculator: Calculator | None,
    tools: str | None,
) -> dict[str, Json]:
    """Return what makes this run this run: settings, models, digests of all inputs, plan; `sha256` covers the rest.

    What counts of a file is its digest, so that a run directory can be moved.
    """
    refs = players(config)
    identity: dict[str, Json] = {
        "family": family.name,
        "settings": config.identity(),
        "models": {
            "participant": str(refs.default),
            "roles": {role: str(ref) for role, ref in refs.by_role.items()},
            "judge": str(judge(config)),
        },
        "calculator": calculator_identity(calculator),
        "tools_sha256": None if tools is None else hashlib.sha256(tools.encode()).hexdigest(),
        "rules": family.describe(),
        "plan": dict(planned),
    }
    identity["sha256"] = hashlib.sha256(encode_line(identity)).hexdigest()
    return identity


def calculator_identity(calculator: Calculator | None) -> dict[str, Json]:
    """Return how tool calls are answered: provider, version and catalogue, or provider `none`."""
    return {"provider": "none"} if calculator is None else calculator.identity()


def new_manifest(
    family: str, identity: Mapping[str, Json], operation: Mapping[str, Json], root: Path
) -> dict[str, Json]:
    """Return the manifest of a run that starts now, with no session yet."""
    return {
        "manifest_format": MANIFEST_FORMAT,
        "record_format": RECORD_FORMAT,
        "arena_version": __version__,
        "family": family,
        "created_utc": utc(),
        "identity": dict(identity),
        "operation": dict(operation),
        "git": git_state(root),
        "python": platform.python_version(),
        "sessions": [],
    }
