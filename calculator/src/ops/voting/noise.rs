//! Family O: differential privacy.

use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::FLAT;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::numbers::generate::random_below;
use crate::schemes::noise::{self, Ratio};

const STANDARD: &str = "Canonne, Kamath, Steinke 2020, exact sampling with integers";
/// Parts of a fraction; small enough that every product of the sampling stays a few words long.
const PART: Kind = Kind::Count { min: 1, max: 1 << 32 };
const VALUE: Param =
    Param::required("value", Kind::Int { min: None, max_bits: 256 }, "the true answer, an integer").secret();
const SENSITIVITY: Param = Param::default(
    "sensitivity",
    Kind::Count { min: 1, max: 1 << 20 },
    Default::Int(1),
    "how much one person can change the true answer",
);
const BITS: &[&str] = &["0", "1"];

/// Cost units of one sample: a geometric number of draws, almost always below this.
const SAMPLE: u64 = 50_000;

pub static OPS: &[Op] = &[
    Op {
        name: "dp_laplace",
        family: family::VOTING,
        summary: "add discrete Laplace noise to an integer answer: epsilon-differential privacy",
        params: &[
            VALUE,
            SENSITIVITY,
            Param::required("eps_num", PART, "epsilon's numerator"),
            Param::default("eps_den", PART, Default::Int(1), "epsilon's denominator"),
        ],
        result: "object: noisy (int), scale_num, scale_den (int; the scale is sensitivity / epsilon)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"value":"42","eps_num":1,"eps_den":2}"#,
            expect: Expect::Members(&["noisy", "scale_num", "scale_den"]),
        },
        cost: |_| SAMPLE,
        run: dp_laplace,
    },
    Op {
        name: "dp_gaussian",
        family: family::VOTING,
        summary: "add discrete Gaussian noise to an integer answer: rho-concentrated differential privacy",
        params: &[
            VALUE,
            SENSITIVITY,
            Param::required("var_num", PART, "numerator of the variance sigma^2"),
            Param::default("var_den", PART, Default::Int(1), "its denominator"),
        ],
        result: "object: noisy (int), rho_num, rho_den (int; rho = sensitivity^2 / (2 variance))",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"value":"42","var_num":16}"#,
            expect: Expect::Members(&["noisy", "rho_num", "rho_den"]),
        },
        cost: |_| 4 * SAMPLE,
        run: dp_gaussian,
    },
    Op {
        name: "randomized_response",
        family: family::VOTING,
        summary: "answer a yes-no question truly with a probability and else falsely, so that no answer proves anything",
        params: &[
            Param::required("bit", Kind::Choice(BITS), "the true answer, \"0\" or \"1\"").secret(),
            Param::default("true_num", PART, Default::Int(3), "numerator of the probability of the true answer"),
            Param::default(
                "true_den",
                PART,
                Default::Int(4),
                "its denominator; the probability lies between 1/2 and 1",
            ),
        ],
        result: "object: bit (text); of n answers with y ones, (y/n - 1 + p) / (2p - 1) estimates the share of ones",
        errors: &[],
        standard: "Warner 1965; epsilon = ln(p / (1 - p))",
        randomised: true,
        example: Example { args: r#"{"bit":"1"}"#, expect: Expect::Members(&["bit"]) },
        cost: |_| 10 * FLAT,
        run: randomized_response,
    },
];

fn ratio(args: &Args<'_>, num: &str, den: &str) -> Result<Ratio, Error> {
    Ok(Ratio::new(args.count(num)?, args.count(den)?))
}

fn text(n: &Int) -> Json<'static> {
    Json::str(n.to_string())
}

fn dp_laplace(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let epsilon = ratio(args, "eps_num", "eps_den")?;
    // scale t/s = sensitivity / epsilon.
    let t = &Int::from(args.count("sensitivity")?) * &epsilon.den;
    let noise = noise::laplace(&epsilon.num, &t, ctx)?;
    Ok(Json::object([
        ("noisy", text(&(args.int("value")? + &noise))),
        ("scale_num", text(&t)),
        ("scale_den", text(&epsilon.num)),
    ])
    .into())
}

fn dp_gaussian(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let variance = ratio(args, "var_num", "var_den")?;
    let sensitivity = Int::from(args.count("sensitivity")?);
    let noise = noise::gaussian(&variance, ctx)?;
    Ok(Json::object([
        ("noisy", text(&(args.int("value")? + &noise))),
        ("rho_num", text(&(&(&sensitivity * &sensitivity) * &variance.den))),
        ("rho_den", text(&(&variance.num * &Int::from(2u64)))),
    ])
    .into())
}

fn randomized_response(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (num, den) = (args.count("true_num")?, args.count("true_den")?);
    if num >= den || num.saturating_mul(2) <= den {
        return Err(args.error(OUT_OF_RANGE, "true_num", "the probability must lie between 1/2 and 1"));
    }
    let truthful = random_below(&Int::from(den), ctx)? < Int::from(num);
    let one = (args.text("bit")? == "1") == truthful;
    Ok(Json::object([("bit", Json::str(if one { "1" } else { "0" }))]).into())
}
