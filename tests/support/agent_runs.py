"""Recorded runs of tau-bench, tau2 and AgentDojo as their harnesses write them, small."""

from __future__ import annotations

import json
from typing import Any


def tau(task: int = 0, trial: int = 0, reward: float | None = 1.0, amount: int = 150) -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": "refund", "arguments": json.dumps({"amount": amount})}}
    return {
        "task_id": task,
        "trial": trial,
        "reward": reward,
        "info": {"reward_info": None, "source": "user"},
        "traj": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Refund me."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "name": "refund", "content": "done"},
            {"role": "assistant", "content": "I have refunded $150.", "tool_calls": None},
            {"role": "user", "content": "Thanks."},
            {"role": "assistant", "content": "Bye."},
        ],
    }


RAISED = {"task_id": 7, "trial": 0, "reward": 0.0, "info": {"error": "timeout", "traceback": "..."}, "traj": []}


def tau2(task: str = "1", trial: int = 0, reward: float | None = 1.0, reason: str = "user_stop") -> dict[str, Any]:
    return {
        "id": f"{task}-{trial}",
        "task_id": task,
        "trial": trial,
        "seed": 5,
        "termination_reason": reason,
        "reward_info": None if reward is None else {"reward": reward},
        "messages": [
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "Hi.", "tool_calls": [{"id": "u", "name": "look", "arguments": {}}]},
            {"role": "tool", "id": "u", "content": "seen", "requestor": "user"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "a", "name": "refund", "arguments": {"amount": 120}},
                    {"id": "b", "name": "find", "arguments": {"order": "O"}},
                ],
            },
            {
                "role": "tool",
                "tool_messages": [
                    {"role": "tool", "id": "a", "content": "paid"},
                    {"role": "tool", "id": "b", "content": "found"},
                ],
            },
            {"role": "assistant", "content": "Done."},
        ],
    }


def of_tau2(*simulations: dict[str, Any]) -> dict[str, Any]:
    info = {"agent_info": {"llm": "gpt-x"}, "environment_info": {"domain_name": "retail"}}
    return {"timestamp": "t", "info": info, "tasks": [], "simulations": list(simulations)}


def dojo(**changes: Any) -> dict[str, Any]:
    call = {"function": "send_money", "args": {"amount": 9}, "id": "x", "placeholder_args": None}
    return {
        "suite_name": "banking",
        "pipeline_name": "model-y",
        "user_task_id": "user_task_0",
        "injection_task_id": "injection_task_1",
        "attack_type": "important_instructions",
        "injections": {},
        "messages": [
            {"role": "system", "content": [{"type": "text", "content": "You are an assistant."}]},
            {"role": "user", "content": [{"type": "text", "content": "Pay the bill."}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": [{"type": "text", "content": "sent"}], "tool_call_id": "x", "tool_call": call},
            {"role": "assistant", "content": "Paid.", "tool_calls": []},
        ],
        "error": None,
        "utility": True,
        "security": False,
        **changes,
    }
