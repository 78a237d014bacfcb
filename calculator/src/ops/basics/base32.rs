//! Base32 with padding (RFC 4648, section 6), strict: one text for one value.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Digits of a last group of 0 to 4 bytes; every whole group of five bytes has eight.
const DIGITS: [usize; 5] = [0, 2, 4, 5, 7];

pub fn encode(data: &[u8]) -> String {
    let mut out = String::with_capacity(data.len().div_ceil(5).saturating_mul(8));
    for group in data.chunks(5) {
        let bits = group.iter().fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte)) << (8 * (5 - group.len()));
        let digits = DIGITS.get(group.len()).copied().unwrap_or(8);
        for i in 0..8 {
            let digit = ALPHABET.get(usize::try_from((bits >> (35 - 5 * i)) & 31).unwrap_or(0));
            out.push(if i < digits { digit.copied().map_or('=', char::from) } else { '=' });
        }
    }
    out
}

/// `None` for anything that [`encode`] does not write.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(digits.len().saturating_mul(5) / 8);
    let (mut bits, mut held) = (0u64, 0u32);
    for digit in digits {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        bits = ((bits << 5) | u64::try_from(value).ok()?) & 0xfff;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    // Padding and the bits after the last byte have one right form.
    (encode(&out) == text).then_some(out)
}
