//! Protocols of private intersection, oblivious functions, transfer, lotteries and sums, played through the JSON
//! interface by parties with separate state; and what happens to those who cheat.

use crate::common::{ask, fault, seeded};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;

/// A party: what it knows, and a stream of its own randomness.
struct Party {
    name: &'static str,
    asked: u64,
    state: Vec<(String, Json<'static>)>,
}

impl Party {
    fn new(name: &'static str) -> Self {
        Self { name, asked: 0, state: Vec::new() }
    }

    fn keep(&mut self, key: &str, value: &Json<'static>) {
        self.state.retain(|(k, _)| k != key);
        self.state.push((key.to_owned(), value.clone()));
    }

    fn know(&self, key: &str) -> Json<'static> {
        let found = self.state.iter().find(|(k, _)| k == key);
        found.unwrap_or_else(|| panic!("{} does not know {key}", self.name)).1.clone()
    }

    /// The answer to an op.
    fn answer(&mut self, op: &str, args: &[(&'static str, Json<'static>)]) -> Json<'static> {
        self.asked += 1;
        let seed = hex::encode(format!("{} {}", self.name, self.asked).as_bytes());
        let args = Json::Object(args.iter().map(|(k, v)| ((*k).into(), v.clone())).collect());
        let request = Json::object([("op", Json::str(op.to_owned())), ("args", args), ("seed", Json::str(seed))]);
        ask(&seeded(), request.render())
    }

    fn ask(&mut self, op: &str, args: &[(&'static str, Json<'static>)]) -> Json<'static> {
        let answer = self.answer(op, args);
        answer.get("result").unwrap_or_else(|| panic!("{op}: {}", answer.render())).clone()
    }

    /// The error code and path of an op that must fail.
    fn refused(&mut self, op: &str, args: &[(&'static str, Json<'static>)]) -> (String, String) {
        fault(&self.answer(op, args))
    }
}

fn text(words: &str) -> Json<'static> {
    Json::str(format!("utf8:{words}"))
}

fn texts(words: &[&str]) -> Json<'static> {
    Json::List(words.iter().map(|word| text(word)).collect())
}

