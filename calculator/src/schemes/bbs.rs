//! BBS signatures: draft-irtf-cfrg-bbs-signatures, the suite BLS12-381-SHA-256.
//!
//! Names follow the draft. Points and scalars come in checked: in the subgroup, not the identity, below the order.

use zeroize::{Zeroize, Zeroizing};

use crate::bigint::Int;
use crate::core::error::Error;
use crate::groups::bls::{Fr, G1, G2, Gt};
use crate::groups::expand::{Expander, expand_message};
use crate::groups::{Group, Scalar};

/// The suite with the way that generators and messages are mapped.
macro_rules! api_id {
    ($suffix:literal) => {
        concat!("BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_", $suffix).as_bytes()
    };
}

const API_ID: &[u8] = api_id!("");
const KEYGEN_DST: &[u8] = api_id!("KEYGEN_DST_");
const MESSAGE_DST: &[u8] = api_id!("MAP_MSG_TO_SCALAR_AS_HASH_");
const SCALAR_DST: &[u8] = api_id!("H2S_");
const SEED_DST: &[u8] = api_id!("SIG_GENERATOR_SEED_");
const GENERATOR_DST: &[u8] = api_id!("SIG_GENERATOR_DST_");
const GENERATOR_SEED: &[u8] = api_id!("MESSAGE_GENERATOR_SEED");
const EXPAND_LEN: usize = 48;

/// P1 of the suite.
const P1: [u8; 48] = [
    0xa8, 0xce, 0x25, 0x61, 0x02, 0x84, 0x08, 0x21, 0xa3, 0xe9, 0x4e, 0xa9, 0x02, 0x5e, 0x46, 0x62, 0xb2, 0x05, 0x76,
    0x2f, 0x97, 0x76, 0xb3, 0xa7, 0x66, 0xc8, 0x72, 0xb9, 0x48, 0xf1, 0xfd, 0x22, 0x5e, 0x7c, 0x59, 0x69, 0x85, 0x88,
    0xe7, 0x0d, 0x11, 0x40, 0x6d, 0x16, 0x1b, 0x4e, 0x28, 0xc9,
];

/// Bytes of a signature.
pub const SIGNATURE_LEN: usize = 80;
/// Bytes of a proof that discloses every message; each hidden one adds [`SCALAR_LEN`].
pub const PROOF_LEN: usize = 3 * G1::LEN + 4 * SCALAR_LEN;
pub const SCALAR_LEN: usize = 32;
/// Random scalars of a proof besides one for every hidden message.
pub const PROOF_SCALARS: usize = 5;

fn unfit() -> Error {
    Error::internal("a length does not fit the suite")
}

fn octets(n: usize) -> [u8; 8] {
    u64::try_from(n).unwrap_or(u64::MAX).to_be_bytes()
}

/// hash_to_scalar of the draft; the message in parts.
pub fn hash_to_scalar(msg: &[&[u8]], dst: &[u8]) -> Result<Fr, Error> {
    let uniform = Zeroizing::new(expand_message(Expander::Sha256, msg, dst, EXPAND_LEN).ok_or_else(unfit)?);
    let mut wide = Int::from_be_bytes(&uniform);
    let scalar = Group::G1.scalar_from_int(&wide)?;
    wide.zeroize();
    match scalar {
        Scalar::Bls(ref k) => Ok(*k),
        _ => Err(unfit()),
    }
}

/// The secret key from key material; `None` for the one in 2^255 that gives zero.
pub fn keygen(material: &[u8], info: &[u8]) -> Result<Option<Fr>, Error> {
    let len = u16::try_from(info.len()).map_err(|_| unfit())?.to_be_bytes();
    let sk = hash_to_scalar(&[material, &len, info], KEYGEN_DST)?;
    Ok((sk != Fr::default()).then_some(sk))
}

pub fn public_key(sk: &Fr) -> G2 {
    G2::generator().mul(sk)
}

/// The scalar of a message.
pub fn message_scalar(msg: &[u8]) -> Result<Fr, Error> {
    hash_to_scalar(&[msg], MESSAGE_DST)
}

pub fn base_point() -> Result<G1, Error> {
    G1::decode(&P1).ok_or_else(unfit)
}

