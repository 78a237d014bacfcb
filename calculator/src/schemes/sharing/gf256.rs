//! Sharing byte by byte over GF(2^8), modulo x^8 + x^4 + x^3 + x + 1 (the field of AES).
//!
//! No tables and no branches on secrets.

use zeroize::Zeroizing;

use super::Indexed;
use crate::core::context::Ctx;
use crate::core::error::Error;

/// x^8 as the other terms of the modulus.
const REDUCTION: u8 = 0x1b;

fn mul(a: u8, b: u8) -> u8 {
    let (mut a, mut product) = (a, 0u8);
    for bit in 0..8 {
        product ^= a & 0u8.wrapping_sub((b >> bit) & 1);
        a = (a << 1) ^ (REDUCTION & 0u8.wrapping_sub(a >> 7));
    }
    product
}

/// a^254, which is the inverse; zero for zero.
fn invert(a: u8) -> u8 {
    // 254 = 2 + 4 + ... + 128.
    let mut power = a;
    let mut out = 1;
    for _ in 1..8 {
        power = mul(power, power);
        out = mul(out, power);
    }
    out
}

/// The shares 1 to n; any t of them give the bytes back.
pub fn split(secret: &[u8], t: u8, n: u8, ctx: &mut Ctx<'_>) -> Result<Vec<Indexed<Zeroizing<Vec<u8>>>>, Error> {
    let mut coefficients = vec![Zeroizing::new(secret.to_vec())];
    for _ in 1..t {
        let mut row = Zeroizing::new(vec![0u8; secret.len()]);
        ctx.fill(&mut row)?;
        coefficients.push(row);
    }
    let mut shares = Vec::new();
    for x in 1..=n {
        ctx.tick()?;
        let mut share = Zeroizing::new(vec![0u8; secret.len()]);
        for row in coefficients.iter().rev() {
            for (sum, c) in share.iter_mut().zip(row.iter()) {
                *sum = mul(*sum, x) ^ c;
            }
        }
        shares.push((u64::from(x), share));
    }
    Ok(shares)
}

/// The bytes at `x` of the polynomials through the shares, which have distinct places and equal lengths.
pub fn interpolate(shares: &[(u8, &[u8])], x: u8) -> Zeroizing<Vec<u8>> {
    let len = shares.first().map_or(0, |(_, share)| share.len());
    let mut out = Zeroizing::new(vec![0u8; len]);
    for (i, (own, share)) in shares.iter().enumerate() {
        let (mut above, mut below) = (1, 1);
        for (_, (other, _)) in shares.iter().enumerate().filter(|(j, _)| *j != i) {
            above = mul(above, x ^ other);
            below = mul(below, own ^ other);
        }
        let coefficient = mul(above, invert(below));
        for (sum, byte) in out.iter_mut().zip(share.iter()) {
            *sum ^= mul(coefficient, *byte);
        }
    }
    out
}

/// Whether all shares lie on polynomials of degree below t.
pub fn consistent(shares: &[(u8, &[u8])], t: usize, ctx: &Ctx<'_>) -> Result<bool, Error> {
    let (first, rest) = shares.split_at_checked(t).unwrap_or((shares, &[]));
    for (x, share) in rest {
        ctx.tick()?;
        if interpolate(first, *x).as_slice() != *share {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{invert, mul};

    #[test]
    fn the_field_is_that_of_aes() {
        // FIPS 197, section 4.2.
        assert_eq!(mul(0x57, 0x83), 0xc1);
        assert_eq!(mul(0x57, 0x13), 0xfe);
        assert!((1..=255).all(|a| mul(a, invert(a)) == 1));
        assert_eq!(invert(0), 0);
    }
}
