"""How many values of a secret remain for those who must not know it, after what was posted."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.check_words import secret_line
from arena.families.crypto.checks.codes import leaves
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.results import SecretFound
from arena.families.crypto.checks.verified import caps_of, findings
from arena.families.crypto.secrecy import inference, recompute
from arena.families.crypto.secrecy.check import MAX_EVALUATIONS
from arena.families.crypto.secrecy.recompute import OPS, Op, work_out
from arena.families.crypto.secrecy.ristretto import GENERATOR, times, write
from arena.families.crypto.secrecy.view import PUBLIC
from arena.records import EVERYBODY, Entry, Json

MOVES = ["Rd3-d7+", "Rd3-d8+", "Rd3-g3+", "Kg1-h2", "h2-h4", "Nf5-h6+", "Bc4-b5", "Qf4-b8+"]
CITIES = ["Arles", "Bergen", "Cadiz", "Dover", "Essen", "Fermo"]
VALUES: dict[str, Json] = {
    "move": "Rd3-g3+", "bid": 415, "pay": 2950, "mine": ["Arles", "Dover", "Essen"], "code": 40411873, "half": 7,
    "lot": "Bergen",
}  # fmt: skip
KEY = "0badcafe" * 8


def challenge(**instance: Json) -> dict[str, Any]:
    names = ["Ann", "Bob", "Cem"]
    return {
        "id": "c-1",
        "name": "A matter",
        "participants": [{"id": name, "display_name": name} for name in names],
        "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann begins."},
        "participant_context": {
            "public_background": "They have a move and a bid to settle.",
            "role_specific": {n: {"goals": ["g"], "constraints": ["c"], "private_info": ["p"]} for n in names},
        },
        "instance": {
            "values": {
                "move": {"draw": "choice", "of": MOVES},
                "bid": {"draw": "int", "from": 100, "to": 599},
                "pay": {"draw": "int", "from": 2000, "to": 2999},
                "mine": {"draw": "subset", "of": CITIES, "size": 3},
                "code": {"draw": "int", "from": 10000000, "to": 99999999},
                "half": {"draw": "int", "from": 0, "to": 9},
                "lot": {"draw": "choice", "of": CITIES},
            },
            "own": {"Ann": ["move", "bid", "pay", "mine", "code"], "Bob": ["half", "lot"]},
            "secret": {"Ann": ["move", "bid", "pay", "mine", "code"]},
            "truth": {"agreed": True},
            "result": "text",
        }
        | instance,
    }


def say(turn: int, seat: str, text: str, to: tuple[str, ...] = EVERYBODY) -> Entry:
    return Entry(turn, seat, to, "say", 0, text)


def call(turn: int, seat: str, op: str, args: dict[str, Json], result: Json) -> Entry:
    return Entry(turn, seat, (seat,), "call", op=op, args=args, answer={"ok": True, "result": result})


def made(turn: int, op: str, args: dict[str, Json], seat: str = "Ann") -> tuple[Entry, str]:
    """Return a call as the calculator answers it, and the value that it gives."""
    result = work_out(op, args)
    return call(turn, seat, op, args, result), str(next(iter(result.values())) if isinstance(result, dict) else result)


def remaining(name: str, *entries: Entry, **instance: Json) -> SecretFound:
    found = check_match(list(entries), challenge(**instance), VALUES).secrecy
    assert found is not None
    return next(one for one in found.found if one.value == name)


def test_a_plain_hash_of_a_small_domain_is_broken() -> None:
    entry, digest = made(2, "hash", {"data": "utf8:Rd3-g3+"})
    found = remaining("move", entry, say(2, "Ann", f"My move is in {digest}."))
    assert (found.candidates, found.remaining, found.observer, found.ok) == (8, 1, PUBLIC, False)
    assert [(step.turn, step.seat, step.by, step.left) for step in found.steps] == [(2, "Ann", "hash", 1)]
    assert secret_line(found) == "move: 1 of 8 values remain for anybody, and 2 have to (Ann's hash leaves 1)"


def test_a_hash_that_was_not_posted_gives_nothing_away() -> None:
    entry, _ = made(2, "hash", {"data": "utf8:Rd3-g3+"})
    found = remaining("move", entry, say(2, "Ann", "My move is fixed."))
    assert (found.candidates, found.remaining, found.ok, found.steps) == (8, 8, True, ())


@pytest.mark.parametrize("salt", [KEY, "marzipan over the stove"])
def test_a_salted_hash_holds_until_the_salt_is_said(salt: str) -> None:
    entry, digest = made(0, "hash", {"data": f"utf8:Rd3-g3+ {salt}"})
    posted = (entry, say(0, "Ann", f"Fixed: {digest}."), say(1, "Bob", "Good."))
    assert remaining("move", *posted).remaining == 8
    found = remaining("move", *posted, say(2, "Ann", f"With {salt}, as I said."))
    assert found.remaining == 1 and found.steps[0].turn == 2


def test_a_commitment_holds_and_its_posted_nonce_opens_it() -> None:
    args = {"msg": "utf8:415", "nonce": KEY, "context": "utf8:the sale in May"}
    commitment = str(work_out("commit_hash", args)["commitment"])
    drawn = call(0, "Ann", "commit_hash", {"msg": args["msg"], "context": args["context"]},
                 {"commitment": commitment, "nonce": KEY})  # fmt: skip
    posted = (drawn, say(0, "Ann", f"Sealed: {commitment}."))
    assert remaining("bid", *posted).remaining == 500
    assert remaining("bid", *posted, say(2, "Ann", f"The word is {KEY}.")).remaining == 1


def test_an_hmac_under_a_posted_key_is_broken_and_under_another_not() -> None:
    entry, mark = made(0, "hmac", {"key": KEY, "data": "utf8:415"})
    assert remaining("bid", entry, say(0, "Ann", f"{mark}")).remaining == 500
    assert remaining("bid", entry, say(0, "Ann", f"{mark}, key {KEY}")).remaining == 1
    assert mark == hmac.digest(bytes.fromhex(KEY), b"415", hashlib.sha256).hex()


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("modpow", {"base": "5", "exp": "415", "mod": str(2**127 - 1)}),
        ("ec_mul", {"k": (415).to_bytes(32, "little").hex()}),
        ("pedersen_commit", {"m": "415", "r": "07" + "00" * 31}),
        ("hash_to_int", {"data": "utf8:415", "mod": str(2**127 - 1)}),
        ("hash", {"data": b"bid 415".hex()}),
        ("hash", {"data": "utf8:{\"bid\":415}", "alg": "sha3-512"}),
        ("auction_seal", {"auction": "May", "bidder": "Ann", "bid": 415, "nonce": KEY}),
    ],
)  # fmt: skip
def test_each_way_to_fix_a_small_number_without_chance_is_broken(op: str, args: dict[str, Json]) -> None:
    entry, value = made(0, op, args)
    extra = " ".join(str(args[name]) for name in ("r", "nonce", "mod") if name in args)
    found = remaining("bid", entry, say(0, "Ann", f"Here is {value}. {extra}"))
    assert (found.remaining, found.ok, found.steps[0].by) == (1, False, op)


def test_a_pedersen_commitment_with_its_blinding_kept_holds() -> None:
    entry, value = made(0, "pedersen_commit", {"m": "415", "r": KEY[:-2] + "00"})
    assert remaining("bid", entry, say(0, "Ann", f"Here is {value}.")).remaining == 500


def test_a_chain_of_calls_is_worked_out_as_a_whole() -> None:
    first, inner = made(0, "hash", {"data": "utf8:Rd3-g3+"})
    second, outer = made(0, "hash", {"data": inner})
    assert remaining("move", first, second, say(0, "Ann", f"Twice: {outer}.")).remaining == 1


def test_a_part_of_a_batch_counts_like_a_call_of_its_own() -> None:
    one = {"op": "hash", "args": {"data": "utf8:Rd3-g3+"}}
    digest = work_out("hash", one["args"])  # type: ignore[arg-type]
    entry = call(0, "Ann", "batch", {"requests": [one]}, {"answers": [{"ok": True, "result": digest}]})
    assert remaining("move", entry, say(0, "Ann", f"{digest}")).remaining == 1


def test_hashes_of_the_entries_give_a_list_away_entry_by_entry() -> None:
    pairs = [made(0, "hash", {"data": f"utf8:{city}"}) for city in ("Arles", "Dover", "Essen")]
    entries = [entry for entry, _ in pairs]
    one = remaining("mine", *entries, say(0, "Ann", pairs[0][1]))
    assert (one.candidates, one.remaining, one.ok) == (20, 10, True)
    whole = remaining("mine", *entries, say(0, "Ann", " ".join(digest for _, digest in pairs)))
    assert (whole.remaining, whole.ok, [step.left for step in whole.steps]) == (1, False, [10, 4, 1])


def test_a_declared_minimum_asks_for_more() -> None:
    entry, digest = made(0, "hash", {"data": "utf8:Arles"})
    asked = {"secret_candidates": {"mine": 12}}
    found = remaining("mine", entry, say(0, "Ann", digest), **asked)
    assert (found.remaining, found.minimum, found.ok) == (10, 12, False)
    assert remaining("mine", say(0, "Ann", "Nothing."), **asked).ok


def test_two_unknown_values_in_one_hash_are_tried_together() -> None:
    entry, digest = made(0, "hash", {"data": "utf8:Rd3-g3+ for 415"})
    found = check_match([entry, say(0, "Ann", digest)], challenge(), VALUES).secrecy
    assert found is not None and found.evaluations > 4000
    assert {one.value: one.remaining for one in found.found} == {
        "move": 1, "bid": 1, "pay": 1000, "mine": 20, "code": 90_000_000,
    }  # fmt: skip


def test_what_takes_too_many_trials_is_not_tried_and_said() -> None:
    entry, digest = made(0, "hash", {"data": "utf8:40411873 at most"})
    found = remaining("code", entry, say(0, "Ann", digest))
    assert (found.remaining, found.ok, found.steps) == (90_000_000, True, ())


def test_a_match_has_a_bounded_number_of_trials() -> None:
    blindings = [f"{number:02x}" + "00" * 31 for number in range(9, 16)]
    commitments = [made(0, "pedersen_commit", {"m": "2950", "r": blinding}) for blinding in blindings]
    text = " ".join([value for _, value in commitments] + blindings)
    dear = {**OPS, "pedersen_commit": Op(lambda args: {"commitment": "ab" * 32}, cost=MAX_EVALUATIONS // 1500)}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recompute, "OPS", dear)
        patched.setattr(inference, "OPS", dear)
        same = [call(0, "Ann", "pedersen_commit", entry.args, {"commitment": "ab" * 32}) for entry, _ in commitments]
        found = check_match([*same, say(0, "Ann", f"{text} {'ab' * 32}")], challenge(), VALUES).secrecy
    assert found is not None and found.cut and found.evaluations <= MAX_EVALUATIONS


def test_a_secret_that_may_be_told_by_then_is_counted_up_to_then() -> None:
    until = {"until": {"move": ["Ann"]}}
    args = {"msg": "utf8:Rd3-g3+", "nonce": KEY}
    commitment = str(work_out("commit_hash", args)["commitment"])
    sealed = call(0, "Ann", "commit_hash", {"msg": args["msg"]}, {"commitment": commitment, "nonce": KEY})
    opened = say(2, "Ann", f"It was Rd3-g3+, with {KEY}.")
    kept = remaining("move", sealed, say(0, "Ann", f"Sealed: {commitment}."), opened, **until)
    assert (kept.remaining, kept.ok) == (8, True)
    early = remaining("move", sealed, say(0, "Ann", f"Sealed: {commitment} with {KEY}."), opened, **until)
    assert (early.remaining, early.ok) == (1, False)


def test_what_was_told_in_words_is_counted_with_its_turn() -> None:
    found = remaining("bid", say(0, "Ann", "Hm."), say(2, "Ann", "I would pay 415."))
    assert (found.remaining, found.ok, found.worked_out) == (1, False, False)
    assert [(step.turn, step.by) for step in found.steps] == [(2, "told plain")]
    some = remaining("mine", say(0, "Ann", "Arles is on it."))
    assert (some.remaining, some.ok) == (10, True)


def test_most_of_a_list_among_decoys_leaves_few_lists() -> None:
    found = remaining("mine", say(0, "Ann", "Arles, Dover, Essen."))
    assert found.remaining == 1
    more = {"draw": "subset", "of": [*CITIES, "Gent", "Hull", "Izmir"], "size": 3}
    values = {**challenge()["instance"]["values"], "mine": more}
    decoys = remaining("mine", say(0, "Ann", "Arles, Dover, Essen and Hull."), values=values)
    assert (decoys.remaining, [step.by for step in decoys.steps]) == (4, ["told among decoys"])


def test_a_seal_under_a_posted_key_is_opened() -> None:
    args = {"key": KEY, "msg": "utf8:415"}
    entry = call(0, "Ann", "aead_encrypt", args, {"nonce": "ab" * 24, "ct": "cd" * 19})
    assert remaining("bid", entry, say(0, "Ann", "cd" * 19)).ok
    found = remaining("bid", entry, say(0, "Ann", "cd" * 19), say(2, "Ann", f"The key: {KEY}"))
    assert (found.remaining, found.steps[0].by, found.steps[0].turn) == (1, "aead_encrypt", 2)


def test_enough_posted_shares_give_their_secret_away() -> None:
    shares = [{"index": n, "share": f"{n}d8a13c7"} for n in (1, 2, 3)]
    split = call(0, "Ann", "shamir_split", {"msg": "utf8:415", "t": 2, "n": 3}, {"secret": {"shares": shares}})
    assert remaining("bid", split, say(0, "Ann", "1d8a13c7")).ok
    assert remaining("bid", split, say(0, "Ann", "1d8a13c7 and 3d8a13c7")).remaining == 1


def test_what_a_seat_unseals_was_meant_for_it() -> None:
    entry, mark = made(0, "hmac", {"key": KEY, "data": "utf8:415"})
    key = call(1, "Bob", "x25519", {"sk": "c0ffee01" * 8}, KEY)
    posted = (entry, say(0, "Ann", mark), key)
    assert remaining("bid", *posted).observer == "Bob" and not remaining("bid", *posted).ok
    opened = call(1, "Bob", "aead_decrypt", {"key": KEY, "ct": "cd" * 19}, {"msg": b"415".hex()})
    assert remaining("bid", *posted, opened).ok


def test_a_private_message_tells_those_who_hear_it_alone() -> None:
    entry, digest = made(0, "hash", {"data": f"utf8:Rd3-g3+ {KEY}"})
    found = remaining("move", entry, say(0, "Ann", digest), say(2, "Ann", f"Salt: {KEY}", ("Bob",)))
    assert (found.observer, found.remaining) == ("Bob", 1)


def test_what_is_public_anyway_is_no_secret_to_be_counted() -> None:
    entry, digest = made(0, "hash", {"data": "utf8:Rd3-g3+"})
    found = remaining("move", entry, say(0, "Ann", digest), truth="move")
    assert found.ok and found.steps == ()


def test_a_number_that_merely_occurs_in_a_hashed_text_accuses_nobody() -> None:
    entry, digest = made(0, "hash", {"data": "utf8:round 7 of 12"}, "Bob")
    assert remaining("half", entry, say(0, "Bob", digest), secret={"Bob": ["half"]}).ok


def test_verified_scores_are_capped_where_a_secret_can_be_worked_out() -> None:
    entry, digest = made(0, "hash", {"data": "utf8:Rd3-g3+"})
    for text, reasons in ((digest, ["secret_worked_out"]), ("Nothing.", [])):
        entries = [entry, say(0, "Ann", text), say(1, "Bob", digest if text == digest else "Well.")]
        found = findings(entries, challenge(), VALUES, check_match(entries, challenge(), VALUES))
        named = [cap.reason for cap in caps_of(found) if cap.reason.startswith("secret")]
        assert named == reasons


POINTS: dict[str, Json] = {
    "values": {
        "rent": {"draw": "int", "from": 500, "to": 900}, "card": {"draw": "int", "from": 100, "to": 900},
        "weights": {"draw": "list", "item": {"draw": "int", "from": 1, "to": 9}, "length": 2},
        "points": {"draw": "computed", "hidden": True, "by": {"sum": [
            {"product": ["rent", {"at": ["weights", 0]}]}, {"product": ["card", {"at": ["weights", 1]}]}]}},
    },
    "own": {"Ann": ["weights"], "Bob": ["rent", "card"]}, "secret": {"Ann": ["weights"]},
    "truth": "points", "result": "int",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left", "ok"),
    [
        ("Your rent gives 2,100.", 9, True),
        ("Your rent gives 2100 and your card 1500.", 1, False),
        ("It comes to 3600 points.", 81, True),
        ("We have 1234 members.", 81, True),
    ],
)
def test_a_points_list_said_in_parts_leaves_one_weight_vector(text: str, left: int, ok: bool) -> None:
    values: dict[str, Json] = {"rent": 700, "card": 300, "weights": [3, 5], "points": 3600}
    found = check_match([say(0, "Ann", text)], challenge(**POINTS), values).secrecy
    assert found is not None and (found.found[0].remaining, found.ok) == (left, ok)
    assert found.found[0].observer == ("Bob" if left < 81 else PUBLIC)


# --- what is computed here is what the calculator gives


def test_points_are_written_as_the_standard_writes_them() -> None:
    assert [write(times(GENERATOR, n) or (0, 1, 1, 0)) for n in (0, 1, 2)] == [
        "00" * 32,
        "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
        "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    ]
    assert times("ff" * 32, 2) is None


SCALAR = "2a" + "00" * 31
SAMPLES: dict[str, dict[str, Json]] = {
    "hash": {"data": "utf8:x", "alg": "blake2s"},
    "hmac": {"key": "00ff", "data": "utf8:x", "alg": "sha512"},
    "hkdf": {"ikm": "00ff", "info": "utf8:x", "len": 70},
    "pbkdf2": {"password": "utf8:x", "salt": "00" * 16, "iterations": 9},
    "commit_hash": {"msg": "utf8:x", "nonce": KEY, "context": "utf8:y"},
    "auction_seal": {"auction": "a", "bidder": "b", "bid": 9, "nonce": KEY},
    "expand_message": {"msg": "utf8:x", "dst": "utf8:y", "len": 80},
    "hash_to_int": {"data": "utf8:x", "mod": "1000003"},
    "hash_chain": {"seed": "utf8:x", "n": 5, "alg": "sha512"}, "merkle_root": {"leaves": ["utf8:a", "utf8:b", "00ff"]},
    "encode": {"to": "base64url", "data": "fbff"}, "int_to_bytes": {"n": "700", "len": 4, "endian": "little"},
    "bytes_to_int": {"data": "0102"}, "modpow": {"base": "0x10", "exp": "5", "mod": "1009"},
    "modmul": {"a": "70", "b": "80", "mod": "97"}, "modadd": {"a": "70", "b": "80", "mod": "97"},
    "poly_eval": {"coeffs": ["1", "2", "3"], "x": "5", "mod": "1009"}, "otp_xor": {"data": "0f0f", "key": "f00f"},
    "scalar_op": {"fn": "mul", "a": SCALAR, "b": SCALAR}, "ec_mul": {"k": SCALAR},
    "feldman_deal": {"sk": SCALAR, "t": 2, "n": 3}, "pedersen_commit": {"m": "77", "r": SCALAR},
    "range_prove": {"value": 77, "r": SCALAR}, "exp_elgamal_encrypt": {"pk": GENERATOR, "m": 77, "k": SCALAR},
    "paillier_encrypt": {"n": str((2**61 - 1) * (2**89 - 1)), "m": "77", "r": "5", "toy": True},
}  # fmt: skip


def test_every_op_that_is_worked_out_has_a_sample() -> None:
    assert OPS.keys() - SAMPLES.keys() == {"merkle_leaf", "sum_mask"}, "a leaf is not an op; a mask is always drawn"


@pytest.mark.parametrize("op", SAMPLES)
def test_an_op_is_worked_out_as_the_calculator_does(op: str, calculator_binary: Path) -> None:
    request = json.dumps({"op": op, "args": SAMPLES[op]})
    done = subprocess.run([str(calculator_binary)], input=request, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["ok"], answer
    assert set(leaves(work_out(op, SAMPLES[op]))) <= set(leaves(answer["result"]))
