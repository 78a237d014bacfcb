"""The calibration of judges as its command sees it: a variant of the crypto family."""

from __future__ import annotations

from dataclasses import replace

from arena.families.crypto.spec import SPEC as CRYPTO

DEFAULT_SEEDS = 3

SPEC = replace(
    CRYPTO,
    name="calibration",
    module="arena.families.crypto.calibration.family",
    settings=tuple(
        replace(row, flags=("--seeds", *row.flags), default=DEFAULT_SEEDS) if row.name == "repetitions" else row
        for row in CRYPTO.settings
        if row.name not in ("adversary", "op_level")
    ),
    compared=tuple(name for name in CRYPTO.compared if name not in ("adversary", "op_level")),
)
