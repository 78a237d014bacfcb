//! Results go into the next op as they are: an object that has what a record argument asks for is taken whole.

use std::collections::HashSet;

use crate::common::requests::own;
use crate::common::{PLAIN, ask, parse};
use crypto_calculator::core::json::{Json, Members};
use crypto_calculator::core::op::Op;
use crypto_calculator::core::schema::{Kind, Need, Param};
use crypto_calculator::ops::REGISTRY;

const TOY: &str = r#"{"p":"2039","q":"1019","g":"4","toy":true}"#;

fn send(op: &str, args: Members<'static>) -> Json<'static> {
    ask(&PLAIN(), Json::object([("op", Json::str(op.to_owned())), ("args", Json::Object(args))]).render())
}

fn members(text: &str) -> Members<'static> {
    match own(&parse(text)) {
        Json::Object(members) => members,
        _ => panic!("no object: {text}"),
    }
}

/// The object and the objects within it.
fn objects(value: &Json<'static>, found: &mut Vec<Json<'static>>) {
    match value {
        Json::Object(inner) => {
            found.push(value.clone());
            inner.iter().for_each(|(_, value)| objects(value, found));
        }
        Json::List(items) => items.iter().for_each(|item| objects(item, found)),
        _ => {}
    }
}

/// The record of an argument, and whether it stands in a list.
fn record(param: &Param) -> Option<(&'static [Param], bool)> {
    match param.kind {
        Kind::Record(inner) => Some((inner, false)),
        Kind::List { of: Kind::Record(inner), .. } => Some((inner, true)),
        _ => None,
    }
}

