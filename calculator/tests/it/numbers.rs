//! Families A and B: computed answers, and relations that hold whatever the numbers are.

use crate::common::{Random, ask, call, fault, parse, result, seeded, vectors};
use crypto_calculator::bigint::{self, Int};
use crypto_calculator::core::json::Json;
use crypto_calculator::numbers::factor::factor;
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;

#[test]
fn computed_answers() {
    vectors::run("numbers/numtheory.jsonl", 97);
}

fn text(value: &Json) -> String {
    value.as_str().expect("text").to_owned()
}

fn member(value: &Json, name: &str) -> String {
    text(value.get(name).unwrap_or_else(|| panic!("no {name} in {}", value.render())))
}

fn big(text: &str) -> BigInt {
    text.parse().expect("a decimal spelling")
}

fn int(text: &str) -> Int {
    Int::parse(text, 1 << 16).expect("a decimal spelling")
}

/// A number of up to `max` bytes, sometimes small, sometimes with a shared factor.
fn number(random: &mut Random, max: usize) -> BigInt {
    let factor = [1u32, 6, 30, 0][random.below(40).min(3)];
    let size = 1 + random.below(max);
    let bytes = random.bytes(size);
    let sign = if random.below(4) == 0 { Sign::Minus } else { Sign::Plus };
    BigInt::from_bytes_be(sign, &bytes) * factor
}

