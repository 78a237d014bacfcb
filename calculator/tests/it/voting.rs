//! Family O: ballots, sums, auctions and bills, played by parties that hold separate state.

use crate::common::{Random, call, fault, parse, result};
use crypto_calculator::core::json::Json;
use crypto_calculator::groups::{Group, Zero};

fn text(value: &Json<'static>, key: &str) -> String {
    value.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("{key}: {}", value.render())).to_owned()
}

fn secret(value: &Json<'static>, key: &str) -> String {
    text(value.get("secret").unwrap(), key)
}

fn number(value: &Json<'static>, key: &str) -> i64 {
    match value.get(key) {
        Some(Json::Int(n)) => *n,
        _ => panic!("{key}: {}", value.render()),
    }
}

fn amount(value: &Json<'static>, key: &str) -> u64 {
    u64::try_from(number(value, key)).unwrap()
}

/// An election key of ristretto255: sk = 5.
const SK: &str = "0500000000000000000000000000000000000000000000000000000000000000";

fn election_key() -> String {
    let g = Group::Ristretto255;
    let sk = g.parse_scalar(SK, Zero::Refused, "").unwrap();
    g.point_json(&g.mul_base(&sk).unwrap()).unwrap().as_str().unwrap().to_owned()
}

/// A voter's ballot, as it is posted.
fn ballot(pk: &str, voter: &str, vote: u8) -> String {
    let args = format!(r#"{{"pk":"{pk}","vote":{vote},"voter":"utf8:{voter}","context":"utf8:poll"}}"#);
    let made = result("ballot_encrypt", &args);
    let part = |key: &str| made.get(key).unwrap().render();
    format!(r#"{{"voter":"utf8:{voter}","c1":{},"c2":{},"proof":{}}}"#, part("c1"), part("c2"), part("proof"))
}

fn tally(pk: &str, ballots: &[String]) -> Json<'static> {
    let args = format!(r#"{{"pk":"{pk}","context":"utf8:poll","ballots":[{}]}}"#, ballots.join(","));
    result("tally_add", &args)
}

fn open(sum: &Json<'static>) -> Json<'static> {
    let (c1, c2) = (text(sum, "c1"), text(sum, "c2"));
    result("tally_open", &format!(r#"{{"sk":"{SK}","c1":"{c1}","c2":"{c2}","max":20,"context":"utf8:poll"}}"#))
}

#[test]
fn ballots_add_up_and_no_cheat_counts() {
    let pk = election_key();
    let votes = [("ann", 1), ("bob", 0), ("cy", 1), ("dee", 1), ("eli", 0)];
    let mut posted: Vec<String> = votes.iter().map(|(voter, vote)| ballot(&pk, voter, *vote)).collect();
    let sum = tally(&pk, &posted);
    assert_eq!(number(&sum, "counted"), 5);
    let opened = open(&sum);
    assert_eq!(number(&opened, "total"), 3);
    // Whoever watches recomputes total g from the opening: c2 - share.
    let g = Group::Ristretto255;
    let point = |value: &Json<'static>, key: &str| g.parse_point(&text(value, key), Zero::Allowed, "").unwrap();
    let total = g.sub(&point(&sum, "c2"), &point(&opened, "share")).unwrap();
    assert!(total == g.mul_base(&g.scalar_from_u64(3).unwrap()).unwrap());

    // Cheating: a vote of two, made by adding g to an honest ballot.
    let doubled = {
        let one = parse(&ballot(&pk, "max", 1));
        let two = g.point_json(&g.add(&point(&one, "c2"), &g.base()).unwrap()).unwrap();
        one.render().replace(&text(&one, "c2"), two.as_str().unwrap())
    };
    // A second vote, a copy of Ann's ballot, a vote for another election.
    let second = ballot(&pk, "bob", 1);
    let copied = posted[0].replace("utf8:ann", "utf8:max");
    let elsewhere = {
        let args = format!(r#"{{"pk":"{pk}","vote":1,"voter":"utf8:max","context":"utf8:last year"}}"#);
        let Json::Object(mut made) = result("ballot_encrypt", &args) else { panic!() };
        made.push(("voter".into(), Json::str("utf8:max")));
        Json::Object(made).render()
    };
    posted.extend([doubled, second, copied, elsewhere]);
    let sum = tally(&pk, &posted);
    assert_eq!(number(&sum, "counted"), 5);
    let rejected: Vec<i64> =
        sum.get("rejected").and_then(Json::as_list).unwrap().iter().map(|r| number(r, "index")).collect();
    assert_eq!(rejected, [5, 6, 7, 8]);
    assert_eq!(number(&open(&sum), "total"), 3);
}

/// The opening carries the proof of dleq_prove: a wrong total cannot be announced.
#[test]
fn the_opening_of_a_tally_is_proved() {
    let pk = election_key();
    let sum = tally(&pk, &[ballot(&pk, "ann", 1), ballot(&pk, "bob", 1)]);
    let opened = open(&sum);
    let g = Group::Ristretto255;
    let checks = |share: &str| {
        let args = format!(
            r#"{{"pk":"{pk}","base2":"{}","pk2":"{share}","proof":{},"context":"utf8:poll"}}"#,
            text(&sum, "c1"),
            opened.get("proof").unwrap().render()
        );
        result("dleq_verify", &args).get("valid") == Some(&Json::Bool(true))
    };
    let share = text(&opened, "share");
    assert!(checks(&share));
    // Announcing one vote less means a share that is larger by g.
    let share = g.parse_point(&share, Zero::Refused, "").unwrap();
    let other = g.point_json(&g.add(&share, &g.base()).unwrap()).unwrap();
    assert!(!checks(other.as_str().unwrap()));
}

/// A total is found by single steps or by a table, depending on `max`: both find the same, and nothing beyond `max`.
#[test]
fn totals_are_found_up_to_the_largest() {
    let g = Group::Ristretto255;
    let hex = |n: u64| {
        let point = g.mul_base(&g.scalar_from_u64(n).unwrap()).unwrap();
        g.point_json(&point).unwrap().as_str().unwrap().to_owned()
    };
    // With c1 = g and sk = 5, c2 = (total + 5) g.
    let open = |total: u64, max: u64| {
        let (c1, c2) = (hex(1), hex(total + 5));
        call("tally_open", &format!(r#"{{"sk":"05{}","c1":"{c1}","c2":"{c2}","max":{max}}}"#, "00".repeat(31)))
    };
    for total in [0, 1, 4_095, 4_096, 4_097, 65_535, 65_536] {
        for max in [total, 4_096, 4_097, 65_536] {
            let answer = open(total, max);
            if total <= max {
                assert_eq!(number(answer.get("result").unwrap(), "total"), i64::try_from(total).unwrap());
            } else {
                assert_eq!(fault(&answer).0, "not_found", "{total} {max}");
            }
        }
    }
    assert_eq!(fault(&open(65_537, 65_536)).0, "not_found");
}

#[test]
fn ballots_work_in_every_group() {
    let toy = r#"{"p":"2039","q":"1019","g":"4","toy":true}"#;
    let named = ["secp256k1", "p256", "bls12-381-g1", "edwards25519"].map(|name| format!("\"{name}\""));
    for group in named.iter().map(String::as_str).chain([toy]) {
        // The generator itself is the key of sk = 1.
        let pk = match group {
            g if g == toy => "4".to_owned(),
            name => {
                let g = Group::named(name.trim_matches('"')).unwrap();
                g.point_json(&g.base()).unwrap().as_str().unwrap().to_owned()
            }
        };
        for vote in 0..2 {
            let args = format!(r#"{{"G":{group},"pk":"{pk}","vote":{vote},"voter":"61"}}"#);
            let answer = call("ballot_encrypt", &args);
            let made = answer.get("result").unwrap();
            let part = |key: &str| made.get(key).unwrap().render();
            let check = |voter: &str| {
                let args = format!(
                    r#"{{"G":{group},"pk":"{pk}","voter":"{voter}","c1":{},"c2":{},"proof":{}}}"#,
                    part("c1"),
                    part("c2"),
                    part("proof")
                );
                result("ballot_verify", &args).get("valid") == Some(&Json::Bool(true))
            };
            assert!(check("61"), "{group}");
            // In the toy group a wrong proof passes once in a thousand times.
            assert!(group == toy || !check("62"), "{group}");
            assert_eq!(answer.get("toy").is_some(), group == toy);
        }
    }
}

fn seal(bidder: &str, bid: u32) -> (String, String) {
    let sealed = result("auction_seal", &format!(r#"{{"auction":"vase","bidder":"{bidder}","bid":{bid}}}"#));
    (text(&sealed, "commitment"), text(&sealed, "nonce"))
}

fn entry(bidder: &str, bid: u32, commitment: &str, nonce: &str) -> String {
    format!(r#"{{"bidder":"{bidder}","bid":{bid},"commitment":"{commitment}","nonce":"{nonce}"}}"#)
}

#[test]
fn sealed_bids_bind_their_bidders() {
    // Each bidder keeps bid and nonce; the commitments are public before the first opening.
    let (ann, bob, cy) = (seal("ann", 120), seal("bob", 150), seal("cy", 90));
    let open = |bids: &[String], more: &str| {
        result("auction_open", &format!(r#"{{"auction":"vase","bids":[{}]{more}}}"#, bids.join(",")))
    };
    let honest =
        [entry("ann", 120, &ann.0, &ann.1), entry("bob", 150, &bob.0, &bob.1), entry("cy", 90, &cy.0, &cy.1)];
    let first = open(&honest, "");
    assert_eq!((text(&first, "winner"), number(&first, "price")), ("bob".to_owned(), 150));
    let second = open(&honest, r#","rule":"second""#);
    assert_eq!((text(&second, "winner"), number(&second, "price")), ("bob".to_owned(), 120));
    assert_eq!(open(&honest, r#","reserve":200"#).get("winner"), Some(&Json::Null));
    // Cheating: Ann has seen Bob's 150 and opens her seal to 151; Cy copies Bob's seal; Dee never opens.
    let cheats = [
        entry("ann", 151, &ann.0, &ann.1),
        honest[1].clone(),
        entry("cy", 150, &bob.0, &bob.1),
        format!(r#"{{"bidder":"dee","commitment":"{}"}}"#, cy.0),
        entry("bob", 90, &cy.0, &cy.1),
    ];
    let outcome = open(&cheats, "");
    assert_eq!((text(&outcome, "winner"), number(&outcome, "price")), ("bob".to_owned(), 150));
    let rejected = outcome.get("rejected").and_then(Json::as_list).unwrap();
    let names: Vec<String> = rejected.iter().map(|r| text(r, "bidder")).collect();
    assert_eq!(names, ["ann", "cy", "dee", "bob"]);
    // Seals of one auction are none of another.
    let args = format!(r#"{{"auction":"lamp","bids":[{}]}}"#, honest[0]);
    assert_eq!(result("auction_open", &args).get("winner"), Some(&Json::Null));
}

#[test]
fn a_private_sum_comes_out_and_a_late_change_is_noticed() {
    // Three parties; each two share a key. The first of two takes +, the second -.
    let keys = [["", "11", "22"], ["11", "", "33"], ["22", "33", ""]].map(|row| row.map(|byte| byte.repeat(32)));
    let salaries = [5200u64, 4100, 7700];
    let masked: Vec<String> = (0..3)
        .map(|me| {
            let peers: Vec<String> = (0..3)
                .filter(|other| *other != me)
                .map(|o| format!(r#"{{"key":"{}","sign":"{}"}}"#, keys[me][o], if me < o { "+" } else { "-" }))
                .collect();
            let args = format!(
                r#"{{"value":"{}","mod":"1000003","context":"utf8:2026","peers":[{}]}}"#,
                salaries[me],
                peers.join(",")
            );
            text(&result("sum_mask", &args), "masked")
        })
        .collect();
    for (salary, masked) in salaries.iter().zip(&masked) {
        assert_ne!(salary.to_string(), *masked);
    }
    // All commit to their masked numbers before anybody shows one.
    let commit = |number: &str| result("commit_hash", &format!(r#"{{"msg":"utf8:{number}"}}"#));
    let commitments: Vec<Json> = masked.iter().map(|number| commit(number)).collect();
    let opens = |i: usize, number: &str| {
        let (commitment, nonce) = (text(&commitments[i], "commitment"), text(&commitments[i], "nonce"));
        let args = format!(r#"{{"commitment":"{commitment}","nonce":"{nonce}","msg":"utf8:{number}"}}"#);
        result("open_hash", &args).get("valid") == Some(&Json::Bool(true))
    };
    assert!((0..3).all(|i| opens(i, &masked[i])));
    let list: Vec<String> = masked.iter().map(|n| format!("\"{n}\"")).collect();
    let sum = result("sum_combine", &format!(r#"{{"masked":[{}],"mod":"1000003"}}"#, list.join(",")));
    assert_eq!(text(&sum, "sum"), "17000");
    // Cheating: the last to speak wants another sum.
    let other = (masked[2].parse::<u64>().unwrap() + 1000) % 1_000_003;
    assert!(!opens(2, &other.to_string()));
}

#[test]
fn drawn_masks_and_shares_come_back() {
    let mut random = Random::new(11);
    for _ in 0..50 {
        let values: Vec<u64> = (0..4).map(|_| random.next() >> 8).collect();
        let total: u128 = values.iter().map(|v| u128::from(*v)).sum();
        let sum = (total % (1 << 64)).to_string();
        let made: Vec<Json> = values.iter().map(|v| result("sum_mask", &format!(r#"{{"value":"{v}"}}"#))).collect();
        let list = |f: &dyn Fn(&Json<'static>) -> String| {
            made.iter().map(|m| format!("\"{}\"", f(m))).collect::<Vec<_>>().join(",")
        };
        let (masked, masks) = (list(&|m| text(m, "masked")), list(&|m| secret(m, "mask")));
        let got = result("sum_combine", &format!(r#"{{"masked":[{masked}],"masks":[{masks}]}}"#));
        assert_eq!(text(&got, "sum"), sum);
        // The sums of the parties' shares are shares of the sum.
        let shares: Vec<Vec<u128>> = values
            .iter()
            .map(|v| {
                let made = result("additive_share", &format!(r#"{{"value":"{v}","n":3}}"#));
                let list = made.get("secret").and_then(|s| s.get("shares")).and_then(Json::as_list).unwrap().to_vec();
                list.iter().map(|s| s.as_str().unwrap().parse().unwrap()).collect()
            })
            .collect();
        let columns: Vec<String> =
            (0..3).map(|i| format!("\"{}\"", shares.iter().map(|row| row[i]).sum::<u128>() % (1 << 64))).collect();
        let got = result("additive_combine", &format!(r#"{{"shares":[{}]}}"#, columns.join(",")));
        assert_eq!(text(&got, "value"), sum);
        let missing = result("additive_combine", &format!(r#"{{"shares":[{}]}}"#, columns[..2].join(",")));
        assert_ne!(text(&missing, "value"), sum);
    }
}

#[test]
fn bills_are_split_to_the_last_unit() {
    let mut random = Random::new(3);
    for _ in 0..200 {
        let n = 1 + random.below(9);
        let people: Vec<(u64, u64)> = (0..n).map(|_| (random.next() % 10_000, 1 + random.next() % 5)).collect();
        let list: Vec<String> = people
            .iter()
            .enumerate()
            .map(|(i, (paid, weight))| format!(r#"{{"name":"p{i}","paid":{paid},"weight":{weight}}}"#))
            .collect();
        let split = result("bill_split", &format!(r#"{{"people":[{}]}}"#, list.join(",")));
        let shares = split.get("shares").and_then(Json::as_list).unwrap();
        let mut balance: Vec<i64> = shares.iter().map(|s| number(s, "balance")).collect();
        assert_eq!(shares.iter().map(|s| number(s, "share")).sum::<i64>(), number(&split, "total"));
        assert_eq!(balance.iter().sum::<i64>(), 0);
        let weights: u64 = people.iter().map(|p| p.1).sum();
        for (share, (_, weight)) in shares.iter().zip(&people) {
            let exact = amount(&split, "total") * weight / weights;
            assert!((exact..=exact + 1).contains(&amount(share, "share")));
        }
        let transfers = split.get("transfers").and_then(Json::as_list).unwrap();
        assert!(transfers.len() < n.max(1));
        for t in transfers {
            let who = |key: &str| text(t, key).trim_start_matches('p').parse::<usize>().unwrap();
            balance[who("from")] += number(t, "amount");
            balance[who("to")] -= number(t, "amount");
        }
        assert!(balance.iter().all(|b| *b == 0));
    }
}

#[test]
fn garbled_gates_compute_and_refuse() {
    for (gate, table) in
        [("and", "0001"), ("or", "0111"), ("xor", "0110"), ("nand", "1110"), ("nor", "1000"), ("xnor", "1001")]
    {
        let made = result("garble_gate", &format!(r#"{{"gate":"{gate}","id":"g1","toy":true}}"#));
        let labels = |wire: &str, bit: usize| {
            let list = made.get("secret").and_then(|s| s.get(wire)).and_then(Json::as_list).unwrap();
            list[bit].as_str().unwrap().to_owned()
        };
        let part = |key: &str| made.get(key).unwrap().render();
        let eval = |a: &str, b: &str, table: &str, id: &str| {
            let args = format!(
                r#"{{"table":{table},"a":"{a}","b":"{b}","decode":{},"id":"{id}","toy":true}}"#,
                part("decode")
            );
            call("eval_gate", &args)
        };
        for row in 0..4 {
            let (a, b) = (labels("a", row >> 1), labels("b", row & 1));
            let answer = eval(&a, &b, &part("table"), "g1");
            assert_eq!(text(answer.get("result").unwrap(), "bit"), table.get(row..=row).unwrap(), "{gate} {row}");
            // A changed row, a label of the other wire, and the table of another gate.
            let first = made.get("table").and_then(Json::as_list).unwrap()[0].as_str().unwrap().to_owned();
            let spoiled = part("table").replace(&first, &"0".repeat(64));
            let answers = [eval(&b, &a, &part("table"), "g1"), eval(&a, &b, &part("table"), "g2")];
            for answer in answers {
                assert_eq!(fault(&answer).0, "decrypt_failed");
            }
            let spoiled = eval(&a, &b, &spoiled, "g1");
            assert!(
                spoiled.get("error").is_some()
                    || text(spoiled.get("result").unwrap(), "bit") == table.get(row..=row).unwrap()
            );
        }
        // The output labels feed the next gate.
        let next = format!(r#"{{"gate":"or","a":["{}","{}"],"toy":true}}"#, labels("out", 0), labels("out", 1));
        assert_eq!(call("garble_gate", &next).get("ok"), Some(&Json::Bool(true)));
    }
}
