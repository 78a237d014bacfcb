//! Family D: published and computed answers, and what holds between its ops.

use crate::common::vectors::run;
use crate::common::{call, fault, result};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;
use crypto_calculator::groups::{CURVES, Group, ristretto_from_uniform};
use sha2::{Digest, Sha512};

#[test]
fn edwards25519() {
    run("curves/edwards25519.jsonl", 18);
}

#[test]
fn ristretto255_of_rfc_9496() {
    run("curves/ristretto255.jsonl", 90);
}

#[test]
fn the_one_way_map_of_rfc_9496() {
    // A.3: SHA-512 of a label, mapped.
    let cases = [
        (
            "Ristretto is traditionally a short shot of espresso coffee",
            "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46",
        ),
        (
            "made with the normal amount of ground coffee but extracted with",
            "f26e5b6f7d362d2d2a94c5d0e7602cb4773c95a2e5c31a64f133189fa76ed61b",
        ),
        (
            "about half the amount of water in the same amount of time",
            "006ccd2a9e6867e6a2c5cea83d3302cc9de128dd2a9a57dd8ee7b9d7ffe02826",
        ),
        ("by using a finer grind.", "f8f0c87cf237953c5890aec3998169005dae3eca1fbb04548c635953c817f92a"),
        (
            "This produces a concentrated shot of coffee per volume.",
            "ae81e7dedf20a497e10c304a765c1767a42d6e06029758d2d7e8ef7cc4c41179",
        ),
        (
            "Just pulling a normal shot short will produce a weaker shot",
            "e2705652ff9f5e44d3e841bf1c251cf7dddb77d140870d1ab2ed64f1a9ce8628",
        ),
        (
            "and is not a Ristretto as some believe.",
            "80bd07262511cdde4863f8a7434cef696750681cb9510eea557088f76d9e5065",
        ),
    ];
    for (label, point) in cases {
        let mapped = ristretto_from_uniform(&Sha512::digest(label).into());
        assert_eq!(hex::encode(&Group::Ristretto255.encode(&mapped).unwrap()), point, "{label}");
    }
}

#[test]
fn x25519() {
    run("curves/x25519.jsonl", 11);
}

#[test]
fn x25519_of_wycheproof() {
    run("curves/x25519_wycheproof.jsonl", 312);
}