fn list(items: &[Json<'static>]) -> Json<'static> {
    Json::List(items.to_vec())
}

fn member(value: &Json<'static>, keys: &[&str]) -> Json<'static> {
    keys.iter().fold(value.clone(), |value, key| value.get(key).unwrap_or_else(|| panic!("no {key}")).clone())
}

fn item(value: &Json<'static>, index: usize) -> Json<'static> {
    value.as_list().unwrap()[index].clone()
}

/// The same hex with one bit changed.
fn flipped(value: &Json<'static>, at: usize) -> Json<'static> {
    let mut bytes = hex::decode(value.as_str().unwrap()).unwrap();
    bytes[at] ^= 1;
    Json::str(hex::encode(&bytes))
}

fn replaced(value: &Json<'static>, index: usize, by: &Json<'static>) -> Json<'static> {
    let mut items = value.as_list().unwrap().to_vec();
    items[index] = by.clone();
    Json::List(items)
}

fn code(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

/// Masks the items of a party; the answer is what it sends.
fn mask(party: &mut Party, items: &[&str]) -> (Json<'static>, Json<'static>) {
    let made = party.ask("psi_mask", &[("items", texts(items))]);
    party.keep("sk", &member(&made, &["secret", "sk"]));
    party.keep("masked", &member(&made, &["masked"]));
    (member(&made, &["masked"]), member(&made, &["pk"]))
}

#[test]
fn private_intersection_finds_the_common_items_and_no_others() {
    let (mut ann, mut bob) = (Party::new("ann"), Party::new("bob"));
    let (from_ann, _) = mask(&mut ann, &["mon", "tue", "thu", "sat"]);
    let (from_bob, bob_key) = mask(&mut bob, &["sun", "thu", "mon"]);
    let sk = bob.know("sk");
    let back = bob.ask("psi_remask", &[("points", from_ann.clone()), ("sk", sk)]);
    let sk = ann.know("sk");
    let theirs = member(&ann.ask("psi_remask", &[("points", from_bob), ("sk", sk)]), &["tags"]);
    let check = |masked: &Json<'static>, proof: &Json<'static>| {
        Json::object([
            ("pk", bob_key.clone()),
            ("sent", ann.know("masked")),
            ("masked", masked.clone()),
            ("proof", proof.clone()),
        ])
    };
    let (masked, proof) = (member(&back, &["masked"]), member(&back, &["proof"]));
    let honest = check(&masked, &proof);
    let mine = member(&back, &["tags"]);
    let common =
        ann.ask("psi_match", &[("mine", mine.clone()), ("theirs", theirs.clone()), ("check", honest.clone())]);
    assert_eq!(common, crate::common::parse(r#"{"indices":[0,2],"count":2}"#));

    // Bob cheats: he hides a match by making up the value that should come back for it.
    let mut liar = Party::new("liar");
    liar.keep("sk", &bob.know("sk"));
    let (other, _) = mask(&mut Party::new("other"), &["nothing"]);
    let sent = replaced(&from_ann, 2, &item(&other, 0));
    let sk = liar.know("sk");
    let back = liar.ask("psi_remask", &[("points", sent), ("sk", sk)]);
    let (masked, proof) = (member(&back, &["masked"]), member(&back, &["proof"]));
    let lie =
        Json::object([("pk", bob_key.clone()), ("sent", from_ann.clone()), ("masked", masked), ("proof", proof)]);
    let args = [("mine", member(&back, &["tags"])), ("theirs", theirs.clone()), ("check", lie)];
    assert_eq!(ann.refused("psi_match", &args), code("bad_proof", "/args/check/proof"));
    // Tags that do not belong to the points that were proved.
    let args = [("mine", replaced(&mine, 0, &flipped(&item(&mine, 0), 3))), ("theirs", theirs), ("check", honest)];
    assert_eq!(ann.refused("psi_match", &args), code("bad_proof", "/args/check/masked"));
    // Points that would unmask: the identity, or one item many times.
    let zero = Json::str("00".repeat(32));
    let sk = bob.know("sk");
    let args = [("points", list(&[zero])), ("sk", sk.clone())];
    assert_eq!(bob.refused("psi_remask", &args), code("out_of_range", "/args/points/0"));
    let twice = list(&[item(&from_ann, 0), item(&from_ann, 0)]);
    let args = [("points", twice), ("sk", sk)];
    assert_eq!(bob.refused("psi_remask", &args), code("duplicate_item", "/args/points/1"));
}

#[test]
fn private_cardinality_counts_and_hides_which() {
    let (mut ann, mut bob) = (Party::new("ann"), Party::new("bob"));
    let (from_ann, _) = mask(&mut ann, &["a", "b", "c", "d"]);
    let (from_bob, _) = mask(&mut bob, &["d", "x", "b"]);
    let sk = bob.know("sk");
    let back = bob.ask("psi_remask", &[("points", from_ann), ("sk", sk), ("sort", Json::Bool(true))]);
    assert!(back.get("masked").is_none(), "points would show the order");
    let sk = ann.know("sk");
    let theirs = member(&ann.ask("psi_remask", &[("points", from_bob), ("sk", sk)]), &["tags"]);
    let mine = member(&back, &["tags"]);
    let count = ann.ask("psi_card", &[("mine", mine.clone()), ("theirs", theirs.clone())]);
    assert_eq!(count, crate::common::parse(r#"{"count":2}"#));
    let inflated = list(&[item(&theirs, 0), item(&theirs, 0)]);
    let args = [("mine", mine), ("theirs", inflated)];
    assert_eq!(ann.refused("psi_card", &args), code("duplicate_item", "/args/theirs/1"));
}

#[test]
fn a_password_is_looked_up_without_being_shown() {
    let (mut server, mut client) = (Party::new("server"), Party::new("client"));
    let seed = Json::str("5e".repeat(32));
    let key = server.ask("oprf_derive_key", &[("mode", Json::str("voprf")), ("seed", seed)]);
    server.keep("sk", &member(&key, &["secret", "sk"]));
    let leaked = texts(&["123456", "hunter2", "qwerty"]);
    let sk = server.know("sk");
    let published = server.ask("pw_check_server", &[("sk", sk), ("passwords", leaked)]);
    client.keep("pk", &member(&key, &["pk"]));
    client.keep("tags", &member(&published, &["tags"]));

    for (password, found) in [("hunter2", true), ("correct horse", false)] {
        let first = client.ask("pw_check_client", &[("password", text(password))]);
        let blinded = member(&first, &["blinded"]);
        let sk = server.know("sk");
        let reply = server.ask("pw_check_server", &[("sk", sk), ("blinded", blinded.clone())]);
        let second = |client: &Party, reply: &Json<'static>| {
            [
                ("password", text(password)),
                ("blind", member(&first, &["secret", "blind"])),
                ("evaluated", member(reply, &["evaluated"])),
                ("proof", member(reply, &["proof"])),
                ("pk", client.know("pk")),
                ("tags", client.know("tags")),
            ]
        };
        let args = second(&client, &reply);
        assert_eq!(client.ask("pw_check_client", &args), Json::object([("found", Json::Bool(found))]));
        // The server cheats: with another key, which would tell this client from all others, or with another point.
        let other = Json::str(format!("07{}", "00".repeat(31)));
        let tracked = server.ask("pw_check_server", &[("sk", other), ("blinded", blinded)]);
        let args = second(&client, &tracked);
        assert_eq!(client.refused("pw_check_client", &args), code("bad_proof", "/args/proof"));
        let mut args = second(&client, &reply);
        args[2].1 = client.know("pk");
        assert_eq!(client.refused("pw_check_client", &args), code("bad_proof", "/args/proof"));
    }
}

#[test]
fn oblivious_functions_agree_with_the_key_holder_in_every_suite_and_mode() {
    for suite in ["ristretto255-SHA512", "P256-SHA256"] {
        for mode in ["oprf", "voprf", "poprf"] {
            let (mut server, mut client) = (Party::new("server"), Party::new("client"));
            let setting = [("suite", Json::str(suite)), ("mode", Json::str(mode))];
            let info = (mode == "poprf").then(|| ("info", text("epoch 7")));
            let with = |args: &[(&'static str, Json<'static>)]| [setting.as_slice(), args].concat();
            let key = server.ask("oprf_derive_key", &with(&[("seed", Json::str("11".repeat(32)))]));
            let (pk, sk) = (member(&key, &["pk"]), member(&key, &["secret", "sk"]));
            let inputs = texts(&["one", "two", ""]);
            let first = client.ask("oprf_blind", &with(&[("inputs", inputs.clone())]));
            let blinded = member(&first, &["blinded"]);
            let mut args = with(&[("sk", sk.clone()), ("blinded", blinded.clone())]);
            args.extend(info.clone());
            let reply = server.ask("oprf_evaluate", &args);
            let mut args = with(&[
                ("inputs", inputs.clone()),
                ("blinds", member(&first, &["secret", "blinds"])),
                ("evaluated", member(&reply, &["evaluated"])),
            ]);
            args.extend(info.clone());
            if mode != "oprf" {
                args.extend([("blinded", blinded), ("proof", member(&reply, &["proof"])), ("pk", pk)]);
            }
            let outputs = client.ask("oprf_finalize", &args);
            let mut full = with(&[("sk", sk), ("inputs", inputs)]);
            full.extend(info);
            assert_eq!(outputs, server.ask("oprf_full", &full), "{suite} {mode}");
            if mode != "oprf" {
                // Two answers change places.
                let evaluated = member(&reply, &["evaluated"]);
                let swapped = list(&[item(&evaluated, 1), item(&evaluated, 0), item(&evaluated, 2)]);
                args.iter_mut().filter(|(name, _)| *name == "evaluated").for_each(|(_, v)| *v = swapped.clone());
                assert_eq!(client.refused("oprf_finalize", &args), code("bad_proof", "/args/proof"));
            }
        }
    }
}

#[test]
fn oblivious_transfer_opens_one_message_and_no_other() {
    for group in ["ristretto255", "p256", "secp256k1", "edwards25519"] {
        let g = ("G", Json::str(group));
        for choice in 0..3i64 {
            let (mut sender, mut receiver) = (Party::new("sender"), Party::new("receiver"));
            let first = sender.ask("ot_sender_init", std::slice::from_ref(&g));
            sender.keep("a", &member(&first, &["secret", "a"]));
            let point = member(&first, &["A"]);
            let args = [g.clone(), ("A", point.clone()), ("choice", Json::Int(choice))];
            let chosen = receiver.ask("ot_receiver_choose", &args);
            receiver.keep("b", &member(&chosen, &["secret", "b"]));
            let msgs = texts(&["red door", "hat shop", "old mill"]);
            let a = sender.know("a");
            let context = ("context", text("round 1"));
            let args = [g.clone(), ("a", a), ("B", member(&chosen, &["B"])), ("msgs", msgs.clone()), context.clone()];
            let cts = member(&sender.ask("ot_sender_send", &args), &["cts"]);
            let open = |receiver: &Party, choice: i64, cts: &Json<'static>| {
                let b = receiver.know("b");
                let choice = ("choice", Json::Int(choice));
                [g.clone(), ("A", point.clone()), ("b", b), choice, ("cts", cts.clone()), context.clone()]
            };
            let args = open(&receiver, choice, &cts);
            let opened = receiver.ask("ot_receiver_open", &args);
            let wanted = item(&msgs, usize::try_from(choice).unwrap());
            let plain = wanted.as_str().unwrap().strip_prefix("utf8:").unwrap();
            assert_eq!(opened, Json::object([("msg", Json::str(hex::encode(plain.as_bytes())))]));
            // The receiver tries the others, also by moving them to the place that it can open.
            for other in (0..3).filter(|other| *other != choice) {
                let args = open(&receiver, other, &cts);
                assert_eq!(receiver.refused("ot_receiver_open", &args), code("decrypt_failed", ""));
                let at = usize::try_from(choice).unwrap();
                let moved = replaced(&cts, at, &item(&cts, usize::try_from(other).unwrap()));
                let args = open(&receiver, choice, &moved);
                assert_eq!(receiver.refused("ot_receiver_open", &args), code("decrypt_failed", ""));
            }
            // The sender's message is changed on the way.
            let at = usize::try_from(choice).unwrap();
            let args = open(&receiver, choice, &replaced(&cts, at, &flipped(&item(&cts, at), 0)));
            assert_eq!(receiver.refused("ot_receiver_open", &args), code("decrypt_failed", ""));
        }
    }
}

#[test]
fn a_lottery_cannot_be_steered() {
    let names = ["ann", "bob", "cyd"];
    let alpha = text("draw 12, beacon 8f3a");
    for suite in ["ECVRF-EDWARDS25519-SHA512-ELL2", "ECVRF-P256-SHA256-TAI"] {
        let suite = ("suite", Json::str(suite));
        let mut tickets = Vec::new();
        for (i, name) in names.into_iter().enumerate() {
            let mut player = Party::new(name);
            player.keep("sk", &Json::str(format!("{:02x}", i + 1).repeat(32)));
            let sk = player.know("sk");
            tickets.push(player.ask("vrf_prove", &[suite.clone(), ("sk", sk), ("alpha", alpha.clone())]));
        }
        let mut judge = Party::new("judge");
        let mut verify = |pk: &Json<'static>, pi: &Json<'static>, alpha: &Json<'static>| {
            judge
                .ask("vrf_verify", &[suite.clone(), ("pk", pk.clone()), ("alpha", alpha.clone()), ("pi", pi.clone())])
        };
        for ticket in &tickets {
            let (pk, pi) = (member(ticket, &["pk"]), member(ticket, &["pi"]));
            let seen = verify(&pk, &pi, &alpha);
            assert_eq!(seen.get("valid"), Some(&Json::Bool(true)));
            assert_eq!(seen.get("beta"), ticket.get("beta"), "the winner is found by the proved output");
        }
        // Somebody hands in another's ticket, a ticket of another draw, or a changed one.
        let (pk, pi) = (member(&tickets[0], &["pk"]), member(&tickets[0], &["pi"]));
        for answer in [
            verify(&member(&tickets[1], &["pk"]), &pi, &alpha),
            verify(&pk, &pi, &text("draw 13, beacon 8f3a")),
            verify(&pk, &flipped(&pi, 40), &alpha),
        ] {
            assert_eq!(answer.get("valid"), Some(&Json::Bool(false)));
            assert!(answer.get("beta").is_none());
        }
    }
}

/// A modulus of 2048 bits takes seconds to make; the protocol is the same with a small one.
const TOY: (&str, Json<'static>) = ("toy", Json::Bool(true));

#[test]
fn a_private_sum_counts_every_part_once() {
    let mut clerk = Party::new("clerk");
    let key = clerk.ask("paillier_keygen", &[("bits", Json::Int(512)), TOY]);
    clerk.keep("p", &member(&key, &["secret", "p"]));
    clerk.keep("q", &member(&key, &["secret", "q"]));
    let n = ("n", member(&key, &["n"]));
    let salaries = [41_000i64, 58_500, 37_250];
    let mut board: Vec<Json<'static>> = Vec::new();
    for (name, salary) in ["ann", "bob", "cyd"].into_iter().zip(salaries) {
        board.push(Party::new(name).ask("paillier_encrypt", &[n.clone(), ("m", Json::Int(salary)), TOY]));
    }
    let total = |who: &mut Party, parts: &[Json<'static>]| {
        parts[1..].iter().fold(parts[0].clone(), |sum, part| {
            who.ask("paillier_add", &[n.clone(), ("a", sum), ("b", part.clone()), TOY])
        })
    };
    let mut collector = Party::new("collector");
    let sum = total(&mut collector, &board);
    let open = |clerk: &mut Party, c: &Json<'static>| {
        let (p, q) = (clerk.know("p"), clerk.know("q"));
        clerk.ask("paillier_decrypt", &[("p", p), ("q", q), ("c", c.clone()), TOY])
    };
    assert_eq!(open(&mut clerk, &sum), Json::str("136750"));
    // The collector cheats and leaves one part out: whoever reads the board gets another ciphertext.
    let mut witness = Party::new("witness");
    let short = total(&mut collector, &board[..2]);
    assert!(total(&mut witness, &board) == sum && short != sum);
    // A part that is no ciphertext would spoil the sum, or show a factor of n.
    for bad in ["0", n.1.as_str().unwrap()] {
        let args = [n.clone(), ("a", sum.clone()), ("b", Json::str(bad.to_owned())), TOY];
        assert_eq!(collector.refused("paillier_add", &args), code("out_of_range", "/args/b"));
    }
    // Ann denies what she put in: opening with m and r shows it to everybody.
    let args = [n.clone(), ("m", Json::Int(41_000)), ("r", Json::str("12345")), TOY];
    let opened = Party::new("ann").ask("paillier_encrypt", &args);
    assert_eq!(witness.ask("paillier_encrypt", &args), opened);
    let denied = [n.clone(), ("m", Json::Int(40_000)), ("r", Json::str("12345")), TOY];
    assert_ne!(witness.ask("paillier_encrypt", &denied), opened);
}

/// A server that is asked about one input must not be believed about another.
#[test]
fn the_last_step_refuses_inputs_and_blinds_that_were_not_sent() {
    for mode in ["voprf", "poprf"] {
        let mode = ("mode", Json::str(mode));
        let (mut client, mut server) = (Party::new("client"), Party::new("server"));
        let key = server.ask("oprf_derive_key", &[mode.clone(), ("seed", Json::str("07".repeat(32)))]);
        let (sk, pk) = (member(&key, &["secret", "sk"]), member(&key, &["pk"]));
        let made = client.ask("oprf_blind", &[mode.clone(), ("inputs", texts(&["ann", "bob"]))]);
        let (blinds, blinded) = (member(&made, &["secret", "blinds"]), member(&made, &["blinded"]));
        let answer = server.ask("oprf_evaluate", &[mode.clone(), ("sk", sk), ("blinded", blinded.clone())]);
        let (evaluated, proof) = (member(&answer, &["evaluated"]), member(&answer, &["proof"]));
        let args = |inputs: Json<'static>, blinds: &Json<'static>| {
            vec![
                mode.clone(),
                ("inputs", inputs),
                ("blinds", blinds.clone()),
                ("blinded", blinded.clone()),
                ("evaluated", evaluated.clone()),
                ("proof", proof.clone()),
                ("pk", pk.clone()),
            ]
        };
        client.ask("oprf_finalize", &args(texts(&["ann", "bob"]), &blinds));
        let other = args(texts(&["ann", "eve"]), &blinds);
        assert_eq!(client.refused("oprf_finalize", &other), code("out_of_range", "/args/blinded/1"));
        let swapped = list(&[item(&blinds, 1), item(&blinds, 0)]);
        let other = args(texts(&["ann", "bob"]), &swapped);
        assert_eq!(client.refused("oprf_finalize", &other), code("out_of_range", "/args/blinded/0"));
    }
}
