//! Families M and N: vectors of trees and groups of unknown order, and protocols between parties with their own state.

use crate::common::{Random, call, fault, result, valid, vectors};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;

#[test]
fn computed_trees_and_chains() {
    vectors::run("trees/merkle.jsonl", 21);
}

#[test]
fn proofs_of_rfc6962() {
    vectors::run("trees/rfc6962.jsonl", 98);
}

#[test]
fn computed_accumulators_and_time_locks() {
    vectors::run("trees/rsa_groups.jsonl", 14);
}

fn get<'j>(value: &'j Json<'static>, name: &str) -> &'j Json<'static> {
    value.get(name).unwrap_or_else(|| panic!("no {name} in {}", value.render()))
}

fn list(items: &[String]) -> String {
    Json::List(items.iter().map(|item| Json::str(item.clone())).collect()).render()
}

/// The text with one hex digit of one hash changed.
fn bent(text: &str, random: &mut Random) -> String {
    let digits: Vec<usize> =
        text.bytes().enumerate().filter(|(_, b)| b.is_ascii_hexdigit()).map(|(i, _)| i).collect();
    let mut bytes = text.as_bytes().to_vec();
    let place = *random.pick(&digits);
    bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_leaf_of_every_small_tree_is_proved() {
    let mut random = Random::new(31);
    for size in 1..20usize {
        let leaves: Vec<String> = (0..size).map(|i| hex::encode(&random.bytes(i % 5))).collect();
        let all = list(&leaves);
        for (index, leaf) in leaves.iter().enumerate() {
            let made = result("merkle_prove", &format!(r#"{{"leaves":{all},"index":{index}}}"#));
            let (root, path) = (get(&made, "root").render(), get(&made, "path").render());
            assert_eq!(get(&made, "root"), &result("merkle_root", &format!(r#"{{"leaves":{all}}}"#)));
            let check = |root: &str, leaf: &str, index: usize, size: usize, path: &str| {
                let args =
                    format!(r#"{{"root":{root},"leaf":"{leaf}","index":{index},"size":{size},"path":{path}}}"#);
                valid("merkle_verify", &args)
            };
            assert!(check(&root, leaf, index, size, &path));
            assert!(!check(&root, &format!("{leaf}00"), index, size, &path));
            assert!(!check(&bent(&root, &mut random), leaf, index, size, &path));
            assert!(!check(&root, leaf, index + 1, size, &path));
            if path.len() > 2 {
                assert!(!check(&root, leaf, index, size, &bent(&path, &mut random)));
            }
        }
        for size1 in 1..=size {
            let made = result("merkle_consistency_prove", &format!(r#"{{"leaves":{all},"size1":{size1}}}"#));
            let (root1, path) = (get(&made, "root1").render(), get(&made, "path").render());
            let root2 = get(&made, "root2").render();
            let check = |size1: usize, root1: &str, root2: &str, path: &str| {
                let args =
                    format!(r#"{{"size1":{size1},"size2":{size},"root1":{root1},"root2":{root2},"path":{path}}}"#);
                valid("merkle_consistency_verify", &args)
            };
            assert!(check(size1, &root1, &root2, &path), "{size1} {size}");
            assert!(!check(size1, &bent(&root1, &mut random), &root2, &path));
            assert!(!check(size1, &root1, &bent(&root2, &mut random), &path));
            if path.len() > 2 {
                assert!(!check(size1, &root1, &root2, &bent(&path, &mut random)));
            }
        }
    }
}

/// A log operator publishes roots; a member keeps a receipt; an auditor knows only what was published.
#[test]
fn a_log_proves_inclusion_and_growth_and_cannot_rewrite() {
    let day_one = r#"["utf8:alice pays 5","utf8:bob pays 7","utf8:carol pays 9"]"#;
    let day_two = r#"["utf8:alice pays 5","utf8:bob pays 7","utf8:carol pays 9","utf8:dave pays 1"]"#;
    let rewritten = r#"["utf8:alice pays 5","utf8:bob pays 0","utf8:carol pays 9","utf8:dave pays 1"]"#;
    let published = result("merkle_root", &format!(r#"{{"leaves":{day_one}}}"#)).render();
    let receipt = get(&result("merkle_prove", &format!(r#"{{"leaves":{day_one},"index":1}}"#)), "path").render();
    let bob = |leaf: &str, root: &str, size: usize, path: &str| {
        let args = format!(r#"{{"root":{root},"leaf":"utf8:{leaf}","index":1,"size":{size},"path":{path}}}"#);
        valid("merkle_verify", &args)
    };
    assert!(bob("bob pays 7", &published, 3, &receipt));
    assert!(!bob("bob pays 0", &published, 3, &receipt));
    let audit = |leaves: &str| {
        let made = result("merkle_consistency_prove", &format!(r#"{{"leaves":{leaves},"size1":3}}"#));
        let (root2, path) = (get(&made, "root2").render(), get(&made, "path").render());
        valid(
            "merkle_consistency_verify",
            &format!(r#"{{"size1":3,"size2":4,"root1":{published},"root2":{root2},"path":{path}}}"#),
        )
    };
    assert!(audit(day_two));
    assert!(!audit(rewritten), "a rewritten entry must be caught");
}

/// The keeper of a sorted list proves who is not on it; the asker knows the root and the size.
#[test]
fn absence_is_proved_and_presence_cannot_be_denied() {
    let names = ["carol", "alice", "erin", "bob", "alice"];
    let leaves = list(&names.map(|name| format!("utf8:{name}")));
    let root = result("merkle_root", &format!(r#"{{"leaves":{leaves},"sort":true}}"#)).render();
    let verify = |item: &str, left: Option<&Json>, right: Option<&Json>, size: usize| {
        let side = |name: &str, side: Option<&Json>| {
            side.map(|side| format!(r#","{name}":{}"#, side.render())).unwrap_or_default()
        };
        let args = format!(
            r#"{{"root":{root},"size":{size},"item":"utf8:{item}"{}{}}}"#,
            side("left", left),
            side("right", right)
        );
        valid("merkle_absence_verify", &args)
    };
    let prove = |item: &str| call("merkle_absence_prove", &format!(r#"{{"leaves":{leaves},"item":"utf8:{item}"}}"#));
    for item in ["", "aaron", "bobby", "dave", "zoe"] {
        let proof = get(&prove(item), "result").clone();
        assert_eq!(get(&proof, "root").render(), root);
        assert_eq!(get(&proof, "size"), &Json::Int(4));
        let (left, right) = (proof.get("left"), proof.get("right"));
        assert!(verify(item, left, right, 4), "{item}");
        // The same proof for a name that is on the list, a proof with one side left out, and a wrong size.
        assert!(!verify("bob", left, right, 4));
        assert!(!verify(item, left, right, 5));
        if left.is_some() && right.is_some() {
            assert!(!verify(item, left, None, 4) && !verify(item, None, right, 4));
        }
    }
    assert_eq!(fault(&prove("bob")).0, "present");
    // The keeper denies bob with true neighbours that do not stand side by side.
    let (low, high) = (get(&prove("alicf"), "result").clone(), get(&prove("dave"), "result").clone());
    assert!(!verify("bob", low.get("left"), high.get("left"), 4), "bob stands between them");
    assert!(!verify("bob", None, None, 4));
}

#[test]
fn hash_chains_are_revealed_backwards() {
    for (alg, other) in [("sha256", "sha512"), ("sha512", "sha256"), ("sha3-256", "sha256")] {
        let link = |n: u64| result("hash_chain", &format!(r#"{{"alg":"{alg}","seed":"utf8:s","n":{n}}}"#)).render();
        let check = |alg: &str, value: &str, anchor: &str, n: u64| {
            valid("hash_chain_verify", &format!(r#"{{"alg":"{alg}","value":{value},"anchor":{anchor},"n":{n}}}"#))
        };
        assert!(check(alg, &link(90), &link(100), 10));
        assert!(!check(alg, &link(90), &link(100), 9));
        assert!(!check(alg, &link(100), &link(90), 10));
        assert!(!check(other, &link(90), &link(100), 10));
    }
}

#[test]
fn accumulators_tell_members_from_others() {
    let setup = result("acc_setup", r#"{"bits":512,"toy":true}"#);
    let (n, g) = (get(&setup, "n").render(), get(&setup, "g").render());
    let prime = |name: &str| {
        let args = format!(r#"{{"data":"utf8:{name}","bits":128}}"#);
        get(&result("hash_to_prime", &args), "prime").render()
    };
    let members = ["alice", "bob", "carol"].map(prime);
    let primes = format!("[{}]", members.join(","));
    let acc = result("acc_add", &format!(r#"{{"toy":true,"n":{n},"acc":{g},"primes":{primes}}}"#)).render();
    let check = |acc: &str, prime: &str, witness: &str| {
        valid("acc_verify", &format!(r#"{{"toy":true,"n":{n},"acc":{acc},"prime":{prime},"witness":{witness}}}"#))
    };
    let mut witnesses = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let args = format!(r#"{{"toy":true,"n":{n},"g":{g},"primes":{primes},"index":{index}}}"#);
        let witness = result("acc_witness", &args).render();
        assert!(check(&acc, member, &witness));
        assert!(!check(&acc, &prime("mallory"), &witness));
        witnesses.push(witness);
    }
    // 1 is no prime, and would open anything; so would a composite number.
    assert!(!check(&acc, "15", &acc));
    let outsider = prime("mallory");
    let proof = result(
        "acc_nonmember_prove",
        &format!(r#"{{"toy":true,"n":{n},"g":{g},"primes":{primes},"prime":{outsider}}}"#),
    );
    let absent = |acc: &str, prime: &str| {
        let (a, d) = (get(&proof, "a").render(), get(&proof, "d").render());
        let args = format!(r#"{{"toy":true,"n":{n},"g":{g},"acc":{acc},"prime":{prime},"a":{a},"d":{d}}}"#);
        valid("acc_nonmember_verify", &args)
    };
    assert!(absent(&acc, &outsider));
    assert!(!absent(&acc, &members[0]), "a member cannot be denied");
    // After another joins, old proofs fail, and a witness is brought up to date by the same op.
    let later = format!("[{outsider}]");
    let grown = result("acc_add", &format!(r#"{{"toy":true,"n":{n},"acc":{acc},"primes":{later}}}"#)).render();
    assert!(!absent(&grown, &outsider) && !check(&grown, &members[1], &witnesses[1]));
    let fresh =
        result("acc_add", &format!(r#"{{"toy":true,"n":{n},"acc":{},"primes":{later}}}"#, witnesses[1])).render();
    assert!(check(&grown, &members[1], &fresh));
}

/// A maker seals a bid; a solver works in pieces and keeps only checkpoints; a referee checks both.
#[test]
fn a_time_lock_opens_in_pieces_and_not_before() {
    let puzzle = result("timelock_make", r#"{"t":5000,"msg":"utf8:bid 42","bits":512,"toy":true}"#);
    let (n, sealed) = (get(&puzzle, "n").render(), get(&puzzle, "sealed").render());
    let start = get(&puzzle, "x").render();
    let mut x = start.clone();
    for t in [2000, 2500] {
        let early = call("timelock_solve", &format!(r#"{{"toy":true,"n":{n},"x":{x},"t":{t},"sealed":{sealed}}}"#));
        assert_eq!(fault(&early).0, "decrypt_failed");
        x = result("timelock_solve", &format!(r#"{{"toy":true,"n":{n},"x":{x},"t":{t}}}"#)).render();
    }
    let open = |x: &str, sealed: &str| {
        call("timelock_solve", &format!(r#"{{"toy":true,"n":{n},"x":{x},"t":500,"sealed":{sealed}}}"#))
    };
    let opened = get(&open(&x, &sealed), "result").clone();
    assert_eq!(get(&opened, "msg"), &Json::str(hex::encode(b"bid 42")));
    assert_eq!(get(&opened, "y"), get(get(&puzzle, "secret"), "y"));
    assert_eq!(fault(&open(&x, &bent(&sealed, &mut Random::new(32)))).0, "decrypt_failed");
    assert_eq!(fault(&open(&start, &sealed)).0, "decrypt_failed", "a forged checkpoint opens nothing");
    let secret = |name: &str| get(get(&puzzle, "secret"), name).render();
    let referee = |y: &str, factors: &str| {
        valid("timelock_verify", &format!(r#"{{"toy":true,"n":{n},"x":{start},"t":5000,"y":{y}{factors}}}"#))
    };
    let factors = format!(r#","p":{},"q":{}"#, secret("p"), secret("q"));
    let y = get(&opened, "y").render();
    assert!(referee(&y, "") && referee(&y, &factors));
    assert!(!referee(&x, "") && !referee(&x, &factors));
    assert!(!referee(&y, r#","p":"3","q":"5""#), "false factors");
    let open_end = call("timelock_verify", &format!(r#"{{"toy":true,"n":{n},"x":{start},"t":1048577,"y":{y}}}"#));
    assert_eq!(fault(&open_end), ("limit_exceeded".into(), "/args/t".into()));
}

#[test]
fn delay_proofs_hold_for_their_statement_only() {
    let setup = result("acc_setup", r#"{"bits":512,"toy":true}"#);
    let (n, x) = (get(&setup, "n").render(), get(&setup, "g").render());
    for t in [1u64, 2, 300, 3000] {
        let made = result("vdf_prove", &format!(r#"{{"toy":true,"n":{n},"x":{x},"t":{t}}}"#));
        let (y, proof) = (get(&made, "y").render(), get(&made, "proof").render());
        let check = |x: &str, t: u64, y: &str, proof: &str| {
            valid("vdf_verify", &format!(r#"{{"toy":true,"n":{n},"x":{x},"t":{t},"y":{y},"proof":{proof}}}"#))
        };
        assert!(check(&x, t, &y, &proof));
        assert!(!check(&x, t + 1, &y, &proof) && !check("2", t, &y, &proof));
        assert!(!check(&x, t, &x, &proof) && !check(&x, t, &y, &x));
        // The other sign is the same group element to the proof, so it has no second spelling.
        let minus = result("modmul", &format!(r#"{{"a":{y},"b":-1,"mod":{n}}}"#)).render();
        assert!(!check(&x, t, &minus, &proof));
        let plain = result("timelock_solve", &format!(r#"{{"toy":true,"n":{n},"x":{x},"t":{t}}}"#)).render();
        assert!(plain == y || plain == minus);
    }
}

#[test]
fn small_moduli_need_the_word_toy() {
    for (op, args) in [("acc_setup", r#"{"bits":1024}"#), ("timelock_make", r#"{"t":5,"bits":1024}"#)] {
        assert_eq!(fault(&call(op, args)), ("out_of_range".into(), "/args/bits".into()));
    }
    for op in ["timelock_solve", "vdf_prove"] {
        let small = call(op, r#"{"n":"3233","x":"5","t":1}"#);
        assert_eq!(fault(&small), ("out_of_range".into(), "/args/n".into()), "{op}");
        assert_eq!(call(op, r#"{"n":"3233","x":"5","t":1,"toy":true}"#).get("toy"), Some(&Json::Bool(true)), "{op}");
    }
    assert_eq!(fault(&call("timelock_solve", r#"{"n":"3234","x":"5","t":1,"toy":true}"#)).1, "/args/n");
}