#[test]
fn x25519_iterated_a_thousand_times() {
    // RFC 7748, section 5.2.
    let mut k = format!("09{}", "00".repeat(31));
    let mut u = k.clone();
    for _ in 0..1000 {
        let next = result("x25519", &format!(r#"{{"sk":"{k}","pk":"{u}"}}"#)).as_str().unwrap().to_owned();
        u = std::mem::replace(&mut k, next);
    }
    assert_eq!(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

#[test]
fn ecdh_of_wycheproof() {
    run("curves/ecdh_p256_wycheproof.jsonl", 213);
}

#[test]
fn hash_to_curve_of_rfc_9380() {
    run("curves/hash_to_curve.jsonl", 54);
}

#[test]
fn expand_message_of_rfc_9380() {
    run("curves/expand_message.jsonl", 10);
}

/// All named groups that are quick, and a toy modulo a prime.
fn groups() -> Vec<String> {
    let toy = r#"{"p":"2039","q":"1019","g":"4","toy":true}"#.to_owned();
    CURVES.iter().map(|name| format!("\"{name}\"")).chain([r#""modp2048""#.to_owned(), toy]).collect()
}

fn text(op: &str, args: &str) -> String {
    result(op, args).as_str().unwrap_or_else(|| panic!("{op} {args}")).to_owned()
}

#[test]
fn two_sides_agree_on_a_secret() {
    for g in groups() {
        let pair = || {
            let pair = result("keygen", &format!(r#"{{"G":{g}}}"#));
            let sk = pair.get("secret").and_then(|s| s.get("sk")).and_then(Json::as_str).unwrap().to_owned();
            (sk, pair.get("pk").and_then(Json::as_str).unwrap().to_owned())
        };
        let ((a, pa), (b, pb)) = (pair(), pair());
        assert_eq!(pa, text("ec_mul", &format!(r#"{{"G":{g},"k":"{a}"}}"#)));
        let left = text("ecdh", &format!(r#"{{"G":{g},"sk":"{a}","pk":"{pb}"}}"#));
        assert_eq!(left, text("ecdh", &format!(r#"{{"G":{g},"sk":"{b}","pk":"{pa}"}}"#)), "{g}");
        let product = text("scalar_op", &format!(r#"{{"G":{g},"fn":"mul","a":"{a}","b":"{b}"}}"#));
        let point = text("ec_mul", &format!(r#"{{"G":{g},"k":"{product}"}}"#));
        assert!(point.ends_with(&left), "{g}");
    }
}

#[test]
fn ops_agree_with_each_other() {
    for g in groups() {
        let sc = |f: &str| text("scalar_op", &format!(r#"{{"G":{g},{f}}}"#));
        let int = |n: i64| sc(&format!(r#""fn":"from_int","n":"{n}""#));
        let mul = |k: &str| text("ec_mul", &format!(r#"{{"G":{g},"k":"{k}"}}"#));
        let (three, five) = (int(3), int(5));
        let (p, q) = (mul(&three), mul(&five));
        let sum = text("ec_add", &format!(r#"{{"G":{g},"a":"{p}","b":"{q}"}}"#));
        assert_eq!(sum, mul(&sc(&format!(r#""fn":"add","a":"{three}","b":"{five}""#))), "{g}");
        assert_eq!(text("ec_neg", &format!(r#"{{"G":{g},"point":"{p}"}}"#)), mul(&int(-3)));
        assert_eq!(sc(&format!(r#""fn":"sub","a":"{three}","b":"{five}""#)), int(-2));
        assert_eq!(sc(&format!(r#""fn":"neg","a":"{three}""#)), int(-3));
        let ratio = sc(&format!(r#""fn":"div","a":"{five}","b":"{three}""#));
        assert_eq!(sc(&format!(r#""fn":"mul","a":"{ratio}","b":"{three}""#)), five);
        let inverse = sc(&format!(r#""fn":"inv","a":"{three}""#));
        assert_eq!(sc(&format!(r#""fn":"mul","a":"{inverse}","b":"{five}""#)), ratio);
        assert_eq!(sc(&format!(r#""fn":"to_int","a":"{five}""#)), "5");
        let sum = text("ec_msm", &format!(r#"{{"G":{g},"ks":["{five}","{three}"],"points":["{p}","{q}"]}}"#));
        assert_eq!(sum, mul(&int(30)), "{g}");
        let zero = mul(&int(0));
        let check = result("ec_check", &format!(r#"{{"G":{g},"point":"{zero}"}}"#));
        assert_eq!(check.get("identity"), Some(&Json::Bool(true)), "{g}");
        let hashed = result("hash_to_curve", &format!(r#"{{"G":{g},"msg":"utf8:m","dst":"utf8:test"}}"#));
        let point = hashed.get("point").and_then(Json::as_str).unwrap();
        let check = result("ec_check", &format!(r#"{{"G":{g},"point":"{point}"}}"#));
        assert_eq!(check.get("valid"), Some(&Json::Bool(true)), "{g}");
    }
}

#[test]
fn toy_groups_are_marked_and_large_ones_limited() {
    let marked = call("keygen", r#"{"G":{"p":"2039","q":"1019","g":"4","toy":true}}"#);
    assert_eq!(marked.get("toy"), Some(&Json::Bool(true)));
    let answer = call("ec_mul", r#"{"G":{"p":"2039","q":"1019","g":"4","toy":true},"k":"3"}"#);
    assert_eq!(answer.get("result").and_then(Json::as_str), Some("64"));
    assert_eq!(answer.get("toy"), Some(&Json::Bool(true)));
    let named = call("keygen", r#"{"G":"ffdhe2048"}"#);
    assert_eq!(named.get("toy"), None);
    let huge = format!(r#"{{"G":{{"p":"0x{}","q":"1019","g":"4"}},"k":"3"}}"#, "f".repeat(1025));
    assert_eq!(fault(&call("ec_mul", &huge)), ("limit_exceeded".to_owned(), "/args/G/p".to_owned()));
}

#[test]
fn pairings_are_bilinear() {
    let mul = |g: &str, n: i64| {
        let k = text("scalar_op", &format!(r#"{{"G":"{g}","fn":"from_int","n":{n}}}"#));
        text("ec_mul", &format!(r#"{{"G":"{g}","k":"{k}"}}"#))
    };
    let check = |pairs: &[(i64, i64)]| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(a, b)| format!(r#"{{"p":"{}","q":"{}"}}"#, mul("bls12-381-g1", *a), mul("bls12-381-g2", *b)))
            .collect();
        let answer = result("pairing_check", &format!(r#"{{"pairs":[{}]}}"#, pairs.join(",")));
        answer.get("valid") == Some(&Json::Bool(true))
    };
    assert!(check(&[]));
    assert!(check(&[(6, 7), (-42, 1)]));
    assert!(check(&[(6, 7), (-40, 1), (1, -2)]));
    assert!(check(&[(0, 7), (3, 0)]));
    assert!(!check(&[(6, 7), (-41, 1)]));
    assert!(!check(&[(1, 1)]));
}
