"""A manifest for run directories that a test makes by hand: that of the example run, changed as asked."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from arena.store.journal import encode_line
from tests.support.arena_rig import ROOT

EXAMPLE = ROOT / "state/examples/mock-three"


def digest_of(identity: dict[str, Any]) -> str:
    """Return the digest that an identity must carry."""
    others = {name: value for name, value in identity.items() if name != "sha256"}
    return hashlib.sha256(encode_line(others)).hexdigest()


def made_manifest(identity: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a manifest whose identity has these members changed; of an object, those of its members that are named."""
    manifest: dict[str, Any] = copy.deepcopy(json.loads((EXAMPLE / "manifest.json").read_bytes()))
    for name, value in identity.items():
        found = manifest["identity"].get(name)
        manifest["identity"][name] = (
            {**found, **value} if isinstance(found, dict) and isinstance(value, dict) else value
        )
    manifest |= changes
    manifest["family"] = manifest["identity"]["family"]
    manifest["identity"]["sha256"] = digest_of(manifest["identity"])
    return manifest