/// Feeds every object of the results into every record argument that asks for just its members. Returns the pairs.
fn feed(results: &[(String, Json<'static>)], group: Option<&str>) -> HashSet<(String, String)> {
    let mut fed = HashSet::new();
    let mut refused = Vec::new();
    for (from, result) in results {
        let mut found = Vec::new();
        objects(result, &mut found);
        for op in REGISTRY.all() {
            for (param, (inner, listed)) in op.params.iter().filter_map(|param| Some((param, record(param)?))) {
                let fits = |object: &&Json<'static>| {
                    let Json::Object(own) = object else { return false };
                    let known = own.iter().all(|(key, _)| inner.iter().any(|member| member.name == key));
                    let whole = |member: &Param| member.need != Need::Required || object.get(member.name).is_some();
                    known && !own.is_empty() && inner.iter().all(whole)
                };
                for object in found.iter().filter(fits) {
                    let answer = send(op.name, arguments(op, param.name, object, listed, group));
                    let text = answer.render();
                    let strange = ["unknown_arg", "missing_arg"].iter().any(|code| text.contains(code));
                    let here = text.contains(&format!(r#""path":"/args/{}"#, param.name));
                    let place = format!("{}/{}", op.name, param.name);
                    if strange && here {
                        refused.push(format!("{from} -> {place}: {text}"));
                    }
                    fed.insert((from.clone(), place));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    fed
}

/// The arguments of the op's example with the object in their place.
fn arguments(op: &Op, name: &str, object: &Json<'static>, listed: bool, group: Option<&str>) -> Members<'static> {
    let mut args = members(op.example.args);
    args.retain(|(key, _)| key != name && (group.is_none() || key != "G"));
    if let (Some(group), true) = (group, op.params.iter().any(|param| param.name == "G")) {
        args.push(("G".into(), own(&parse(group))));
    }
    let value = if listed { Json::List(vec![object.clone()]) } else { object.clone() };
    args.push((name.to_owned().into(), value));
    args
}

#[test]
fn results_of_the_examples_are_taken_whole() {
    let mut results = Vec::new();
    for op in REGISTRY.all().filter(|op| op.family.letter != 'Q') {
        let answer = send(op.name, members(op.example.args));
        let result = answer.get("result").expect("an example works").clone();
        // What says how the answer came about stands next to it: within, the next op would not know it.
        let mut found = Vec::new();
        objects(&result, &mut found);
        assert!(found.iter().all(|object| object.get("toy").is_none()), "{}: {}", op.name, result.render());
        results.push((op.name.to_owned(), result));
    }
    let fed = feed(&results, None);
    for (from, to) in [
        ("elgamal_encrypt", "elgamal_mul/a"),
        ("schnorr_pok_prove", "schnorr_pok_verify/proof"),
        ("rsa_keygen", "rsa_verify/pk"),
        ("rsa_keygen", "rsa_sign/sk"),
        ("shamir_split", "shamir_combine/shares"),
        ("receipt_sign", "receipt_verify/receipt"),
        ("feldman_deal", "feldman_combine/shares"),
    ] {
        assert!(fed.contains(&(from.to_owned(), to.to_owned())), "{from} -> {to}");
    }
}

/// Ops in a toy group, each with the results of those before it: `$name.member` is a member of the result named so.
const TOY_PLAY: &[(&str, &str, &str)] = &[
    ("key", "keygen", "{}"),
    ("enc", "elgamal_encrypt", r#"{"pk":"$key.pk","m":"16"}"#),
    ("mul", "elgamal_mul", r#"{"a":"$enc","b":"$enc"}"#),
    ("mul2", "elgamal_mul", r#"{"a":"$mul","b":"$enc"}"#),
    ("again", "elgamal_rerandomize", r#"{"pk":"$key.pk","c1":"$mul.c1","c2":"$mul.c2"}"#),
    ("dec", "elgamal_decrypt", r#"{"sk":"$key.secret.sk","c1":"$enc.c1","c2":"$enc.c2"}"#),
    ("num", "exp_elgamal_encrypt", r#"{"pk":"$key.pk","m":5}"#),
    ("sum", "exp_elgamal_add", r#"{"a":"$num","b":"$num"}"#),
    ("scaled", "exp_elgamal_scale", r#"{"c1":"$sum.c1","c2":"$sum.c2","factor":3}"#),
    ("sum2", "exp_elgamal_add", r#"{"a":"$scaled","b":"$sum"}"#),
    ("thirty", "exp_elgamal_decrypt", r#"{"sk":"$key.secret.sk","c1":"$sum2.c1","c2":"$sum2.c2","max":100}"#),
    ("pok", "schnorr_pok_prove", r#"{"sk":"$key.secret.sk","context":"utf8:x"}"#),
    ("deal", "feldman_deal", r#"{"t":2,"n":3}"#),
    ("ballot", "ballot_encrypt", r#"{"pk":"$key.pk","vote":1,"voter":"utf8:ann","context":"utf8:x"}"#),
];

/// The value with each `"$name.member"` replaced.
fn filled(value: &Json<'static>, known: &[(String, Json<'static>)]) -> Json<'static> {
    match value {
        Json::Str(text) if text.starts_with('$') => {
            let (name, path) = text[1..].split_once('.').unwrap_or((&text[1..], ""));
            let found = &known.iter().find(|(known, _)| known == name).expect("an earlier result").1;
            path.split('.')
                .filter(|key| !key.is_empty())
                .fold(found.clone(), |value, key| value.get(key).unwrap().clone())
        }
        Json::Object(inner) => Json::Object(inner.iter().map(|(k, v)| (k.clone(), filled(v, known))).collect()),
        Json::List(items) => Json::List(items.iter().map(|item| filled(item, known)).collect()),
        other => other.clone(),
    }
}

#[test]
fn results_of_a_toy_group_are_taken_whole_and_marked_beside_them() {
    let mut results = Vec::new();
    for (name, op, args) in TOY_PLAY {
        let Json::Object(mut args) = filled(&own(&parse(args)), &results) else { panic!("{args}") };
        args.push(("G".into(), own(&parse(TOY))));
        let answer = send(op, args);
        assert_eq!(answer.get("toy"), Some(&Json::Bool(true)), "{op}: {}", answer.render());
        let result = answer.get("result").expect("the play goes on").clone();
        assert_eq!(result.get("toy"), None, "{op}");
        results.push(((*name).to_owned(), result));
    }
    assert_eq!(results.iter().find(|(name, _)| name == "dec").unwrap().1, Json::str("16"));
    assert_eq!(results.iter().find(|(name, _)| name == "thirty").unwrap().1, Json::str("40"));
    let fed = feed(&results, Some(TOY));
    for (from, to) in [("enc", "elgamal_mul/a"), ("mul", "exp_elgamal_add/b"), ("pok", "schnorr_pok_verify/proof")] {
        assert!(fed.contains(&(from.to_owned(), to.to_owned())), "{from} -> {to}");
    }
}
