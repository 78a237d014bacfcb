//! Family N: verifiable random functions (RFC 9381).

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::{POINT, Zero};
use crate::schemes::vrf::{SUITES, Suite};

const SUITE: Param = Param::default(
    "suite",
    Kind::Choice(SUITES),
    Default::Str("ECVRF-EDWARDS25519-SHA512-TAI"),
    "curve, hash and encoding; prover and verifier must agree",
);
const ALPHA: Param = Param::required("alpha", Kind::Bytes { max: 1 << 20 }, "the input that everybody knows");

pub static OPS: &[Op] = &[
    Op {
        name: "vrf_prove",
        family: family::TIME,
        summary: "the one random output beta of a key for an input, and the proof pi of it",
        params: &[
            SUITE,
            Param::required("sk", Kind::hex(32), "the secret key, as for Ed25519 or P-256").secret(),
            ALPHA,
        ],
        result: "object: pi (hex), beta (hex), pk (pt)",
        errors: &[],
        standard: "RFC 9381, section 5.1; deterministic",
        randomised: false,
        // RFC 9381, appendix B.3, example 16.
        example: Example {
            args: r#"{"sk":"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60","alpha":""}"#,
            expect: Expect::Result(concat!(
                r#"{"pi":"8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed"#,
                r#"1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805","#,
                r#""beta":"90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff"#,
                r#"66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae","#,
                r#""pk":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}"#
            )),
        },
        cost,
        run: vrf_prove,
    },
    Op {
        name: "vrf_verify",
        family: family::TIME,
        summary: "check pi and answer the output beta that it proves",
        params: &[
            SUITE,
            Param::required("pk", POINT, "the prover's public key"),
            ALPHA,
            Param::required("pi", Kind::Hex { min: 80, max: 81 }, "the proof: 80 bytes on edwards25519, 81 on P-256"),
        ],
        result: "object: valid (bool), beta (hex, if valid), reason (text, if not valid)",
        errors: &[],
        standard: "RFC 9381, section 5.3; keys and Gamma must be in the subgroup of prime order",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a","alpha":"utf8:round 8","#,
                r#""pi":"8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed"#,
                r#"1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805"}"#
            ),
            expect: Expect::Result(r#"{"valid":false,"reason":"pi does not match this key and alpha"}"#),
        },
        cost,
        run: vrf_verify,
    },
];

fn cost(args: &Args<'_>) -> u64 {
    let c = Suite::named(args.opt_text("suite").unwrap_or_default()).costs();
    // Hashing to the curve by trial decodes a point for each try.
    let curve = 2 * c.decode + 3 * c.mul + 2 * c.mul_base + 6 * c.encode + c.hash;
    units(args.opt_bytes("alpha").map_or(0, <[u8]>::len)).saturating_mul(30).saturating_add(curve)
}

fn suite(args: &Args<'_>) -> Result<Suite, Error> {
    Ok(Suite::named(args.text("suite")?))
}

fn vrf_prove(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (suite, sk) = (suite(args)?, args.array::<32>("sk")?);
    let x = suite.secret_scalar(sk)?;
    let x = x.ok_or_else(|| args.error(OUT_OF_RANGE, "sk", "the key is zero or not below the order of the curve"))?;
    let (pi, beta) = suite.prove(sk, &x, args.bytes("alpha")?)?;
    let group = suite.group();
    Ok(Json::object([
        ("pi", Json::str(hex::encode(&pi))),
        ("beta", Json::str(hex::encode(&beta))),
        ("pk", group.point_json(&group.mul_base(&x)?)?),
    ])
    .into())
}

fn vrf_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    let pk = crate::groups::read_point(args, &suite.group(), "pk", Zero::Refused)?;
    let pi = args.bytes("pi")?;
    if pi.len() != suite.proof_len() {
        return Err(args.error(OUT_OF_RANGE, "pi", "the proof has the length of another suite"));
    }
    Ok(match suite.verify(&pk, args.bytes("alpha")?, pi)? {
        Ok(beta) => Json::object([("valid", Json::Bool(true)), ("beta", Json::str(hex::encode(&beta)))]).into(),
        Err(reason) => Reply::verdict(Err(reason)),
    })
}
