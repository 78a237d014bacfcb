//! Oblivious pseudorandom functions (RFC 9497): the suites, the modes, and what client and server compute.
//!
//! Belongs here: what RFC 9497 defines, with its names. Does not belong here: the ops (`crate::ops::oblivious`), the
//! proof that one key was used for a list (`key_proof.rs` next to this folder). Start with [`Suite`].

mod proof;

use curve25519_dalek::Scalar as Dalek;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::bigint::Int;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::groups::expand::{Expander, expand_message};
use crate::groups::{Costs, Group, Point, Scalar};

pub use proof::{Proof, Statement};

/// Error code: a proof of the server's key does not hold, since it used another key or the answer was changed.
pub const BAD_PROOF: &str = "bad_proof";

pub const SUITES: &[&str] = &["ristretto255-SHA512", "P256-SHA256"];
pub const MODES: &[&str] = &["oprf", "voprf", "poprf"];
/// Longest input and longest public info: their lengths are hashed as two bytes.
pub const MAX_INPUT: usize = 65_535;
/// Most inputs of one batch.
pub const MAX_BATCH: usize = 1_024;
/// Bytes of the seed of a key.
pub const SEED_LEN: usize = 32;

/// Tries of the key derivation; one fails with the probability of a guessed logarithm.
const KEY_TRIES: u8 = 255;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Oprf,
    /// With a proof that the server used the key it has published.
    Voprf,
    /// The same, and with public info that both sides put in.
    Poprf,
}

impl Mode {
    pub fn named(name: &str) -> Self {
        match name {
            "voprf" => Self::Voprf,
            "poprf" => Self::Poprf,
            _ => Self::Oprf,
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Oprf => 0,
            Self::Voprf => 1,
            Self::Poprf => 2,
        }
    }
}

/// A suite in a mode.
pub struct Suite {
    pub group: Group,
    pub mode: Mode,
    context: Vec<u8>,
}

/// The group of a suite; the first for a name that is none.
fn group_of(suite: &str) -> Group {
    if suite == "P256-SHA256" { Group::P256 } else { Group::Ristretto255 }
}

/// What the operations of a suite cost.
pub fn costs(suite: &str) -> Costs {
    group_of(suite).costs()
}

impl Suite {
    pub fn new(suite: &str, mode: Mode) -> Self {
        let context = [b"OPRFV1-", [mode.byte()].as_slice(), b"-", suite.as_bytes()].concat();
        Self { group: group_of(suite), mode, context }
    }

    /// Bytes of an output.
    pub fn output_len(&self) -> usize {
        if self.group == Group::P256 { 32 } else { 64 }
    }

    fn tag(&self, label: &[u8]) -> Vec<u8> {
        [label, &self.context].concat()
    }

