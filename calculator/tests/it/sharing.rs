//! Sharing, threshold protocols, rings, joint randomness: published answers, and the laws where none are published.

use crate::common::vectors::run;
use crate::common::{at, call, fault, parse, result, valid};
use crypto_calculator::core::hex;
use crypto_calculator::core::json::Json;
use crypto_calculator::groups::bls::{Fr, G2};
use num_bigint::BigInt;

#[test]
fn frost_of_rfc_9591() {
    run("sharing/frost.jsonl", 52);
}

#[test]
fn commitments_and_shares_in_a_schnorr_group() {
    run("sharing/schnorr_group.jsonl", 36);
}

const GROUPS: &[&str] = &[
    r#""ristretto255""#,
    r#""edwards25519""#,
    r#""secp256k1""#,
    r#""p256""#,
    r#""bls12-381-g1""#,
    r#""bls12-381-g2""#,
    r#""ffdhe2048""#,
];

fn code(op: &str, args: &str) -> String {
    fault(&call(op, args)).0
}

/// The subsets of 0..n, as bits.
fn subsets(n: u32) -> impl Iterator<Item = Vec<usize>> {
    (0u32..1 << n).map(move |bits| (0..n as usize).filter(|i| (bits >> i) & 1 == 1).collect())
}

#[test]
fn any_t_shares_give_the_secret_back_and_fewer_do_not() {
    let modulus = "170141183460469231731687303715884105727";
    for (split, rest) in [
        (r#"{"msg":"utf8:attack at dawn","t":3,"n":5}"#.to_owned(), String::new()),
        (format!(r#"{{"secret":"123456789","mod":"{modulus}","t":3,"n":5}}"#), format!(r#","mod":"{modulus}""#)),
    ] {
        let dealt = result("shamir_split", &split);
        let secret =
            if rest.is_empty() { r#"{"msg":"61747461636b206174206461776e"}"# } else { r#"{"secret":"123456789"}"# };
        for some in subsets(5).filter(|some| some.len() >= 2) {
            let shares: Vec<String> = some.iter().map(|i| at(&dealt, &format!("secret.shares.{i}"))).collect();
            let got = call("shamir_combine", &format!(r#"{{"shares":[{}]{rest}}}"#, shares.join(",")));
            assert_eq!(got.get("result") == Some(&parse(secret)), some.len() >= 3, "{some:?}");
            let t = format!(r#"{{"shares":[{}],"t":3{rest}}}"#, shares.join(","));
            let enough = call("shamir_combine", &t).get("ok") == Some(&Json::Bool(true));
            assert_eq!(enough, some.len() >= 3);
        }
        // Share 5 under the number 4 is a false share 4.
        let shares: Vec<String> = (0..3).map(|i| at(&dealt, &format!("secret.shares.{i}"))).collect();
        let swapped = at(&dealt, "secret.shares.4").replace(r#""index":5"#, r#""index":4"#);
        let args = format!(r#"{{"shares":[{},{swapped}],"t":3{rest}}}"#, shares.join(","));
        assert_eq!(code("shamir_combine", &args), "inconsistent_shares");
        let twice = format!(r#"{{"shares":[{0},{0}]{rest}}}"#, shares[0]);
        assert_eq!(code("shamir_combine", &twice), "out_of_range");
    }
}

#[test]
fn sharing_of_integers_agrees_with_another_library() {
    let p: BigInt = "170141183460469231731687303715884105727".parse().unwrap();
    let dealt = result("shamir_split", &format!(r#"{{"secret":"987654321","mod":"{p}","t":4,"n":6}}"#));
    let shares: Vec<(BigInt, BigInt)> = [0, 2, 3, 5]
        .iter()
        .map(|i| {
            let share = at(&dealt, &format!("secret.shares.{i}.share"));
            (BigInt::from(i + 1), share.trim_matches('"').parse().unwrap())
        })
        .collect();
    let mut secret = BigInt::from(0);
    for (x, y) in &shares {
        let mut term = y.clone();
        for (other, _) in shares.iter().filter(|(other, _)| other != x) {
            let below = ((other - x) % &p + &p) % &p;
            term = term * other * below.modpow(&(&p - 2), &p) % &p;
        }
        secret = (secret + term) % &p;
    }
    assert_eq!(secret, BigInt::from(987_654_321));
}

#[test]
fn verifiable_shares_hold_in_every_group() {
    for g in GROUPS {
        let dealt = result("feldman_deal", &format!(r#"{{"G":{g},"t":2,"n":3}}"#));
        let commitments = at(&dealt, "commitments");
        assert_eq!(at(&dealt, "pk"), at(&dealt, "commitments.0"));
        for i in 0..3 {
            let check = |index: usize, share: &str| {
                let args = format!(r#"{{"G":{g},"commitments":{commitments},"index":{index},"share":{share}}}"#);
                valid("feldman_verify", &args)
            };
            let share = at(&dealt, &format!("secret.shares.{i}.share"));
            assert!(check(i + 1, &share), "{g}");
            assert!(!check(i + 2, &share), "{g}");
        }
        let two = format!("[{},{}]", at(&dealt, "secret.shares.2"), at(&dealt, "secret.shares.0"));
        let back = result("feldman_combine", &format!(r#"{{"G":{g},"commitments":{commitments},"shares":{two}}}"#));
        assert_eq!(at(&back, "secret.sk"), at(&dealt, "secret.sk"));
        assert_eq!(at(&back, "pk"), at(&dealt, "pk"));

        let dealt = result("pedersen_vss_deal", &format!(r#"{{"G":{g},"t":2,"n":3}}"#));
        let commitments = at(&dealt, "commitments");
        let share = |i: usize| at(&dealt, &format!("secret.shares.{i}.share"));
        let blind = |i: usize| at(&dealt, &format!("secret.shares.{i}.blind"));
        let check = |share: String, blind: String| {
            let tail = format!(r#""index":2,"share":{share},"blind":{blind}"#);
            valid("pedersen_vss_verify", &format!(r#"{{"G":{g},"commitments":{commitments},{tail}}}"#))
        };
        assert!(check(share(1), blind(1)), "{g}");
        assert!(!check(share(0), blind(1)) && !check(share(1), blind(0)), "{g}");
    }
}

#[test]
fn pedersen_commitments_add_up_in_every_group() {
    for g in GROUPS {
        let one = result("pedersen_commit", &format!(r#"{{"G":{g},"m":20}}"#));
        let two = result("pedersen_commit", &format!(r#"{{"G":{g},"m":22}}"#));
        let list = |key: &str| format!("[{},{}]", at(&one, key), at(&two, key));
        let args = format!(r#"{{"G":{g},"commitments":{},"ms":[20,22],"rs":{}}}"#, list("commitment"), list("r"));
        let sum = result("pedersen_add", &args);
        assert_eq!(at(&sum, "m"), r#""42""#);
        let open = |m: u32, r: &str| {
            let tail = format!(r#""commitment":{},"m":{m},"r":{r}"#, at(&sum, "commitment"));
            valid("pedersen_open", &format!(r#"{{"G":{g},{tail}}}"#))
        };
        assert!(open(42, &at(&sum, "r")), "{g}");
        assert!(!open(43, &at(&sum, "r")) && !open(42, &at(&one, "r")), "{g}");
    }
    // The caller's own second generator is taken, with a warning, unless it is the base.
    let base = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
    assert_eq!(code("pedersen_commit", &format!(r#"{{"m":1,"h":"{base}"}}"#)), "out_of_range");
    let double = "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919";
    assert!(call("pedersen_commit", &format!(r#"{{"m":1,"h":"{double}"}}"#)).get("warning").is_some());
}

#[test]
fn vector_commitments_open_place_by_place() {
    for g in [GROUPS[0], GROUPS[3], GROUPS[6]] {
        let made = result("vector_commit", &format!(r#"{{"G":{g},"ms":[3,1,4,1]}}"#));
        for places in ["[]", "[2]", "[3,0]", "[0,1,2,3]"] {
            let args = format!(r#"{{"G":{g},"ms":[3,1,4,1],"r":{},"places":{places}}}"#, at(&made, "r"));
            let shown = result("vector_open", &args);
            let check = |opened: &str, len: usize, context: &str| {
                let tail = format!(r#""opened":{opened},"proof":{},"context":"{context}""#, at(&shown, "proof"));
                let head = format!(r#""G":{g},"commitment":{},"len":{len}"#, at(&made, "commitment"));
                valid("vector_verify", &format!("{{{head},{tail}}}"))
            };
            let opened = at(&shown, "opened");
            assert!(check(&opened, 4, ""), "{g} {places}");
            assert!(!check(&opened, 5, "") && !check(&opened, 4, "00"));
            let lie = opened.replace(r#""m":"4""#, r#""m":"5""#).replace(r#""m":"3""#, r#""m":"2""#);
            assert!(lie == opened || !check(&lie, 4, ""), "{g} {places}");
        }
    }
}

#[test]
fn draws_are_uniform_and_weighted() {
    let mut counts = [0u32; 3];
    for i in 0..600 {
        let args = format!(r#"{{"randomness":"{i:032x}","names":["a","b","c"],"weights":[1,0,2]}}"#);
        let place: usize = at(&result("sortition", &args), "places.0").parse().unwrap();
        counts[place] += 1;
    }
    // 200 and 400 are expected; five standard deviations are 58.
    assert!(counts[1] == 0 && counts[0].abs_diff(200) < 58, "{counts:?}");
    let all = r#"{"randomness":"00000000000000000000000000000000","names":["a","b","c"],"k":3}"#;
    let mut drawn: Vec<String> = (0..3).map(|i| at(&result("sortition", all), &format!("drawn.{i}"))).collect();
    drawn.sort();
    assert_eq!(drawn, [r#""a""#, r#""b""#, r#""c""#]);
    let few = r#"{"randomness":"00000000000000000000000000000000","names":["a","b"],"weights":[1,0],"k":2}"#;
    assert_eq!(code("sortition", few), "out_of_range");
    assert_eq!(code("beacon_mix", r#"{"contributions":["aa","aa"]}"#), "out_of_range");
}

#[test]
fn rings_hold_for_every_signer_in_every_group() {
    for g in GROUPS {
        let keys: Vec<Json> =
            (0..3).map(|_| result("feldman_deal", &format!(r#"{{"G":{g},"t":2,"n":2}}"#))).collect();
        let pk = |i: usize| at(&keys[i], "pk");
        let ring = format!("[{},{},{}]", pk(0), pk(1), pk(2));
        let turned = format!("[{},{},{}]", pk(1), pk(0), pk(2));
        let mut images = Vec::new();
        for key in &keys {
            for (kind, extra) in [("ring", ""), ("lring", r#","scope":"aa""#)] {
                let sk = at(key, "secret.sk");
                let args = format!(r#"{{"G":{g},"sk":{sk},"ring":{ring},"msg":"utf8:m"{extra}}}"#);
                let sig = at(&result(&format!("{kind}_sign"), &args), "sig");
                let check = |ring: &str, msg: &str, extra: &str| {
                    let args = format!(r#"{{"G":{g},"sig":{sig},"ring":{ring},"msg":"utf8:{msg}"{extra}}}"#);
                    valid(&format!("{kind}_verify"), &args)
                };
                assert!(check(&ring, "m", extra), "{g} {kind}");
                assert!(!check(&ring, "n", extra) && !check(&turned, "m", extra), "{g} {kind}");
                if kind == "lring" {
                    assert!(!check(&ring, "m", r#","scope":"ab""#), "{g}");
                    images.push(at(&parse(&sig), "image"));
                }
            }
        }
        images.sort();
        images.dedup();
        assert_eq!(images.len(), 3);
    }
}

#[test]
fn bls_signatures_of_shares_combine_to_that_of_the_key() {
    let dealt = result("feldman_deal", r#"{"G":"bls12-381-g1","t":2,"n":3}"#);
    let hash = G2::hash(b"m", b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_");
    let sign = |sk: &str| {
        let bytes: [u8; 32] = hex::decode(sk.trim_matches('"')).unwrap().try_into().unwrap();
        hex::encode(&hash.mul(&Fr::from_bytes(&bytes).unwrap()).encode())
    };
    let share = |i: usize| {
        let sig = sign(&at(&dealt, &format!("secret.shares.{i}.share")));
        format!(r#"{{"index":{},"sig":"{sig}"}}"#, i + 1)
    };
    let combine = |one: String, two: String| {
        let checks =
            format!(r#""msg":"utf8:m","pk":{},"public_shares":{}"#, at(&dealt, "pk"), at(&dealt, "public_shares"));
        call("threshold_bls_combine", &format!(r#"{{"sig_shares":[{one},{two}],{checks}}}"#))
    };
    let want = sign(&at(&dealt, "secret.sk"));
    for (i, j) in [(0, 1), (2, 0), (1, 2)] {
        let answer = combine(share(i), share(j));
        assert_eq!(answer.get("result").unwrap().get("sig"), Some(&Json::str(want.clone())));
    }
    let false_share = share(0).replace(r#""index":1"#, r#""index":3"#);
    assert_eq!(fault(&combine(share(1), false_share)).0, "bad_share");
}

/// Nothing in a share says how many are needed, so the answer must.
#[test]
fn combining_without_t_warns() {
    let split = result("shamir_split", r#"{"msg":"utf8:the vault code","t":3,"n":4}"#);
    let shares = split.get("secret").and_then(|secret| secret.get("shares")).and_then(Json::as_list).unwrap();
    let some = |count: usize| Json::List(shares[..count].to_vec()).render();
    let blind = call("shamir_combine", &format!(r#"{{"shares":{}}}"#, some(2)));
    assert!(blind.get("warning").and_then(Json::as_str).unwrap().contains("wrong secret"), "{}", blind.render());
    assert_ne!(blind.get("result").unwrap().get("msg"), Some(&Json::str("746865207661756c7420636f6465")));
    let sure = call("shamir_combine", &format!(r#"{{"shares":{},"t":3}}"#, some(3)));
    assert_eq!(sure.get("warning"), None);
    assert_eq!(sure.get("result").unwrap().get("msg"), Some(&Json::str("746865207661756c7420636f6465")));
}
