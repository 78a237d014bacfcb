//! Ring signatures: somebody of a ring signed, and the signature does not say who.
//!
//! Abe, Ohkubo, Suzuki 2002, over one group. With a tag (Liu, Wei, Wong 2004; one tag base for all members of a scope,
//! as Tsang and Wei 2005) two signatures of one key in one scope show the same tag.

use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::groups::{Group, Point, Scalar};
use crate::schemes::transcript::Transcript;

/// The tag of a linkable signature, with its base.
pub struct Tag {
    pub base: Point,
    pub image: Point,
}

/// The chain: the challenge of the first member, and a response of every member.
pub struct Chain {
    pub c: Scalar,
    pub z: Vec<Scalar>,
}

/// What a signature is about.
pub struct Statement<'a> {
    pub group: &'a Group,
    pub ring: &'a [Point],
    pub msg: &'a [u8],
    pub context: &'a [u8],
    pub tag: Option<&'a Tag>,
}

impl Statement<'_> {
    fn transcript(&self) -> Result<Transcript, Error> {
        let op = if self.tag.is_some() { "lring_sign" } else { "ring_sign" };
        let mut transcript = Transcript::new(op, 1, self.group, self.context)?;
        transcript.points("ring", self.ring)?;
        if let Some(tag) = self.tag {
            transcript.point("tag base", &tag.base)?;
            transcript.point("image", &tag.image)?;
        }
        transcript.bytes("msg", self.msg);
        Ok(transcript)
    }

    /// The challenge of the member behind place `i`, from that member's first move.
    fn next(&self, transcript: &Transcript, i: usize, l: &Point, r: Option<&Point>) -> Result<Scalar, Error> {
        let mut transcript = transcript.clone();
        transcript.count("place", u64::try_from(i).unwrap_or(u64::MAX));
        transcript.point("l", l)?;
        if let Some(r) = r {
            transcript.point("r", r)?;
        }
        transcript.challenge("c")
    }

    /// One step round the ring: from the challenge and response of a member to the next challenge.
    fn step(&self, transcript: &Transcript, i: usize, pk: &Point, c: &Scalar, z: &Scalar) -> Result<Scalar, Error> {
        let g = self.group;
        let l = g.add(&g.mul_base(z)?, &g.mul(c, pk)?)?;
        let r = self.tag.map(|tag| g.msm(&[(z, &tag.base), (c, &tag.image)])).transpose()?;
        self.next(transcript, i, &l, r.as_ref())
    }

    /// Signs with the key of the member at `place`.
    pub fn sign(&self, sk: &Scalar, place: usize, ctx: &mut Ctx<'_>) -> Result<Chain, Error> {
        let g = self.group;
        let transcript = self.transcript()?;
        let nonce = g.random_scalar(ctx)?;
        let l = g.mul_base(&nonce)?;
        let r = self.tag.map(|tag| g.mul(&nonce, &tag.base)).transpose()?;
        let mut c = self.next(&transcript, place, &l, r.as_ref())?;
        let mut first = None;
        let mut z = vec![g.scalar_zero(); self.ring.len()];
        let order =
            (0..self.ring.len()).cycle().skip(place.saturating_add(1)).take(self.ring.len().saturating_sub(1));
        for i in order {
            ctx.tick()?;
            if i == 0 {
                first = Some(c.clone());
            }
            let response = g.random_scalar(ctx)?;
            let pk = self.ring.get(i).ok_or_else(out_of_ring)?;
            c = self.step(&transcript, i, pk, &c, &response)?;
            *z.get_mut(i).ok_or_else(out_of_ring)? = response;
        }
        // The chain closes at the signer, whose key gives the response that fits.
        *z.get_mut(place).ok_or_else(out_of_ring)? = g.scalar_sub(&nonce, &g.scalar_mul(&c, sk)?)?;
        Ok(Chain { c: first.unwrap_or(c), z })
    }

    /// Whether the chain closes.
    pub fn verify(&self, chain: &Chain, ctx: &Ctx<'_>) -> Result<bool, Error> {
        if chain.z.len() != self.ring.len() {
            return Ok(false);
        }
        let transcript = self.transcript()?;
        let mut c = chain.c.clone();
        for (i, (pk, z)) in self.ring.iter().zip(&chain.z).enumerate() {
            ctx.tick()?;
            c = self.step(&transcript, i, pk, &c, z)?;
        }
        Ok(c == chain.c)
    }
}

fn out_of_ring() -> Error {
    Error::internal("a place lies outside the ring")
}