/// Q_1 and H_1..H_count. `tick` is called between them.
pub fn generators(count: usize, tick: &mut dyn FnMut() -> Result<(), Error>) -> Result<(G1, Vec<G1>), Error> {
    let expand = |parts: &[&[u8]]| expand_message(Expander::Sha256, parts, SEED_DST, EXPAND_LEN).ok_or_else(unfit);
    let mut v = expand(&[GENERATOR_SEED])?;
    let mut next = |i: usize| -> Result<G1, Error> {
        tick()?;
        v = expand(&[&v, &octets(i)])?;
        Ok(G1::hash(&v, GENERATOR_DST))
    };
    let q1 = next(1)?;
    let h = (2..=count.saturating_add(1)).map(next).collect::<Result<Vec<_>, _>>()?;
    Ok((q1, h))
}

/// What signer, holder and verifier compute alike: the generators and the domain of one key, header and message count.
pub struct Setting {
    pk: G2,
    p1: G1,
    q1: G1,
    h: Vec<G1>,
    pub domain: Fr,
}

impl Setting {
    pub fn new(
        pk: &G2,
        header: &[u8],
        count: usize,
        tick: &mut dyn FnMut() -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let (q1, h) = generators(count, tick)?;
        let mut dom = pk.encode().to_vec();
        dom.extend_from_slice(&octets(count));
        for point in std::iter::once(&q1).chain(&h) {
            dom.extend_from_slice(&point.encode());
        }
        let domain = hash_to_scalar(&[&dom, API_ID, &octets(header.len()), header], SCALAR_DST)?;
        Ok(Self { pk: *pk, p1: base_point()?, q1, h, domain })
    }

    /// P1 + Q_1 domain + the sum of H_i m_i over the messages given.
    fn commitment<'a>(&self, msgs: impl Iterator<Item = (usize, &'a Fr)>) -> Result<G1, Error> {
        Ok(self.p1.add(&self.q1.mul(&self.domain)).add(&self.sum(msgs)?))
    }

    fn sum<'a>(&self, msgs: impl Iterator<Item = (usize, &'a Fr)>) -> Result<G1, Error> {
        let terms =
            msgs.map(|(i, m)| Ok((m, self.h.get(i).ok_or_else(unfit)?))).collect::<Result<Vec<_>, Error>>()?;
        Ok(G1::msm(&terms))
    }

    pub fn sign(&self, sk: &Fr, msgs: &[Fr]) -> Result<Signature, Error> {
        let mut input = Zeroizing::new(sk.to_bytes().to_vec());
        for m in msgs.iter().chain([&self.domain]) {
            input.extend_from_slice(m.to_bytes().as_slice());
        }
        let e = hash_to_scalar(&[&input], SCALAR_DST)?;
        let mut inverse = sk.add(&e).invert();
        if inverse == Fr::default() || e == Fr::default() {
            return Err(Error::internal("the signature's scalar is zero"));
        }
        let a = self.commitment(msgs.iter().enumerate())?.mul(&inverse);
        inverse.zeroize();
        Ok(Signature { a, e })
    }

    pub fn verify(&self, sig: &Signature, msgs: &[Fr]) -> Result<bool, Error> {
        let b = self.commitment(msgs.iter().enumerate())?;
        let w = self.pk.add(&G2::generator().mul(&sig.e));
        Ok(Gt::product(&[(sig.a, w), (b.neg(), G2::generator())]).is_one())
    }

    /// Proves the signature over `msgs`, of which those at `disclosed` (ascending) are shown. `random` holds r1, r2,
    /// e~, r1~, r3~ and one scalar for every hidden message.
    pub fn prove(
        &self,
        sig: &Signature,
        msgs: &[Fr],
        disclosed: &[usize],
        ph: &[u8],
        random: &[Fr],
    ) -> Result<Proof, Error> {
        let [r1, r2, e_tilde, r1_tilde, r3_tilde, m_tilde @ ..] = random else { return Err(unfit()) };
        let hidden: Vec<usize> = (0..msgs.len()).filter(|i| !disclosed.contains(i)).collect();
        if hidden.len() != m_tilde.len() {
            return Err(unfit());
        }
        let d = self.commitment(msgs.iter().enumerate())?.mul(r2);
        let a_bar = sig.a.mul(&r1.mul(r2));
        let b_bar = d.mul(r1).add(&a_bar.mul(&sig.e).neg());
        let t1 = a_bar.mul(e_tilde).add(&d.mul(r1_tilde));
        let t2 = d.mul(r3_tilde).add(&self.sum(hidden.iter().copied().zip(m_tilde))?);
        let shown = pick(msgs, disclosed)?;
        let c = self.challenge(&shown, &[a_bar, b_bar, d, t1, t2], ph)?;
        let r3 = r2.invert();
        let m_hat = hidden.iter().zip(m_tilde).map(|(i, tilde)| {
            let m = msgs.get(*i).ok_or_else(unfit)?;
            Ok(tilde.add(&m.mul(&c)))
        });
        Ok(Proof {
            a_bar,
            b_bar,
            d,
            e_hat: e_tilde.add(&sig.e.mul(&c)),
            r1_hat: r1_tilde.sub(&r1.mul(&c)),
            r3_hat: r3_tilde.sub(&r3.mul(&c)),
            m_hat: m_hat.collect::<Result<_, Error>>()?,
            c,
        })
    }

    /// Checks a proof that shows the messages `shown`: place and scalar, ascending, together with those hidden as
    /// many as the setting counts.
    pub fn verify_proof(&self, proof: &Proof, shown: &[(usize, Fr)], ph: &[u8]) -> Result<bool, Error> {
        let hidden = (0..self.h.len()).filter(|i| shown.iter().all(|(j, _)| i != j));
        let t1 = proof.b_bar.mul(&proof.c).add(&proof.a_bar.mul(&proof.e_hat)).add(&proof.d.mul(&proof.r1_hat));
        let b_v = self.commitment(shown.iter().map(|(i, m)| (*i, m)))?;
        let t2 = b_v.mul(&proof.c).add(&proof.d.mul(&proof.r3_hat)).add(&self.sum(hidden.zip(&proof.m_hat))?);
        let c = self.challenge(shown, &[proof.a_bar, proof.b_bar, proof.d, t1, t2], ph)?;
        let paired = Gt::product(&[(proof.a_bar, self.pk), (proof.b_bar.neg(), G2::generator())]).is_one();
        Ok(c == proof.c && paired)
    }

    fn challenge(&self, shown: &[(usize, Fr)], points: &[G1; 5], ph: &[u8]) -> Result<Fr, Error> {
        let mut input = octets(shown.len()).to_vec();
        for (i, m) in shown {
            input.extend_from_slice(&octets(*i));
            input.extend_from_slice(m.to_bytes().as_slice());
        }
        for point in points {
            input.extend_from_slice(&point.encode());
        }
        input.extend_from_slice(self.domain.to_bytes().as_slice());
        hash_to_scalar(&[&input, &octets(ph.len()), ph], SCALAR_DST)
    }
}

