//! Family P: the vectors of the BBS draft, identity-based encryption, and both protocols played by separate parties.

use crate::common::vectors::run;
use crate::common::{fault, parse, result};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;
use crypto_calculator::groups::bls::G2;
use crypto_calculator::schemes::bbs;

#[test]
fn bbs_draft() {
    run("credentials/bbs.jsonl", 20);
}

/// The draft's fixtures of the inner steps.
#[test]
fn bbs_draft_steps() {
    let text = include_str!("../data/credentials/bbs_steps.json");
    let steps = parse(text.trim_end());
    let list = |value: &Json<'static>| value.as_list().unwrap().to_vec();
    let text = |value: &Json<'static>| value.as_str().unwrap().to_owned();
    let bytes = |value: &Json<'static>| hex::decode(value.as_str().unwrap()).unwrap();
    for case in list(steps.get("messages").unwrap()) {
        let [msg, scalar] = case.as_list().unwrap() else { panic!() };
        assert_eq!(hex::encode(bbs::message_scalar(&bytes(msg)).unwrap().to_bytes().as_slice()), text(scalar));
    }
    let [msg, dst, scalar] = steps.get("h2s").unwrap().as_list().unwrap() else { panic!() };
    let got = bbs::hash_to_scalar(&[&bytes(msg)], &bytes(dst)).unwrap();
    assert_eq!(hex::encode(got.to_bytes().as_slice()), text(scalar));
    assert_eq!(hex::encode(&bbs::base_point().unwrap().encode()), text(steps.get("P1").unwrap()));
    let want = list(steps.get("H").unwrap());
    let (q1, h) = bbs::generators(want.len(), &mut || Ok(())).unwrap();
    assert_eq!(hex::encode(&q1.encode()), text(steps.get("Q1").unwrap()));
    for (got, want) in h.iter().zip(&want) {
        assert_eq!(hex::encode(&got.encode()), text(want));
    }
    for case in list(steps.get("domains").unwrap()) {
        let [pk, header, Json::Int(count), domain] = case.as_list().unwrap() else { panic!() };
        let pk = G2::decode(bytes(pk).as_slice().try_into().unwrap()).unwrap();
        let count = usize::try_from(*count).unwrap();
        let setting = bbs::Setting::new(&pk, &bytes(header), count, &mut || Ok(())).unwrap();
        assert_eq!(hex::encode(setting.domain.to_bytes().as_slice()), text(domain));
    }
}

fn member(value: &Json<'static>, key: &str) -> String {
    value.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("{key}: {}", value.render())).to_owned()
}

