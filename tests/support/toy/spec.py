"""The toy family as a command sees it."""

from __future__ import annotations

from arena.families.spec import FamilySpec, Need, Words
from arena.settings.table import CORE, JUDGE, PLAYED, PLAYERS, MockModels, Setting

OWN = (
    Setting("parcels", ("--parcels",), "int", 3, "identity", PLAYED, "units of the plan", low=1, metavar="N"),
    Setting("repetitions", ("--repetitions",), "int", 1, "identity", PLAYED, "trials per parcel and mood", low=1),
)

SPEC = FamilySpec(
    name="toy",
    module="tests.support.toy.family",
    settings=(*OWN, *PLAYERS, *JUDGE, *CORE),
    words=Words("parcel", "parcels", "delivery", "deliveries"),
    judge=Need.REQUIRED,
    providers={"mock": "tests.support.toy.mocks"},
    mocks=MockModels(player="asker", judge="umpire"),
)
