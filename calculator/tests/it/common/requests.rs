//! Requests built from the table of ops: for the generator of fixed seed in tests/it/fuzz.rs, and for the fuzz targets of
//! fuzz/, which build them from a fuzzer's bytes. Nothing here names an op that the table could lose.

use crypto_calculator::core::hex;
use crypto_calculator::core::json::{self, Json, Members};
use crypto_calculator::core::op::Op;
use crypto_calculator::core::schema::{Kind, Param};

/// Where the choices come from. A source that has run dry answers zeros, so every choice must end on zeros.
pub trait Draw {
    fn next(&mut self) -> u64;
    /// A number below `n`, which is not 0.
    fn below(&mut self, n: usize) -> usize;

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

/// Groups, three of them right next to the default.
const GROUPS: &[&str] = &[
    r#""ristretto255""#,
    r#""secp256k1""#,
    r#""bls12-381-g2""#,
    r#"{"p":"2039","q":"1019","g":"4","toy":true}"#,
    r#"{"p":"2039","q":"1018","g":"4","toy":true}"#,
    r#"{"p":"0","q":"-1","g":"4"}"#,
];
/// Points of ristretto255, a point of P-256, an element of the toy group, and no point.
const POINTS: &[&str] = &[
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    "64",
    "0100000000000000000000000000000000000000000000000000000000000000",
];

/// A value that the kind takes.
fn fitting(draw: &mut impl Draw, kind: &Kind, depth: usize) -> String {
    match *kind {
        Kind::Int { .. } => draw.pick(&["1", "2", "97", "1009", "\"65537\"", "\"0xffffffffffffffc5\""]).to_string(),
        Kind::Bytes { max } => {
            let n = draw.below(max.min(64) + 1);
            quoted_hex(draw, n)
        }
        Kind::Hex { min, max } => {
            let n = min + draw.below((max - min).min(64) + 1);
            quoted_hex(draw, n)
        }
        Kind::Text { .. } => "\"modpow\"".to_owned(),
        Kind::Count { min, max } => format!("\"{}\"", min + draw.next() % (max - min).clamp(1, 20)),
        Kind::Date { .. } => draw.pick(&["\"2026-11-20\"", "20010417"]).to_string(),
        Kind::Bool => draw.pick(&["true", "false"]).to_string(),
        Kind::Choice(words) => format!("\"{}\"", draw.pick(words)),
        Kind::List { of, max } => {
            let n = draw.below(max.min(3) + 1);
            format!("[{}]", (0..n).map(|_| fitting(draw, of, depth)).collect::<Vec<_>>().join(","))
        }
        Kind::Record(params) => format!("{{{}}}", arguments(draw, params, depth).join(",")),
        Kind::Group(_) => draw.pick(GROUPS).to_string(),
        Kind::Point => format!("\"{}\"", draw.pick(POINTS)),
        Kind::Scalar => format!("\"{:02x}{}\"", draw.below(9), "00".repeat(31)),
        Kind::Json => value(draw, depth),
    }
}

fn quoted_hex(draw: &mut impl Draw, len: usize) -> String {
    format!("\"{}\"", hex::encode(&draw.bytes(len)))
}

/// Arguments of which most fit.
fn arguments(draw: &mut impl Draw, params: &[Param], depth: usize) -> Vec<String> {
    let mut args = Vec::new();
    for param in params {
        // A group other than the default makes most points wrong, so it is rarely given.
        let given = if matches!(param.kind, Kind::Group(_)) { 2 } else { 11 };
        if draw.below(12) < given {
            let text = if draw.below(6) > 0 { fitting(draw, &param.kind, depth) } else { value(draw, depth) };
            args.push(format!("\"{}\":{text}", param.name));
        }
    }
    args
}

/// The arguments of the op's example, up to three of them replaced, left out, or bent in one place.
fn near_example(draw: &mut impl Draw, op: &Op, depth: usize) -> Vec<String> {
    let Ok(Json::Object(example)) = json::parse(op.example.args.as_bytes()) else { return Vec::new() };
    let mut args: Vec<(String, String)> = example.iter().map(|(k, v)| (k.to_string(), v.render())).collect();
    for _ in 0..draw.below(4) {
        if op.params.is_empty() {
            break;
        }
        let param = draw.pick(op.params);
        let text = match draw.below(6) {
            0 => value(draw, depth),
            1 | 2 => fitting(draw, &param.kind, depth),
            n => match example.iter().find(|(key, _)| key == param.name) {
                Some((_, old)) if n > 3 => bent(draw, old).render(),
                _ => String::new(),
            },
        };
        args.retain(|(key, _)| key != param.name);
        if !text.is_empty() {
            args.push((param.name.to_owned(), text));
        }
    }
    args.into_iter().map(|(key, text)| format!("\"{key}\":{text}")).collect()
}

/// The value, changed in one place of it.
fn bent(draw: &mut impl Draw, value: &Json<'_>) -> Json<'static> {
    match value {
        Json::List(items) => {
            let mut items: Vec<_> = items.iter().map(own).collect();
            let at = draw.below(items.len().max(1));
            if let Some(item) = items.get(at).cloned() {
                match draw.below(5) {
                    0 => drop(items.remove(at)),
                    1 => items.push(item),
                    2 => items.reverse(),
                    _ => items[at] = bent(draw, &item),
                }
            }
            Json::List(items)
        }
        Json::Object(members) => {
            let mut members: Members<'static> =
                members.iter().map(|(key, value)| (key.to_string().into(), own(value))).collect();
            let at = draw.below(members.len().max(1));
            if let Some((_, value)) = members.get(at).cloned() {
                match draw.below(5) {
                    0 => drop(members.remove(at)),
                    _ => members[at].1 = bent(draw, &value),
                }
            }
            Json::Object(members)
        }
        Json::Str(text) => Json::str(bent_text(draw, text)),
        Json::Int(n) => {
            Json::Int(*draw.pick(&[0, 1, -1, n.saturating_add(1), n.saturating_sub(1), n.saturating_mul(1000)]))
        }
        Json::Bool(b) => Json::Bool(!b),
        Json::Null => Json::Int(0),
    }
}

/// Other hex digits, more or fewer of them, or the digits of a number.
fn bent_text(draw: &mut impl Draw, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = draw.below(chars.len().max(1));
    match draw.below(8) {
        0 => chars.truncate(at),
        1 => chars.extend_from_within(at.min(chars.len())..),
        2 => chars.iter_mut().for_each(|c| *c = '0'),
        3 => chars.iter_mut().for_each(|c| *c = 'f'),
        4 => chars.reverse(),
        5 => chars.insert(0, '-'),
        _ => {
            if let Some(c) = chars.get_mut(at) {
                *c = *draw.pick(&['0', '1', '7', '8', 'a', 'f', 'z']);
            }
        }
    }
    chars.into_iter().collect()
}

/// The value, with all its text.
pub fn own(value: &Json<'_>) -> Json<'static> {
    match value {
        Json::Null => Json::Null,
        Json::Bool(b) => Json::Bool(*b),
        Json::Int(i) => Json::Int(*i),
        Json::Str(s) => Json::str(s.to_string()),
        Json::List(items) => Json::List(items.iter().map(own).collect()),
        Json::Object(members) => Json::Object(members.iter().map(|(k, v)| (k.to_string().into(), own(v))).collect()),
    }
}

/// Values that arguments are built from: right ones, nearly right ones, and wrong ones.
fn value(draw: &mut impl Draw, depth: usize) -> String {
    let n = draw.below(80);
    match draw.below(if depth == 0 { 14 } else { 16 }) {
        0 => draw.next().to_string(),
        1 => format!("-{}", draw.below(1000)),
        2 => format!("\"{}\"", draw.next()),
        3 => format!("\"0x{:x}\"", draw.next()),
        4 => quoted_hex(draw, n),
        5 => format!("\"utf8:{}\"", "é".repeat(n)),
        6 => format!("\"{}\"", "00".repeat(32)),
        7 => format!("\"{}\"", "9".repeat(n * 80)),
        8 => (*draw.pick(&["null", "true", "false", "1.5", "-0", "1e9", "\"\"", "\"\\ud800\"", "\"\\u0000\""]))
            .to_owned(),
        9 => format!("\"{}\"", draw.pick(&["sha256", "blake2b", "blake2s", "shake128", "blake3", "sha3-512", "md5"])),
        10 => draw.below(70_000).to_string(),
        11 => quoted_hex(draw, 64),
        12 => format!("\"{}\"", draw.pick(&["ping", "hash", "batch", "nonsense"])),
        13 => quoted_hex(draw, 32),
        14 => format!("[{}]", (0..draw.below(5)).map(|_| value(draw, depth - 1)).collect::<Vec<_>>().join(",")),
        _ => {
            let ops: Vec<_> = crypto_calculator::ops::REGISTRY.all().collect();
            request(draw, &ops, depth - 1, false)
        }
    }
}

/// A request for one of the ops: half of them near the op's example, half from the kinds of its arguments. Most of those
/// for the seeded mode bring a good seed.
pub fn request(draw: &mut impl Draw, ops: &[&Op], depth: usize, seeded: bool) -> String {
    let op = *draw.pick(ops);
    let mut args = if draw.below(2) == 0 { near_example(draw, op, depth) } else { arguments(draw, op.params, depth) };
    if draw.below(20) == 0 {
        args.push(format!("\"{}\":{}", draw.pick(&["x", "data", "len", ""]), value(draw, depth)));
    }
    let mut fields = vec![format!("\"op\":\"{}\"", op.name), format!("\"args\":{{{}}}", args.join(","))];
    if draw.below(8) == 0 {
        fields.push(format!("\"id\":{}", value(draw, depth)));
    }
    if draw.below(12) == 0 {
        fields.push(format!("\"seed\":{}", value(draw, depth)));
    } else if seeded {
        fields.push(format!("\"seed\":\"{:02x}\"", draw.below(256)));
    }
    format!("{{{}}}", fields.join(","))
}
