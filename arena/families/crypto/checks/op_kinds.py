"""One table of ops: the kind of thing that a call makes, and the kind of use that it makes of another seat's value.

A value is a seal, a proof or a share because of the op that made it. `random_bytes` makes draws, so its bytes are none
of these kinds. `ct_equal` is in neither table: comparing is no check of what another seat made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MADE: Mapping[str, str] = {
    "commits": "commit_hash pedersen_commit vector_commit merkle_root hash_chain auction_seal acc_setup acc_add "
    "frost_commit",
    "signs": "ed25519_sign ecdsa_sign schnorr_sign rsa_sign bls_sign bls_aggregate receipt_sign hmac ring_sign "
    "lring_sign blind_rsa_sign blind_rsa_finalize blind_bls_sign blind_bls_unblind frost_sign_share frost_aggregate "
    "bbs_sign",
    "proves": "schnorr_pok_prove okamoto_prove dleq_prove or_prove membership_prove bit_prove range_prove age_prove "
    "merkle_prove merkle_consistency_prove merkle_absence_prove vector_open acc_witness acc_nonmember_prove "
    "bbs_proof_gen bls_pop_prove vrf_prove vdf_prove",
    "seals": "aead_encrypt otp_xor hpke_seal sealed_box rsa_encrypt elgamal_encrypt elgamal_mul elgamal_rerandomize "
    "exp_elgamal_encrypt exp_elgamal_add exp_elgamal_scale paillier_encrypt paillier_add paillier_mul ibe_encrypt "
    "ballot_encrypt tally_add deadman_seal timelock_make garble_gate",
    "shares": "shamir_split feldman_deal pedersen_vss_deal additive_share sum_mask share_refresh "
    "threshold_decrypt_share ibe_extract",
    "masks": "psi_mask psi_remask oprf_blind oprf_evaluate blind_rsa_blind blind_bls_blind ot_sender_init "
    "ot_receiver_choose ot_sender_send pw_check_server pw_check_client",
    "blurs": "dp_laplace dp_gaussian randomized_response",
    "draws": "random_bytes random_int gen_prime gen_safe_prime",
}
"""Kind of thing -> the ops that make it. The result of an op that is not listed has the kind `derived`."""

USED: Mapping[str, str] = {
    "opens": "open_hash pedersen_open vector_verify auction_open merkle_verify hash_chain_verify acc_verify",
    "verifies": "ed25519_verify ecdsa_verify schnorr_verify rsa_verify bls_verify bls_aggregate_verify bls_pop_verify "
    "receipt_verify ring_verify lring_verify blind_rsa_verify blind_bls_verify frost_verify "
    "frost_verify_share bbs_verify bbs_proof_verify schnorr_pok_verify okamoto_verify dleq_verify or_verify "
    "membership_verify bit_verify range_verify age_verify merkle_consistency_verify merkle_absence_verify "
    "acc_nonmember_verify vrf_verify vdf_verify timelock_verify feldman_verify pedersen_vss_verify ballot_verify "
    "pairing_check",
    "links": "lring_link",
    "unseals": "aead_decrypt otp_xor hpke_open sealed_open rsa_decrypt elgamal_decrypt exp_elgamal_decrypt "
    "paillier_decrypt ibe_decrypt deadman_open timelock_solve tally_open eval_gate",
    "combines": "shamir_combine feldman_combine additive_combine sum_combine threshold_combine threshold_bls_combine "
    "share_refresh_apply frost_aggregate bls_aggregate tally_add exp_elgamal_add exp_elgamal_scale paillier_add "
    "paillier_mul elgamal_mul elgamal_rerandomize coin_combine sortition beacon_mix modadd modmul ec_add ec_msm "
    "scalar_op poly_interpolate lagrange",
    "answers": "psi_remask oprf_evaluate ot_receiver_choose ot_sender_send blind_rsa_sign blind_bls_sign "
    "pw_check_server",
    "matches": "psi_match psi_card oprf_finalize ot_receiver_open pw_check_client blind_rsa_finalize blind_bls_unblind",
}
"""Kind of use -> its ops. An op may at the same time make a thing of another kind."""

DERIVES, DRAWS, BLURS, COMMITS, SIGNS, SHARES = "derives", "draws", "blurs", "commits", "signs", "shares"
PROVES, SEALS, MASKS = "proves", "seals", "masks"
RECOMPUTES, CONTINUES, OPENS, VERIFIES, UNSEALS = "recomputes", "continues", "opens", "verifies", "unseals"

GIVEN = "given"
"""The kind of a value that a role was given before the match and posts: a stamp, a seal, a ticket."""
COMPARES = "compares"

HASHES = frozenset({"hash", "hash_to_int", "expand_message", "hkdf", "argon2id", "scrypt", "pbkdf2"})
"""Ops whose result is a commitment if a random value of the same seat is among their arguments."""

TELLS, KEEPS = "tells", "keeps"
"""Obligations that no call meets: a seat says a value in plain words to everybody, or says it to nobody."""
KINDS_SAID = (TELLS, KEEPS)

KINDS_MADE = (*MADE, DERIVES, GIVEN, *KINDS_SAID)
KINDS_USED = (*USED, RECOMPUTES, CONTINUES, COMPARES)


def _by_op(table: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for kind, ops in table.items():
        yield from ((op, kind) for op in ops.split())


OP_MAKES: Mapping[str, str] = dict(_by_op(MADE))
OP_USES: Mapping[str, str] = dict(_by_op(USED))


def made_by(op: str, salted: bool) -> str:
    """Return the kind of an op's result.

    `salted`: its arguments contain a random value that its seat drew before, or a commitment that it made of one (a
    chain).
    """
    if op in HASHES:
        return COMMITS if salted else DERIVES
    return OP_MAKES.get(op, DERIVES)


def recomputed(made: str) -> str:
    """Return the kind of use if a seat's own call reproduces another seat's value of this kind."""
    return {COMMITS: OPENS, SIGNS: VERIFIES}.get(made, RECOMPUTES)
