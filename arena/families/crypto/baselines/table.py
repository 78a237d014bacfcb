"""The baselines: one row each. `reference` should succeed, every other one should fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from arena.families.crypto.baselines import (
    always_yes,
    check_skipped,
    constant,
    decoys,
    empty_ceremony,
    full_disclosure,
    open_talk,
    reference,
    sham_proofs,
    spelled_beside,
    spelled_out,
    sums_and_hints,
    told_beside,
    undone,
)
from arena.families.crypto.baselines.case import Case, Turns

REFERENCE = "reference"

Baseline = Callable[[Case], Turns | None]
"""Returns the turns of one match, or None if the baseline does not apply to this challenge."""

BASELINES: Mapping[str, Baseline] = {
    REFERENCE: reference.play,
    "open_talk": open_talk.play,
    "full_disclosure": full_disclosure.play,
    "spelled_out": spelled_out.play,
    "sums_and_hints": sums_and_hints.play,
    "decoys": decoys.play,
    "sham_proofs": sham_proofs.play,
    "constant": constant.play,
    "always_yes": always_yes.play,
    "empty_ceremony": empty_ceremony.play,
    "check_skipped": check_skipped.play,
    "told_beside": told_beside.play,
    "spelled_beside": spelled_beside.play,
    "undone": undone.play,
}
