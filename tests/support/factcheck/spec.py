"""The fact-checking family as a command sees it."""

from __future__ import annotations

from arena.families.spec import FamilySpec, Words
from arena.settings.table import CORE, PLAYERS, MockModels

SPEC = FamilySpec(
    name="factcheck",
    module="tests.support.factcheck.family",
    settings=(*PLAYERS, *CORE),
    words=Words("claim", "claims", "episode", "episodes"),
    providers={"mock": "tests.support.factcheck.family"},
    mocks=MockModels(player="talker"),
)
