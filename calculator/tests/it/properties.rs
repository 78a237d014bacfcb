//! Two big integer libraries agree, and relations hold between ops, on cases of a fixed seed.

use crate::common::{Random, ask_text, call, result, seeded};
use crypto_calculator::bigint::{Int, ParseFault, is_prime};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;
use num_bigint::{BigInt, BigUint, Sign};

/// Integers of many shapes: small, of word borders, all ones, sparse, random.
fn number(random: &mut Random, max_bytes: usize) -> BigInt {
    let n = random.below(max_bytes) + 1;
    let mut bytes = random.bytes(n);
    match random.below(5) {
        0 => bytes.truncate(1),
        1 => bytes.fill(0xff),
        2 => bytes[1..].fill(0),
        _ => {}
    }
    let sign = if random.below(3) == 0 { Sign::Minus } else { Sign::Plus };
    BigInt::from_bytes_be(sign, &bytes)
}

fn ours(n: &BigInt) -> Int {
    Int::parse(&n.to_string(), 1 << 16).expect("a decimal spelling")
}

fn modulo(n: &BigInt, m: &BigInt) -> BigInt {
    ((n % m) + m) % m
}

#[test]
fn integers_read_and_print_alike() {
    let mut random = Random::new(1);
    for _ in 0..3_000 {
        let n = number(&mut random, 200);
        let decimal = n.to_string();
        let (sign, digits) = n.to_radix_be(16);
        let digits: String = digits.iter().map(|d| char::from_digit(u32::from(*d), 16).unwrap()).collect();
        let hexadecimal = format!("{}0x{digits}", if sign == Sign::Minus { "-" } else { "" });
        for text in [&decimal, &hexadecimal] {
            let read = Int::parse(text, n.bits()).unwrap_or_else(|e| panic!("{e:?}: {text}"));
            assert_eq!(read.to_string(), decimal);
            assert_eq!(read.bits(), n.bits());
            if n.bits() > 1 {
                assert_eq!(Int::parse(text, n.bits() - 1), Err(ParseFault::TooLarge), "{text}");
            }
        }
    }
}

#[test]
fn modular_arithmetic_agrees() {
    let mut random = Random::new(2);
    for _ in 0..1_500 {
        let (a, e) = (number(&mut random, 96), number(&mut random, 24));
        let m = BigInt::from(number(&mut random, 96).magnitude().clone());
        if m.sign() == Sign::NoSign {
            assert_eq!(ours(&a).modpow(&ours(&e), &ours(&m)), None);
            continue;
        }
        assert_eq!(ours(&a).modulo(&ours(&m)), Some(ours(&modulo(&a, &m))));
        let inverse = if m == BigInt::from(1) { Some(BigInt::from(0)) } else { a.modinv(&m) };
        let inverse = inverse.map(|x| modulo(&x, &m));
        assert_eq!(ours(&a).modinv(&ours(&m)), inverse.as_ref().map(ours), "{a} mod {m}");
        let base = if e.sign() == Sign::Minus { inverse } else { Some(a.clone()) };
        let power = base.map(|b| b.modpow(&BigInt::from(e.magnitude().clone()), &m));
        assert_eq!(ours(&a).modpow(&ours(&e), &ours(&m)), power.as_ref().map(ours), "{a}^{e} mod {m}");
    }
}

fn prime(n: &BigUint) -> bool {
    is_prime(&ours(&BigInt::from(n.clone())), &mut || Ok::<(), ()>(())).unwrap()
}

/// Miller-Rabin over num-bigint with fixed bases: independent of the code under test.
fn twin_prime_test(n: &BigUint) -> bool {
    let (one, two) = (BigUint::from(1u8), BigUint::from(2u8));
    if *n < two {
        return false;
    }
    let last = n - &one;
    let s = last.trailing_zeros().unwrap_or(0);
    let d = &last >> s;
    [2u8, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].iter().all(|base| {
        let base = BigUint::from(*base);
        if *n == base {
            return true;
        }
        let mut x = base.modpow(&d, n);
        (x == one || x == last)
            || (1..s).any(|_| {
                x = x.modpow(&two, n);
                x == last
            })
    })
}

