"""Ed25519 for drawn values: the vectors of RFC 8032, and multiples of the base point at the bounds of a digit."""

from __future__ import annotations

import pytest

from arena.families.crypto.challenges.ed25519 import _BASE, ORDER, PRIME, ZERO, _times_base, add, public_key, sign

VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        "5141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
        "0d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc(secret: str, public: str, message: str, signature: str) -> None:
    key = bytes.fromhex(secret)
    assert public_key(key).hex() == public
    assert sign(key, bytes.fromhex(message)).hex() == signature


def _slowly(scalar: int) -> bytes:
    """Return a multiple of the base point by doubling and adding."""
    found, power = ZERO, _BASE
    while scalar:
        found, power, scalar = add(found, power) if scalar & 1 else found, add(power, power), scalar >> 1
    inverse = pow(found[2], -1, PRIME)
    x, y = found[0] * inverse % PRIME, found[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


@pytest.mark.parametrize(
    "scalar",
    [0, 1, 63, 64, 65, 127, 128, 64 << 7, 65 << 7, 65 << 245, ORDER - 1, ORDER, 2**254, 2**255 - 19, 2**256 - 1],
)
def test_a_multiple_is_that_of_doubling_and_adding(scalar: int) -> None:
    assert _times_base(scalar) == _slowly(scalar)
