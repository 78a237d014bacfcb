//! Verifiable random functions on elliptic curves (RFC 9381), in its four suites of two curves.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use hash2curve::ExpandMsgXmd;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::bigint::Int;
use crate::core::error::Error;
use crate::groups::{Costs, Group, Point, Scalar};

/// The names of section 5.5; the place in the list gives suite_string.
pub const SUITES: &[&str] = &[
    "ECVRF-P256-SHA256-TAI",
    "ECVRF-P256-SHA256-SSWU",
    "ECVRF-EDWARDS25519-SHA512-TAI",
    "ECVRF-EDWARDS25519-SHA512-ELL2",
];

/// Bytes of a challenge, and of the response behind it.
const C_LEN: usize = 16;
const S_LEN: usize = 32;
/// Draws of the nonce, which fails with probability 2^-32.
const NONCE_TRIES: u32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    P256Tai,
    P256Sswu,
    EdwardsTai,
    EdwardsEll2,
}

/// A proof taken apart.
struct Parts {
    gamma: Point,
    c: Scalar,
    s: Scalar,
}

impl Suite {
    pub fn named(name: &str) -> Self {
        match name {
            "ECVRF-P256-SHA256-TAI" => Self::P256Tai,
            "ECVRF-P256-SHA256-SSWU" => Self::P256Sswu,
            "ECVRF-EDWARDS25519-SHA512-ELL2" => Self::EdwardsEll2,
            _ => Self::EdwardsTai,
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::P256Tai => 1,
            Self::P256Sswu => 2,
            Self::EdwardsTai => 3,
            Self::EdwardsEll2 => 4,
        }
    }

    fn is_p256(self) -> bool {
        matches!(self, Self::P256Tai | Self::P256Sswu)
    }

    pub fn group(self) -> Group {
        if self.is_p256() { Group::P256 } else { Group::Edwards25519 }
    }

    pub fn costs(self) -> Costs {
        self.group().costs()
    }

    /// Bytes of a proof.
    pub fn proof_len(self) -> usize {
        self.group().point_len().saturating_add(C_LEN + S_LEN)
    }

    fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            parts.iter().fold(D::new(), |hash, part| hash.chain_update(part)).finalize().to_vec()
        }
        if self.is_p256() { of::<Sha256>(parts) } else { of::<Sha512>(parts) }
    }

    /// The secret scalar x. On edwards25519 it is hashed from the key (RFC 8032); on P-256 it is the key itself, and
    /// `None` means one that is zero or not below the order.
    pub fn secret_scalar(self, sk: &[u8; 32]) -> Result<Option<Scalar>, Error> {
        if self.is_p256() {
            return Ok(self.group().decode_scalar(sk).filter(|x| !self.group().scalar_is_zero(x)));
        }
        let hashed = Zeroizing::new(Sha512::digest(sk).to_vec());
        let half: Zeroizing<[u8; 32]> =
            hashed.first_chunk().copied().map(Zeroizing::new).ok_or_else(|| Error::internal("a hash is short"))?;
        // Reduced modulo the order: all points here are in the subgroup, where that makes no difference.
        let clamped = Zeroizing::new(curve25519_dalek::scalar::clamp_integer(*half));
        Ok(Some(Scalar::Curve25519(curve25519_dalek::Scalar::from_bytes_mod_order(*clamped))))
    }

    /// encode_to_curve, section 5.4.1, with the public key as salt.
    fn encode_to_curve(self, pk: &[u8], alpha: &[u8]) -> Result<Point, Error> {
        let tag = |id: &[u8]| [b"ECVRF_", id, &[self.byte()]].concat();
        Ok(match self {
            Self::P256Sswu => Point::P256(
                hash2curve::encode_from_bytes::<p256::NistP256, ExpandMsgXmd<Sha256>>(
                    &[pk, alpha],
                    &[&tag(b"P256_XMD:SHA-256_SSWU_NU_")],
                )
                .map_err(|_| Error::internal("a tag does not fit the hash to the curve"))?,
            ),
            Self::EdwardsEll2 => Point::Edwards(EdwardsPoint::encode_to_curve::<Sha512>(
                &[pk, alpha],
                &[&tag(b"edwards25519_XMD:SHA-512_ELL2_NU_")],
            )),
            Self::P256Tai | Self::EdwardsTai => self.try_and_increment(pk, alpha)?,
        })
    }

    fn try_and_increment(self, pk: &[u8], alpha: &[u8]) -> Result<Point, Error> {
        for counter in 0..=u8::MAX {
            let digest = self.hash(&[&[self.byte(), 1], pk, alpha, &[counter, 0]]);
            let point = if self.is_p256() {
                self.group().decode(&[&[2], digest.as_slice()].concat())
            } else {
                let half = digest.first_chunk().copied().unwrap_or_default();
                CompressedEdwardsY(half).decompress().map(|p| Point::Edwards(p.mul_by_cofactor()))
            };
            match point {
                Some(point) if !self.group().is_identity(&point) => return Ok(point),
                _ => {}
            }
        }
        // Each try fails for half of the inputs.
        Err(Error::internal("no point was found by hashing"))
    }

    /// nonce_generation, section 5.4.2.
    fn nonce(self, sk: &[u8; 32], h: &[u8]) -> Result<Scalar, Error> {
        if self.is_p256() {
            return nonce_rfc6979(sk, h);
        }
        let hashed = Zeroizing::new(Sha512::digest(sk).to_vec());
        let prefix = hashed.get(32..).unwrap_or_default();
        let wide: Zeroizing<[u8; 64]> =
            Zeroizing::new(Sha512::new().chain_update(prefix).chain_update(h).finalize().into());
        Ok(Scalar::Curve25519(curve25519_dalek::Scalar::from_bytes_mod_order_wide(&wide)))
    }

    /// challenge_generation, section 5.4.3: 16 bytes, read in the order of the curve's scalars.
    fn challenge(self, points: [&Point; 5]) -> Result<Scalar, Error> {
        let group = self.group();
        let mut input = vec![self.byte(), 2];
        for point in points {
            input.extend_from_slice(&group.encode(point)?);
        }
        input.push(0);
        let digest = self.hash(&[&input]);
        self.short_scalar(digest.get(..C_LEN).unwrap_or_default())
    }

    fn short_scalar(self, bytes: &[u8]) -> Result<Scalar, Error> {
        let mut wide = [0u8; 32];
        let at = if self.is_p256() { 32 - C_LEN } else { 0 };
        for (to, from) in wide.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
        self.group().decode_scalar(&wide).ok_or_else(|| Error::internal("a challenge is no scalar"))
    }

    fn challenge_bytes(self, c: &Scalar) -> Result<Vec<u8>, Error> {
        let bytes = self.group().encode_scalar(c)?;
        let range = if self.is_p256() { 32 - C_LEN..32 } else { 0..C_LEN };
        bytes.get(range).map(<[u8]>::to_vec).ok_or_else(|| Error::internal("a challenge is short"))
    }

    /// proof_to_hash, section 5.2.
    fn output(self, gamma: &Point) -> Result<Vec<u8>, Error> {
        let group = self.group();
        let cleared = if self.is_p256() { gamma.clone() } else { group.mul(&group.scalar_from_u64(8)?, gamma)? };
        Ok(self.hash(&[&[self.byte(), 3], &group.encode(&cleared)?, &[0]]))
    }

    /// The proof and the output for the input alpha, section 5.1. `x` is the secret scalar of `sk`.
    pub fn prove(self, sk: &[u8; 32], x: &Scalar, alpha: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let group = self.group();
        let y = group.mul_base(x)?;
        let h = self.encode_to_curve(&group.encode(&y)?, alpha)?;
        let gamma = group.mul(x, &h)?;
        let k = self.nonce(sk, &group.encode(&h)?)?;
        let c = self.challenge([&y, &h, &gamma, &group.mul_base(&k)?, &group.mul(&k, &h)?])?;
        let s = group.scalar_mul_add(&c, x, &k)?;
        let mut proof = group.encode(&gamma)?;
        proof.extend_from_slice(&self.challenge_bytes(&c)?);
        proof.extend_from_slice(&group.encode_scalar(&s)?);
        let beta = self.output(&gamma)?;
        Ok((proof, beta))
    }

    fn parts(self, proof: &[u8]) -> Result<Option<Parts>, Error> {
        let group = self.group();
        let Some((gamma, rest)) = proof.split_at_checked(group.point_len()) else { return Ok(None) };
        let Some((c, s)) = rest.split_at_checked(C_LEN) else { return Ok(None) };
        let (Some(gamma), Some(s)) = (group.decode(gamma), group.decode_scalar(s)) else { return Ok(None) };
        Ok(Some(Parts { gamma, c: self.short_scalar(c)?, s }))
    }

    /// The output of the proof, section 5.3; else why the proof is wrong. Gamma must be in the subgroup
    /// of prime order, which is stricter than the standard and the same for all proofs that it makes.
    pub fn verify(self, y: &Point, alpha: &[u8], proof: &[u8]) -> Result<Result<Vec<u8>, &'static str>, Error> {
        let group = self.group();
        let Some(Parts { gamma, c, s }) = self.parts(proof)? else {
            return Ok(Err("pi holds no point of the group, or its response is not below the order"));
        };
        let h = self.encode_to_curve(&group.encode(y)?, alpha)?;
        let minus_c = group.scalar_neg(&c)?;
        let u = group.msm(&[(&s, &group.base()), (&minus_c, y)])?;
        let v = group.msm(&[(&s, &h), (&minus_c, &gamma)])?;
        if self.challenge([y, &h, &gamma, &u, &v])? != c {
            return Ok(Err("pi does not match this key and alpha"));
        }
        Ok(Ok(self.output(&gamma)?))
    }
}

/// RFC 6979, section 3.2, for P-256 with SHA-256.
fn nonce_rfc6979(sk: &[u8; 32], message: &[u8]) -> Result<Scalar, Error> {
    let group = Group::P256;
    let digest = group.scalar_from_int(&Int::from_be_bytes(&Sha256::digest(message)))?;
    let digest = group.encode_scalar(&digest)?;
    let (mut k, mut v) = (Zeroizing::new([0u8; 32]), Zeroizing::new([1u8; 32]));
    for byte in [0u8, 1] {
        *k = mac(&k, &[v.as_slice(), &[byte], sk, &digest])?;
        *v = mac(&k, &[v.as_slice()])?;
    }
    for _ in 0..NONCE_TRIES {
        *v = mac(&k, &[v.as_slice()])?;
        match group.decode_scalar(v.as_slice()) {
            Some(nonce) if !group.scalar_is_zero(&nonce) => return Ok(nonce),
            _ => {}
        }
        *k = mac(&k, &[v.as_slice(), &[0]])?;
        *v = mac(&k, &[v.as_slice()])?;
    }
    Err(Error::internal("no nonce was drawn"))
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Result<[u8; 32], Error> {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).map_err(|_| Error::internal("a key does not fit"))?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac.finalize().into_bytes().into())
}
