//! Ops that take a modulus whose factors must be secret: what has no secret factors is refused, everywhere.

use crate::common::requests::own;
use crate::common::{PLAIN, ask, call, fault, parse};
use crypto_calculator::core::json::{Json, Members};
use crypto_calculator::core::op::Op;
use crypto_calculator::core::schema::{Kind, Param};
use crypto_calculator::groups::Schnorr;
use crypto_calculator::ops::REGISTRY;

/// Ops with a public modulus: the path of its number in their arguments.
fn ops() -> Vec<(&'static Op, Vec<&'static str>)> {
    let takes_toy = |op: &Op| op.params.iter().any(|param| param.name == "toy");
    let path = |op: &Op| {
        let n = |params: &[Param]| params.iter().any(|param| param.name == "n");
        let record = |param: &&Param| matches!(param.kind, Kind::Record(members) if n(members));
        match (n(op.params), op.params.iter().find(record)) {
            (true, _) => Some(vec!["n"]),
            (false, Some(key)) => Some(vec![key.name, "n"]),
            (false, None) => None,
        }
    };
    REGISTRY.all().filter(|op| takes_toy(op)).filter_map(|op| Some((op, path(op)?))).collect()
}

fn example(op: &Op) -> Members<'static> {
    match own(&parse(op.example.args)) {
        Json::Object(members) => members,
        _ => panic!("{}: the example's arguments are no object", op.name),
    }
}

fn put(members: &mut Members<'static>, path: &[&str], value: Json<'static>) {
    let (first, rest) = path.split_first().unwrap();
    let slot = members.iter_mut().find(|(key, _)| key == first).map(|(_, slot)| slot);
    match (slot, rest) {
        (Some(slot), []) => *slot = value,
        (Some(Json::Object(inner)), rest) => put(inner, rest, value),
        (None, []) => members.push(((*first).to_owned().into(), value)),
        _ => panic!("no {path:?}"),
    }
}

fn send(op: &Op, args: Members<'static>) -> Json<'static> {
    ask(&PLAIN(), Json::object([("op", Json::str(op.name)), ("args", Json::Object(args))]).render())
}

#[test]
fn every_op_with_a_secret_factorisation_is_known_here() {
    let names: Vec<&str> = ops().iter().map(|(op, _)| op.name).collect();
    for name in [
        "vdf_prove",
        "vdf_verify",
        "timelock_solve",
        "timelock_verify",
        "acc_add",
        "acc_witness",
        "acc_verify",
        "acc_nonmember_prove",
        "acc_nonmember_verify",
        "paillier_encrypt",
        "paillier_add",
        "paillier_mul",
        "rsa_sign",
        "rsa_verify",
        "rsa_encrypt",
        "rsa_decrypt",
        "blind_rsa_blind",
        "blind_rsa_sign",
        "blind_rsa_finalize",
        "blind_rsa_verify",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn primes_and_powers_are_refused_as_moduli() {
    // A Mersenne prime of 607 bits, and powers of primes.
    let prime = format!("0x{}{}", "7f", "f".repeat(150));
    for (op, path) in ops() {
        let private = path[0] == "sk";
        for n in [prime.as_str(), "97", "10609", "1030301"] {
            let mut args = example(op);
            args.retain(|(key, _)| op.name != "timelock_verify" || (key != "p" && key != "q"));
            put(&mut args, &path, Json::str(n.to_owned()));
            if path.len() == 2 {
                put(&mut args, &[path[0], "e"], Json::str("3"));
            }
            let answer = send(op, args);
            let (code, place) = fault(&answer);
            let wanted = format!("/args/{}", if private { path[0].to_owned() } else { path.join("/") });
            assert_eq!((code.as_str(), place.as_str()), ("out_of_range", wanted.as_str()), "{} {n}", op.name);
            if !private {
                assert!(answer.render().contains("a prime or a power"), "{}", answer.render());
            }
        }
    }
}

#[test]
fn small_moduli_need_toy_and_are_marked() {
    for (op, path) in ops() {
        let answer = send(op, example(op));
        assert_eq!(answer.get("ok"), Some(&Json::Bool(true)), "{}: {}", op.name, answer.render());
        assert_eq!(answer.get("toy"), Some(&Json::Bool(true)), "{}", op.name);
        let mut args = example(op);
        args.retain(|(key, _)| key != "toy");
        let wanted = ("out_of_range".to_owned(), format!("/args/{}", path.join("/")));
        assert_eq!(fault(&send(op, args)), wanted, "{}", op.name);
    }
}

/// Whoever knows that n is prime knows the order of its group, and proves any number of squarings at once.
#[test]
fn a_forged_delay_over_a_known_prime_is_refused() {
    let p = Schnorr::named("modp2048").unwrap().p.to_string();
    let answer = call("vdf_verify", &format!(r#"{{"n":"{p}","x":"2","t":1099511627776,"y":"4","proof":"1"}}"#));
    assert_eq!(fault(&answer), ("out_of_range".to_owned(), "/args/n".to_owned()));
    let answer = call("vdf_verify", r#"{"n":"23","x":"2","t":3,"y":"3","proof":"1","toy":true}"#);
    assert_eq!(fault(&answer), ("out_of_range".to_owned(), "/args/n".to_owned()));
    let answer = call("acc_verify", r#"{"n":"3233","acc":"8","prime":"3","witness":"2"}"#);
    assert_eq!(fault(&answer), ("out_of_range".to_owned(), "/args/n".to_owned()));
}
