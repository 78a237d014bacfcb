//! Protocols of several parties, each with state of its own, through the JSON interface; and cheats that are caught.

use crate::common::{at, call, error, fault, list, refused, result, valid};
use crypto_calculator::core::json::Json;
use crypto_calculator::groups::Group;

// --- recovery of a shared secret -------------------------------------------------------------------------------------

/// A holder knows its own share and what the dealer published.
struct Holder {
    index: usize,
    share: String,
    commitments: String,
}

impl Holder {
    fn accepts(&self) -> bool {
        let Self { index, share, commitments } = self;
        valid("feldman_verify", &format!(r#"{{"index":{index},"share":{share},"commitments":{commitments}}}"#))
    }

    fn hand_over(&self) -> String {
        format!(r#"{{"index":{},"share":{}}}"#, self.index, self.share)
    }
}

fn holders(dealt: &Json<'static>, n: usize) -> Vec<Holder> {
    let holder = |i: usize| Holder {
        index: i + 1,
        share: at(dealt, &format!("secret.shares.{i}.share")),
        commitments: at(dealt, "commitments"),
    };
    (0..n).map(holder).collect()
}

fn recover(holders: &[&Holder]) -> String {
    let shares: Vec<String> = holders.iter().map(|holder| holder.hand_over()).collect();
    format!(r#"{{"commitments":{},"shares":{}}}"#, holders[0].commitments, list(&shares))
}

#[test]
fn a_shared_key_is_recovered_and_cheats_are_named() {
    let dealt = result("feldman_deal", r#"{"t":3,"n":5}"#);
    let mut all = holders(&dealt, 5);
    assert!(all.iter().all(Holder::accepts));
    let back = result("feldman_combine", &recover(&[&all[4], &all[0], &all[2]]));
    assert_eq!(at(&back, "secret.sk"), at(&dealt, "secret.sk"));
    // A holder that hands over a false share is named, and the others recover without it.
    all[2].share = all[3].share.clone();
    let cheat = refused("feldman_combine", &recover(&[&all[4], &all[0], &all[2]]));
    assert_eq!(cheat, error("bad_share", "/args/shares/2/share"));
    let back = result("feldman_combine", &recover(&[&all[4], &all[0], &all[1]]));
    assert_eq!(at(&back, "secret.sk"), at(&dealt, "secret.sk"));
    // Too few holders are told so.
    assert_eq!(refused("feldman_combine", &recover(&[&all[4], &all[0]])), error("out_of_range", "/args/shares"));
    // A dealer that gives one holder a share of another key is caught by that holder.
    let other = result("feldman_deal", r#"{"t":3,"n":5}"#);
    all[1].share = at(&other, "secret.shares.1.share");
    assert!(!all[1].accepts());
}

#[test]
fn shamir_notices_a_false_share_among_more_than_are_needed() {
    let dealt = result("shamir_split", r#"{"msg":"utf8:the will","t":2,"n":3}"#);
    let share = |i: usize| at(&dealt, &format!("secret.shares.{i}"));
    let args = |shares: &[String]| format!(r#"{{"t":2,"shares":{}}}"#, list(shares));
    let back = result("shamir_combine", &args(&[share(2), share(0)]));
    assert_eq!(back.render(), r#"{"msg":"7468652077696c6c"}"#);
    let forged = r#"{"index":2,"share":"0000000000000000"}"#.to_owned();
    let cheat = refused("shamir_combine", &args(&[share(0), forged, share(2)]));
    assert_eq!(cheat, error("inconsistent_shares", "/args/shares"));
}

#[test]
fn refreshed_shares_keep_the_key_and_old_ones_are_worthless() {
    let dealt = result("feldman_deal", r#"{"t":2,"n":3}"#);
    let mut all = holders(&dealt, 3);
    let stolen = holders(&dealt, 3).remove(0);
    let updates: Vec<Json> = (0..3).map(|_| result("share_refresh", r#"{"t":2,"n":3}"#)).collect();
    let part = |update: &Json<'static>, i: usize| {
        let share = at(update, &format!("secret.shares.{i}.share"));
        format!(r#"{{"commitments":{},"share":{share}}}"#, at(update, "commitments"))
    };
    let apply = |holder: &Holder, parts: &[String]| {
        let Holder { index, share, commitments } = holder;
        let own = format!(r#""index":{index},"share":{share},"commitments":{commitments}"#);
        format!(r#"{{{own},"updates":{}}}"#, list(parts))
    };
    // A dealer that would change the key, or that sends one holder a false part, is named.
    let other = result("feldman_deal", r#"{"t":2,"n":3}"#);
    let cheat = refused("share_refresh_apply", &apply(&all[0], &[part(&updates[0], 0), part(&other, 0)]));
    assert_eq!(cheat, error("bad_update", "/args/updates/1/commitments"));
    let cheat = refused("share_refresh_apply", &apply(&all[0], &[part(&updates[0], 1)]));
    assert_eq!(cheat, error("bad_update", "/args/updates/0/share"));
    for (i, holder) in all.iter_mut().enumerate() {
        let parts: Vec<String> = updates.iter().map(|update| part(update, i)).collect();
        let fresh = result("share_refresh_apply", &apply(holder, &parts));
        holder.share = at(&fresh, "secret.share");
        holder.commitments = at(&fresh, "commitments");
        assert!(holder.accepts());
    }
    let back = result("feldman_combine", &recover(&[&all[0], &all[2]]));
    assert_eq!(at(&back, "secret.sk"), at(&dealt, "secret.sk"));
    let cheat = refused("feldman_combine", &recover(&[&all[2], &stolen]));
    assert_eq!(cheat, error("bad_share", "/args/shares/1/share"));
}

// --- FROST -----------------------------------------------------------------------------------------------------------

/// A signer keeps its share and the nonces of the running round to itself.
struct Signer {
    index: usize,
    share: String,
    round: Option<Json<'static>>,
}

impl Signer {
    fn commit(&mut self, g: &str) -> String {
        let args = format!(r#"{{"G":{g},"index":{},"share":{}}}"#, self.index, self.share);
        let round = result("frost_commit", &args);
        let (hiding, binding) = (at(&round, "hiding"), at(&round, "binding"));
        self.round = Some(round);
        format!(r#"{{"index":{},"hiding":{hiding},"binding":{binding}}}"#, self.index)
    }

    /// Signs once: the nonces are gone afterwards.
    fn sign(&mut self, common: &str) -> Json<'static> {
        let round = self.round.take().expect("round one comes first");
        let (hiding, binding) = (at(&round, "secret.hiding_nonce"), at(&round, "secret.binding_nonce"));
        let own = format!(r#""index":{},"share":{}"#, self.index, self.share);
        call("frost_sign_share", &format!(r#"{{{common},{own},"hiding_nonce":{hiding},"binding_nonce":{binding}}}"#))
    }
}

#[test]
fn two_of_three_sign_by_frost() {
    for g in [r#""edwards25519""#, r#""p256""#, r#""ristretto255""#, r#""secp256k1""#] {
        let dealt = result("feldman_deal", &format!(r#"{{"G":{g},"t":2,"n":3}}"#));
        let signer =
            |i: usize| Signer { index: i + 1, share: at(&dealt, &format!("secret.shares.{i}.share")), round: None };
        let (mut one, mut two, mut three) = (signer(0), signer(1), signer(2));
        let public = at(&dealt, "public_shares");
        let common = |entries: &[String]| {
            let head = format!(r#""G":{g},"pk":{},"msg":"utf8:pay 5""#, at(&dealt, "pk"));
            format!(r#"{head},"commitment_list":{}"#, list(entries))
        };
        // Signers 1 and 3 begin, and 3 cheats: it signs with another share. The coordinator learns who.
        let session = common(&[one.commit(g), three.commit(g)]);
        let honest = three.share.clone();
        three.share = two.share.clone();
        let parts = [one.sign(&session), three.sign(&session)].map(|part| at(&part, "result"));
        let args = format!(r#"{{{session},"sig_shares":{},"public_shares":{public}}}"#, list(&parts));
        assert_eq!(refused("frost_aggregate", &args), error("bad_share", "/args/sig_shares/1/sig_share"));
        let args = format!(r#"{{{session},"sig_shares":{}}}"#, list(&parts));
        assert_eq!(refused("frost_aggregate", &args), error("bad_signature", "/args/sig_shares"));
        three.share = honest;
        // A coordinator that swaps a commitment gets no share.
        let session = common(&[one.commit(g), two.commit(g)]);
        let mut forger = signer(1);
        let swapped = common(&[forger.commit(g).replace(r#""index":2"#, r#""index":1"#), three.commit(g)]);
        assert_eq!(fault(&one.sign(&swapped)), error("commitment_mismatch", "/args/commitment_list"));
        // A round with 1 and 2 that are honest; signer 1 lost its nonces and begins again.
        drop(session);
        let session = common(&[one.commit(g), two.commit(g)]);
        let parts = [two.sign(&session), one.sign(&session)].map(|part| at(&part, "result"));
        let args = format!(r#"{{{session},"sig_shares":{},"public_shares":{public}}}"#, list(&parts));
        let sig = at(&result("frost_aggregate", &args), "sig");
        let check = |op: &str, g: &str, msg: &str| {
            valid(op, &format!(r#"{{{g}"pk":{},"msg":"utf8:{msg}","sig":{sig}}}"#, at(&dealt, "pk")))
        };
        assert!(check("frost_verify", &format!(r#""G":{g},"#), "pay 5"));
        assert!(!check("frost_verify", &format!(r#""G":{g},"#), "pay 500"));
        if g.contains("edwards") {
            assert!(check("ed25519_verify", "", "pay 5"));
        }
    }
}

#[test]
fn too_few_frost_signers_make_no_signature() {
    let dealt = result("feldman_deal", r#"{"G":"edwards25519","t":3,"n":3}"#);
    let signer =
        |i: usize| Signer { index: i + 1, share: at(&dealt, &format!("secret.shares.{i}.share")), round: None };
    let (mut one, mut two) = (signer(0), signer(1));
    let entries = list(&[one.commit(r#""edwards25519""#), two.commit(r#""edwards25519""#)]);
    let session = format!(r#""pk":{},"msg":"","commitment_list":{entries}"#, at(&dealt, "pk"));
    let parts = [one.sign(&session), two.sign(&session)].map(|part| at(&part, "result"));
    let args = format!(r#"{{{session},"sig_shares":{}}}"#, list(&parts));
    assert_eq!(refused("frost_aggregate", &args).0, "bad_signature");
}

// --- threshold decryption --------------------------------------------------------------------------------------------

#[test]
fn enough_holders_decrypt_and_a_false_part_is_named() {
    let dealt = result("feldman_deal", r#"{"t":2,"n":3}"#);
    // The sender encrypts m to the shared key: c1 = k base, c2 = m + k pk.
    let group = Group::Ristretto255;
    let point =
        |text: String| group.decode(&crypto_calculator::core::hex::decode(text.trim_matches('"')).unwrap()).unwrap();
    let k = group.scalar_from_u64(77).unwrap();
    let m = group.generator("a message").unwrap();
    let c1 = group.mul_base(&k).unwrap();
    let c2 = group.add(&m, &group.mul(&k, &point(at(&dealt, "pk"))).unwrap()).unwrap();
    let text = |p| group.point_json(p).unwrap().render();
    let part = |holder: &Holder, vote: &str| {
        let own = format!(r#""index":{},"share":{},"context":"utf8:{vote}""#, holder.index, holder.share);
        result("threshold_decrypt_share", &format!(r#"{{{own},"c1":{}}}"#, text(&c1))).render()
    };
    let combine = |parts: &[String]| {
        let ciphertext = format!(r#""c1":{},"c2":{},"pk":{}"#, text(&c1), text(&c2), at(&dealt, "pk"));
        let public = at(&dealt, "public_shares");
        format!(r#"{{{ciphertext},"public_shares":{public},"parts":{},"context":"utf8:vote"}}"#, list(parts))
    };
    let mut all = holders(&dealt, 3);
    let answer = result("threshold_combine", &combine(&[part(&all[2], "vote"), part(&all[0], "vote")]));
    assert_eq!(at(&answer, "m"), text(&m));
    let few = refused("threshold_combine", &combine(&[part(&all[0], "vote")]));
    assert_eq!(few, error("too_few_shares", "/args/parts"));
    let replayed = refused("threshold_combine", &combine(&[part(&all[0], "vote"), part(&all[1], "another vote")]));
    assert_eq!(replayed, error("bad_share", "/args/parts/1/proof"));
    all[1].share = all[2].share.clone();
    let cheat = refused("threshold_combine", &combine(&[part(&all[0], "vote"), part(&all[1], "vote")]));
    assert_eq!(cheat, error("bad_share", "/args/parts/1/proof"));
}
