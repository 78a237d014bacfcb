//! Protocols of several parties, each with state of its own, through the JSON interface: tosses, draws, reports, the
//! dead-man switch; and cheats that are caught.

use crate::common::{at, error, list, parse, refused, result, valid};
use crypto_calculator::core::json::Json;

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
    let tossers = [Tosser::new("round 1"), Tosser::new("round 1")];
    // Both commitments are out before anybody shows a contribution, so the last to speak has no choice left.
    let published = tossers.each_ref().map(Tosser::commitment);
    let opens = |i: usize, msg: &str| {
        let args = format!(
            r#"{{"commitment":{},"nonce":{},"msg":{msg},"context":"utf8:round 1"}}"#,
            published[i],
            at(&tossers[i].commit, "nonce")
        );
        valid("open_hash", &args)
    };
    let beacon = |first: &str, second: &str| {
        let args = format!(r#"{{"round":1,"contributions":[{first},{second}],"context":"utf8:jury"}}"#);
        at(&result("beacon_mix", &args), "randomness")
    };
    let draw = |randomness: &str, context: &str| {
        let names = r#""names":["Cy","Di","Ed","Flo","Gus","Hal","Ida","Jo"],"k":4"#;
        result("sortition", &format!(r#"{{"randomness":{randomness},{names},"context":"utf8:{context}"}}"#))
    };
    let (ana, bo) = (&tossers[0].msg, &tossers[1].msg);
    assert!(opens(0, ana) && opens(1, bo));
    let announced = draw(&beacon(ana, bo), "jury");
    // Everybody computes the same four, and they are four different people of the list.
    assert_eq!(draw(&beacon(ana, bo), "jury"), announced);
    let mut drawn: Vec<String> = (0..4).map(|i| at(&announced, &format!("drawn.{i}"))).collect();
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), 4);
    assert!(drawn.iter().all(|name| r#""Cy""Di""Ed""Flo""Gus""Hal""Ida""Jo""#.contains(name.as_str())));
    // Bo tries contributions until his friend is drawn: one is soon found, but it does not open what he published.
    let friend = r#""Jo""#;
    let tried = (0..200u8).map(|i| format!(r#""{}""#, format!("{i:02x}").repeat(32)));
    let chosen = tried
        .filter(|msg| msg != bo)
        .find(|msg| draw(&beacon(ana, msg), "jury").get("drawn").unwrap().render().contains(friend))
        .unwrap();
    assert!(!opens(1, &chosen));
    // One draw says nothing about another one from the same randomness: of 70 committees, not all these are equal.
    let others = ["jury 2", "jury 3", "jury 4", "jury 5", "jury 6", "jury 7", "jury 8", "jury 9"];
    assert!(others.iter().any(|context| at(&draw(&beacon(ana, bo), context), "drawn") != at(&announced, "drawn")));
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
    // Nor does it hold with an outsider put in a member's place, whoever that member is.
    let outsider = Member::new();
    for member in &staff {
        assert!(!check("the valve leaks", &ring.replace(&member.pk, &outsider.pk)));
    }
    // An outsider cannot sign for the circle.
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
    let image = |report: &str| at(&parse(report), "sig.image");
    let shed = first.replace(&image(&first), &image(&second));
    assert_eq!(link(&[first.clone(), shed], "may"), r#"{"linked":false,"groups":[],"invalid":[1]}"#);
    // Bo frames Ana: he signs himself and claims her image, or has her sign a text that she never saw.
    let framed = second.replace(&image(&second), &image(&first));
    let put_in_mouth = first.replace("utf8:yes", "utf8:no");
    assert_eq!(
        link(&[first.clone(), framed, put_in_mouth], "may"),
        r#"{"linked":false,"groups":[],"invalid":[1,2]}"#
    );
    // Whoever of the staff signed, the report looks alike: the ring whole, and nobody's key next to it.
    for (member, report) in [(&staff[0], &first), (&staff[1], &second)] {
        let sig = at(&parse(report), "sig");
        assert!(!sig.contains(member.pk.trim_matches('"')) && !sig.contains(member.sk.trim_matches('"')));
        assert_eq!(report.len(), first.len() - usize::from(report == &second));
    }
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
    // Day 2: somebody who wants the silence to go unnoticed replays day 1, or signs with their own key.
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
