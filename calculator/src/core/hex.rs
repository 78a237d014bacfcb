//! Lowercase hexadecimal, the one byte encoding of requests and answers.

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Digits that are decoded at once: enough for the compiler to use vectors.
const BLOCK: usize = 64;

/// Says what keeps a text from being lowercase hex, if it is a common slip.
pub fn slip(text: &str) -> Option<&'static str> {
    let bare = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = bare.unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        None
    } else if bare.is_some() {
        Some("leave out 0x")
    } else if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        Some("uppercase: write a to f in lowercase")
    } else if digits.len() % 2 == 1 {
        Some("odd length: every byte takes two digits")
    } else {
        None
    }
}

/// The message for a text that is not lowercase hex: what was expected, and the slip if there is one.
pub fn message(text: &str, expected: &str) -> String {
    slip(text).map_or_else(|| expected.to_owned(), |slip| format!("{slip}; {expected}"))
}

/// The value of a digit, and whether it is none (then the value means nothing). Without branches or a table, so that the
/// compiler can do many at once.
fn value(digit: u8) -> (u8, u8) {
    let (decimal, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
    let (is_decimal, is_letter) = (u8::from(decimal < 10), u8::from(letter < 6));
    let value = decimal.wrapping_mul(is_decimal) | letter.wrapping_add(10).wrapping_mul(is_letter);
    (value, 1 ^ (is_decimal | is_letter))
}

/// Decodes whole blocks into `out`. Returns 0 if every digit was one.
fn decode_block(digits: &[u8; BLOCK], out: &mut Vec<u8>) -> u8 {
    let mut values = [0u8; BLOCK];
    let mut bad = 0u8;
    for (slot, digit) in values.iter_mut().zip(digits) {
        let (value, fault) = value(*digit);
        *slot = value;
        bad |= fault;
    }
    let mut bytes = [0u8; BLOCK / 2];
    for (byte, pair) in bytes.iter_mut().zip(values.chunks_exact(2)) {
        if let [high, low] = *pair {
            *byte = (high << 4) | low;
        }
    }
    out.extend_from_slice(&bytes);
    bad
}

/// Bytes of an even number of lowercase digits; `None` for anything else.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() % 2 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity((text.len() / 2).saturating_add(BLOCK / 2));
    let blocks = text.as_bytes().chunks_exact(BLOCK);
    let rest = blocks.remainder();
    let mut bad = 0u8;
    for block in blocks {
        bad |= decode_block(block.try_into().ok()?, &mut out);
    }
    // The rest is filled up with zeros, whose bytes are cut off again.
    let mut last = [b'0'; BLOCK];
    last.iter_mut().zip(rest).for_each(|(slot, digit)| *slot = *digit);
    bad |= decode_block(&last, &mut out);
    out.truncate(text.len() / 2);
    (bad == 0).then_some(out)
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
