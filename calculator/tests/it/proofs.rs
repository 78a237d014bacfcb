//! Family K: vectors, every proof in every group, and what must not pass.

use crate::common::vectors::run;
use crate::common::{call, result, valid};
use crypto_calculator::core::json::Json;
use crypto_calculator::groups::CURVES;

#[test]
fn equal_logarithms_of_bip_374() {
    run("proofs/bip374.jsonl", 11);
}

/// The curves, and a small group modulo a prime: p = 2q + 1 with q of 61 bits.
fn groups() -> Vec<String> {
    let toy = r#"{"p":"2305843009213699919","q":"1152921504606849959","g":"4","toy":true}"#;
    CURVES.iter().map(|name| format!("\"{name}\"")).chain([toy.to_owned()]).collect()
}

/// The text of a member, reached by its keys.
fn at(value: &Json<'_>, keys: &[&str]) -> String {
    let mut value = value;
    for key in keys {
        value = value.get(key).unwrap_or_else(|| panic!("{key}: {}", value.render()));
    }
    value.render()
}

fn scalar(g: &str, n: i64) -> String {
    result("scalar_op", &format!(r#"{{"G":{g},"fn":"from_int","n":{n}}}"#)).render()
}

fn point(g: &str, n: i64) -> String {
    result("ec_mul", &format!(r#"{{"G":{g},"k":{}}}"#, scalar(g, n))).render()
}

/// A proof with its statement: verifies, and does not once anything in it is changed.
struct Case {
    verify: &'static str,
    /// Members of the statement and the proof, as JSON; the changed form follows, if it can be changed.
    members: Vec<(&'static str, String, Option<String>)>,
}

impl Case {
    fn args(&self, changed: Option<usize>) -> String {
        let member = |(i, (name, value, other)): (usize, &(&str, String, Option<String>))| {
            let value = if changed == Some(i) { other.as_ref().unwrap() } else { value };
            format!("\"{name}\":{value}")
        };
        format!("{{{}}}", self.members.iter().enumerate().map(member).collect::<Vec<_>>().join(","))
    }

    fn check(&self) {
        assert!(valid(self.verify, &self.args(None)), "{} {}", self.verify, self.args(None));
        for (i, (name, _, other)) in self.members.iter().enumerate() {
            if other.is_some() {
                assert!(!valid(self.verify, &self.args(Some(i))), "{} with another {name}", self.verify);
            }
        }
    }
}

/// The proof with the first scalar of the list `list` replaced by its neighbour.
fn changed(g: &str, proof: &str, list: &str) -> String {
    let parsed = crate::common::parse(proof);
    let first = parsed.get(list).and_then(Json::as_list).unwrap()[0].render();
    let one = scalar(g, 1);
    let other = result("scalar_op", &format!(r#"{{"G":{g},"fn":"add","a":{first},"b":{one}}}"#)).render();
    let at = proof.find(&format!("\"{list}\":[")).unwrap();
    format!("{}{}", &proof[..at], proof[at..].replacen(&first, &other, 1))
}

fn both_changes(g: &str, case: &dyn Fn(&str) -> Case, proof: &str) {
    for list in ["c", "z"] {
        let Case { verify, mut members } = case(proof);
        members.iter_mut().find(|(name, ..)| *name == "proof").unwrap().2 = Some(changed(g, proof, list));
        Case { verify, members }.check();
    }
}

fn text(value: &str) -> String {
    format!("\"utf8:{value}\"")
}

#[test]
fn schnorr_proofs_hold_only_as_made() {
    for g in groups() {
        let proof =
            result("schnorr_pok_prove", &format!(r#"{{"G":{g},"sk":{},"context":"utf8:a"}}"#, scalar(&g, 77)));
        let case = |p: &str| Case {
            verify: "schnorr_pok_verify",
            members: vec![
                ("G", g.clone(), None),
                ("pk", at(&proof, &["pk"]), Some(point(&g, 78))),
                ("context", text("a"), Some(text("b"))),
                ("proof", p.to_owned(), None),
            ],
        };
        assert_eq!(at(&proof, &["pk"]), point(&g, 77));
        both_changes(&g, &case, &at(&proof, &["proof"]));
        // Another base.
        let (sk, base) = (scalar(&g, 5), point(&g, 9));
        let proof = result("schnorr_pok_prove", &format!(r#"{{"G":{g},"sk":{sk},"base":{base}}}"#));
        assert_eq!(at(&proof, &["pk"]), point(&g, 45));
        let args = |base: &str| {
            format!(r#"{{"G":{g},"pk":{},"base":{base},"proof":{}}}"#, at(&proof, &["pk"]), at(&proof, &["proof"]))
        };
        assert!(valid("schnorr_pok_verify", &args(&base)));
        assert!(!valid("schnorr_pok_verify", &args(&point(&g, 1))));
    }
}

#[test]
fn okamoto_proofs_hold_only_as_made() {
    for g in groups() {
        let (value, r) = (scalar(&g, 11), scalar(&g, 12));
        let proof = result("okamoto_prove", &format!(r#"{{"G":{g},"value":{value},"r":{r},"context":"utf8:a"}}"#));
        let case = |p: &str| Case {
            verify: "okamoto_verify",
            members: vec![
                ("G", g.clone(), None),
                ("commitment", at(&proof, &["commitment"]), Some(point(&g, 3))),
                ("context", text("a"), Some(text("b"))),
                ("proof", p.to_owned(), None),
            ],
        };
        both_changes(&g, &case, &at(&proof, &["proof"]));
    }
}

#[test]
fn equal_logarithms_hold_only_as_made() {
    for g in groups() {
        for suite in ["native", "bip374"] {
            if suite == "bip374" && g != "\"secp256k1\"" {
                continue;
            }
            let (sk, base2) = (scalar(&g, 21), point(&g, 5));
            let context = |byte: &str| format!("\"{}\"", byte.repeat(32));
            let args =
                format!(r#"{{"G":{g},"suite":"{suite}","sk":{sk},"base2":{base2},"context":{}}}"#, context("aa"));
            let proof = result("dleq_prove", &args);
            assert_eq!(at(&proof, &["pk2"]), point(&g, 105));
            let case = |p: &str| Case {
                verify: "dleq_verify",
                members: vec![
                    ("G", g.clone(), None),
                    ("suite", format!("\"{suite}\""), None),
                    ("pk", at(&proof, &["pk"]), Some(point(&g, 22))),
                    ("pk2", at(&proof, &["pk2"]), Some(point(&g, 110))),
                    ("base2", base2.clone(), Some(point(&g, 6))),
                    ("context", context("aa"), Some(context("ab"))),
                    ("proof", p.to_owned(), None),
                ],
            };
            both_changes(&g, &case, &at(&proof, &["proof"]));
        }
    }
}

#[test]
fn one_of_several_keys_is_enough_and_none_is_not() {
    for g in groups() {
        let keys = |last: i64| format!("[{},{},{}]", point(&g, 31), point(&g, 32), point(&g, last));
        for (index, sk) in [(0, 31), (1, 32), (2, 33)] {
            let sk = scalar(&g, sk);
            let args = format!(r#"{{"G":{g},"pks":{},"index":{index},"sk":{sk},"context":"utf8:a"}}"#, keys(33));
            let proof = at(&result("or_prove", &args), &["proof"]);
            let case = |p: &str| Case {
                verify: "or_verify",
                members: vec![
                    ("G", g.clone(), None),
                    ("pks", keys(33), Some(keys(34))),
                    ("context", text("a"), Some(text("b"))),
                    ("proof", p.to_owned(), None),
                ],
            };
            both_changes(&g, &case, &proof);
        }
    }
}

#[test]
fn members_of_a_set_hold_only_as_made() {
    for g in groups() {
        for value in [4, -1, 1_000_000_007] {
            let set = "[4,-1,1000000007]";
            let args = format!(r#"{{"G":{g},"set":{set},"value":{value},"context":"utf8:a"}}"#);
            let made = result("membership_prove", &args);
            let case = |p: &str| Case {
                verify: "membership_verify",
                members: vec![
                    ("G", g.clone(), None),
                    ("set", set.to_owned(), Some("[4,-1,1000000008]".to_owned())),
                    ("commitment", at(&made, &["commitment"]), Some(point(&g, 3))),
                    ("context", text("a"), Some(text("b"))),
                    ("proof", p.to_owned(), None),
                ],
            };
            both_changes(&g, &case, &at(&made, &["proof"]));
        }
    }
}

#[test]
fn sets_of_256_pass_and_larger_ones_do_not() {
    let set = |n: usize| format!("[{}]", (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
    let made = result("membership_prove", &format!(r#"{{"set":{},"value":255}}"#, set(256)));
    let (commitment, proof) = (at(&made, &["commitment"]), at(&made, &["proof"]));
    let args = format!(r#"{{"set":{},"commitment":{commitment},"proof":{proof}}}"#, set(256));
    assert!(valid("membership_verify", &args));
    let answer = call("membership_prove", &format!(r#"{{"set":{},"value":255}}"#, set(257)));
    assert_eq!(crate::common::fault(&answer), ("limit_exceeded".to_owned(), "/args/set".to_owned()));
}

#[test]
fn bits_hold_only_as_made() {
    for g in groups() {
        for value in [0, 1] {
            let made = result("bit_prove", &format!(r#"{{"G":{g},"value":{value},"context":"utf8:a"}}"#));
            let case = |p: &str| Case {
                verify: "bit_verify",
                members: vec![
                    ("G", g.clone(), None),
                    ("commitment", at(&made, &["commitment"]), Some(point(&g, 3))),
                    ("context", text("a"), Some(text("b"))),
                    ("proof", p.to_owned(), None),
                ],
            };
            both_changes(&g, &case, &at(&made, &["proof"]));
        }
    }
}

#[test]
fn ranges_hold_only_as_made() {
    for g in groups() {
        for (value, min, bits) in [(0u64, 0u64, 1u64), (1, 0, 1), (1015, 1000, 4), (1000, 1000, 4)] {
            let args = format!(r#"{{"G":{g},"value":{value},"min":{min},"bits":{bits},"context":"utf8:a"}}"#);
            let made = result("range_prove", &args);
            let case = |p: &str| Case {
                verify: "range_verify",
                members: vec![
                    ("G", g.clone(), None),
                    ("min", min.to_string(), Some((min + 1).to_string())),
                    ("bits", bits.to_string(), Some((bits + 1).to_string())),
                    ("commitment", at(&made, &["commitment"]), Some(point(&g, 3))),
                    ("context", text("a"), Some(text("b"))),
                    ("proof", p.to_owned(), None),
                ],
            };
            both_changes(&g, &case, &at(&made, &["proof"]));
        }
    }
}

#[test]
fn the_largest_range_has_64_bits() {
    let made = result("range_prove", r#"{"value":"18446744073709551615","bits":64}"#);
    let args =
        format!(r#"{{"commitment":{},"bits":64,"proof":{}}}"#, at(&made, &["commitment"]), at(&made, &["proof"]));
    assert!(valid("range_verify", &args));
}

#[test]
fn the_same_r_gives_the_same_commitment_everywhere() {
    for g in groups() {
        let r = scalar(&g, 99);
        let one = scalar(&g, 1);
        let commitments = [
            result("bit_prove", &format!(r#"{{"G":{g},"value":1,"r":{r}}}"#)),
            result("range_prove", &format!(r#"{{"G":{g},"value":1,"bits":3,"r":{r}}}"#)),
            result("membership_prove", &format!(r#"{{"G":{g},"set":[5,1],"value":1,"r":{r}}}"#)),
            result("okamoto_prove", &format!(r#"{{"G":{g},"value":{one},"r":{r}}}"#)),
        ];
        for made in &commitments {
            assert_eq!(at(made, &["commitment"]), at(&commitments[0], &["commitment"]), "{g}");
        }
    }
}
