//! BLS12-381 on blst. The only module with unsafe code: blst's point arithmetic has no safe interface.
//!
//! Every call hands over references to values that live through the call, and lengths taken from the slices themselves;
//! blst keeps no pointer. Points reach the arithmetic only after the curve and subgroup checks of `decode`.
#![allow(unsafe_code)]

use blst::{
    BLST_ERROR, MultiPoint, blst_fp12, blst_fr, blst_fr_add, blst_fr_cneg, blst_fr_eucl_inverse, blst_fr_from_scalar,
    blst_fr_mul, blst_fr_sub, blst_hash_to_g1, blst_hash_to_g2, blst_p1, blst_p1_add_or_double, blst_p1_affine,
    blst_p1_affine_in_g1, blst_p1_cneg, blst_p1_compress, blst_p1_from_affine, blst_p1_generator, blst_p1_is_inf,
    blst_p1_mult, blst_p1_to_affine, blst_p1_uncompress, blst_p2, blst_p2_add_or_double, blst_p2_affine,
    blst_p2_affine_in_g2, blst_p2_cneg, blst_p2_compress, blst_p2_from_affine, blst_p2_generator, blst_p2_is_inf,
    blst_p2_mult, blst_p2_to_affine, blst_p2_uncompress, blst_scalar, blst_scalar_fr_check, blst_scalar_from_bendian,
    blst_scalar_from_fr, p1_affines, p2_affines,
};
use zeroize::{Zeroize, Zeroizing};

/// Bits of the group order, rounded up by nothing: r < 2^255.
const ORDER_BITS: usize = 255;
/// Fewer points than this are added one by one: Pippenger's method has a fixed price.
const FEW: usize = 8;

/// A scalar modulo the group order.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Fr(blst_fr);

impl Fr {
    /// Reads 32 bytes, big-endian, below the order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let mut scalar = blst_scalar::default();
        let mut out = blst_fr::default();
        // SAFETY: `bytes` holds the 32 bytes that blst reads.
        let canonical = unsafe {
            blst_scalar_from_bendian(&mut scalar, bytes.as_ptr());
            blst_scalar_fr_check(&scalar)
        };
        if canonical {
            // SAFETY: both are whole values.
            unsafe { blst_fr_from_scalar(&mut out, &scalar) };
        }
        scalar.b.zeroize();
        canonical.then_some(Self(out))
    }

    fn little_endian(&self) -> Zeroizing<[u8; 32]> {
        let mut scalar = blst_scalar::default();
        // SAFETY: both are whole values.
        unsafe { blst_scalar_from_fr(&mut scalar, &self.0) };
        let bytes = Zeroizing::new(scalar.b);
        scalar.b.zeroize();
        bytes
    }

    pub fn to_bytes(self) -> Zeroizing<[u8; 32]> {
        let mut bytes = self.little_endian();
        bytes.reverse();
        bytes
    }

    pub fn add(&self, other: &Self) -> Self {
        self.with(other, blst_fr_add)
    }

    pub fn sub(&self, other: &Self) -> Self {
        self.with(other, blst_fr_sub)
    }

    pub fn mul(&self, other: &Self) -> Self {
        self.with(other, blst_fr_mul)
    }

    fn with(&self, other: &Self, f: unsafe extern "C" fn(*mut blst_fr, *const blst_fr, *const blst_fr)) -> Self {
        let mut out = blst_fr::default();
        // SAFETY: three whole values; `out` is none of the inputs.
        unsafe { f(&mut out, &self.0, &other.0) };
        Self(out)
    }

    pub fn neg(&self) -> Self {
        let mut out = blst_fr::default();
        // SAFETY: two whole values.
        unsafe { blst_fr_cneg(&mut out, &self.0, true) };
        Self(out)
    }

    /// The inverse; zero for zero.
    pub fn invert(&self) -> Self {
        let mut out = blst_fr::default();
        // SAFETY: two whole values.
        unsafe { blst_fr_eucl_inverse(&mut out, &self.0) };
        Self(out)
    }
}

impl Zeroize for Fr {
    fn zeroize(&mut self) {
        self.0.l.zeroize();
    }
}

