//! Signatures and RSA encryption: round trips, changed bits, cheats, bad keys.

use crate::common::{Random, assert_refused, call, changed, result, valid};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;
use num_bigint::BigUint;

fn text(value: &Json<'_>, key: &str) -> String {
    value.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("{key}: {}", value.render())).to_owned()
}

const KEY: &str = "263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3";

#[test]
fn ecdsa_round_trips_on_both_curves_in_both_forms() {
    let mut random = Random::new(11);
    for round in 0..40 {
        let curve = *random.pick(&["p256", "secp256k1"]);
        let hash = *random.pick(&["sha224", "sha256", "sha384", "sha512"]);
        let format = *random.pick(&["fixed", "der"]);
        let sk = format!("00{}", hex::encode(&random.bytes(31)));
        let msg = hex::encode(&random.bytes(round));
        let common = format!(r#""curve":"{curve}","hash":"{hash}","format":"{format}","low_s":true"#);
        let made = result("ecdsa_sign", &format!(r#"{{{common},"sk":"{sk}","msg":"{msg}"}}"#));
        let (sig, pk) = (text(&made, "sig"), text(&made, "pk"));
        let check = |msg: &str, sig: &str| {
            valid("ecdsa_verify", &format!(r#"{{{common},"pk":"{pk}","msg":"{msg}","sig":"{sig}"}}"#))
        };
        assert!(check(&msg, &sig));
        assert!(!check(&format!("{msg}00"), &sig));
        assert!(!check(&msg, &changed(&mut random, &sig)));
    }
}

#[test]
fn the_two_s_of_ecdsa_differ_only_where_low_s_is_asked() {
    let mut larger = 0;
    for msg in 0..16 {
        for curve in ["p256", "secp256k1"] {
            let sign = |low: bool| {
                let args = format!(r#"{{"curve":"{curve}","sk":"{KEY}","msg":"{msg:02x}","low_s":{low}}}"#);
                result("ecdsa_sign", &args)
            };
            let (raw, low) = (sign(false), sign(true));
            let check = |made: &Json<'_>, strict: bool| {
                let args = format!(
                    r#"{{"curve":"{curve}","pk":"{}","msg":"{msg:02x}","sig":"{}","low_s":{strict}}}"#,
                    text(made, "pk"),
                    text(made, "sig")
                );
                valid("ecdsa_verify", &args)
            };
            assert!(check(&raw, false) && check(&low, false) && check(&low, true));
            assert_eq!(check(&raw, true), raw == low);
            larger += u32::from(raw != low);
        }
    }
    assert!((4..28).contains(&larger), "{larger} of 32");
}

#[test]
fn keys_that_are_zero_or_too_large_are_refused() {
    let (zero, ones) = ("00".repeat(32), "ff".repeat(32));
    for sk in [&zero, &ones] {
        for curve in ["p256", "secp256k1"] {
            assert_refused(
                "ecdsa_sign",
                &format!(r#"{{"curve":"{curve}","sk":"{sk}","msg":""}}"#),
                "out_of_range",
                "/args/sk",
            );
        }
        for op in ["schnorr_sign", "bls_sign"] {
            assert_refused(op, &format!(r#"{{"sk":"{sk}","msg":""}}"#), "out_of_range", "/args/sk");
        }
        assert_refused("bls_pop_prove", &format!(r#"{{"sk":"{sk}"}}"#), "out_of_range", "/args/sk");
        let args = format!(r#"{{"sk":"{sk}","blinded":"{}"}}"#, "00".repeat(96));
        assert!(call("blind_bls_sign", &args).get("error").is_some());
    }
}

#[test]
fn schnorr_round_trips() {
    let mut random = Random::new(12);
    for n in 0..20 {
        let (sk, msg) = (format!("00{}", hex::encode(&random.bytes(31))), hex::encode(&random.bytes(n)));
        let aux = hex::encode(&random.bytes(32));
        let made = result("schnorr_sign", &format!(r#"{{"sk":"{sk}","msg":"{msg}","aux_rand":"{aux}"}}"#));
        let check = |msg: &str, sig: &str| {
            let args = format!(r#"{{"pk":"{}","msg":"{msg}","sig":"{sig}"}}"#, text(&made, "pk"));
            valid("schnorr_verify", &args)
        };
        assert!(check(&msg, &text(&made, "sig")));
        assert!(!check(&format!("{msg}00"), &text(&made, "sig")));
        assert!(!check(&msg, &changed(&mut random, &text(&made, "sig"))));
    }
}

fn rsa_key(args: &str) -> (String, String) {
    let made = result("rsa_keygen", args);
    let sk = made.get("secret").and_then(|secret| secret.get("sk")).unwrap().render();
    (made.get("pk").unwrap().render(), sk)
}

fn number(key: &str, name: &str) -> BigUint {
    text(&crate::common::parse(key), name).parse().unwrap()
}

#[test]
fn rsa_keys_hold_together_by_another_library() {
    for (bits, e) in [(2048u64, 65_537u32), (640, 3), (64, 17), (1026, 65_537)] {
        let (_, sk) = rsa_key(&format!(r#"{{"bits":{bits},"e":{e},"toy":true}}"#));
        let (n, d, p, q) = (number(&sk, "n"), number(&sk, "d"), number(&sk, "p"), number(&sk, "q"));
        let one = BigUint::from(1u8);
        assert_eq!(n.bits(), bits);
        assert_eq!(&p * &q, n);
        assert_eq!((&d * e) % ((&p - &one) * (&q - &one)), one);
    }
}

#[test]
fn rsa_signatures_round_trip_in_every_scheme() {
    let mut random = Random::new(13);
    let (pk, sk) = rsa_key("{}");
    let modulus = number(&pk, "n");
    for scheme in ["pss-sha256", "pss-sha384", "pss-sha512", "pkcs1v15-sha256", "pkcs1v15-sha384", "pkcs1v15-sha512"]
    {
        let sign = || text(&result("rsa_sign", &format!(r#"{{"scheme":"{scheme}","sk":{sk},"msg":"6869"}}"#)), "sig");
        let check = |scheme: &str, msg: &str, sig: &str| {
            valid("rsa_verify", &format!(r#"{{"scheme":"{scheme}","pk":{pk},"msg":"{msg}","sig":"{sig}"}}"#))
        };
        let sig = sign();
        assert!(check(scheme, "6869", &sig));
        assert!(!check(scheme, "6868", &sig));
        assert!(!check(scheme, "6869", &changed(&mut random, &sig)));
        assert!(!check(scheme, "6869", &sig[2..]) && !check(scheme, "6869", &format!("00{sig}")));
        let other = if scheme == "pss-sha256" { "pss-sha384" } else { "pss-sha256" };
        assert!(!check(other, "6869", &sig));
        assert_eq!(sign() == sig, scheme.starts_with("pkcs1"), "PSS draws a salt, PKCS #1 does not");
        // The same number plus n is a second spelling.
        let again = (BigUint::from_bytes_be(&hex::decode(&sig).unwrap()) + &modulus).to_bytes_be();
        assert!(!check(scheme, "6869", &hex::encode(&again)));
    }
}

#[test]
fn the_salt_of_pss_has_the_length_that_was_asked() {
    let (pk, sk) = rsa_key(r#"{"bits":1026,"toy":true}"#);
    for len in [0, 1, 32, 62] {
        let args = format!(r#"{{"sk":{sk},"msg":"","salt_len":{len},"toy":true}}"#);
        let sig = text(&result("rsa_sign", &args), "sig");
        for asked in [0, 1, 32, 62] {
            let args = format!(r#"{{"pk":{pk},"msg":"","sig":"{sig}","salt_len":{asked},"toy":true}}"#);
            assert_eq!(valid("rsa_verify", &args), asked == len);
        }
    }
    assert_refused(
        "rsa_sign",
        &format!(r#"{{"sk":{sk},"msg":"","salt_len":200,"toy":true}}"#),
        "out_of_range",
        "/args/sk",
    );
    let args = format!(r#"{{"scheme":"pkcs1v15-sha256","sk":{sk},"msg":"","salt_len":3,"toy":true}}"#);
    assert_refused("rsa_sign", &args, "out_of_range", "/args/salt_len");
}

#[test]
fn rsa_encryption_round_trips_and_says_one_thing_about_every_fault() {
    let mut random = Random::new(14);
    let (pk, sk) = rsa_key("{}");
    let decrypt =
        |ct: &str, label: &str| call("rsa_decrypt", &format!(r#"{{"sk":{sk},"ct":"{ct}","label":"{label}"}}"#));
    let encrypt = |msg: &str| {
        text(&result("rsa_encrypt", &format!(r#"{{"pk":{pk},"msg":"{msg}","label":"utf8:to B"}}"#)), "ct")
    };
    let mut faults = std::collections::HashSet::new();
    for len in [0, 1, 100, 190] {
        let msg = hex::encode(&random.bytes(len));
        let ct = encrypt(&msg);
        assert_ne!(ct, encrypt(&msg));
        assert_eq!(text(decrypt(&ct, "utf8:to B").get("result").unwrap(), "msg"), msg);
        for (ct, label) in [
            (ct.clone(), "utf8:to C"),
            (changed(&mut random, &ct), "utf8:to B"),
            (ct[2..].to_owned(), "utf8:to B"),
            (String::new(), "utf8:to B"),
            ("ff".repeat(256), "utf8:to B"),
            ("00".repeat(256), "utf8:to B"),
        ] {
            faults.insert(decrypt(&ct, label).render());
        }
    }
    assert_eq!(faults.len(), 1, "{faults:?}");
    let long = format!(r#"{{"pk":{pk},"msg":"{}"}}"#, "00".repeat(191));
    assert_refused("rsa_encrypt", &long, "limit_exceeded", "/args/msg");
}

#[test]
fn small_rsa_keys_are_toys_and_broken_ones_are_refused() {
    let (pk, sk) = rsa_key(r#"{"bits":1024,"toy":true}"#);
    assert_refused("rsa_keygen", r#"{"bits":1024}"#, "out_of_range", "/args/bits");
    assert_refused("rsa_keygen", r#"{"bits":2049}"#, "out_of_range", "/args/bits");
    assert_refused("rsa_keygen", r#"{"e":4}"#, "out_of_range", "/args/e");
    assert_refused("rsa_sign", &format!(r#"{{"sk":{sk},"msg":""}}"#), "out_of_range", "/args/sk/n");
    assert_refused("rsa_encrypt", &format!(r#"{{"pk":{pk},"msg":""}}"#), "out_of_range", "/args/pk/n");
    let made = call("rsa_sign", &format!(r#"{{"sk":{sk},"msg":"","toy":true}}"#));
    assert_eq!(made.get("toy"), Some(&Json::Bool(true)));
    // One number of the key changed: a wrong d would give away the primes if its result came out.
    for name in ["n", "d", "p", "q"] {
        let right = text(&crate::common::parse(&sk), name);
        let wrong: BigUint = right.parse::<BigUint>().unwrap() - 2u8;
        let broken = sk.replace(&format!(r#""{right}""#), &format!(r#""{wrong}""#));
        for op in ["rsa_sign", "blind_rsa_sign"] {
            let input = if op == "rsa_sign" {
                r#""msg":"""#.to_owned()
            } else {
                format!(r#""blinded":"{}02""#, "00".repeat(127))
            };
            let args = format!(r#"{{"sk":{broken},{input},"toy":true}}"#);
            assert_refused(op, &args, "out_of_range", "/args/sk");
        }
    }
}

#[test]
fn bls_aggregates_bind_who_signed_what() {
    let signers: Vec<(String, String, String)> = (1..=3)
        .map(|i| {
            let sk = format!("{i:064x}");
            let msg = format!("0{i}");
            let made = result("bls_sign", &format!(r#"{{"sk":"{sk}","msg":"{msg}"}}"#));
            (text(&made, "pk"), msg, text(&made, "sig"))
        })
        .collect();
    let quote =
        |items: Vec<&String>| Json::List(items.into_iter().map(|item| Json::str(item.clone())).collect()).render();
    let sigs = quote(signers.iter().map(|s| &s.2).collect());
    let sum = text(&result("bls_aggregate", &format!(r#"{{"sigs":{sigs}}}"#)), "sig");
    let pks = quote(signers.iter().map(|s| &s.0).collect());
    let check = |scheme: &str, pks: &str, msgs: &str, sig: &str| {
        let args = format!(r#"{{"scheme":"{scheme}","pks":{pks},"msgs":{msgs},"sig":"{sig}"}}"#);
        valid("bls_aggregate_verify", &args)
    };
    let msgs = quote(signers.iter().map(|s| &s.1).collect());
    assert!(check("basic", &pks, &msgs, &sum));
    assert!(!check("pop", &pks, &msgs, &sum), "the schemes have tags of their own");
    assert!(!check("basic", &pks, r#"["01","03","02"]"#, &sum), "two signers swapped");
    assert!(!check("basic", &pks, r#"["01","02","04"]"#, &sum));
    assert!(!check("basic", &pks, &msgs, &signers[0].2), "one signature for all three");
    let two = format!(r#"["{}","{}"]"#, signers[0].0, signers[1].0);
    assert!(!check("basic", &two, r#"["01","02"]"#, &sum), "one signer left out");
    assert_refused(
        "bls_aggregate_verify",
        &format!(r#"{{"pks":{pks},"msgs":["01"],"sig":"{sum}"}}"#),
        "out_of_range",
        "/args/msgs",
    );
    assert_refused("bls_aggregate", r#"{"sigs":[]}"#, "out_of_range", "/args/sigs");
    assert_refused(
        "bls_aggregate",
        &format!(r#"{{"sigs":["{}"]}}"#, "00".repeat(96)),
        "bad_encoding",
        "/args/sigs/0",
    );
}

/// The rogue key attack: Eve publishes x G - pk(Ann), and signs alone for both. Only a proof of possession stops her.
#[test]
fn a_rogue_bls_key_has_no_proof_of_possession() {
    let ann = result("bls_sign", &format!(r#"{{"scheme":"pop","sk":"{KEY}","msg":"utf8:pay Eve"}}"#));
    let ann_pk = text(&ann, "pk");
    let eve_sk = format!("{:064x}", 7);
    let eve = result("bls_sign", &format!(r#"{{"scheme":"pop","sk":"{eve_sk}","msg":"utf8:pay Eve"}}"#));
    let rogue = {
        use crypto_calculator::groups::bls::G1;
        let point = |pk: &str| G1::decode(&hex::decode(pk).unwrap().try_into().unwrap()).unwrap();
        hex::encode(&point(&text(&eve, "pk")).add(&point(&ann_pk).neg()).encode())
    };
    let forged = format!(
        r#"{{"scheme":"pop","pks":["{ann_pk}","{rogue}"],"msgs":["utf8:pay Eve"],"sig":"{}"}}"#,
        text(&eve, "sig")
    );
    assert!(valid("bls_aggregate_verify", &forged), "the attack works on whoever skips the proofs");
    let proof = |sk: &str| result("bls_pop_prove", &format!(r#"{{"sk":"{sk}"}}"#)).as_str().unwrap().to_owned();
    let holds = |pk: &str, proof: &str| valid("bls_pop_verify", &format!(r#"{{"pk":"{pk}","proof":"{proof}"}}"#));
    assert!(holds(&ann_pk, &proof(KEY)));
    assert!(!holds(&rogue, &proof(&eve_sk)) && !holds(&rogue, &proof(KEY)));
    // A signature over the key's own bytes is no proof either.
    let signed = result("bls_sign", &format!(r#"{{"scheme":"pop","sk":"{KEY}","msg":"{ann_pk}"}}"#));
    assert!(!holds(&ann_pk, &text(&signed, "sig")));
}

#[test]
fn receipts_bind_every_part() {
    let parts = |amount: &str, date: &str, item: &str| {
        format!(r#""counterpart":"Bea","item":"{item}","amount":"{amount}","currency":"EUR cent","date":"{date}""#)
    };
    let deal = parts("12000", "2028-02-29", "one bicycle");
    let made = result("receipt_sign", &format!(r#"{{"sk":"{KEY}",{deal}}}"#));
    let (receipt, sig) = (made.get("receipt").unwrap(), text(&made, "sig"));
    let signer = text(receipt, "signer");
    let check = |receipt: &str, signer: &str| {
        valid("receipt_verify", &format!(r#"{{"receipt":{receipt},"sig":"{sig}","signer":"{signer}"}}"#))
    };
    let whole = receipt.render();
    assert!(check(&whole, &signer));
    // The order of the members is no part of a receipt.
    assert!(check(&format!(r#"{{{deal},"signer":"{signer}"}}"#), &signer));
    for (from, to) in [
        ("12000", "1200"),
        ("one bicycle", "two bicycles"),
        ("Bea", "Eve"),
        ("EUR cent", "USD cent"),
        ("2028-02-29", "2028-02-28"),
        (r#""serial":"""#, r#""serial":"2""#),
    ] {
        assert!(whole.contains(from));
        assert!(!check(&whole.replace(from, to), &signer), "{from} -> {to}");
    }
    // Eve's own key under Ann's name, and a receipt that somebody else signed.
    let eve = text(
        result("receipt_sign", &format!(r#"{{"sk":"{}",{deal}}}"#, "11".repeat(32))).get("receipt").unwrap(),
        "signer",
    );
    assert!(!check(&whole.replace(&signer, &eve), &signer) && !check(&whole, &eve));
    assert!(!check(&whole.replace(&signer, &eve), &eve));
    for date in
        ["2027-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "+026-01-01", "2026010", "202601011", "2026-04-31"]
    {
        let args = format!(r#"{{"sk":"{KEY}",{}}}"#, parts("1", date, "x"));
        assert_refused("receipt_sign", &args, "out_of_range", "/args/date");
    }
}
