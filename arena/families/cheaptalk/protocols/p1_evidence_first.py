from collections.abc import Iterator

from arena.families.cheaptalk.protocols.protocol import Protocol, decision, opening, talk_systems
from arena.families.cheaptalk.scene import Scene
from arena.play.dialogue import Row
from arena.records import Transcript


def schedule(scene: Scene, transcript: Transcript) -> Iterator[Row]:
    """Message with evidence, decision."""
    yield from opening(scene)
    yield decision(scene)


PROTOCOL = Protocol("p1_evidence_first", "P1_Evidence_First", 2, talk_systems, schedule)
