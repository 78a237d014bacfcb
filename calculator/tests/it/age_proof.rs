//! The age proof played by three parties with their own state: an issuer attests a commitment to a birth date, its
//! holder proves an age to a shop, and the shop learns only that. Every way to cheat is caught.

use crate::common::{assert_refused, call, fault, result};
use crypto_calculator::core::json::Json;

const TODAY: u64 = 20_261_120;

fn text(value: &Json<'_>, keys: &[&str]) -> String {
    let mut value = value;
    for key in keys {
        value = value.get(key).unwrap_or_else(|| panic!("{key}: {}", value.render()));
    }
    value.as_str().unwrap().to_owned()
}

fn valid(answer: &Json<'_>) -> bool {
    answer.get("valid") == Some(&Json::Bool(true))
}

/// Knows its signing key, and checks papers.
struct Issuer {
    sk: String,
    pk: String,
}

/// What an issuer hands to a holder: the opening stays with the holder.
#[derive(Clone)]
struct Credential {
    commitment: String,
    sig: String,
    birth: u64,
    r: String,
}

impl Issuer {
    fn new() -> Self {
        let sk = result("random_bytes", r#"{"len":32}"#).as_str().unwrap().to_owned();
        let signed = result("ed25519_sign", &format!(r#"{{"sk":"{sk}","msg":""}}"#));
        Self { pk: text(&signed, &["pk"]), sk }
    }

    fn issue(&self, birth: u64) -> Credential {
        let value = result("scalar_op", &format!(r#"{{"fn":"from_int","n":{birth}}}"#)).render();
        let r = text(&result("keygen", "{}"), &["secret", "sk"]);
        let made = result("okamoto_prove", &format!(r#"{{"value":{value},"r":"{r}","context":"utf8:issue"}}"#));
        let commitment = text(&made, &["commitment"]);
        let signed = result("ed25519_sign", &format!(r#"{{"sk":"{}","msg":"{commitment}"}}"#, self.sk));
        Credential { commitment, sig: text(&signed, &["sig"]), birth, r }
    }
}

/// Knows the issuer's public key and the nonce of its last question.
struct Shop {
    issuer: String,
    nonce: String,
}

/// What a holder shows.
#[derive(Clone)]
struct Showing {
    commitment: String,
    sig: String,
    proof: String,
}

impl Shop {
    fn new(issuer: &Issuer) -> Self {
        Self { issuer: issuer.pk.clone(), nonce: String::new() }
    }

    fn ask(&mut self) -> String {
        self.nonce = result("random_bytes", r#"{"len":16}"#).as_str().unwrap().to_owned();
        self.nonce.clone()
    }

    fn accepts(&self, shown: &Showing, min_age: u64) -> bool {
        let attested = result(
            "ed25519_verify",
            &format!(r#"{{"pk":"{}","msg":"{}","sig":"{}"}}"#, self.issuer, shown.commitment, shown.sig),
        );
        let proved = result(
            "age_verify",
            &format!(
                r#"{{"commitment":"{}","today":{TODAY},"min_age":{min_age},"proof":{},"context":"{}"}}"#,
                shown.commitment, shown.proof, self.nonce
            ),
        );
        valid(&attested) && valid(&proved)
    }
}

impl Credential {
    fn args(&self, today: u64, min_age: u64, nonce: &str) -> String {
        let (birth, r) = (self.birth, &self.r);
        format!(r#"{{"birth":{birth},"today":{today},"min_age":{min_age},"r":"{r}","context":"{nonce}"}}"#)
    }

    fn show(&self, min_age: u64, nonce: &str) -> Showing {
        let made = result("age_prove", &self.args(TODAY, min_age, nonce));
        assert_eq!(text(&made, &["commitment"]), self.commitment, "the proof is about the attested commitment");
        Showing {
            commitment: self.commitment.clone(),
            sig: self.sig.clone(),
            proof: made.get("proof").unwrap().render(),
        }
    }
}

#[test]
fn an_adult_is_let_in_and_the_birth_date_is_not_shown() {
    let issuer = Issuer::new();
    let mut shop = Shop::new(&issuer);
    // The last has the birthday today.
    for birth in [19_500_101, 20_040_229, 20_081_120] {
        let credential = issuer.issue(birth);
        let nonce = shop.ask();
        let shown = credential.show(18, &nonce);
        assert!(shop.accepts(&shown, 18), "{birth}");
        let seen = format!("{}{}{}", shown.commitment, shown.sig, shown.proof);
        assert!(!seen.contains(&credential.r) && !seen.contains(&birth.to_string()));
    }
}

#[test]
fn a_minor_cannot_make_a_proof() {
    let credential = Issuer::new().issue(20_081_121);
    let answer = call("age_prove", &credential.args(TODAY, 18, "00"));
    assert_eq!(fault(&answer), ("not_provable".to_owned(), "/args/birth".to_owned()));
}

#[test]
fn a_minor_cannot_pass_off_another_statement() {
    let issuer = Issuer::new();
    let mut shop = Shop::new(&issuer);
    let minor = issuer.issue(20_081_121);
    let nonce = shop.ask();
    // A proof for a lower age, or for a later day.
    assert!(!shop.accepts(&minor.show(17, &nonce), 18));
    let made = result("age_prove", &minor.args(20_261_121, 18, &nonce));
    let shown = Showing { proof: made.get("proof").unwrap().render(), ..minor.show(17, &nonce) };
    assert!(!shop.accepts(&shown, 18));
    // A commitment of one's own to another date: the proof holds, but nobody attested the commitment.
    let forged = Credential { birth: 19_900_101, ..minor.clone() };
    let made = result("age_prove", &forged.args(TODAY, 18, &nonce));
    let shown = Showing {
        commitment: text(&made, &["commitment"]),
        sig: minor.sig.clone(),
        proof: made.get("proof").unwrap().render(),
    };
    assert!(!shop.accepts(&shown, 18));
    // The same proof behind the attested commitment.
    assert!(!shop.accepts(&Showing { commitment: minor.commitment.clone(), ..shown }, 18));
}

#[test]
fn a_showing_is_good_once_and_for_one_shop() {
    let issuer = Issuer::new();
    let (mut shop, mut other) = (Shop::new(&issuer), Shop::new(&issuer));
    let adult = issuer.issue(19_990_909);
    let nonce = shop.ask();
    let shown = adult.show(18, &nonce);
    other.ask();
    assert!(shop.accepts(&shown, 18));
    assert!(!other.accepts(&shown, 18), "another shop asked with another nonce");
    shop.ask();
    assert!(!shop.accepts(&shown, 18), "a replay");
}

#[test]
fn a_proof_with_one_digit_changed_is_refused() {
    let issuer = Issuer::new();
    let mut shop = Shop::new(&issuer);
    let nonce = shop.ask();
    let shown = issuer.issue(19_990_909).show(18, &nonce);
    let digits: Vec<usize> =
        (0..shown.proof.len()).filter(|i| shown.proof.as_bytes()[*i].is_ascii_hexdigit()).collect();
    for at in digits.iter().step_by(digits.len() / 60) {
        let other = if shown.proof.as_bytes()[*at] == b'0' { "1" } else { "0" };
        let mut proof = shown.proof.clone();
        proof.replace_range(*at..=*at, other);
        let args = format!(
            r#"{{"commitment":"{}","today":{TODAY},"min_age":18,"proof":{proof},"context":"{nonce}"}}"#,
            shown.commitment
        );
        // A scalar beyond the order, a key of the record or an invalid point is an error, all else is not valid.
        assert!(!call("age_verify", &args).get("result").is_some_and(valid), "{at}");
    }
}

/// One date form everywhere; the other is still read, and means the same.
#[test]
fn dates_are_read_in_both_forms() {
    let sk = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let deal = |date: &str| {
        result(
            "receipt_sign",
            &format!(r#"{{"sk":"{sk}","counterpart":"Bea","item":"bike","amount":1,"date":{date}}}"#),
        )
    };
    let signed = deal(r#""2026-11-20""#);
    assert_eq!(signed.get("receipt").and_then(|receipt| receipt.get("date")), Some(&Json::str("2026-11-20")));
    assert_eq!(signed, deal("20261120"));
    assert_eq!(signed, deal(r#""20261120""#));
    let r = format!("05{}", "00".repeat(31));
    let commitment = |birth: &str, today: &str| {
        let args = format!(r#"{{"birth":{birth},"today":{today},"min_age":18,"r":"{r}","context":"utf8:x"}}"#);
        result("age_prove", &args).get("commitment").unwrap().clone()
    };
    assert_eq!(commitment("20010417", "20261120"), commitment(r#""2001-04-17""#, r#""2026-11-20""#));
    for bad in [
        "\"17.04.2001\"",
        "\"2001-4-17\"",
        "\"2001-02-29\"",
        "\"1799-12-31\"",
        "\"3000-01-01\"",
        "2001",
        "\"2001-04-17 \"",
    ] {
        let args = format!(r#"{{"birth":{bad},"today":"2026-11-20","min_age":18,"context":"utf8:x"}}"#);
        assert_refused("age_prove", &args, "out_of_range", "/args/birth");
    }
}
