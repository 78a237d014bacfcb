from collections.abc import Iterator

from arena.families.cheaptalk.prompts import CRITIQUE_CUE, REVISE_CUE, SOLVER_SYSTEM, sender_cue
from arena.families.cheaptalk.protocols.protocol import Protocol, said
from arena.families.cheaptalk.scene import SOLVER, Scene
from arena.messages import Sampling
from arena.play.dialogue import Row
from arena.records import Transcript

KIND = "self_refine"


def protocol(rounds: int, sampling: Sampling) -> Protocol:
    """Return the method that has one model draft, then criticise and revise `rounds` times; the last answer counts.

    A. Madaan et al., "Self-Refine: Iterative Refinement with Self-Feedback", NeurIPS 2023. Every call starts afresh
    with the newest answer, so that the prompts do not grow with the rounds.
    """

    def schedule(scene: Scene, transcript: Transcript) -> Iterator[Row]:
        task = sender_cue(scene)
        yield _row(task, sampling)
        for _ in range(rounds):
            answer = said(transcript, SOLVER)[-1]
            yield _row(f"{task}\nAnswer:\n{answer}\n{CRITIQUE_CUE}", sampling)
            critique = said(transcript, SOLVER)[-1]
            yield _row(f"{task}\nAnswer:\n{answer}\nCriticism: {critique}\n{REVISE_CUE}", sampling)

    name = f"{KIND}_r{rounds}"
    return Protocol(name, name, 1 + 2 * rounds, lambda scene: {SOLVER: SOLVER_SYSTEM}, schedule)


def _row(cue: str, sampling: Sampling) -> Row:
    return Row(SOLVER, cue=cue, hears=(), tools=False, fresh=True, sampling=sampling)
