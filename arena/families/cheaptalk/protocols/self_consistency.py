from collections.abc import Iterator

from arena.families.cheaptalk.prompts import SOLVER_SYSTEM, sender_cue
from arena.families.cheaptalk.protocols.protocol import Protocol
from arena.families.cheaptalk.scene import SOLVER, Scene
from arena.messages import Sampling
from arena.play.dialogue import Row
from arena.records import Transcript

KIND = "self_consistency"


def protocol(samples: int, sampling: Sampling) -> Protocol:
    """Return the method that asks one model `samples` times afresh and takes the majority.

    X. Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language Models", ICLR 2023.
    """

    def schedule(scene: Scene, transcript: Transcript) -> Iterator[Row]:
        for _ in range(samples):
            yield Row(SOLVER, cue=sender_cue(scene), hears=(), tools=False, fresh=True, sampling=sampling)

    name = f"{KIND}_k{samples}"
    return Protocol(name, name, samples, lambda scene: {SOLVER: SOLVER_SYSTEM}, schedule)
