"""Real calls over nothing: random words are fixed, signed and sealed, and the others open and verify them."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns


def play(case: Case) -> Turns | None:
    """Return turns in which each role fixes and signs a random word, and checks those of the previous speakers."""
    turns: Turns = {}
    for place, role in enumerate(case.roles):
        before = case.roles[place - 1]
        heard = {label: f"{{{{heard.{before}.{label}}}}}" for label in ("word", "seal", "key", "mark", "nonce")}
        turns[role] = [
            {"calls": [{"as": "w", "op": "random_bytes", "args": {"len": 16}},
                       {"as": "k", "op": "random_bytes", "args": {"len": 32}}]},
            {"calls": [{"as": "c", "op": "commit_hash", "args": {"msg": "{{w}}"}},
                       {"as": "s", "op": "ed25519_sign", "args": {"sk": "{{k}}", "msg": "{{w}}"}}]},
            "Here is my part, fixed and signed: seal [{{c.commitment}}], mark [{{s.sig}}] under key [{{s.pk}}]. Yours?",
            "It opens to word [{{w}}] with nonce [{{c.nonce}}].",
            {"calls": [{"as": "o", "op": "open_hash",
                        "args": {"commitment": heard["seal"], "msg": heard["word"], "nonce": heard["nonce"]}},
                       {"as": "v", "op": "ed25519_verify",
                        "args": {"pk": heard["key"], "msg": heard["word"], "sig": heard["mark"]}}]},
            {"text": "Your seal opens and your mark holds.", "done": case.right},
        ]  # fmt: skip
    return turns
