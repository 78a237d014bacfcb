//! Names that callers try and that no op has, with what to use instead.

use crate::core::registry::Guess;

const fn guess(names: &'static [&'static str], instead: &'static str) -> Guess {
    Guess { names, instead }
}

/// Names of ops are in backticks, which a test checks. The names guessed are compared as [`Guess`] says.
pub static GUESSES: &[Guess] = &[
    guess(
        &[
            "sha1", "sha224", "sha256", "sha384", "sha512", "sha3", "sha3256", "sha3512", "keccak", "shake128",
            "shake256", "blake2b", "blake2s", "blake3", "digest", "sha2", "hash256",
        ],
        "`hash` with alg, as in {\"alg\":\"sha256\",\"data\":\"utf8:...\"}",
    ),
    guess(&["md5", "ripemd160", "crc32"], "`hash` with a sound alg, such as sha256; broken hashes are not offered"),
    guess(&["hmacsha256", "hmacsha512", "mac"], "`hmac` with alg"),
    guess(
        &["commit", "commitment", "committohash", "hashcommit", "createcommitment"],
        "`commit_hash` for bytes, or `pedersen_commit` for numbers that are added",
    ),
    guess(
        &["open", "reveal", "opencommitment", "verifycommitment", "commitverify"],
        "`open_hash` or `pedersen_open`",
    ),
    guess(
        &["sign", "signature", "signmessage"],
        "`ed25519_sign` (a good default), `ecdsa_sign`, `schnorr_sign`, `rsa_sign`, `bls_sign`, `ring_sign`, `lring_sign`, \
         `blind_rsa_sign`, `blind_bls_sign`, `receipt_sign` or `bbs_sign`",
    ),
    guess(
        &["verify", "verifysignature", "checksignature"],
        "the op that belongs to the one which made the proof or signature: `ed25519_verify` for `ed25519_sign`, and so on",
    ),
    guess(
        &["encrypt", "aesencrypt", "aesgcm", "aesgcmencrypt", "chacha20poly1305", "symmetricencrypt"],
        "`aead_encrypt` with a shared key, or `sealed_box` to a public key",
    ),
    guess(
        &["decrypt", "aesdecrypt", "aesgcmdecrypt", "symmetricdecrypt"],
        "`aead_decrypt` with a shared key, or `sealed_open` with a secret key",
    ),
    guess(
        &["keypair", "genkey", "generatekey", "generatekeypair", "keygeneration", "ed25519keygen", "createkey"],
        "`keygen`; `rsa_keygen`, `paillier_keygen` and `bbs_keygen` for these schemes",
    ),
    guess(
        &["random", "rand", "nonce", "salt", "randombyte", "getrandom"],
        "`random_bytes`, or `random_int` for a number",
    ),
    guess(
        &["randint", "randomnumber", "dice", "coinflip", "cointoss"],
        "`random_int`, or `coin_combine` for a joint toss",
    ),
    guess(&["base64", "base64encode", "tobase64", "hexencode", "tohex", "hex"], "`encode`"),
    guess(&["base64decode", "frombase64", "hexdecode", "fromhex"], "`decode`"),
    guess(&["xor"], "`otp_xor`"),
    guess(&["pow", "power", "exp", "powmod", "modexp"], "`modpow`"),
    guess(&["inverse", "invert", "modinverse", "invmod"], "`modinv`"),
    guess(&["add", "plus", "sub", "addmod"], "`modadd`"),
    guess(&["mul", "multiply", "mulmod", "times"], "`modmul`"),
    guess(&["sqrt", "squareroot"], "`isqrt`, or `sqrt_mod` modulo a prime"),
    guess(&["log", "dlog", "dlp"], "`discrete_log`"),
    guess(&["factor", "factorize", "factorise", "primefactors"], "`factor_small`"),
    guess(&["primalitytest", "prime"], "`is_prime`, or `gen_prime` for a new one"),
    guess(&["diffiehellman", "dh", "keyexchange", "sharedsecret"], "`x25519` or `ecdh`"),
    guess(&["kdf", "derivekey"], "`hkdf`; `argon2id` or `scrypt` from a password"),
    guess(&["split", "splitsecret", "secretshare", "secretsharing", "sharesecret"], "`shamir_split`"),
    guess(&["combine", "reconstruct", "recoversecret", "combineshares"], "`shamir_combine`"),
    guess(&["equal", "equals", "compare", "constanttimecompare"], "`ct_equal`"),
    guess(
        &["zkproof", "zkp", "prove", "zeroknowledgeproof", "schnorrprove", "proveknowledge"],
        "`schnorr_pok_prove` for a logarithm, `dleq_prove` for equal ones, `or_prove`, `membership_prove` or `range_prove`",
    ),
    guess(&["pointadd", "addpoints"], "`ec_add`"),
    guess(&["scalarmult", "scalarmul", "pointmul", "ecmult"], "`ec_mul`"),
    guess(&["vote", "ballot", "castvote"], "`ballot_encrypt`"),
    guess(&["tally", "countvotes"], "`tally_add` and `tally_open`"),
    guess(&["psi", "intersect", "setintersection"], "`psi_mask`, `psi_remask` and `psi_match`"),
    guess(&["vrf"], "`vrf_prove` and `vrf_verify`"),
    guess(&["vdf", "delay"], "`vdf_prove` and `vdf_verify`"),
    guess(&["timelock", "timelockpuzzle"], "`timelock_make`, `timelock_solve` and `timelock_verify`"),
    guess(&["json", "canonicalize", "jcs"], "`canonical_json`"),
    guess(&["list", "listops", "opslist", "commands", "man", "usage"], "`help`, or `ops` for the whole catalogue"),
];
