//! Family B: polynomials over a prime field.

use crate::bigint::{self, Int};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::cost::FLAT;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::lists::{self, json_int, json_ints};
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::numbers::poly;

const MAX_BITS: u64 = 8_192;
const MAX_COEFFS: usize = 4_096;
const MAX_POINTS: usize = 1_024;
const MAX_ROWS: usize = 128;

const DUPLICATE_X: &str = "duplicate_x";
const NOT_PRIME: &str = "not_prime";
const NO_SOLUTION: &str = "no_solution";

const INT: Kind = Kind::Int { min: None, max_bits: MAX_BITS };
const COEFFS: Kind = Kind::List { of: &INT, max: MAX_COEFFS };
const POINTS: Kind = Kind::List { of: &Kind::List { of: &INT, max: 2 }, max: MAX_POINTS };
const ROW: Kind = Kind::List { of: &INT, max: MAX_ROWS };
const ROWS: Kind = Kind::List { of: &ROW, max: MAX_ROWS };

const PRIME: Param = Param::required("mod", Kind::Int { min: Some(2), max_bits: MAX_BITS }, "the prime");
const AT: Param = Param::default("at", INT, Default::Int(0), "where to evaluate; 0 for a shared secret");

pub static OPS: &[Op] = &[
    Op {
        name: "poly_eval",
        family: family::POLYNOMIALS,
        summary: "the value of a polynomial at x, modulo a prime",
        params: &[
            Param::required("coeffs", COEFFS, "the coefficients, the constant first"),
            Param::required("x", INT, "where to evaluate"),
            PRIME,
        ],
        result: "int",
        errors: &[NOT_PRIME],
        standard: "Horner's rule",
        randomised: false,
        example: Example { args: r#"{"coeffs":["5","3"],"x":"2","mod":"257"}"#, expect: Expect::Result(r#""11""#) },
        cost: eval_cost,
        run: poly_eval,
    },
    Op {
        name: "poly_interpolate",
        family: family::POLYNOMIALS,
        summary: "the polynomial of least degree through points with different x, modulo a prime",
        params: &[Param::required("points", POINTS, "pairs [x, y]"), PRIME],
        result: "object: coeffs (list of int, the constant first, no zeros at the end)",
        errors: &[NOT_PRIME, DUPLICATE_X],
        standard: "Newton's divided differences",
        randomised: false,
        example: Example {
            args: r#"{"points":[["1","8"],["2","11"]],"mod":"257"}"#,
            expect: Expect::Result(r#"{"coeffs":["5","3"]}"#),
        },
        cost: points_cost,
        run: poly_interpolate,
    },
    Op {
        name: "lagrange",
        family: family::POLYNOMIALS,
        summary: "the value at one place of the polynomial through points with different x, modulo a prime",
        params: &[Param::required("points", POINTS, "pairs [x, y]"), AT, PRIME],
        result: "int",
        errors: &[NOT_PRIME, DUPLICATE_X],
        standard: "Lagrange's formula",
        randomised: false,
        example: Example {
            args: r#"{"points":[["1","8"],["2","11"]],"mod":"257"}"#,
            expect: Expect::Result(r#""5""#),
        },
        cost: points_cost,
        run: lagrange,
    },
    Op {
        name: "lagrange_coeffs",
        family: family::POLYNOMIALS,
        summary: "the weights l_i with f(at) = sum l_i f(x_i) for every f of degree below the number of xs",
        params: &[Param::required("xs", Kind::List { of: &INT, max: MAX_POINTS }, "different places"), AT, PRIME],
        result: "list of int, in the order of xs",
        errors: &[NOT_PRIME, DUPLICATE_X],
        standard: "Lagrange's formula",
        randomised: false,
        example: Example { args: r#"{"xs":["1","2"],"mod":"257"}"#, expect: Expect::Result(r#"["2","256"]"#) },
        cost: points_cost,
        run: lagrange_coeffs,
    },
    Op {
        name: "poly_mul",
        family: family::POLYNOMIALS,
        summary: "the product of two polynomials modulo a prime",
        params: &[
            Param::required("a", COEFFS, "the coefficients of one, the constant first"),
            Param::required("b", COEFFS, "the coefficients of the other"),
            PRIME,
        ],
        result: "object: coeffs (list of int, the constant first, no zeros at the end)",
        errors: &[NOT_PRIME],
        standard: "schoolbook multiplication",
        randomised: false,
        example: Example {
            args: r#"{"a":["1","1"],"b":["-1","1"],"mod":"257"}"#,
            expect: Expect::Result(r#"{"coeffs":["256","0","1"]}"#),
        },
        cost: mul_cost,
        run: poly_mul,
    },
    Op {
        name: "mat_solve",
        family: family::POLYNOMIALS,
        summary: "x with matrix x = rhs modulo a prime; where several exist, the one with zeros in the free places",
        params: &[
            Param::required("matrix", ROWS, "the rows, all of one length"),
            Param::required("rhs", ROW, "one number for each row"),
            PRIME,
        ],
        result: "object: x (list of int), unique (bool)",
        errors: &[NOT_PRIME, NO_SOLUTION],
        standard: "Gauss-Jordan elimination",
        randomised: false,
        example: Example {
            args: r#"{"matrix":[["1","1"],["1","-1"]],"rhs":["7","3"],"mod":"257"}"#,
            expect: Expect::Result(r#"{"x":["5","2"],"unique":true}"#),
        },
        cost: solve_cost,
        run: mat_solve,
    },
];

/// Bits of the widest number that is multiplied.
fn bits(args: &Args<'_>) -> u64 {
    let of = |name| args.int(name).map_or(0, Int::bits);
    of("mod").max(of("x")).max(of("at"))
}

/// Cost of `steps` multiplications with reduction, by division, and of the primality test. Numbers in lists are at
/// most as long as one argument may be, but mostly as long as the modulus.
fn field_cost(args: &Args<'_>, steps: u64) -> u64 {
    let prime = args.int("mod").map_or(0, |p| cost::prime_test(p.bits()));
    steps.saturating_mul(cost::modmul(bits(args)).saturating_mul(3).saturating_add(150)).saturating_add(prime)
}

fn check_prime(args: &Args<'_>, ctx: &Ctx<'_>) -> Result<(), Error> {
    if bigint::is_prime(args.int("mod")?, &mut || ctx.tick())? {
        return Ok(());
    }
    Err(args.error(NOT_PRIME, "mod", "expected a prime"))
}

/// The integers of a list, each in 0..mod: long ones are reduced once.
fn reduced(ints: &[&Int], p: &Int) -> Vec<Int> {
    ints.iter().filter_map(|n| n.modulo(p)).collect()
}

fn eval_cost(args: &Args<'_>) -> u64 {
    field_cost(args, lists::len(args, "coeffs")).saturating_add(FLAT)
}

fn poly_eval(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_prime(args, ctx)?;
    let coeffs = lists::ints(args, "coeffs")?;
    Ok(json_int(&poly::eval(&coeffs, args.int("x")?, args.int("mod")?)).into())
}

fn points_cost(args: &Args<'_>) -> u64 {
    let n = lists::len(args, "points").max(lists::len(args, "xs"));
    let inverses = cost::gcd(bits(args)).saturating_mul(n);
    field_cost(args, n.saturating_mul(n).saturating_mul(3)).saturating_add(inverses)
}

/// The xs and the ys of the points, reduced; the xs differ.
fn points(args: &Args<'_>, ctx: &Ctx<'_>) -> Result<(Vec<Int>, Vec<Int>), Error> {
    check_prime(args, ctx)?;
    let p = args.int("mod")?;
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    for (i, point) in lists::int_rows(args, "points")?.into_iter().enumerate() {
        match point.as_slice() {
            [x, y] => {
                xs.extend(x.modulo(p));
                ys.extend(y.modulo(p));
            }
            _ => {
                let path = lists::item_path(args, "points", i);
                return Err(Error::new(OUT_OF_RANGE, path, "a point is a pair [x, y]"));
            }
        }
    }
    check_xs(args, "points", &xs)?;
    Ok((xs, ys))
}

fn check_xs(args: &Args<'_>, name: &str, xs: &[Int]) -> Result<(), Error> {
    if xs.is_empty() {
        return Err(args.error(OUT_OF_RANGE, name, "expected at least one"));
    }
    match poly::repeated(&refs(xs), args.int("mod")?) {
        None => Ok(()),
        Some(i) => {
            Err(Error::new(DUPLICATE_X, lists::item_path(args, name, i), "two places are the same modulo the prime"))
        }
    }
}

fn refs(ints: &[Int]) -> Vec<&Int> {
    ints.iter().collect()
}

/// Differences of different residues modulo a prime have inverses.
fn no_inverse() -> Error {
    Error::internal("a difference has no inverse")
}

fn poly_interpolate(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (xs, ys) = points(args, ctx)?;
    let coeffs = poly::interpolate(&refs(&xs), &refs(&ys), args.int("mod")?).ok_or_else(no_inverse)?;
    Ok(Json::object([("coeffs", json_ints(&coeffs))]).into())
}

fn lagrange(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (xs, ys) = points(args, ctx)?;
    let p = args.int("mod")?;
    let weights = poly::lagrange(&refs(&xs), args.int("at")?, p).ok_or_else(no_inverse)?;
    let sum = weights.iter().zip(&ys).fold(Int::zero(), |sum, (w, y)| &sum + &(w * y));
    Ok(json_int(&sum.modulo(p).ok_or_else(no_inverse)?).into())
}

fn lagrange_coeffs(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_prime(args, ctx)?;
    let p = args.int("mod")?;
    let xs = reduced(&lists::ints(args, "xs")?, p);
    check_xs(args, "xs", &xs)?;
    let weights = poly::lagrange(&refs(&xs), args.int("at")?, p).ok_or_else(no_inverse)?;
    Ok(json_ints(&weights).into())
}

fn mul_cost(args: &Args<'_>) -> u64 {
    field_cost(args, lists::len(args, "a").saturating_mul(lists::len(args, "b"))).saturating_add(FLAT)
}

fn poly_mul(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_prime(args, ctx)?;
    let p = args.int("mod")?;
    let (a, b) = (reduced(&lists::ints(args, "a")?, p), reduced(&lists::ints(args, "b")?, p));
    Ok(Json::object([("coeffs", json_ints(&poly::mul(&refs(&a), &refs(&b), p)))]).into())
}

fn solve_cost(args: &Args<'_>) -> u64 {
    let n = lists::len(args, "matrix");
    let width =
        lists::int_rows(args, "matrix").ok().and_then(|rows| rows.first().map(Vec::len)).map_or(0, cost::units);
    let inverses = cost::gcd(bits(args)).saturating_mul(width);
    field_cost(args, n.saturating_mul(width.min(n)).saturating_mul(width + 1)).saturating_add(inverses)
}

fn mat_solve(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_prime(args, ctx)?;
    let (rows, rhs) = (lists::int_rows(args, "matrix")?, lists::ints(args, "rhs")?);
    let width = rows.first().map_or(0, Vec::len);
    if width == 0 {
        return Err(args.error(OUT_OF_RANGE, "matrix", "expected at least one number"));
    }
    if let Some(i) = rows.iter().position(|row| row.len() != width) {
        return Err(Error::new(OUT_OF_RANGE, lists::item_path(args, "matrix", i), "the rows differ in length"));
    }
    if rhs.len() != rows.len() {
        return Err(args.error(OUT_OF_RANGE, "rhs", "expected one number for each row"));
    }
    match poly::solve(&rows, &rhs, width, args.int("mod")?, &mut || ctx.tick())? {
        Some(solution) => {
            Ok(Json::object([("x", json_ints(&solution.x)), ("unique", Json::Bool(solution.unique))]).into())
        }
        None => Err(args.error(NO_SOLUTION, "rhs", "no x solves the system")),
    }
}
