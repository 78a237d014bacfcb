"""Services that wrap others and pass every call on, as a base for those that add to them or listen."""

from __future__ import annotations

from collections.abc import Sequence

from arena.messages import Conversation, ModelReply, Sampling, Tool, ToolAnswer
from arena.play.services import JUDGE_SEAT, Services
from arena.records import CallKind, GateDecision, Json


class ServicesOver:
    """Services that pass calls to `inner`; `hears` receives each question to a model before it is asked."""

    def __init__(self, inner: Services, has_tools: bool) -> None:
        self._inner = inner
        self.has_tools = has_tools

    def hears(self, kind: CallKind, seat: str, turn: int, step: int, conversation: Conversation) -> None:
        """Do nothing; listeners override it. Errors: any exception that should end the trial."""

    def ask(
        self,
        seat: str,
        turn: int,
        step: int,
        conversation: Conversation,
        sampling: Sampling | None = None,
        tools: tuple[Tool, ...] = (),
    ) -> ModelReply:
        self.hears("model", seat, turn, step, conversation)
        return self._inner.ask(seat, turn, step, conversation, sampling, tools)

    def judge(
        self, turn: int, step: int, conversation: Conversation, schema: dict[str, Json] | None = None
    ) -> ModelReply:
        self.hears("judge", JUDGE_SEAT, turn, step, conversation)
        return self._inner.judge(turn, step, conversation, schema)

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        return self._inner.tool(seat, turn, step, index, op, args)

    @property
    def gate_decisions(self) -> Sequence[GateDecision]:
        return self._inner.gate_decisions