/// The two source groups differ in names and sizes only.
macro_rules! source_group {
    ($name:ident, $point:ty, $affine:ty, $affines:ty, $len:literal, $uncompress:ident, $in_group:ident,
     $from_affine:ident, $to_affine:ident, $compress:ident, $is_inf:ident, $add:ident, $neg:ident, $mult:ident,
     $generator:ident, $hash:ident) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name($point);

        impl $name {
            /// Bytes of the compressed encoding.
            pub const LEN: usize = $len;

            pub fn generator() -> Self {
                // SAFETY: blst answers a pointer to a constant.
                Self(unsafe { *$generator() })
            }

            /// Reads the compressed encoding of a point of the subgroup; the identity is one.
            pub fn decode(bytes: &[u8; $len]) -> Option<Self> {
                let mut affine = <$affine>::default();
                // SAFETY: `bytes` holds as many bytes as blst reads; the affine point is on the curve if it succeeds.
                let good = unsafe {
                    $uncompress(&mut affine, bytes.as_ptr()) == BLST_ERROR::BLST_SUCCESS && $in_group(&affine)
                };
                good.then(|| Self::from_affine(&affine))
            }

            pub fn from_affine(affine: &$affine) -> Self {
                let mut out = <$point>::default();
                // SAFETY: two whole values.
                unsafe { $from_affine(&mut out, affine) };
                Self(out)
            }

            pub fn affine(&self) -> $affine {
                let mut out = <$affine>::default();
                // SAFETY: two whole values.
                unsafe { $to_affine(&mut out, &self.0) };
                out
            }

            pub fn encode(&self) -> [u8; $len] {
                let mut out = [0u8; $len];
                // SAFETY: `out` takes as many bytes as blst writes.
                unsafe { $compress(out.as_mut_ptr(), &self.0) };
                out
            }

            pub fn is_identity(&self) -> bool {
                // SAFETY: a whole value.
                unsafe { $is_inf(&self.0) }
            }

            pub fn add(&self, other: &Self) -> Self {
                let mut out = <$point>::default();
                // SAFETY: three whole values.
                unsafe { $add(&mut out, &self.0, &other.0) };
                Self(out)
            }

            pub fn neg(&self) -> Self {
                let mut out = self.0;
                // SAFETY: a whole value.
                unsafe { $neg(&mut out, true) };
                Self(out)
            }

            pub fn mul(&self, k: &Fr) -> Self {
                let mut out = <$point>::default();
                // SAFETY: the scalar holds 32 bytes, and blst reads 255 bits.
                unsafe { $mult(&mut out, &self.0, k.little_endian().as_ptr(), ORDER_BITS) };
                Self(out)
            }

            /// The sum of the multiples. Not constant time for many points.
            pub fn msm(terms: &[(&Fr, &Self)]) -> Self {
                if terms.len() < FEW || terms.iter().any(|(_, point)| point.is_identity()) {
                    return terms.iter().fold(Self::default(), |sum, (k, point)| sum.add(&point.mul(k)));
                }
                let points: Vec<$point> = terms.iter().map(|(_, point)| point.0).collect();
                let scalars: Zeroizing<Vec<u8>> =
                    Zeroizing::new(terms.iter().flat_map(|(k, _)| *k.little_endian()).collect());
                Self(<$affines>::from(&points).as_slice().mult(&scalars, ORDER_BITS))
            }

            /// RFC 9380, random oracle suite, with a tag of 1 to 255 bytes.
            pub fn hash(msg: &[u8], dst: &[u8]) -> Self {
                let mut out = <$point>::default();
                // SAFETY: pointers and lengths of live slices; blst reads no augmentation of length 0.
                unsafe {
                    $hash(&mut out, msg.as_ptr(), msg.len(), dst.as_ptr(), dst.len(), std::ptr::null(), 0);
                }
                Self(out)
            }
        }
    };
}

source_group!(
    G1,
    blst_p1,
    blst_p1_affine,
    p1_affines,
    48,
    blst_p1_uncompress,
    blst_p1_affine_in_g1,
    blst_p1_from_affine,
    blst_p1_to_affine,
    blst_p1_compress,
    blst_p1_is_inf,
    blst_p1_add_or_double,
    blst_p1_cneg,
    blst_p1_mult,
    blst_p1_generator,
    blst_hash_to_g1
);
source_group!(
    G2,
    blst_p2,
    blst_p2_affine,
    p2_affines,
    96,
    blst_p2_uncompress,
    blst_p2_affine_in_g2,
    blst_p2_from_affine,
    blst_p2_to_affine,
    blst_p2_compress,
    blst_p2_is_inf,
    blst_p2_add_or_double,
    blst_p2_cneg,
    blst_p2_mult,
    blst_p2_generator,
    blst_hash_to_g2
);

/// An element of the target group: the value of a pairing, or a product of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gt(blst_fp12);

impl Gt {
    /// e(p, q).
    pub fn pairing(p: &G1, q: &G2) -> Self {
        Self::product(&[(*p, *q)])
    }

    /// The product of the pairings; 1 for none. A pair with an identity counts as 1.
    pub fn product(pairs: &[(G1, G2)]) -> Self {
        let live = pairs.iter().filter(|(p, q)| !p.is_identity() && !q.is_identity());
        let mut product = blst_fp12::default();
        for (p, q) in live {
            product *= blst_fp12::miller_loop(&q.affine(), &p.affine());
        }
        Self(product.final_exp())
    }

    pub fn is_one(&self) -> bool {
        self.0 == blst_fp12::default()
    }

    pub fn mul(&self, other: &Self) -> Self {
        Self(self.0 * other.0)
    }

    /// 576 bytes: blst's big-endian order of the twelve coordinates.
    pub fn to_bytes(&self) -> [u8; 576] {
        self.0.to_bendian()
    }
}
