//! Family B: computed answers, and relations between evaluation, interpolation, products and linear systems.

use crate::common::{Random, call, fault, result, vectors};
use crypto_calculator::core::json::Json;
use num_bigint::{BigInt, Sign};
use num_integer::Integer;

/// 2^255 - 19 and a prime with many twos below it.
const LARGE: &str = "57896044618658097711785492504343953926634992332820282019728792003956564819949";
const SMOOTH: &str = "998244353";

fn text(value: &Json) -> String {
    value.as_str().expect("text").to_owned()
}

fn big(text: &str) -> BigInt {
    text.parse().expect("a decimal spelling")
}

fn number(random: &mut Random, max: usize) -> BigInt {
    let size = 1 + random.below(max);
    let sign = if random.below(4) == 0 { Sign::Minus } else { Sign::Plus };
    BigInt::from_bytes_be(sign, &random.bytes(size))
}

#[test]
fn computed_polynomials() {
    vectors::run("numbers/poly.jsonl", 121);
}

fn list(items: &[BigInt]) -> String {
    Json::List(items.iter().map(|n| Json::str(n.to_string())).collect()).render()
}

fn ints(value: &Json) -> Vec<BigInt> {
    value.as_list().expect("a list").iter().map(|n| big(&text(n))).collect()
}

#[test]
fn polynomials_pass_through_their_points() {
    let mut random = Random::new(21);
    for p in ["257", "4179340454199820289", LARGE] {
        let p = big(p);
        for size in 1..12 {
            let xs: Vec<BigInt> = (0..size).map(|i| number(&mut random, 1) * 12u32 + i).collect();
            let ys: Vec<BigInt> = (0..size).map(|_| number(&mut random, 40)).collect();
            let points: Vec<String> = xs.iter().zip(&ys).map(|(x, y)| list(&[x.clone(), y.clone()])).collect();
            let points = points.join(",");
            let answer = call("poly_interpolate", &format!(r#"{{"points":[{points}],"mod":"{p}"}}"#));
            let mut residues: Vec<BigInt> = xs.iter().map(|x| x.mod_floor(&p)).collect();
            residues.sort();
            residues.dedup();
            if residues.len() < xs.len() {
                assert_eq!(fault(&answer).0, "duplicate_x");
                continue;
            }
            let coeffs = answer.get("result").and_then(|r| r.get("coeffs")).unwrap();
            assert!(ints(coeffs).len() <= size && ints(coeffs).last() != Some(&BigInt::ZERO));
            for (x, y) in xs.iter().zip(&ys) {
                let args = format!(r#"{{"coeffs":{},"x":"{x}","mod":"{p}"}}"#, coeffs.render());
                assert_eq!(big(&text(&result("poly_eval", &args))), y.mod_floor(&p));
            }
            let args = format!(r#"{{"coeffs":{},"x":"-9","mod":"{p}"}}"#, coeffs.render());
            let elsewhere = text(&result("poly_eval", &args));
            let args = format!(r#"{{"points":[{points}],"at":-9,"mod":"{p}"}}"#);
            assert_eq!(text(&result("lagrange", &args)), elsewhere);
            let weights = ints(&result("lagrange_coeffs", &format!(r#"{{"xs":{},"at":-9,"mod":"{p}"}}"#, list(&xs))));
            let sum: BigInt = weights.iter().zip(&ys).map(|(w, y)| w * y).sum();
            assert_eq!(sum.mod_floor(&p), big(&elsewhere));
        }
    }
}

#[test]
fn products_of_polynomials_have_the_product_of_their_values() {
    let mut random = Random::new(22);
    let p = big(SMOOTH);
    for round in 0..60 {
        let mut draw = |n: usize| -> Vec<BigInt> { (0..n).map(|_| number(&mut random, 12)).collect() };
        let (a, b, x) = (draw(round % 7), draw(round % 5), draw(1));
        let value = |coeffs: &str| {
            big(&text(&result("poly_eval", &format!(r#"{{"coeffs":{coeffs},"x":"{}","mod":"{p}"}}"#, x[0]))))
        };
        let product = result("poly_mul", &format!(r#"{{"a":{},"b":{},"mod":"{p}"}}"#, list(&a), list(&b)));
        let coeffs = product.get("coeffs").unwrap();
        assert_eq!(value(&coeffs.render()), (value(&list(&a)) * value(&list(&b))).mod_floor(&p));
        assert_ne!(ints(coeffs).last(), Some(&BigInt::ZERO));
    }
}

#[test]
fn linear_systems_are_solved() {
    let mut random = Random::new(23);
    let (mut solved, mut refused, mut many) = (0, 0, 0);
    for p in ["2", "3", "257", LARGE] {
        let p = big(p);
        for _ in 0..80 {
            let (height, width) = (1 + random.below(6), 1 + random.below(6));
            let matrix: Vec<Vec<BigInt>> =
                (0..height).map(|_| (0..width).map(|_| number(&mut random, 3)).collect()).collect();
            let rhs: Vec<BigInt> = (0..height).map(|_| number(&mut random, 3)).collect();
            let rows: Vec<String> = matrix.iter().map(|row| list(row)).collect();
            let args = format!(r#"{{"matrix":[{}],"rhs":{},"mod":"{p}"}}"#, rows.join(","), list(&rhs));
            let answer = call("mat_solve", &args);
            let Some(found) = answer.get("result") else {
                assert_eq!(fault(&answer).0, "no_solution", "{args}");
                assert!(height > 1 || matrix[0].iter().all(|n| n.mod_floor(&p) == BigInt::ZERO));
                refused += 1;
                continue;
            };
            let x = ints(found.get("x").unwrap());
            for (row, b) in matrix.iter().zip(&rhs) {
                let sum: BigInt = row.iter().zip(&x).map(|(a, x)| a * x).sum();
                assert_eq!(sum.mod_floor(&p), b.mod_floor(&p), "{args}");
            }
            solved += 1;
            if found.get("unique") == Some(&Json::Bool(false)) {
                many += 1;
            } else {
                assert!(height >= width);
            }
        }
    }
    assert!(solved > 100 && refused > 20 && many > 20, "{solved} {refused} {many}");
}
