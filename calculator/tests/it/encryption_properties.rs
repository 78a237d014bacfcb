//! Encryption where no vectors exist: what is sealed opens, what is changed does not, and sums come out.

use crate::common::{Random, call, fault, result};
use crypto_calculator::bigint::Int;
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;
use crypto_calculator::groups::CURVES;
use num_bigint::BigUint;

fn text(value: &Json<'_>, key: &str) -> String {
    value.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("no {key}: {}", value.render())).to_owned()
}

fn code(op: &str, args: &str) -> String {
    fault(&call(op, args)).0
}

/// A secret key of the KEM and its public key.
fn kem_keys(kem: &str, random: &mut Random) -> (String, String) {
    let kem = crypto_calculator::schemes::hpke::Kem::named(kem);
    loop {
        let sk = random.bytes(32);
        if let Some(pk) = kem.public(sk.as_slice().try_into().unwrap()) {
            return (hex::encode(&sk), hex::encode(&pk));
        }
    }
}

#[test]
fn hpke_opens_what_it_sealed_in_every_suite_and_mode() {
    let mut random = Random::new(9);
    for kem in ["x25519", "p256"] {
        for kdf in ["hkdf-sha256", "hkdf-sha384", "hkdf-sha512"] {
            for aead in ["aes-128-gcm", "aes-256-gcm", "chacha20-poly1305"] {
                for mode in ["base", "psk", "auth", "auth_psk"] {
                    let (sk, pk) = kem_keys(kem, &mut random);
                    let (sender, sender_pk) = kem_keys(kem, &mut random);
                    let mut both = format!(r#""kem":"{kem}","kdf":"{kdf}","aead":"{aead}","mode":"{mode}""#);
                    if mode.ends_with("psk") {
                        both += &format!(r#","psk":"{}","psk_id":"07""#, "ab".repeat(32));
                    }
                    let (mut seal, mut open) = (both.clone(), both);
                    if mode.starts_with("auth") {
                        seal += &format!(r#","sk_sender":"{sender}""#);
                        open += &format!(r#","pk_sender":"{sender_pk}""#);
                    }
                    let sent = result(
                        "hpke_seal",
                        &format!(r#"{{{seal},"pk":"{pk}","msg":"utf8:hi","aad":"01","export_context":"02"}}"#),
                    );
                    let enc = text(&sent, "enc");
                    open += &format!(r#","sk":"{sk}","enc":"{enc}""#);
                    let ct = text(&sent, "ct");
                    let opened = result("hpke_open", &format!(r#"{{{open},"ct":"{ct}","aad":"01"}}"#));
                    assert_eq!(text(&opened, "msg"), "6869");
                    let exported = result("hpke_export", &format!(r#"{{{open},"export_context":"02"}}"#));
                    assert_eq!(sent.get("secret"), exported.get("secret"));
                    assert_eq!(code("hpke_open", &format!(r#"{{{open},"ct":"{ct}"}}"#)), "decrypt_failed");
                    if mode.starts_with("auth") {
                        let forged = open.replace(&sender_pk, &pk);
                        let args = format!(r#"{{{forged},"ct":"{ct}","aad":"01"}}"#);
                        assert_eq!(code("hpke_open", &args), "decrypt_failed", "somebody else as sender");
                    }
                }
            }
        }
    }
}

#[test]
fn compressed_keys_of_p256_mean_the_same() {
    let (sk, pk) = kem_keys("p256", &mut Random::new(4));
    let bytes = hex::decode(&pk).unwrap();
    let short = hex::encode(&[&[2 + (bytes[64] & 1)], &bytes[1..33]].concat());
    let sent = result("hpke_seal", &format!(r#"{{"kem":"p256","pk":"{short}","msg":"aa"}}"#));
    let (enc, ct) = (text(&sent, "enc"), text(&sent, "ct"));
    let opened = result("hpke_open", &format!(r#"{{"kem":"p256","sk":"{sk}","enc":"{enc}","ct":"{ct}"}}"#));
    assert_eq!(text(&opened, "msg"), "aa");
}

#[test]
fn a_sealed_box_opens_for_its_key_and_context_unchanged() {
    let mut random = Random::new(3);
    let (sk, pk) = kem_keys("x25519", &mut random);
    let (other, _) = kem_keys("x25519", &mut random);
    let sealed =
        text(&result("sealed_box", &format!(r#"{{"pk":"{pk}","msg":"utf8:psst","context":"01"}}"#)), "sealed");
    let open = |sk: &str, sealed: &str, context: &str| {
        call("sealed_open", &format!(r#"{{"sk":"{sk}","sealed":"{sealed}","context":"{context}"}}"#))
    };
    assert_eq!(open(&sk, &sealed, "01").get("result"), Some(&Json::object([("msg", Json::str("70737374"))])));
    assert_eq!(fault(&open(&other, &sealed, "01")).0, "decrypt_failed");
    assert_eq!(fault(&open(&sk, &sealed, "02")).0, "decrypt_failed");
    let mut bytes = hex::decode(&sealed).unwrap();
    for at in 0..bytes.len() {
        // The top bit of an X25519 key is not part of it, but the key itself is hashed.
        bytes[at] ^= 0x80;
        assert_eq!(fault(&open(&sk, &hex::encode(&bytes), "01")).0, "decrypt_failed", "byte {at}");
        bytes[at] ^= 0x80;
    }
}

/// The groups with a key pair each, as JSON of `G`, sk and pk.
fn group_keys() -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    for name in CURVES.iter().chain(&["ffdhe2048", "{}"]) {
        let g = match *name {
            "{}" => r#"{"p":"2039","q":"1019","g":"4","toy":true}"#.to_owned(),
            name => format!("\"{name}\""),
        };
        let group = match *name {
            "{}" => crypto_calculator::groups::Group::Schnorr(Box::new(crypto_calculator::groups::Schnorr {
                p: Int::from(2039u64),
                q: Int::from(1019u64),
                g: Int::from(4u64),
            })),
            name => crypto_calculator::groups::Group::named(name).unwrap(),
        };
        let sk = group.scalar_from_u64(7).unwrap();
        let pk = group.point_json(&group.mul_base(&sk).unwrap()).unwrap().as_str().unwrap().to_owned();
        out.push((g, group.scalar_json(&sk).unwrap().as_str().unwrap().to_owned(), pk));
    }
    out
}

#[test]
fn numbers_under_elgamal_add_and_scale_in_every_group() {
    for (g, sk, pk) in group_keys() {
        let encrypt = |m: u64| result("exp_elgamal_encrypt", &format!(r#"{{"G":{g},"pk":"{pk}","m":{m}}}"#));
        let pair = |c: &Json<'_>| format!(r#""c1":"{}","c2":"{}""#, text(c, "c1"), text(c, "c2"));
        let decrypt = |c: &Json<'_>| {
            result("exp_elgamal_decrypt", &format!(r#"{{"G":{g},"sk":"{sk}",{},"max":1000}}"#, pair(c)))
        };
        let (a, b) = (encrypt(123), encrypt(77));
        assert_eq!(decrypt(&a), Json::str("123"), "{g}");
        assert_eq!(decrypt(&encrypt(0)), Json::str("0"));
        assert_eq!(decrypt(&encrypt(1000)), Json::str("1000"));
        let sum = result("exp_elgamal_add", &format!(r#"{{"G":{g},"a":{{{}}},"b":{{{}}}}}"#, pair(&a), pair(&b)));
        assert_eq!(decrypt(&sum), Json::str("200"), "{g}");
        let scaled = result("exp_elgamal_scale", &format!(r#"{{"G":{g},{},"factor":5}}"#, pair(&b)));
        assert_eq!(decrypt(&scaled), Json::str("385"), "{g}");
        let fresh = result("elgamal_rerandomize", &format!(r#"{{"G":{g},"pk":"{pk}",{}}}"#, pair(&scaled)));
        assert_ne!(fresh.get("c1"), scaled.get("c1"));
        assert_eq!(decrypt(&fresh), Json::str("385"));
        let args = format!(r#"{{"G":{g},"sk":"{sk}",{},"max":384}}"#, pair(&fresh));
        assert_eq!(code("exp_elgamal_decrypt", &args), "not_found");
    }
}

#[test]
fn elements_under_elgamal_multiply() {
    for (g, sk, pk) in group_keys() {
        let pair = |c: &Json<'_>| format!(r#""c1":"{}","c2":"{}""#, text(c, "c1"), text(c, "c2"));
        let decrypt = |c: &Json<'_>| result("elgamal_decrypt", &format!(r#"{{"G":{g},"sk":"{sk}",{}}}"#, pair(c)));
        let one = result("elgamal_encrypt", &format!(r#"{{"G":{g},"pk":"{pk}","m":"{pk}"}}"#));
        assert_eq!(decrypt(&one), Json::str(pk.clone()), "{g}");
        let two = result("elgamal_mul", &format!(r#"{{"G":{g},"a":{{{0}}},"b":{{{0}}}}}"#, pair(&one)));
        let twice = result("exp_elgamal_scale", &format!(r#"{{"G":{g},"c1":"{pk}","c2":"{pk}","factor":2}}"#));
        assert_eq!(decrypt(&two), twice.get("c1").unwrap().clone(), "{g}");
    }
}

#[test]
fn paillier_agrees_with_its_definition() {
    let mut random = Random::new(11);
    for bits in [32, 33, 64, 200, 257, 512] {
        let key = result("paillier_keygen", &format!(r#"{{"bits":{bits},"toy":true}}"#));
        let n = text(&key, "n");
        let (p, q) = (text(key.get("secret").unwrap(), "p"), text(key.get("secret").unwrap(), "q"));
        let number = |text: &str| text.parse::<BigUint>().unwrap();
        let modulus = number(&n);
        assert_eq!(modulus.bits(), bits);
        let ask = |op: &str, rest: &str| {
            result(op, &format!(r#"{{"n":"{n}",{rest},"toy":true}}"#)).as_str().unwrap().to_owned()
        };
        let decrypt = |c: &str| {
            let args = format!(r#"{{"p":"{p}","q":"{q}","c":"{c}","toy":true}}"#);
            number(result("paillier_decrypt", &args).as_str().unwrap())
        };
        for _ in 0..10 {
            let (a, b) = (BigUint::from_bytes_be(&random.bytes(80)), BigUint::from_bytes_be(&random.bytes(80)));
            let (a, b) = (a % &modulus, b % &modulus);
            let (ca, cb) = (
                ask("paillier_encrypt", &format!(r#""m":"{a}""#)),
                ask("paillier_encrypt", &format!(r#""m":"{b}""#)),
            );
            assert_eq!(decrypt(&ca), a);
            let sum = ask("paillier_add", &format!(r#""a":"{ca}","b":"{cb}""#));
            assert_eq!(decrypt(&sum), (&a + &b) % &modulus);
            let difference = ask("paillier_mul", &format!(r#""c":"{cb}","k":"-1""#));
            let difference = ask("paillier_add", &format!(r#""a":"{ca}","b":"{difference}""#));
            assert_eq!(decrypt(&difference), (&a + &modulus - &b) % &modulus);
            let scaled = ask("paillier_mul", &format!(r#""c":"{ca}","k":"{b}""#));
            assert_eq!(decrypt(&scaled), (&a * &b) % &modulus);
            // The other library: (1 + m n) r^n mod n^2.
            let r = ask("paillier_encrypt", &format!(r#""m":"{a}","r":"2""#));
            let square = &modulus * &modulus;
            let wanted =
                (BigUint::from(1u8) + &a * &modulus) * BigUint::from(2u8).modpow(&modulus, &square) % &square;
            assert_eq!(number(&r), wanted);
        }
    }
}

#[test]
fn fresh_randomness_gives_other_ciphertexts() {
    let encrypt = || result("paillier_encrypt", r#"{"n":"1022117","m":5,"toy":true}"#);
    assert!((0..20).any(|_| encrypt() != encrypt()));
}