/// Issuer, holder and verifier; each sees only what the others send.
#[test]
fn selective_disclosure_hides_and_binds() {
    // The issuer's state.
    let keys = result("bbs_keygen", r#"{"ikm":"utf8:issuer key material of 32 bytes and more"}"#);
    let (pk, sk) = (member(&keys, "pk"), member(keys.get("secret").unwrap(), "sk"));
    let claims = r#"["utf8:name: Ada","utf8:born: 1990-01-02","utf8:over 18: yes","utf8:city: Bern"]"#;
    let signed = result("bbs_sign", &format!(r#"{{"sk":"{sk}","msgs":{claims},"header":"utf8:id card"}}"#));
    let sig = member(&signed, "sig");
    // The holder checks the credential, then answers the verifier's challenge with the age claim alone.
    let check = format!(r#"{{"pk":"{pk}","sig":"{sig}","msgs":{claims},"header":"utf8:id card"}}"#);
    assert_eq!(result("bbs_verify", &check), parse(r#"{"valid":true}"#));
    let show = |challenge: &str| {
        let args = format!(
            r#"{{"pk":"{pk}","sig":"{sig}","msgs":{claims},"disclosed":[2],"header":"utf8:id card",
                "presentation_header":"{challenge}"}}"#
        );
        result("bbs_proof_gen", &args).as_str().unwrap().to_owned()
    };
    // The verifier's state: the issuer's key and its own challenge.
    let accepts = |proof: &str, msg: &str, place: u8, challenge: &str, header: &str| {
        let args = format!(
            r#"{{"pk":"{pk}","proof":"{proof}","msgs":["{msg}"],"disclosed":[{place}],"header":"{header}",
                "presentation_header":"{challenge}"}}"#
        );
        result("bbs_proof_verify", &args).get("valid") == Some(&Json::Bool(true))
    };
    let proof = show("aa01");
    let over = "utf8:over 18: yes";
    assert!(accepts(&proof, over, 2, "aa01", "utf8:id card"));
    // Two shows of one credential share no bytes that would link them.
    let again = show("aa02");
    assert!(accepts(&again, over, 2, "aa02", "utf8:id card"));
    assert_ne!(proof.get(..96), again.get(..96));
    // Cheating: an old proof again, another claim, another place, another kind of credential.
    assert!(!accepts(&proof, over, 2, "aa02", "utf8:id card"));
    assert!(!accepts(&proof, "utf8:over 18: no", 2, "aa01", "utf8:id card"));
    assert!(!accepts(&proof, over, 1, "aa01", "utf8:id card"));
    assert!(!accepts(&proof, over, 5, "aa01", "utf8:id card"));
    assert!(!accepts(&proof, over, 2, "aa01", "utf8:passport"));
    // A holder who edits a claim gets no proof at all.
    let edited = claims.replace("1990", "2015");
    let args = format!(r#"{{"pk":"{pk}","sig":"{sig}","msgs":{edited},"disclosed":[1],"header":"utf8:id card"}}"#);
    assert_eq!(fault(&crate::common::call("bbs_proof_gen", &args)).0, "invalid_signature");
}

/// Any changed bit of a proof is refused: by its encoding, or by the check.
#[test]
fn bbs_proofs_with_a_changed_bit_are_refused() {
    let text = include_str!("../data/credentials/bbs.jsonl");
    let case = text.lines().map(parse).find(|c| member(c, "op") == "bbs_proof_verify").unwrap();
    let mut random = crate::common::Random::new(31);
    let args = case.get("args").unwrap();
    let proof = member(args, "proof");
    for _ in 0..60 {
        let mut bytes = hex::decode(&proof).unwrap();
        let at = random.below(bytes.len() * 8);
        bytes[at / 8] ^= 1 << (at % 8);
        let changed = args.render().replace(&proof, &hex::encode(&bytes));
        let answer = crate::common::call("bbs_proof_verify", &changed);
        let valid = answer.get("result").and_then(|r| r.get("valid"));
        assert_ne!(valid, Some(&Json::Bool(true)), "bit {at}");
    }
}

/// Key centre, sender, receiver, and another user who tries.
#[test]
fn identity_based_encryption_reaches_one_identity() {
    let centre = result("ibe_setup", "{}");
    let (mpk, msk) = (member(&centre, "mpk"), member(centre.get("secret").unwrap(), "msk"));
    let extract = |id: &str| {
        let keys = result("ibe_extract", &format!(r#"{{"msk":"{msk}","id":"utf8:{id}"}}"#));
        member(keys.get("secret").unwrap(), "usk")
    };
    // The sender knows mpk and a name; the receiver's key is made only afterwards.
    let ct =
        result("ibe_encrypt", &format!(r#"{{"mpk":"{mpk}","id":"utf8:bob, May","msg":"utf8:the vault is open"}}"#));
    let ct = ct.as_str().unwrap();
    let open = |usk: &str, ct: &str| crate::common::call("ibe_decrypt", &format!(r#"{{"usk":"{usk}","ct":"{ct}"}}"#));
    let bob = extract("bob, May");
    let msg = open(&bob, ct).get("result").map(|r| member(r, "msg"));
    assert_eq!(msg, Some(hex::encode(b"the vault is open")));
    // Cheating: another identity's key, the same name in another month, a changed ciphertext.
    for usk in [extract("eve, May"), extract("bob, June")] {
        assert_eq!(fault(&open(&usk, ct)).0, "decrypt_failed");
    }
    let mut random = crate::common::Random::new(7);
    for _ in 0..40 {
        let mut bytes = hex::decode(ct).unwrap();
        let at = random.below(bytes.len() * 8);
        bytes[at / 8] ^= 1 << (at % 8);
        assert_eq!(fault(&open(&bob, &hex::encode(&bytes))).0, "decrypt_failed", "bit {at}");
    }
    // A key of another centre.
    let other = member(result("ibe_setup", "{}").get("secret").unwrap(), "msk");
    let keys = result("ibe_extract", &format!(r#"{{"msk":"{other}","id":"utf8:bob, May"}}"#));
    assert_eq!(fault(&open(&member(keys.get("secret").unwrap(), "usk"), ct)).0, "decrypt_failed");
}
