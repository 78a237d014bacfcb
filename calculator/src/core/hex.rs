//! Lowercase hexadecimal, the one byte encoding of requests and answers.

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Marks bytes that are no lowercase hex digit; above 15, so one comparison finds it.
const BAD: u8 = 0xff;

static VALUES: [u8; 256] = values();

#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)] // evaluated by the compiler, over constants
const fn values() -> [u8; 256] {
    let mut table = [BAD; 256];
    let mut i = 0;
    while i < DIGITS.len() {
        table[DIGITS[i] as usize] = i as u8;
        i += 1;
    }
    table
}

fn value(digit: u8) -> u8 {
    VALUES.get(usize::from(digit)).copied().unwrap_or(BAD)
}

/// Bytes of an even number of lowercase digits; `None` for anything else.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    // Every digit is looked at and the faults are collected, so the loop has no branch to mispredict.
    let mut seen = 0u8;
    let mut out = Vec::with_capacity(text.len() / 2);
    out.extend(pairs.map(|pair| match *pair {
        [high, low] => {
            let (high, low) = (value(high), value(low));
            seen |= high | low;
            (high << 4) | low
        }
        _ => BAD,
    }));
    (seen < 16).then_some(out)
}

/// Lowercase digits of the bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')));
        }
    }
    out
}
