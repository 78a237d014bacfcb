"""The baselines as their command sees them: a variant of the crypto family."""

from __future__ import annotations

from dataclasses import replace

from arena.families.crypto.spec import COMPARED, LENGTH, RULES, SELECTION, SHARED, repetitions
from arena.families.crypto.spec import SPEC as CRYPTO

SPEC = replace(
    CRYPTO,
    name="baselines",
    module="arena.families.crypto.baselines.family",
    settings=(*SELECTION, repetitions(), *LENGTH, *RULES, *SHARED),
    compared=COMPARED,
)