fn pick(msgs: &[Fr], places: &[usize]) -> Result<Vec<(usize, Fr)>, Error> {
    places.iter().map(|i| Ok((*i, *msgs.get(*i).ok_or_else(unfit)?))).collect()
}

pub struct Signature {
    pub a: G1,
    pub e: Fr,
}

impl Signature {
    pub fn encode(&self) -> Vec<u8> {
        [self.a.encode().as_slice(), self.e.to_bytes().as_slice()].concat()
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (a, rest) = point(bytes)?;
        let (e, rest) = scalar(rest)?;
        (rest.is_empty() && e != Fr::default()).then_some(Self { a, e })
    }
}

pub struct Proof {
    a_bar: G1,
    b_bar: G1,
    d: G1,
    e_hat: Fr,
    r1_hat: Fr,
    r3_hat: Fr,
    m_hat: Vec<Fr>,
    c: Fr,
}

impl Proof {
    /// How many messages it hides.
    pub fn hidden(&self) -> usize {
        self.m_hat.len()
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = [self.a_bar.encode(), self.b_bar.encode(), self.d.encode()].concat();
        for k in [&self.e_hat, &self.r1_hat, &self.r3_hat].into_iter().chain(&self.m_hat).chain([&self.c]) {
            out.extend_from_slice(k.to_bytes().as_slice());
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (a_bar, rest) = point(bytes)?;
        let (b_bar, rest) = point(rest)?;
        let (d, mut rest) = point(rest)?;
        let mut scalars = Vec::new();
        while !rest.is_empty() {
            let (k, tail) = scalar(rest)?;
            if k == Fr::default() {
                return None;
            }
            scalars.push(k);
            rest = tail;
        }
        let [e_hat, r1_hat, r3_hat, m_hat @ .., c] = scalars.as_slice() else { return None };
        let (e_hat, r1_hat, r3_hat, m_hat, c) = (*e_hat, *r1_hat, *r3_hat, m_hat.to_vec(), *c);
        Some(Self { a_bar, b_bar, d, e_hat, r1_hat, r3_hat, m_hat, c })
    }
}

/// A point other than the identity, and what follows it.
fn point(bytes: &[u8]) -> Option<(G1, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<48>()?;
    let point = G1::decode(head)?;
    (!point.is_identity()).then_some((point, rest))
}

fn scalar(bytes: &[u8]) -> Option<(Fr, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<32>()?;
    Some((Fr::from_bytes(head)?, rest))
}
