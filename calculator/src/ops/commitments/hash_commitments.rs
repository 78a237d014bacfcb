//! Family E: commitments.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::Error;
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::schemes::hash_commitment::commitment;

const MSG: Kind = Kind::Bytes { max: 1 << 20 };
const CONTEXT: Kind = Kind::Bytes { max: 1024 };
const DIGEST: Kind = Kind::hex(32);

pub static OPS: &[Op] = &[
    Op {
        name: "commit_hash",
        family: family::COMMITMENTS,
        summary: "commit to a message; keep msg and nonce secret until you open, publish only the commitment",
        params: &[
            Param::required("msg", MSG, "what to commit to").secret(),
            Param::optional("nonce", DIGEST, "32 random bytes that hide the message; drawn and returned if left out")
                .secret(),
            Param::optional("context", CONTEXT, "public text that the commitment is bound to, such as a round name"),
        ],
        result: "object: commitment (hex), nonce (hex; secret until the opening)",
        errors: &[],
        standard: "SHA-256(\"crypto_calculator/commit_hash/v1\" | len64(context) | context | nonce | msg)",
        randomised: true,
        example: Example {
            args: r#"{"msg":"utf8:heads","context":"utf8:toss 7"}"#,
            expect: Expect::Then {
                op: "open_hash",
                args: r#"{"commitment":"$commitment","nonce":"$nonce","msg":"utf8:heads","context":"utf8:toss 7"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: commitment_cost,
        run: commit_hash,
    },
    Op {
        name: "open_hash",
        family: family::COMMITMENTS,
        summary: "check that a commitment opens to a message and nonce",
        params: &[
            Param::required("commitment", DIGEST, "what was published"),
            Param::required("msg", MSG, "the revealed message"),
            Param::required("nonce", DIGEST, "the revealed nonce"),
            Param::optional("context", CONTEXT, "the same as in commit_hash"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see commit_hash",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"commitment":"0000000000000000000000000000000000000000000000000000000000000000","#,
                r#""msg":"utf8:heads","#,
                r#""nonce":"0101010101010101010101010101010101010101010101010101010101010101"}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the commitment does not open to this message, nonce and context"}"#,
            ),
        },
        cost: commitment_cost,
        run: open_hash,
    },
];

fn commitment_cost(args: &Args<'_>) -> u64 {
    units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(5).saturating_add(4 * FLAT)
}

fn commit_hash(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut nonce = Zeroizing::new([0u8; 32]);
    match args.opt_bytes("nonce") {
        Some(_) => *nonce = *args.array("nonce")?,
        None => ctx.fill(nonce.as_mut_slice())?,
    }
    let digest = commitment(args.bytes("msg")?, &nonce, args.opt_bytes("context").unwrap_or_default());
    Ok(Json::object([
        ("commitment", Json::str(hex::encode(&digest))),
        ("nonce", Json::str(hex::encode(nonce.as_slice()))),
    ])
    .into())
}

fn open_hash(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let context = args.opt_bytes("context").unwrap_or_default();
    let expected = commitment(args.bytes("msg")?, args.array("nonce")?, context);
    let valid = bool::from(expected.ct_eq(args.array::<32>("commitment")?));
    Ok(Reply::verdict(valid.then_some(()).ok_or("the commitment does not open to this message, nonce and context")))
}
