//! Blind signatures: the vectors of RFC 9474, and tokens that parties with separate state spend.

use std::collections::HashSet;

use crate::common::vectors::run;
use crate::common::{call, fault, result};
use crypto_calculator::core::json::Json;

#[test]
fn blind_rsa_of_rfc_9474() {
    run("blind/rfc9474.jsonl", 14);
}

fn text(value: &Json<'_>, key: &str) -> String {
    value.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("{key}: {}", value.render())).to_owned()
}

fn valid(value: &Json<'_>) -> bool {
    value.get("valid") == Some(&Json::Bool(true))
}

/// The mint: it signs what it cannot see, and takes each token once.
struct Mint {
    pk: String,
    sk: String,
    spent: HashSet<String>,
    signed: Vec<String>,
}

impl Mint {
    fn open() -> Self {
        let key = result("rsa_keygen", r#"{"bits":1024,"toy":true}"#);
        let sk = key.get("secret").and_then(|secret| secret.get("sk")).unwrap().render();
        Self { pk: key.get("pk").unwrap().render(), sk, spent: HashSet::new(), signed: Vec::new() }
    }

    fn sign(&mut self, blinded: &str) -> String {
        self.signed.push(blinded.to_owned());
        let answer = result("blind_rsa_sign", &format!(r#"{{"sk":{},"blinded":"{blinded}","toy":true}}"#, self.sk));
        text(&answer, "blind_sig")
    }

    fn accept(&mut self, token: &Token) -> Result<(), &'static str> {
        let args =
            format!(r#"{{"pk":{},"prepared":"{}","sig":"{}","toy":true}}"#, self.pk, token.prepared, token.sig);
        if !valid(&result("blind_rsa_verify", &args)) {
            return Err("forged");
        }
        if self.spent.insert(token.prepared.clone()) { Ok(()) } else { Err("spent twice") }
    }
}

#[derive(Clone)]
struct Token {
    prepared: String,
    sig: String,
}

/// A customer who has not yet got the signature.
struct Order {
    prepared: String,
    blinded: String,
    inv: String,
}

impl Order {
    fn make(pk: &str, serial: &str) -> Self {
        let prepared = text(&result("blind_rsa_prepare", &format!(r#"{{"msg":"utf8:{serial}"}}"#)), "prepared");
        let made = result("blind_rsa_blind", &format!(r#"{{"pk":{pk},"prepared":"{prepared}","toy":true}}"#));
        let inv = text(made.get("secret").unwrap(), "inv");
        Self { prepared, blinded: text(&made, "blinded"), inv }
    }

    fn finish(&self, pk: &str, blind_sig: &str) -> Json<'static> {
        let args = format!(
            r#"{{"pk":{pk},"prepared":"{}","blind_sig":"{blind_sig}","inv":"{}","toy":true}}"#,
            self.prepared, self.inv
        );
        call("blind_rsa_finalize", &args)
    }

    fn token(&self, pk: &str, blind_sig: &str) -> Token {
        let answer = self.finish(pk, blind_sig);
        Token { prepared: self.prepared.clone(), sig: text(answer.get("result").unwrap(), "sig") }
    }
}

#[test]
fn an_rsa_token_is_spent_once_and_the_mint_never_saw_it() {
    let mut mint = Mint::open();
    let order = Order::make(&mint.pk, "coin 1");
    let blind_sig = mint.sign(&order.blinded);
    let token = order.token(&mint.pk, &blind_sig);
    assert_eq!(mint.accept(&token), Ok(()));
    // Nothing that the mint saw appears in the token.
    assert!(!mint.signed.contains(&token.sig) && blind_sig != token.sig);
    assert_eq!(mint.accept(&token), Err("spent twice"));
}

#[test]
fn rsa_token_cheats_are_caught() {
    let mut mint = Mint::open();
    let (one, two) = (Order::make(&mint.pk, "coin 1"), Order::make(&mint.pk, "coin 2"));
    let blind_sig = mint.sign(&one.blinded);
    let token = one.token(&mint.pk, &blind_sig);
    // A customer who writes another serial on a token, or a token of an own key.
    let relabelled = Token { prepared: two.prepared.clone(), ..token.clone() };
    assert_eq!(mint.accept(&relabelled), Err("forged"));
    let mut other = Mint::open();
    let order = Order::make(&other.pk, "coin 3");
    let foreign = order.token(&other.pk.clone(), &other.sign(&order.blinded));
    assert_eq!(mint.accept(&foreign), Err("forged"));
    // A mint that answers anything but a signature, or signs another order.
    let wrong = ("bad_blind_sig".to_owned(), "/args/blind_sig".to_owned());
    assert_eq!(fault(&one.finish(&mint.pk, &one.blinded)), wrong);
    assert_eq!(fault(&two.finish(&mint.pk, &blind_sig)), wrong);
    assert_eq!(mint.accept(&token), Ok(()));
}

#[test]
fn equal_messages_make_unlike_rsa_orders() {
    let mint = Mint::open();
    let (one, two) = (Order::make(&mint.pk, "coin 1"), Order::make(&mint.pk, "coin 1"));
    assert_ne!(one.prepared, two.prepared);
    assert_ne!(one.blinded, two.blinded);
    let again = format!(r#"{{"pk":{},"prepared":"{}","toy":true}}"#, mint.pk, one.prepared);
    assert_ne!(text(&result("blind_rsa_blind", &again), "blinded"), one.blinded);
}

const BLS_SK: &str = "328388aff0d4a5b7dc9205abd374e7e98f3cd9f3418edb4eafda5fb16473d216";

#[test]
fn a_bls_token_is_spent_once_and_cheats_are_caught() {
    let mut spent = HashSet::new();
    let order = |serial: &str| {
        let made = result("blind_bls_blind", &format!(r#"{{"msg":"utf8:{serial}"}}"#));
        (text(&made, "blinded"), text(made.get("secret").unwrap(), "r"))
    };
    let sign = |blinded: &str| result("blind_bls_sign", &format!(r#"{{"sk":"{BLS_SK}","blinded":"{blinded}"}}"#));
    let pk = text(&sign(&order("x").0), "pk");
    let finish = |serial: &str, blind_sig: &str, r: &str| {
        call(
            "blind_bls_unblind",
            &format!(r#"{{"pk":"{pk}","msg":"utf8:{serial}","blind_sig":"{blind_sig}","r":"{r}"}}"#),
        )
    };
    let verify = |serial: &str, sig: &str| {
        valid(&result("blind_bls_verify", &format!(r#"{{"pk":"{pk}","msg":"utf8:{serial}","sig":"{sig}"}}"#)))
    };
    let (blinded, r) = order("coin 1");
    assert_ne!(order("coin 1").0, blinded, "the same message is blinded afresh");
    let blind_sig = text(&sign(&blinded), "blind_sig");
    let token = text(finish("coin 1", &blind_sig, &r).get("result").unwrap(), "sig");
    assert_ne!(token, blind_sig);
    assert!(verify("coin 1", &token) && spent.insert("coin 1"));
    assert!(!spent.insert("coin 1"), "the second spending is seen");
    assert!(!verify("coin 2", &token));
    assert!(!verify("coin 1", &blind_sig));
    let wrong = ("bad_blind_sig".to_owned(), "/args/blind_sig".to_owned());
    assert_eq!(fault(&finish("coin 2", &blind_sig, &r)), wrong);
    assert_eq!(fault(&finish("coin 1", &blinded, &r)), wrong);
    // A token is no ordinary signature, and the other way round.
    let ordinary = result("bls_sign", &format!(r#"{{"sk":"{BLS_SK}","msg":"utf8:coin 1"}}"#));
    assert!(!verify("coin 1", &text(&ordinary, "sig")));
}

/// Points outside the subgroup and the identity must not reach the secret key.
#[test]
fn the_bls_signer_refuses_bad_points() {
    let identity = format!("c0{}", "00".repeat(95));
    for (blinded, code) in
        [(identity, "out_of_range"), ("00".repeat(96), "bad_encoding"), ("ff".repeat(96), "bad_encoding")]
    {
        let answer = call("blind_bls_sign", &format!(r#"{{"sk":"{BLS_SK}","blinded":"{blinded}"}}"#));
        assert_eq!(fault(&answer), (code.to_owned(), "/args/blinded".to_owned()));
    }
}

/// The variants of RFC 9474 that have no published vectors here.
#[test]
fn every_blind_rsa_variant_round_trips() {
    let key = result("rsa_keygen", "{}");
    let (pk, sk) = (key.get("pk").unwrap(), key.get("secret").and_then(|secret| secret.get("sk")).unwrap());
    let n = text(pk, "n");
    let (pk, sk) = (pk.render(), sk.render());
    for variant in [
        "RSABSSA-SHA384-PSS-Randomized",
        "RSABSSA-SHA384-PSSZERO-Randomized",
        "RSABSSA-SHA384-PSS-Deterministic",
        "RSABSSA-SHA384-PSSZERO-Deterministic",
    ] {
        let ready = result("blind_rsa_prepare", &format!(r#"{{"variant":"{variant}","msg":"utf8:coin"}}"#));
        let prepared = text(&ready, "prepared");
        assert_eq!(prepared.len(), if variant.ends_with("Randomized") { 72 } else { 8 });
        let common = format!(r#""variant":"{variant}","pk":{pk},"prepared":"{prepared}""#);
        let made = result("blind_rsa_blind", &format!("{{{common}}}"));
        let answer = result("blind_rsa_sign", &format!(r#"{{"sk":{sk},"blinded":"{}"}}"#, text(&made, "blinded")));
        let inv = text(made.get("secret").unwrap(), "inv");
        let args = format!(r#"{{{common},"blind_sig":"{}","inv":"{inv}"}}"#, text(&answer, "blind_sig"));
        let sig = text(&result("blind_rsa_finalize", &args), "sig");
        assert!(valid(&result("blind_rsa_verify", &format!(r#"{{{common},"sig":"{sig}"}}"#))));
        // An unblinded signature is an ordinary PSS one.
        let salt = if variant.contains("PSSZERO") { 0 } else { 48 };
        let plain =
            format!(r#"{{"scheme":"pss-sha384","pk":{pk},"msg":"{prepared}","sig":"{sig}","salt_len":{salt}}}"#);
        assert!(valid(&result("rsa_verify", &plain)));
        let args = format!(r#"{{{common},"r":"{n}"}}"#);
        assert_eq!(fault(&call("blind_rsa_blind", &args)), ("out_of_range".to_owned(), "/args/r".to_owned()));
    }
    let args = format!(r#"{{"variant":"RSABSSA-SHA384-PSS-Deterministic","msg":"","prefix":"{}"}}"#, "00".repeat(32));
    assert_eq!(fault(&call("blind_rsa_prepare", &args)), ("out_of_range".to_owned(), "/args/prefix".to_owned()));
}
