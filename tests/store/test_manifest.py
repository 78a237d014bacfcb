"""The manifest, typed: what it must hold, versions of its format, and the digest of the identity."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError
from arena.store.manifest import Manifest
from arena.store.rundir import pretty_json
from tests.support.made_manifest import EXAMPLE, digest_of, made_manifest

FILE = Path("manifest.json")


def refused(value: Any) -> str:
    with pytest.raises(DataError) as caught:
        Manifest.from_json(value, FILE)
    return str(caught.value)


def test_a_manifest_comes_back_to_the_byte() -> None:
    data = (EXAMPLE / "manifest.json").read_bytes()
    assert pretty_json(Manifest.from_json(json.loads(data), FILE).to_json()) == data


@pytest.mark.parametrize("name", ["manifest_format", "record_format"])
def test_a_run_of_another_format_names_the_version_to_read_it_with(name: str) -> None:
    said = refused({**made_manifest({}), name: 1, "arena_version": "0.1.0"})
    assert said.startswith(f"manifest.json: /{name}: is 1; this arena reads ")
    assert said.endswith("read this run with the version that wrote it of arena 0.1.0")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("sessions",), [], "/sessions: is empty; a run has at least one session"),
        (("sessions", 0, "retry_generation"), "1", "/sessions/0/retry_generation: must be a whole number, not text"),
        (("git", "dirty"), "no", "/git/dirty: must be true or false or null, not text"),
        (("identity", "models", "roster"), "m", "/identity/models/roster: must be a list, not text"),
        (("identity", "plan", "count"), None, "/identity/plan/count: must be a whole number, not null"),
        (("identity", "calculator"), {}, "/identity/calculator: names no provider"),
        (("identity", "settings", "seed"), "x", "/identity/sha256: is not the digest of the identity"),
        (("family",), "other", "/family: is other, but the identity is of crypto"),
        (("python",), 3.11, "/python: must be text, not a number"),
    ],
)
def test_a_damaged_manifest_is_refused_with_a_pointer(path: tuple[str | int, ...], value: Any, says: str) -> None:
    manifest: Any = copy.deepcopy(made_manifest({}))
    place = manifest
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert refused(manifest).startswith(f"manifest.json: {says}")


def test_a_changed_identity_with_its_own_digest_is_another_run() -> None:
    manifest = made_manifest({"settings": {"seed": 9}})
    assert Manifest.from_json(manifest, FILE).identity.settings["seed"] == 9
    assert manifest["identity"]["sha256"] == digest_of(manifest["identity"])
