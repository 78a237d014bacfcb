from collections.abc import Iterator

from arena.families.cheaptalk.cross_exam import evidence_state, questions
from arena.families.cheaptalk.prompts import ANSWER_CUE, questions_cue, receiver_cue
from arena.families.cheaptalk.protocols.protocol import Protocol, decision, opening, said, talk_systems
from arena.families.cheaptalk.scene import RECEIVER, SENDER, Scene
from arena.families.cheaptalk.verifying.pieces import evidence_of
from arena.play.dialogue import Row
from arena.records import Transcript


def schedule(scene: Scene, transcript: Transcript) -> Iterator[Row]:
    """Message, questions, answers, decision."""
    yield from opening(scene)
    yield from questioning(scene, transcript)
    yield decision(scene)


def questioning(scene: Scene, transcript: Transcript) -> Iterator[Row]:
    """Yield the receiver's questions, by the state of the evidence that it was shown, and the sender's answers."""
    if not scene.message:
        return
    config, message = scene.constants.cross_exam, said(transcript, SENDER)[0]
    asked = questions(evidence_state(evidence_of(message)), config.num_cross_exam_questions, config.question_templates)
    yield Row(RECEIVER, cue=receiver_cue(scene, questions_cue(asked)), hears=(SENDER,), tools=False)
    yield Row(SENDER, cue=ANSWER_CUE, hears=(RECEIVER,), tools=False)


PROTOCOL = Protocol("p2_cross_exam", "P2_Cross_Exam", 4, talk_systems, schedule, asks=True)