#[test]
fn primality_agrees_with_a_sieve() {
    let limit = 200_000;
    let mut composite = vec![false; limit];
    for i in 2..limit {
        if !composite[i] {
            (i * i..limit).step_by(i).for_each(|j| composite[j] = true);
        }
        assert_eq!(prime(&BigUint::from(i)), !composite[i], "{i}");
    }
    assert!(!prime(&BigUint::from(0u8)) && !prime(&BigUint::from(1u8)));
}

#[test]
fn primality_agrees_with_the_twin() {
    let mut random = Random::new(3);
    for round in 0..4_000 {
        let mut bytes = random.bytes(1 + round % 40);
        *bytes.last_mut().unwrap() |= 1;
        let n = BigUint::from_bytes_be(&bytes);
        assert_eq!(prime(&n), twin_prime_test(&n), "{n}");
        // Squares have no Lucas parameter and must end all the same.
        assert!(!prime(&(&n * &n)), "{n} squared");
    }
}

#[test]
fn hex_round_trips_and_refuses_the_rest() {
    let mut random = Random::new(4);
    for n in 0..300 {
        let bytes = random.bytes(n);
        assert_eq!(hex::decode(&hex::encode(&bytes)), Some(bytes));
    }
    for bad in ["0", "0g", "AB", "0x00", " 00", "00 ", "é0", "0\u{0}"] {
        assert_eq!(hex::decode(bad), None, "{bad:?}");
    }
}

