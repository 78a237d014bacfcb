"""The baselines as their command sees them: a variant of the crypto family."""

from __future__ import annotations

from dataclasses import replace

from arena.families.crypto.spec import SPEC as CRYPTO

SPEC = replace(
    CRYPTO,
    name="baselines",
    module="arena.families.crypto.baselines.family",
    settings=tuple(row for row in CRYPTO.settings if row.name not in ("adversary", "op_level")),
    compared=tuple(name for name in CRYPTO.compared if name not in ("adversary", "op_level")),
)