    fn hash(&self, parts: &[&[u8]]) -> Vec<u8> {
        fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            parts.iter().fold(D::new(), |hash, part| hash.chain_update(part)).finalize().to_vec()
        }
        if self.group == Group::P256 { of::<Sha256>(parts) } else { of::<Sha512>(parts) }
    }

    fn hash_to_scalar_with(&self, msg: &[&[u8]], dst: &[u8]) -> Result<Scalar, Error> {
        let (expander, len) = if self.group == Group::P256 { (Expander::Sha256, 48) } else { (Expander::Sha512, 64) };
        let bytes = expand_message(expander, msg, dst, len).map(Zeroizing::new).ok_or_else(unfit)?;
        if self.group == Group::P256 {
            return self.group.scalar_from_int(&Int::from_be_bytes(&bytes));
        }
        let wide: [u8; 64] = bytes.as_slice().try_into().map_err(|_| unfit())?;
        Ok(Scalar::Curve25519(Dalek::from_bytes_mod_order_wide(&Zeroizing::new(wide))))
    }

    fn hash_to_scalar(&self, msg: &[&[u8]]) -> Result<Scalar, Error> {
        self.hash_to_scalar_with(msg, &self.tag(b"HashToScalar-"))
    }

    /// DeriveKeyPair, section 3.2.1.
    pub fn derive_key(&self, seed: &[u8], info: &[u8]) -> Result<Scalar, Error> {
        let tag = self.tag(b"DeriveKeyPair");
        for counter in 0..=KEY_TRIES {
            let sk = self.hash_to_scalar_with(&[seed, &len16(info)?, info, &[counter]], &tag)?;
            if !self.group.scalar_is_zero(&sk) {
                return Ok(sk);
            }
        }
        Err(Error::internal("no key was derived"))
    }

    /// The input as an element; `path` is for the error about the one input in 2^252 that has none.
    pub fn element(&self, input: &[u8], path: &str) -> Result<Point, Error> {
        let point = self.group.hash_to_group(input, &self.tag(b"HashToGroup-"))?;
        if self.group.is_identity(&point) {
            return Err(Error::new(OUT_OF_RANGE, path, "the input hashes to the identity"));
        }
        Ok(point)
    }

    /// What the public info of POPRF adds to the key.
    fn tweak(&self, info: &[u8]) -> Result<Scalar, Error> {
        self.hash_to_scalar(&[b"Info", &len16(info)?, info])
    }

    /// The public key that the server's proof is about: `pk` itself, tweaked by the info in POPRF. `None` if the
    /// tweak cancels the key.
    pub fn proof_key(&self, pk: &Point, info: &[u8]) -> Result<Option<Point>, Error> {
        if self.mode != Mode::Poprf {
            return Ok(Some(pk.clone()));
        }
        let key = self.group.add(&self.group.mul_base(&self.tweak(info)?)?, pk)?;
        Ok((!self.group.is_identity(&key)).then_some(key))
    }

    /// The secret of that key, and the scalar that blinded elements are multiplied by; `None` if the tweak cancels it.
    pub fn server_keys(&self, sk: &Scalar, info: &[u8]) -> Result<Option<(Scalar, Scalar)>, Error> {
        if self.mode != Mode::Poprf {
            return Ok(Some((sk.clone(), sk.clone())));
        }
        let secret = self.group.scalar_add(sk, &self.tweak(info)?)?;
        Ok(self.group.scalar_invert(&secret)?.map(|inverse| (secret, inverse)))
    }

    /// The statement of the server's proof. POPRF multiplies by the inverse of its key, so the lists change places.
    pub fn statement<'a>(&self, key: &'a Point, blinded: &'a [Point], evaluated: &'a [Point]) -> Statement<'a> {
        match self.mode {
            Mode::Poprf => Statement { key, from: evaluated, to: blinded },
            Mode::Oprf | Mode::Voprf => Statement { key, from: blinded, to: evaluated },
        }
    }

    /// The output for an input and its element under the key, unblinded.
    pub fn output(&self, input: &[u8], info: &[u8], unblinded: &Point) -> Result<Vec<u8>, Error> {
        let element = self.group.encode(unblinded)?;
        let (input_len, info_len, element_len) = (len16(input)?, len16(info)?, len16(&element)?);
        let mut parts: Vec<&[u8]> = vec![&input_len, input];
        if self.mode == Mode::Poprf {
            parts.extend([info_len.as_slice(), info]);
        }
        parts.extend([element_len.as_slice(), &element, b"Finalize"]);
        Ok(self.hash(&parts))
    }

    /// The output from the server's answer.
    pub fn finalize(&self, input: &[u8], info: &[u8], blind: &Scalar, evaluated: &Point) -> Result<Vec<u8>, Error> {
        let inverse = self.group.scalar_invert(blind)?.ok_or_else(|| Error::internal("a blind is zero"))?;
        self.output(input, info, &self.group.mul(&inverse, evaluated)?)
    }
}

fn len16(bytes: &[u8]) -> Result<[u8; 2], Error> {
    u16::try_from(bytes.len()).map(u16::to_be_bytes).map_err(|_| unfit())
}

fn unfit() -> Error {
    Error::internal("a length does not fit the oblivious function")
}