#[test]
fn text_and_hex_are_the_same_bytes() {
    for (text, digits) in [("", ""), ("abc", "616263"), ("é\\n", "c3a95c6e"), ("utf8:", "757466383a")] {
        let text = Json::str(format!("utf8:{text}")).render();
        assert_eq!(
            result("hash", &format!(r#"{{"data":{text}}}"#)),
            result("hash", &format!(r#"{{"data":"{digits}"}}"#))
        );
    }
}

#[test]
fn commitments_open_only_to_what_was_committed() {
    let args = |msg: &str, nonce: &str, context: &str| {
        format!(r#"{{"msg":"utf8:{msg}","nonce":"{nonce}","context":"utf8:{context}"}}"#)
    };
    let (one, two) = ("01".repeat(32), "02".repeat(32));
    let made = result("commit_hash", &args("heads", &one, "a"));
    let commitment = made.get("commitment").unwrap().render();
    let open = |msg: &str, nonce: &str, context: &str| {
        let args = args(msg, nonce, context);
        let answer = result("open_hash", &format!(r#"{{"commitment":{commitment},{}"#, &args[1..]));
        answer.get("valid") == Some(&Json::Bool(true))
    };
    assert!(open("heads", &one, "a"));
    // The last one moves a byte from the context to the message.
    for (msg, nonce, context) in
        [("tails", &one, "a"), ("heads", &two, "a"), ("heads", &one, "b"), ("aheads", &one, "")]
    {
        assert!(!open(msg, nonce, context));
    }
    // The layout is a promise: this value was computed with Python's hashlib.
    assert_eq!(made.get("commitment").unwrap(), &Json::str(COMMITMENT));
}

const COMMITMENT: &str = "82512f187d6abab80bcf3af1440b71e8ea129cd14d1b4e845954b7919aebd1f0";

#[test]
fn signatures_verify_and_changed_ones_do_not() {
    let mut random = Random::new(5);
    for n in 0..40 {
        let (sk, msg) = (hex::encode(&random.bytes(32)), hex::encode(&random.bytes(n)));
        let made = result("ed25519_sign", &format!(r#"{{"sk":"{sk}","msg":"{msg}"}}"#));
        let (sig, pk) = (made.get("sig").unwrap().as_str().unwrap(), made.get("pk").unwrap().as_str().unwrap());
        let valid = |pk: &str, msg: &str, sig: &str| {
            let args = format!(r#"{{"pk":"{pk}","msg":"{msg}","sig":"{sig}"}}"#);
            result("ed25519_verify", &args).get("valid") == Some(&Json::Bool(true))
        };
        assert!(valid(pk, &msg, sig));
        assert!(!valid(pk, &format!("{msg}00"), sig));
        let mut changed = hex::decode(sig).unwrap();
        changed[random.below(64)] ^= 1 << random.below(8);
        assert!(!valid(pk, &msg, &hex::encode(&changed)));
    }
}

#[test]
fn weak_and_misspelt_public_keys_are_refused() {
    let sig = format!("01{}", "00".repeat(63));
    let reason = |pk: &str| {
        let answer = result("ed25519_verify", &format!(r#"{{"pk":"{pk}","msg":"","sig":"{sig}"}}"#));
        assert_eq!(answer.get("valid"), Some(&Json::Bool(false)), "{pk}");
        answer.get("reason").and_then(Json::as_str).unwrap().to_owned()
    };
    // y = 1 and y = -1: the points of order 1 and 2.
    for weak in [format!("01{}", "00".repeat(31)), format!("ec{}7f", "ff".repeat(30))] {
        assert!(reason(&weak).contains("small order"), "{weak}");
    }
    // y = p..2^255-1: second spellings of y = 0..18, with either sign of x.
    for low in 0xed..=0xffu8 {
        for high in ["7f", "ff"] {
            let pk = format!("{low:02x}{}{high}", "ff".repeat(30));
            assert!(reason(&pk).contains("canonical"), "{pk}");
        }
    }
    assert!(reason(&format!("02{}", "00".repeat(31))).contains("not a point"));
}

#[test]
fn streams_depend_on_seed_op_and_place() {
    let draw = |seed: &str, len: usize| {
        let request = format!(r#"{{"op":"random_bytes","args":{{"len":{len}}},"seed":"{seed}"}}"#);
        ask_text(&seeded(), request)
    };
    assert_eq!(draw("00", 32), draw("00", 32));
    assert_ne!(draw("00", 32), draw("01", 32));
    assert_ne!(draw("00", 32), draw("0000", 32));
    // A longer draw goes on where the shorter one ended, over the border of a block.
    let head = |text: String| text.split_once("result\":\"").unwrap().1[..120].to_owned();
    assert_eq!(head(draw("00", 60)), head(draw("00", 200)));
    // HKDF-SHA-512 by hand, computed with Python's hmac: the stream is a promise to recorded runs.
    assert!(draw("00", 80).contains(STREAM), "{}", draw("00", 80));
    let two = r#"{"requests":[{"op":"random_bytes","args":{"len":16}},{"op":"random_bytes","args":{"len":16}}]}"#;
    let answer = ask_text(&seeded(), format!(r#"{{"op":"batch","args":{two},"seed":"00"}}"#));
    let drawn: Vec<&str> = answer.split("\"result\":\"").skip(1).map(|rest| &rest[..32]).collect();
    assert_eq!(drawn.len(), 2);
    assert_ne!(drawn[0], drawn[1]);
}

const STREAM: &str = "fb8a464b08faf40d033891d6969d510476e59e2e0ff40b6bd44946011d6cf8434ebaf58290c03307c6b9d2a337b95e7475879e53c028e03406f820172b1b281fe61274bc82bc53c48c42cfef66a740d9";

#[test]
fn plain_mode_draws_afresh() {
    let args = r#"{"len":32}"#;
    assert_ne!(result("random_bytes", args), result("random_bytes", args));
    assert_eq!(call("random_bytes", args).get("deterministic"), None);
}
