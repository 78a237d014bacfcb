from collections.abc import Iterator

from arena.families.cheaptalk.protocols.p2_cross_exam import questioning
from arena.families.cheaptalk.protocols.protocol import Protocol, decision, opening, said, talk_systems
from arena.families.cheaptalk.scene import SENDER, Scene
from arena.families.cheaptalk.verifying.checking import check_report, checked
from arena.play.dialogue import Row
from arena.records import Transcript


def schedule(scene: Scene, transcript: Transcript) -> Iterator[Row]:
    """As under cross-examination; a sender of low reputation has its evidence verified before the decision."""
    yield from opening(scene)
    yield from questioning(scene, transcript)
    report = ""
    if scene.message and is_forced(scene):
        report = check_report(checked(said(transcript, SENDER)[0], scene.claim))
    yield decision(scene, report)


def is_forced(scene: Scene) -> bool:
    """Return whether evidence is verified without the receiver's decision."""
    standing = scene.standing
    return standing is not None and standing.reputation.needs_verification(scene.constants.reputation)


PROTOCOL = Protocol("p3_slashing", "P3_Slashing", 4, talk_systems, schedule, asks=True, reputation=True)
