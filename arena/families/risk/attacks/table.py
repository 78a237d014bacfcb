"""The table of attacks: a new one is one file and one row."""

from __future__ import annotations

from collections.abc import Mapping

from arena.families.risk.attacks import (
    authority,
    direct,
    encoded,
    escalation,
    override,
    roleplay,
    sandbox,
    split,
    system_notice,
    urgency,
)
from arena.families.risk.attacks.attack import Attack

ATTACKS: Mapping[str, Attack] = {
    module.ATTACK.name: module.ATTACK
    for module in (
        direct,
        authority,
        urgency,
        escalation,
        split,
        roleplay,
        encoded,
        override,
        sandbox,
        system_notice,
    )
}
