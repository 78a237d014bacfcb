"""The calibration of judges as its command sees it: a variant of the crypto family."""

from __future__ import annotations

from dataclasses import replace

from arena.families.crypto.spec import COMPARED, LENGTH, RULES, SELECTION, SHARED, repetitions
from arena.families.crypto.spec import SPEC as CRYPTO

DEFAULT_SEEDS = 3

SPEC = replace(
    CRYPTO,
    name="calibration",
    module="arena.families.crypto.calibration.family",
    settings=(*SELECTION, repetitions(DEFAULT_SEEDS, ("--seeds",)), *LENGTH, *RULES, *SHARED),
    compared=COMPARED,
)
