"""A table at which mock players can play in a test: a challenge, a stand-in calculator, the services of one trial.

The calculator has the ops that the mock's routines call, with the shapes of the real one; its signatures are toys. The
real calculator plays the same matches in test_mock.py where it is built.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable

from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.mock.provider import build
from arena.families.crypto.prompts import OPENING_CUE, system_prompt
from arena.messages import CallKey, Conversation, ModelReply, ModelRequest, Sampling, ToolAnswer, Usage
from arena.play.dialogue import DialogueSetup, converse, rotation
from arena.records import Json, Transcript

SEATS = ("Ada", "Ben", "Cy", "Di", "Ed")
TRIAL = "crypto/c-1/rep_0"
OPS = (
    "modpow",
    "is_prime",
    "random_bytes",
    "hash",
    "hmac",
    "commit_hash",
    "open_hash",
    "ed25519_sign",
    "ed25519_verify",
)
TOOLS = "A calculator computes for you. At most 10 calls a turn.\nOperations:\n" + "\n".join(
    f"- {op}(...): an operation" for op in OPS
)
SEED = "ab" * 32


def challenge(seats: Iterable[str], word: str) -> dict[str, Json]:
    """A challenge whose public background contains `word`, which chooses the mock's routine."""
    names = list(seats)
    return {
        "id": "c-1",
        "name": "A matter among neighbours",
        "difficulty": "Basic",
        "participants": [{"id": name, "display_name": name} for name in names],
        "self_play": {"initiator_agent_id": names[0], "symmetry_breaker": f"{names[0]} begins."},
        "participant_context": {
            "public_background": f"The neighbours need a {word}.\n\nThey write to each other.",
            "role_specific": {
                name: {
                    "goals": [f"Get a result that {name} can trust."],
                    "constraints": [f"{name} has little time."],
                    "private_info": [f"what {name} really wants"],
                }
                for name in names
            },
        },
        "judge": {"target_primitives": ["any"], "what_good_looks_like": ["trust"], "common_failures": ["haste"]},
    }


def _data(value: str) -> bytes:
    return value[5:].encode() if value.startswith("utf8:") else bytes.fromhex(value)


def _sha(*parts: bytes) -> str:
    return hashlib.sha256(b"|".join(parts)).hexdigest()


def _sign(sk: str, msg: str) -> dict[str, Json]:
    pk = _sha(b"pk", bytes.fromhex(sk))
    return {"sig": _sha(b"sig", bytes.fromhex(pk), _data(msg)) * 2, "pk": pk}


def _open(commitment: str, msg: str, nonce: str) -> dict[str, Json]:
    return {"valid": commitment == _sha(b"commit", bytes.fromhex(nonce), _data(msg))}


def compute(op: str, args: dict[str, Json], seed: str) -> dict[str, Json]:
    """Answer one call as the calculator would; an unknown op or a bad value is `ok: false`."""
    fresh = hashlib.shake_256(seed.encode()).hexdigest(64)
    table: dict[str, Callable[..., Json]] = {
        "random_bytes": lambda len: fresh[: 2 * len],
        "hash": lambda data, alg="sha256": hashlib.sha256(_data(data)).hexdigest(),
        "hmac": lambda key, data: hmac.new(_data(key), _data(data), "sha256").hexdigest(),
        "modpow": lambda base, exp, mod: str(pow(int(base, 0), int(exp, 0), int(mod, 0))),
        "is_prime": lambda n: pow(2, int(n) - 1, int(n)) == 1,
        "commit_hash": lambda msg: {
            "commitment": _sha(b"commit", bytes.fromhex(fresh[:64]), _data(msg)), "nonce": fresh[:64]
        },
        "open_hash": _open,
        "ct_equal": lambda a, b: a == b,
        "batch": lambda requests: {"answers": [compute(one["op"], one["args"], seed) for one in requests]},
        "ed25519_sign": _sign,
        "ed25519_verify": lambda pk, msg, sig: {"valid": sig == _sha(b"sig", bytes.fromhex(pk), _data(msg)) * 2},
    }  # fmt: skip
    try:
        return {"ok": True, "result": table[op](**args), "deterministic": True}
    except (KeyError, TypeError, ValueError) as error:
        return {"ok": False, "error": {"code": "bad_call", "message": type(error).__name__}}


class Table:
    """The services of one trial: mock players of one model, the mock judge, a calculator."""

    def __init__(
        self,
        model: str = "careful",
        seed: str = SEED,
        tools: bool = True,
        calculator: Callable[[str, dict[str, Json], str], dict[str, Json]] = compute,
    ) -> None:
        self.model, self.seed, self.has_tools, self.calculator = model, seed, tools, calculator
        self.provider = build("mock", None)

    def ask(
        self, seat: str, turn: int, step: int, conversation: Conversation, sampling: Sampling | None = None
    ) -> ModelReply:
        return self.provider.complete(request(self.model, conversation, seat, turn, step, self.seed))

    def judge(self, turn: int, step: int, conversation: Conversation, schema: Json = None) -> ModelReply:
        key = CallKey(TRIAL, 0, "(judge)", turn, step)
        return self.provider.complete(ModelRequest("judge", "judge", conversation, Sampling(), key, self.seed))

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        seed = hashlib.sha256(json.dumps([self.seed, seat, turn, step, index]).encode()).hexdigest()
        return ToolAnswer(self.calculator(op, args, seed), 0.1)


def request(
    model: str, conversation: Conversation, seat: str = "Ada", turn: int = 0, step: int = 0, seed: str = SEED
) -> ModelRequest:
    """A player's request."""
    return ModelRequest("model", model, conversation, Sampling(), CallKey(TRIAL, 0, seat, turn, step), seed)


def play(
    word: str,
    table: Table,
    seats: int = 2,
    max_turns: int = 12,
    given: tuple[dict[str, Json], dict[str, Json]] | None = None,
    tools: str = TOOLS,
) -> Transcript:
    """Play one match of `seats` seats about `word`, or of a given challenge with its drawn values."""
    names = SEATS[:seats]
    subject, values = given or (challenge(names, word), None)
    told = tools if table.has_tools else None
    systems = {name: system_prompt(subject, name, told, max_turns, values) for name in names}
    return converse(DialogueSetup(systems, rotation(names, turns_of(subject, max_turns)), 10, OPENING_CUE), table)


class JudgeScript:
    """Services that only judge: the given replies in order; what was asked is kept in `asked`."""

    has_tools = True

    def __init__(self, *replies: str | ModelReply) -> None:
        self.replies = [r if isinstance(r, ModelReply) else ModelReply(r, "stop", "j", Usage(10, 5)) for r in replies]
        self.asked: list[tuple[int, int, list[str]]] = []
        self.tools: list[tuple[str, int, int, int, str, Json]] = []

    def ask(
        self, seat: str, turn: int, step: int, conversation: Conversation, sampling: Sampling | None = None
    ) -> ModelReply:
        raise AssertionError("a judge's work asks no player")

    def judge(self, turn: int, step: int, conversation: Conversation, schema: Json = None) -> ModelReply:
        self.asked.append((turn, step, [message.text for message in conversation.messages]))
        return self.replies[len(self.asked) - 1]

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        self.tools.append((seat, turn, step, index, op, args))
        return ToolAnswer(compute(op, args, "00"), 0.1)