#[test]
fn divisors_agree_with_the_twin() {
    let mut random = Random::new(11);
    for _ in 0..400 {
        let (a, b) = (number(&mut random, 60) * 6u32, number(&mut random, 60) * 4u32);
        let args = format!(r#"{{"a":"{a}","b":"{b}"}}"#);
        assert_eq!(big(&text(&result("gcd", &args))), a.gcd(&b), "{args}");
        let lcm = if a == BigInt::ZERO && b == BigInt::ZERO { BigInt::ZERO } else { a.lcm(&b) };
        assert_eq!(big(&text(&result("lcm", &args))), lcm, "{args}");
        let bezout = result("egcd", &args);
        let (x, y) = (big(&member(&bezout, "x")), big(&member(&bezout, "y")));
        assert_eq!(&a * x + &b * y, a.gcd(&b), "{args}");
        assert_eq!(big(&member(&bezout, "g")), a.gcd(&b), "{args}");
    }
}

#[test]
fn modular_sums_and_products_agree_with_the_twin() {
    let mut random = Random::new(12);
    for _ in 0..400 {
        let (a, b) = (number(&mut random, 60), number(&mut random, 60));
        let m = BigInt::from(number(&mut random, 60).magnitude().clone()) + 1;
        let args = format!(r#"{{"a":"{a}","b":"{b}","mod":"{m}"}}"#);
        assert_eq!(big(&text(&result("modmul", &args))), (&a * &b).mod_floor(&m), "{args}");
        assert_eq!(big(&text(&result("modadd", &args))), (&a + &b).mod_floor(&m), "{args}");
        let (quotient, rest) = int(&a.to_string()).div_rem(&int(&m.to_string())).unwrap();
        assert_eq!((big(&quotient.to_string()), big(&rest.to_string())), a.div_mod_floor(&m));
    }
}

#[test]
fn roots_agree_with_the_twin() {
    let mut random = Random::new(13);
    for _ in 0..300 {
        let n = BigInt::from(number(&mut random, 80).magnitude().clone());
        let k = 1 + u32::try_from(random.below(9)).unwrap();
        for n in [n.clone(), n.pow(k), n.pow(k) + 1] {
            let answer = result("iroot", &format!(r#"{{"n":"{n}","k":{k}}}"#));
            let root = n.nth_root(k);
            assert_eq!(big(&member(&answer, "root")), root, "{n} {k}");
            assert_eq!(answer.get("exact"), Some(&Json::Bool(root.pow(k) == n)), "{n} {k}");
        }
        assert_eq!(big(&text(&result("isqrt", &format!(r#"{{"n":"{n}"}}"#)))), n.sqrt());
    }
    for (n, k, want) in [("0", 5, r#"{"root":"0","exact":true}"#), ("7", 16384, r#"{"root":"1","exact":false}"#)] {
        assert_eq!(result("iroot", &format!(r#"{{"n":"{n}","k":{k}}}"#)), parse(want));
    }
}

#[test]
fn congruences_hold_and_contradictions_are_named() {
    let mut random = Random::new(14);
    for _ in 0..200 {
        let x = BigInt::from(number(&mut random, 30).magnitude().clone());
        let moduli: Vec<BigInt> =
            (0..1 + random.below(6)).map(|_| BigInt::from(number(&mut random, 6).magnitude().clone()) + 1).collect();
        let list = |f: &dyn Fn(&BigInt) -> BigInt| {
            Json::List(moduli.iter().map(|m| Json::str(f(m).to_string())).collect()).render()
        };
        let args = format!(r#"{{"residues":{},"moduli":{}}}"#, list(&|m| &x % m), list(&BigInt::clone));
        let answer = result("crt", &args);
        let modulus = moduli.iter().fold(BigInt::from(1), |all, m| all.lcm(m));
        assert_eq!(big(&member(&answer, "modulus")), modulus, "{args}");
        assert_eq!(big(&member(&answer, "x")), x.mod_floor(&modulus), "{args}");
    }
    let clash = call("crt", r#"{"residues":["1","0","2"],"moduli":["6","5","4"]}"#);
    assert_eq!(fault(&clash), ("no_solution".into(), "/args/residues/2".into()));
}

/// Primes for which p - 1 holds few and many twos.
const PRIMES: &[&str] = &[
    "2",
    "3",
    "13",
    "65537",
    "998244353",
    "4179340454199820289",
    "57896044618658097711785492504343953926634992332820282019728792003956564819949",
    "26959946667150639794667015087019630673557916260026308143510066298881",
];

#[test]
fn square_roots_square_back() {
    let mut random = Random::new(15);
    for p in PRIMES {
        for _ in 0..40 {
            let x = number(&mut random, 40);
            let a = (&x * &x).mod_floor(&big(p));
            let answer = result("sqrt_mod", &format!(r#"{{"a":"{a}","p":"{p}"}}"#));
            let roots: Vec<BigInt> =
                answer.get("roots").and_then(Json::as_list).unwrap().iter().map(|r| big(&text(r))).collect();
            assert!(roots.contains(&x.mod_floor(&big(p))), "{a} mod {p}");
            assert!(roots.is_sorted() && roots.iter().all(|r| (r * r).mod_floor(&big(p)) == a));
            assert_eq!(roots.len(), if a == BigInt::ZERO || *p == "2" { 1 } else { 2 });
            if *p != "2" {
                let symbol = result("legendre", &format!(r#"{{"a":"{a}","p":"{p}"}}"#));
                assert_eq!(symbol, Json::Int(i64::from(a != BigInt::ZERO)));
            }
        }
    }
}

#[test]
fn the_symbol_is_what_euler_says() {
    let mut random = Random::new(16);
    for p in PRIMES.iter().skip(1) {
        let prime = big(p);
        for _ in 0..30 {
            let a = number(&mut random, 40);
            let power = a.mod_floor(&prime).modpow(&((&prime - 1u32) / 2u32), &prime);
            let euler = [0, 1].into_iter().find(|n| power == BigInt::from(*n)).unwrap_or(-1);
            assert_eq!(bigint::jacobi(&int(&a.to_string()), &int(p)), Some(euler));
        }
    }
    // Multiplicative in the lower number.
    for _ in 0..200 {
        let (a, m) =
            (number(&mut random, 20), BigInt::from(number(&mut random, 9).magnitude().clone()) * 2u32 + 1u32);
        let n = BigInt::from(number(&mut random, 9).magnitude().clone()) * 2u32 + 1u32;
        let symbol = |n: &BigInt| bigint::jacobi(&int(&a.to_string()), &int(&n.to_string())).unwrap();
        assert_eq!(symbol(&(&m * &n)), symbol(&m) * symbol(&n), "{a} {m} {n}");
    }
    assert_eq!(fault(&call("jacobi", r#"{"a":"1","n":"4"}"#)).0, "out_of_range");
}

#[test]
fn factors_are_prime_and_multiply_back() {
    let mut random = Random::new(17);
    let mut numbers: Vec<u64> = (1..3_000).collect();
    numbers.extend([u64::MAX, u64::MAX - 58, 4_294_967_291 * 4_294_967_291, 1 << 63, 3u64.pow(40)]);
    numbers.extend((0..200).map(|_| random.next()));
    // Two large primes, the hardest case.
    numbers.extend([18_446_744_030_759_878_681, 4_294_967_291 * 4_294_967_279, 1_000_003u64.pow(3)]);
    for n in numbers {
        let factors = factor(n);
        assert_eq!(factors.iter().map(|(p, e)| u128::from(*p).pow(*e)).product::<u128>(), u128::from(n));
        assert!(factors.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (p, _) in factors {
            assert!(bigint::is_prime::<()>(&Int::from(p), &mut || Ok(())).unwrap(), "{n}");
        }
    }
}

#[test]
fn logarithms_are_the_smallest() {
    // Every case of a small modulus against counting, composite and even ones too.
    for m in [2u64, 9, 16, 35, 101, 128] {
        for base in (1..m).filter(|b| b.gcd(&m) == 1) {
            for target in 0..m {
                let mut power = 1 % m;
                let found = (0..m).find(|_| {
                    let hit = power == target;
                    power = power * base % m;
                    hit
                });
                let answer = call("discrete_log", &format!(r#"{{"base":{base},"target":{target},"mod":{m}}}"#));
                match found {
                    Some(x) => {
                        assert_eq!(answer.get("result"), Some(&Json::str(x.to_string())), "{base} {target} {m}")
                    }
                    None => assert_eq!(fault(&answer).0, "no_solution", "{base} {target} {m}"),
                }
            }
        }
    }
}

#[test]
fn logarithms_respect_the_bound() {
    let p = "170141183460469231731687303715884105727";
    for x in [0u64, 1, 5, 999_999, 1_000_000, 68_719_476_735] {
        let power = text(&result("modpow", &format!(r#"{{"base":"43","exp":"{x}","mod":"{p}"}}"#)));
        let ask = |max: u64| {
            call("discrete_log", &format!(r#"{{"base":"43","target":"{power}","mod":"{p}","max":{max}}}"#))
        };
        assert_eq!(ask(x).get("result"), Some(&Json::str(x.to_string())));
        if x > 0 {
            assert_eq!(fault(&ask(x - 1)).0, "no_solution");
        }
    }
}

#[test]
fn orders_are_the_smallest() {
    for m in 1u64..80 {
        for a in (0..m).filter(|a| a.gcd(&m) == 1) {
            let mut power = a % m;
            let mut k = 1;
            while power != 1 % m {
                power = power * a % m;
                k += 1;
            }
            let order = result("element_order", &format!(r#"{{"a":{a},"mod":{m}}}"#));
            assert_eq!(order, Json::str(k.to_string()), "{a} mod {m}");
        }
    }
    let group = result("group_info", r#"{"group":"modp1536"}"#);
    let (p, q) = (member(&group, "p"), member(&group, "q"));
    for (a, want) in [("2", q.as_str()), ("-2", "0"), ("1", "1"), ("-1", "2")] {
        let order = result("element_order", &format!(r#"{{"a":"{a}","mod":"{p}","factors":["2","{q}"]}}"#));
        let want = if want == "0" { (big(&q) * 2u32).to_string() } else { want.to_owned() };
        assert_eq!(order, Json::str(want), "{a}");
    }
    let few = call("element_order", &format!(r#"{{"a":"2","mod":"{p}","factors":["2"]}}"#));
    assert_eq!(fault(&few), ("out_of_range".into(), "/args/factors".into()));
    assert_eq!(fault(&call("element_order", &format!(r#"{{"a":"2","mod":"{p}"}}"#))).0, "limit_exceeded");
}

#[test]
fn every_named_group_has_primes_of_its_size() {
    for name in crypto_calculator::groups::NAMED_SCHNORR {
        let group = result("group_info", &format!(r#"{{"group":"{name}"}}"#));
        let (p, q) = (int(&member(&group, "p")), int(&member(&group, "q")));
        assert_eq!(p, crate::common::closed_form::prime(name), "{name}");
        assert_eq!(&q.shl(1) + &Int::one(), p);
        assert!(name.ends_with(&p.bits().to_string()));
        // Testing the larger ones takes seconds; their closed form is the same.
        if p.bits() <= 3072 {
            for n in [&p, &q] {
                assert!(bigint::is_prime::<()>(n, &mut || Ok(())).unwrap(), "{name}");
            }
        }
    }
}

#[test]
fn drawn_primes_have_their_size() {
    for bits in [2u64, 3, 4, 5, 8, 17, 40, 63, 64, 65, 127, 128, 256, 1024] {
        for _ in 0..3 {
            let p = int(&member(&result("gen_prime", &format!(r#"{{"bits":{bits}}}"#)), "p"));
            assert_eq!(p.bits(), bits);
            assert!(bigint::is_prime::<()>(&p, &mut || Ok(())).unwrap());
        }
    }
    for bits in [3u64, 4, 5, 16, 63, 64, 65, 160, 512] {
        let pair = result("gen_safe_prime", &format!(r#"{{"bits":{bits}}}"#));
        let (p, q) = (int(&member(&pair, "p")), int(&member(&pair, "q")));
        assert_eq!((p.bits(), &q.shl(1) + &Int::one()), (bits, p.clone()));
        for n in [&p, &q] {
            assert!(bigint::is_prime::<()>(n, &mut || Ok(())).unwrap(), "{bits}");
        }
    }
}

#[test]
fn the_next_prime_is_the_next() {
    let mut random = Random::new(18);
    let prime = |n: &BigUint| bigint::is_prime::<()>(&int(&n.to_string()), &mut || Ok(())).unwrap();
    let mut starts: Vec<BigUint> = (0u32..300).map(BigUint::from).collect();
    starts.extend((0..60).map(|i| BigUint::from_bytes_be(&random.bytes(3 + i / 3))));
    for n in starts {
        let next: BigUint = text(&result("next_prime", &format!(r#"{{"n":"{n}"}}"#))).parse().unwrap();
        let mut between = &n + 1u8;
        while !prime(&between) {
            between += 1u8;
        }
        assert_eq!(next, between, "{n}");
    }
    assert_eq!(result("next_prime", r#"{"n":"-5"}"#), Json::str("2"));
}

#[test]
fn random_integers_fill_their_range_alike() {
    let mut seen = [0usize; 6];
    for i in 0..600 {
        let seed = format!("{i:04x}");
        let request = format!(r#"{{"op":"random_int","args":{{"min":-2,"max":3}},"seed":"{seed}"}}"#);
        let n: i64 = member(ask(&seeded(), request).get("result").unwrap(), "n").parse().unwrap();
        seen[usize::try_from(n + 2).unwrap()] += 1;
    }
    // The seeds are fixed, so the counts are too; 100 each were expected.
    assert!(seen.iter().all(|count| (70..130).contains(count)), "{seen:?}");
    assert_eq!(fault(&call("random_int", r#"{"min":3,"max":2}"#)), ("out_of_range".into(), "/args/max".into()));
}
