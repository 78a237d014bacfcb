//! Protocols of several parties, each with state of its own, through the JSON interface: tosses, draws, reports, the
//! dead-man switch; and cheats that are caught.

use crate::common::{at, call, fault, result};
use crypto_calculator::json::Json;

fn valid(op: &str, args: &str) -> bool {
    result(op, args).get("valid") == Some(&Json::Bool(true))
}

/// Code and path of the error that the op answers.
fn refused(op: &str, args: &str) -> (String, String) {
    fault(&call(op, args))
}

fn error(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

// --- coin toss and draws ---------------------------------------------------------------------------------------------

/// A party keeps its message and nonce to itself until all commitments are published.
struct Tosser {
    msg: String,
    commit: Json<'static>,
}

impl Tosser {
    fn new(game: &str) -> Self {
        let msg = result("random_bytes", r#"{"len":32}"#).render();
        let commit = result("commit_hash", &format!(r#"{{"msg":{msg},"context":"utf8:{game}"}}"#));
        Self { msg, commit }
    }

    fn commitment(&self) -> String {
        at(&self.commit, "commitment")
    }

    fn opening(&self) -> String {
        format!(r#"{{"msg":{},"nonce":{}}}"#, self.msg, at(&self.commit, "nonce"))
    }
}

#[test]
fn two_parties_toss_a_coin_and_neither_can_choose() {
    let game = "game 9";
    let toss = |commitments: &[String], openings: &[String], game: &str| {
        let lists = format!(r#""commitments":{},"openings":{}"#, list(commitments), list(openings));
        format!(r#"{{{lists},"context":"utf8:{game}","sides":6}}"#)
    };
    let (ana, bo) = (Tosser::new(game), Tosser::new(game));
    let (published, openings) = ([ana.commitment(), bo.commitment()], [ana.opening(), bo.opening()]);
    // Both compute it on their own and agree.
    let seen_by_ana = result("coin_combine", &toss(&published, &openings, game));
    let seen_by_bo = result("coin_combine", &toss(&published, &openings, game));
    assert_eq!(seen_by_ana, seen_by_bo);
    assert!(at(&seen_by_ana, "outcome").parse::<u32>().unwrap() < 6);
    // Bo saw Ana's opening, does not like the outcome, and opens something else.
    let liar = Tosser { msg: r#""00""#.to_owned(), commit: bo.commit.clone() };
    let cheat = refused("coin_combine", &toss(&published, &[ana.opening(), liar.opening()], game));
    assert_eq!(cheat, error("bad_opening", "/args/openings/1"));
    // Bo copies what Ana published, to open what she will have opened.
    let copied = [ana.commitment(), ana.commitment()];
    let cheat = refused("coin_combine", &toss(&copied, &[ana.opening(), ana.opening()], game));
    assert_eq!(cheat, error("duplicate_commitment", "/args/commitments/1"));
    // A commitment of another game does not open in this one.
    let cheat = refused("coin_combine", &toss(&published, &openings, "game 10"));
    assert_eq!(cheat, error("bad_opening", "/args/openings/0"));
}

#[test]
fn a_committee_is_drawn_that_everybody_can_check() {
    let (ana, bo) = (Tosser::new("round 1"), Tosser::new("round 1"));
    let beacon = |first: &Tosser, second: &Tosser| {
        let args = format!(r#"{{"round":1,"contributions":[{},{}],"context":"utf8:jury"}}"#, first.msg, second.msg);
        at(&result("beacon_mix", &args), "randomness")
    };
    let draw = |randomness: &str| {
        let names = r#""names":["Cy","Di","Ed","Flo","Gus","Hal","Ida","Jo"],"k":4"#;
        result("sortition", &format!(r#"{{"randomness":{randomness},{names},"context":"utf8:jury"}}"#))
    };
    let announced = draw(&beacon(&ana, &bo));
    assert_eq!(announced, draw(&beacon(&ana, &bo)));
    // An organiser that announces another four is contradicted by everybody's own computation.
    let claimed = beacon(&ana, &Tosser::new("round 1"));
    assert_ne!(claimed, beacon(&ana, &bo));
}

// --- ring reports ----------------------------------------------------------------------------------------------------

/// A member of staff: a key pair whose secret never leaves it.
struct Member {
    sk: String,
    pk: String,
}

impl Member {
    fn new() -> Self {
        let dealt = result("feldman_deal", r#"{"t":2,"n":2}"#);
        Self { sk: at(&dealt, "secret.sk"), pk: at(&dealt, "pk") }
    }
}

#[test]
fn a_ring_report_is_from_one_of_the_staff() {
    let staff: Vec<Member> = (0..4).map(|_| Member::new()).collect();
    let ring = list(&staff.iter().map(|member| member.pk.clone()).collect::<Vec<_>>());
    let report = |sk: &str| format!(r#"{{"sk":{sk},"ring":{ring},"msg":"utf8:the valve leaks"}}"#);
    let sig = at(&result("ring_sign", &report(&staff[2].sk)), "sig");
    let check =
        |msg: &str, ring: &str| valid("ring_verify", &format!(r#"{{"sig":{sig},"ring":{ring},"msg":"utf8:{msg}"}}"#));
    assert!(check("the valve leaks", &ring));
    // The paper changes the report, or claims it came from a smaller circle.
    assert!(!check("the valve is fine", &ring));
    assert!(!check("the valve leaks", &list(&[staff[2].pk.clone(), staff[3].pk.clone()])));
    // An outsider cannot sign, and a member's signature under an outsider's key does not hold.
    let outsider = Member::new();
    assert_eq!(refused("ring_sign", &report(&outsider.sk)), error("not_in_ring", "/args/sk"));
}

#[test]
fn linkable_reports_show_who_reported_twice_but_not_who() {
    let staff: Vec<Member> = (0..3).map(|_| Member::new()).collect();
    let ring = list(&staff.iter().map(|member| member.pk.clone()).collect::<Vec<_>>());
    let report = |member: &Member, msg: &str, scope: &str| {
        let args = format!(r#"{{"sk":{},"ring":{ring},"msg":"utf8:{msg}","scope":"utf8:{scope}"}}"#, member.sk);
        let sig = at(&result("lring_sign", &args), "sig");
        format!(r#"{{"ring":{ring},"msg":"utf8:{msg}","sig":{sig}}}"#)
    };
    let link = |reports: &[String], scope: &str| {
        result("lring_link", &format!(r#"{{"scope":"utf8:{scope}","reports":{}}}"#, list(reports))).render()
    };
    let (first, second, again) =
        (report(&staff[0], "yes", "may"), report(&staff[1], "no", "may"), report(&staff[0], "yes, again", "may"));
    assert_eq!(link(&[first.clone(), second.clone()], "may"), r#"{"linked":false,"groups":[],"invalid":[]}"#);
    assert_eq!(
        link(&[first.clone(), second.clone(), again], "may"),
        r#"{"linked":true,"groups":[[0,2]],"invalid":[]}"#
    );
    // The signer cannot shed its image: with that of another the signature falls.
    let image = |report: &str| at(&crate::common::parse(report), "sig.image");
    let shed = first.replace(&image(&first), &image(&second));
    assert_eq!(link(&[first.clone(), shed], "may"), r#"{"linked":false,"groups":[],"invalid":[1]}"#);
    // Another scope gives another image, and reports do not pass from one scope to the other.
    let june = report(&staff[0], "yes", "june");
    assert_ne!(image(&first), image(&june));
    assert_eq!(link(&[first, june], "may"), r#"{"linked":false,"groups":[],"invalid":[1]}"#);
}

// --- the dead-man switch ---------------------------------------------------------------------------------------------

/// A trustee hands its share over only when the owner's sign of life for the day is missing.
struct Trustee {
    share: String,
    owner: String,
}

impl Trustee {
    fn is_alive(&self, day: u32, sign: Option<&str>) -> bool {
        sign.is_some_and(|sig| {
            valid(
                "ed25519_verify",
                &format!(r#"{{"pk":{},"msg":"utf8:alive on day {day}","sig":{sig}}}"#, self.owner),
            )
        })
    }

    fn hand_over(&self, day: u32, sign: Option<&str>) -> Option<String> {
        (!self.is_alive(day, sign)).then(|| self.share.clone())
    }
}

#[test]
fn a_dead_man_switch_opens_when_the_signs_of_life_end() {
    let sk = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let sign =
        |sk: &str, day: u32| result("ed25519_sign", &format!(r#"{{"sk":"{sk}","msg":"utf8:alive on day {day}"}}"#));
    let condition = r#""context":"utf8:if I am silent""#;
    let sealed = result("deadman_seal", &format!(r#"{{"msg":"utf8:the ledger","t":2,"n":3,{condition}}}"#));
    let owner = at(&sign(sk, 0), "pk");
    let trustee = |i: usize| Trustee { share: at(&sealed, &format!("secret.shares.{i}")), owner: owner.clone() };
    let trustees = [trustee(0), trustee(1), trustee(2)];
    let open = |shares: &[String]| {
        let published =
            format!(r#""sealed":{},"share_hashes":{}"#, at(&sealed, "sealed"), at(&sealed, "share_hashes"));
        format!(r#"{{{published},"t":2,"shares":{},{condition}}}"#, list(shares))
    };
    // Day 1: the owner is alive, and nobody hands over anything.
    let alive = at(&sign(sk, 1), "sig");
    assert!(trustees.iter().all(|trustee| trustee.hand_over(1, Some(&alive)).is_none()));
    // One trustee that is curious opens nothing.
    assert_eq!(refused("deadman_open", &open(&[trustees[0].share.clone()])), error("out_of_range", "/args/shares"));
    // Day 2: somebody who wants the silence to go unnoticed replays day 1, or signs with a key of their own.
    let forged = at(&sign(&sk.replace('4', "5"), 2), "sig");
    assert!(!trustees[0].is_alive(2, Some(&alive)) && !trustees[0].is_alive(2, Some(&forged)));
    let shares: Vec<String> = trustees.iter().filter_map(|trustee| trustee.hand_over(2, Some(&forged))).collect();
    assert_eq!(result("deadman_open", &open(&shares[1..])).render(), r#"{"msg":"746865206c6564676572"}"#);
    // A trustee that hands over a false share is named.
    let false_share = trustees[2].share.replace(r#""index":3"#, r#""index":2"#);
    let cheat = refused("deadman_open", &open(&[shares[0].clone(), false_share]));
    assert_eq!(cheat, error("bad_share", "/args/shares/1/share"));
    // Another condition than the one that was sealed does not open it.
    let other = open(&shares).replace("silent", "noisy");
    assert_eq!(refused("deadman_open", &other), error("decrypt_failed", "/args/sealed"));
}
