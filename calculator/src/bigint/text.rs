//! Integers as text: decimal or 0x hexadecimal, bounded before the parsing starts.

use std::fmt;

use dashu_int::{IBig, Sign, UBig};

use super::Int;

/// Why a text is no integer of the allowed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseFault {
    /// Neither decimal nor 0x hexadecimal.
    Syntax,
    /// More bits than allowed.
    TooLarge,
}

impl Int {
    /// Reads `123`, `-123`, `0x7b` or `-0x7b` of at most `max_bits` bits.
    ///
    /// Decimal parsing costs more than linear time, so the digits are counted first. One value has one decimal
    /// spelling: no leading zeros, no `-0`, no sign `+`. Leading zeros of a hexadecimal text are allowed, since
    /// encodings of a fixed width have them.
    pub fn parse(text: &str, max_bits: u64) -> Result<Self, ParseFault> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (Sign::Negative, rest),
            None => (Sign::Positive, text),
        };
        let magnitude = match digits.strip_prefix("0x") {
            Some(hex) => parse_hex(hex, max_bits)?,
            None => parse_decimal(digits, max_bits)?,
        };
        if sign == Sign::Negative && magnitude.is_zero() {
            return Err(ParseFault::Syntax);
        }
        let value = Self(IBig::from_parts(sign, magnitude));
        if value.bits() > max_bits { Err(ParseFault::TooLarge) } else { Ok(value) }
    }
}

fn parse_hex(digits: &str, max_bits: u64) -> Result<UBig, ParseFault> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(ParseFault::Syntax);
    }
    let significant = digits.trim_start_matches('0');
    if count(significant) > max_bits.div_ceil(4) {
        return Err(ParseFault::TooLarge);
    }
    if significant.is_empty() {
        return Ok(UBig::ZERO);
    }
    UBig::from_str_radix(significant, 16).map_err(|_| ParseFault::Syntax)
}

fn parse_decimal(digits: &str, max_bits: u64) -> Result<UBig, ParseFault> {
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    if digits.is_empty() || leading_zero || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseFault::Syntax);
    }
    // 0.30103 > log10(2), and one more digit for the rounding.
    let max_digits = max_bits.saturating_mul(30_103).div_ceil(100_000).saturating_add(1);
    if count(digits) > max_digits {
        return Err(ParseFault::TooLarge);
    }
    UBig::from_str_radix(digits, 10).map_err(|_| ParseFault::Syntax)
}

fn count(digits: &str) -> u64 {
    u64::try_from(digits.len()).unwrap_or(u64::MAX)
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
