//! What secp256k1 and P-256 share: compressed SEC1 points, big-endian scalars.

use elliptic_curve::group::GroupEncoding;
use elliptic_curve::group::prime::PrimeCurve;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{AffinePoint, CurveArithmetic, Field, FieldBytesSize, PrimeField, PublicKey};
use zeroize::Zeroizing;

/// Bytes of a compressed point that is not the identity.
pub const POINT_LEN: usize = 33;
/// Bytes of an uncompressed point.
const UNCOMPRESSED_LEN: usize = 65;
/// SEC1 writes the identity as one zero byte.
const IDENTITY: &[u8] = &[0];

/// Reads a compressed point, or the one byte of the identity.
pub fn decode<P: PrimeCurve + GroupEncoding>(bytes: &[u8]) -> Option<P> {
    if bytes == IDENTITY {
        return Some(P::identity());
    }
    let mut repr = P::Repr::default();
    if bytes.len() != POINT_LEN || repr.as_ref().len() != POINT_LEN || !matches!(bytes.first(), Some(2 | 3)) {
        return None;
    }
    repr.as_mut().copy_from_slice(bytes);
    Option::from(P::from_bytes(&repr))
}

pub fn encode<P: PrimeCurve + GroupEncoding>(point: &P) -> Vec<u8> {
    if bool::from(point.is_identity()) { IDENTITY.to_vec() } else { point.to_bytes().as_ref().to_vec() }
}

/// Reads an uncompressed point: 04, x, y.
pub fn decode_uncompressed<C>(bytes: &[u8]) -> Option<PublicKey<C>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if bytes.len() != UNCOMPRESSED_LEN || bytes.first() != Some(&4) {
        return None;
    }
    PublicKey::from_sec1_bytes(bytes).ok()
}

/// Reads 32 bytes, big-endian, below the order.
pub fn decode_scalar<S: PrimeField>(bytes: &[u8]) -> Option<S> {
    let mut repr = S::Repr::default();
    if repr.as_ref().len() != bytes.len() {
        return None;
    }
    repr.as_mut().copy_from_slice(bytes);
    Option::from(S::from_repr(repr))
}

pub fn encode_scalar<S: PrimeField>(scalar: &S) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(scalar.to_repr().as_ref().to_vec())
}

/// The inverse; `None` for zero.
pub fn invert<S: Field>(scalar: &S) -> Option<S> {
    Option::from(scalar.invert())
}
