"""Ask a judge for a verdict, and re-ask until it is readable; otherwise the match is *unscored*.

prompt.py writes the question, verdict.py reads the reply; this module also exports the names of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from arena.judging.prompt import Cut, JudgeMaterial, Rubric, Truncation, judge_conversation, judge_json, judge_nonce
from arena.judging.verdict import Verdict, VerdictError, parse_verdict
from arena.messages import Conversation, ModelReply
from arena.play import tool_protocol
from arena.play.services import JUDGE_SEAT, Services, merge_usage
from arena.play.tool_protocol import Call
from arena.records import Counters, ItemAnswer, Json, JudgeCall

__all__ = [
    "RE_ASKS", "JudgeMaterial", "JudgeResult", "Rubric", "Truncation", "Verdict", "VerdictError", "ask_judge",
    "judge_conversation", "judge_json", "judge_nonce", "parse_verdict",
]  # fmt: skip

RE_ASKS = 2
"""Re-asks after an unusable verdict before the match stays unscored."""


@dataclass(slots=True)
class JudgeResult:
    """Result of asking. Either `scores` and `verdict` are set, or `unscored` says why they are not.

    `items`: the answers to the questions.  `asks`: number of requests for a verdict (1 to 3).  `cut`: text that the
    judge was not shown.  `calls`: the judge's own tool calls in order.  `usage`: tokens and calls.
    """

    scores: dict[str, int] | None = None
    verdict: str | None = None
    unscored: str | None = None
    asks: int = 0
    cut: Cut = Cut()
    calls: list[JudgeCall] = field(default_factory=list)
    usage: Counters = field(default_factory=lambda: Counters(JUDGE_SEAT))
    items: tuple[ItemAnswer, ...] = ()


EMPTY_PLACEHOLDER = "(empty reply)"
"""Replaces an empty reply in the conversation: chat endpoints refuse empty messages."""


def ask_judge(
    rubric: Rubric,
    material: JudgeMaterial,
    truncation: Truncation,
    services: Services,
    tools: str | None,
    max_tool_calls: int,
    question: int = 0,
) -> JudgeResult:
    """Ask for a verdict until one is readable, at most 1 + RE_ASKS times; otherwise the result is *unscored*.

    `tools`: the description of the calculator for the judge, or None when it may not call it (its answer is then bound
    to the form of a verdict, if run and service allow); `max_tool_calls`: the most calls that are carried out.
    `question`: 0 for the first judgement of a match, k for its k-th repetition. Raises the exceptions of the services:
    an unreachable judge is an outage, never a score.
    """
    conversation, cut = judge_conversation(rubric, material, truncation, tools)
    result = JudgeResult(asks=1, cut=cut)
    schema = rubric.schema(material.items) if tools is None else None  # a call is not a verdict
    asking = _Asking(services, conversation, result, question, max_tool_calls, schema)
    while True:
        reply = asking.ask()
        try:
            verdict = _read_reply(rubric, material, reply)
        except VerdictError as error:
            problem = str(error)
        else:
            result.scores, result.verdict, result.items = verdict.scores, verdict.text, verdict.items
            return result
        if tools is not None and reply.text.strip():
            parsed = tool_protocol.parse(reply.text)
            if asking.work(reply.text, parsed.items):
                continue
            if parsed.items:
                problem = _tool_problem(parsed.items[0])
        if result.asks > RE_ASKS:
            result.unscored = f"unparsable verdict: {problem}"
            return result
        asking.re_ask(reply.text, problem)


def _read_reply(rubric: Rubric, material: JudgeMaterial, reply: ModelReply) -> Verdict:
    if reply.finish == "refusal":
        raise VerdictError("the judge refused")
    try:
        return parse_verdict(rubric, reply.text, material.items, {entry.turn for entry in material.entries})
    except VerdictError as error:
        if reply.finish == "length":
            raise VerdictError(f"the reply was cut at the length limit ({error}); be brief") from None
        raise


def _tool_problem(item: Call | tool_protocol.Malformed) -> str:
    if isinstance(item, Call):
        return "no tool calls are left; give the verdict now"
    return f"this is neither a verdict nor a call that can be read: {item.problem}"


@dataclass(slots=True)
class _Asking:
    """One judgement in progress."""

    services: Services
    conversation: Conversation
    result: JudgeResult
    question: int
    calls_left: int
    schema: dict[str, Json] | None
    step: int = 0

    def ask(self) -> ModelReply:
        reply = self.services.judge(self.question, self.step, self.conversation, self.schema)
        merge_usage(self.result.usage, reply)
        self.step += 1
        return reply

    def re_ask(self, text: str, problem: str) -> None:
        self.result.asks += 1
        self.conversation.add("assistant", text if text.strip() else EMPTY_PLACEHOLDER)
        self.conversation.add(
            "user", f"That is not a verdict: {problem}. Answer again with the JSON object alone, in the form given."
        )

    def work(self, text: str, items: Sequence[Call | tool_protocol.Malformed]) -> bool:
        """Carry out the calls of a message and add their answers; False if none could be carried out."""
        if self.calls_left <= 0 or not any(isinstance(item, Call) for item in items):
            return False
        step = self.step - 1
        answers: list[tuple[str | None, Json]] = []
        for index, item in enumerate(items):
            given = item.id if isinstance(item, Call) else None
            if not isinstance(item, Call):
                answer: Json = _refused("malformed_call", item.problem)
            elif self.calls_left <= 0:
                answer = _refused("limit_exceeded", "no calls are left; give the verdict now")
            else:
                self.calls_left -= 1
                answer = self.services.tool(JUDGE_SEAT, self.question, step, index, item.op, item.args).answer
                self.result.calls.append(JudgeCall(given or f"{step}.{index}", item.op, item.args, answer))
                self.result.usage.tool_calls += 1
            answers.append((given, answer))
        self.conversation.add("assistant", text)
        self.conversation.add("user", tool_protocol.results_message(answers))
        return True


def _refused(code: str, message: str) -> Json:
    return {"ok": False, "error": {"code": code, "message": message}}
