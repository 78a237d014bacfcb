//! Family L: oblivious transfer. The receiver opens one of the sender's messages; the sender does not learn which.

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Nonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{GROUP_PARAM, Group, POINT, Point, SCALAR, Scalar, Zero, costs, read_point, read_scalar};
use crate::schemes::hpke::DECRYPT_FAILED;

const STANDARD: &str = "Chou and Orlandi 2015, with ChaCha20-Poly1305 under keys hashed from the whole exchange";
const KEY_DOMAIN: &[u8] = b"crypto_calculator/oblivious-transfer/v1";
const MAX_MESSAGES: usize = 64;
const MAX_MSG: usize = 1 << 16;
const TAG_LEN: usize = 16;

const MSG: Kind = Kind::Bytes { max: MAX_MSG };
const CT: Kind = Kind::Hex { min: TAG_LEN, max: MAX_MSG + TAG_LEN };
const A: Param = Param::required("A", POINT, "the sender's point, from ot_sender_init");
const B: Param = Param::required("B", POINT, "the receiver's point, from ot_receiver_choose");
const CHOICE: Param =
    Param::required("choice", Kind::Count { min: 0, max: 63 }, "number of the wanted message, counted from 0")
        .secret();
const CONTEXT: Param = Param::optional(
    "context",
    Kind::Bytes { max: 1024 },
    "public text that names the exchange, the same on both sides",
);

pub static OPS: &[Op] = &[
    Op {
        name: "ot_sender_init",
        family: family::OBLIVIOUS,
        summary: "sender, first step: send A, keep a; a new pair for every transfer",
        params: &[GROUP_PARAM],
        result: "object: A (pt), secret {a (sc)}",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example { args: "{}", expect: Expect::Members(&["A", "secret"]) },
        cost: |args| {
            let c = costs(args);
            c.setup.saturating_add(c.mul_base + c.encode)
        },
        run: ot_sender_init,
    },
    Op {
        name: "ot_receiver_choose",
        family: family::OBLIVIOUS,
        summary: "receiver: choose a message; send B, which hides the choice, keep b",
        params: &[GROUP_PARAM, A, CHOICE],
        result: "object: B (pt), secret {b (sc)}",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"A":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","choice":1}"#,
            expect: Expect::Members(&["B", "secret"]),
        },
        cost: |args| {
            let c = costs(args);
            c.setup.saturating_add(c.decode + c.mul + c.mul_base + c.add + c.encode)
        },
        run: ot_receiver_choose,
    },
    Op {
        name: "ot_sender_send",
        family: family::OBLIVIOUS,
        summary: "sender: encrypt each message under its own key, of which the receiver has one",
        params: &[
            GROUP_PARAM,
            Param::required("a", SCALAR, "from ot_sender_init").secret(),
            B,
            Param::required(
                "msgs",
                Kind::List { of: &MSG, max: MAX_MESSAGES },
                "two or more messages of equal length",
            )
            .secret(),
            CONTEXT,
        ],
        result: "object: cts (list of hex)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"a":"0300000000000000000000000000000000000000000000000000000000000000","#,
                r#""B":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""msgs":["utf8:left","utf8:rite"]}"#
            ),
            expect: Expect::Then {
                op: "ot_receiver_open",
                args: concat!(
                    r#"{"A":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","#,
                    r#""b":"0100000000000000000000000000000000000000000000000000000000000000","#,
                    r#""choice":0,"cts":"$cts"}"#
                ),
                result: r#"{"msg":"6c656674"}"#,
            },
        },
        cost: |args| {
            let c = costs(args);
            let once = c.setup.saturating_add(c.decode + 2 * c.mul + c.mul_base);
            let items = args.list("msgs").map_or(0, |items| units(items.len()));
            items
                .saturating_mul(c.add + 2 * c.encode + 5_000)
                .saturating_add(once)
                .saturating_add(bytes(args, "msgs"))
        },
        run: ot_sender_send,
    },
    Op {
        name: "ot_receiver_open",
        family: family::OBLIVIOUS,
        summary: "receiver, last step: open the chosen message",
        params: &[
            GROUP_PARAM,
            A,
            Param::required("b", SCALAR, "from ot_receiver_choose").secret(),
            CHOICE,
            Param::required("cts", Kind::List { of: &CT, max: MAX_MESSAGES }, "from the sender"),
            CONTEXT,
        ],
        result: "object: msg (hex)",
        errors: &[DECRYPT_FAILED],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"A":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","#,
                r#""b":"0100000000000000000000000000000000000000000000000000000000000000","choice":0,"#,
                r#""cts":["2d68785ade957915e988e255a5ed730bb356bf6f","48c35c766e4ff5e83deaf45a4f6888a9430312bd"]}"#
            ),
            expect: Expect::Result(r#"{"msg":"6c656674"}"#),
        },
        cost: |args| {
            let c = costs(args);
            c.setup
                .saturating_add(c.decode + 2 * c.mul + c.mul_base + 4 * c.encode)
                .saturating_add(bytes(args, "cts"))
        },
        run: ot_receiver_open,
    },
];

fn bytes(args: &Args<'_>, name: &str) -> u64 {
    let size = |value: &Value<'_>| if let Value::Bytes(bytes) = value { units(bytes.len()) } else { 0 };
    args.list(name).map_or(0, |items| items.iter().map(size).sum::<u64>()).saturating_mul(5)
}

/// What both sides have seen.
struct Exchange<'a> {
    group: &'a Group,
    a: &'a Point,
    b: &'a Point,
    context: &'a [u8],
}

impl Exchange<'_> {
    /// The key of message `index`, from the Diffie-Hellman point that belongs to it.
    fn key(&self, index: u64, shared: &Point) -> Result<Zeroizing<[u8; 32]>, Error> {
        let mut hash = Sha256::new().chain_update(KEY_DOMAIN);
        let points = [self.a, self.b, shared].map(|point| self.group.encode(point));
        let [a, b, shared] = points;
        for part in [self.group.name().as_bytes(), self.context, &a?, &b?, &shared?] {
            hash.update(units(part.len()).to_be_bytes());
            hash.update(part);
        }
        Ok(Zeroizing::new(hash.chain_update(index.to_be_bytes()).finalize().into()))
    }
}

/// Every key serves for one message, so the nonce can stay zero.
fn cipher(key: &[u8; 32]) -> (ChaCha20Poly1305, Nonce<ChaCha20Poly1305>) {
    (ChaCha20Poly1305::new(key.into()), Nonce::<ChaCha20Poly1305>::default())
}

fn ot_sender_init(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let a = g.random_scalar(ctx)?;
    Ok(Json::object([("A", g.point_json(&g.mul_base(&a)?)?), ("secret", Json::object([("a", g.scalar_json(&a)?)]))])
        .into())
}

/// b times the generator, plus the choice times A.
fn receiver_point(g: &Group, a: &Point, b: &Scalar, choice: u64) -> Result<Point, Error> {
    g.add(&g.mul_base(b)?, &g.mul(&g.scalar_from_u64(choice)?, a)?)
}

fn ot_receiver_choose(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let a = read_point(args, &g, "A", Zero::Refused)?;
    let choice = args.count("choice")?;
    loop {
        let b = g.random_scalar(ctx)?;
        let point = receiver_point(&g, &a, &b, choice)?;
        // The sender refuses the identity, which comes up in tiny groups only.
        if !g.is_identity(&point) {
            return Ok(Json::object([
                ("B", g.point_json(&point)?),
                ("secret", Json::object([("b", g.scalar_json(&b)?)])),
            ])
            .into());
        }
        ctx.tick()?;
    }
}

fn ot_sender_send(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let a = read_scalar(args, &g, "a", Zero::Refused)?;
    let point_b = read_point(args, &g, "B", Zero::Refused)?;
    let msgs = args.list("msgs")?;
    let sizes: Vec<usize> = msgs.iter().map(|msg| if let Value::Bytes(msg) = msg { msg.len() } else { 0 }).collect();
    if msgs.len() < 2 || sizes.iter().any(|size| Some(size) != sizes.first()) {
        let message = "expected two or more messages of equal length; pad them, or the length tells them apart";
        return Err(args.error(OUT_OF_RANGE, "msgs", message));
    }
    let point_a = g.mul_base(&a)?;
    let context = args.opt_bytes("context").unwrap_or_default();
    let exchange = Exchange { group: &g, a: &point_a, b: &point_b, context };
    // a (B - i A) for i = 0, 1, ...
    let mut shared = g.mul(&a, &point_b)?;
    let step = g.mul(&a, &point_a)?;
    let mut cts = Vec::with_capacity(msgs.len());
    for (msg, i) in msgs.iter().zip(0u64..) {
        let Value::Bytes(msg) = msg else { return Err(Error::internal("a message is no bytes")) };
        let (cipher, nonce) = cipher(&*exchange.key(i, &shared)?);
        let ct = cipher.encrypt(&nonce, msg.as_slice()).map_err(|_| Error::internal("the cipher refused"))?;
        cts.push(Json::str(hex::encode(&ct)));
        shared = g.sub(&shared, &step)?;
    }
    Ok(Json::object([("cts", Json::List(cts))]).into())
}

fn ot_receiver_open(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let point_a = read_point(args, &g, "A", Zero::Refused)?;
    let b = read_scalar(args, &g, "b", Zero::Refused)?;
    let choice = args.count("choice")?;
    let index = usize::try_from(choice).unwrap_or(usize::MAX);
    let Some(Value::Bytes(ct)) = args.list("cts")?.get(index) else {
        return Err(args.error(OUT_OF_RANGE, "choice", "there is no message of this number"));
    };
    let point_b = receiver_point(&g, &point_a, &b, choice)?;
    let context = args.opt_bytes("context").unwrap_or_default();
    let exchange = Exchange { group: &g, a: &point_a, b: &point_b, context };
    let (cipher, nonce) = cipher(&*exchange.key(choice, &g.mul(&b, &point_a)?)?);
    let failed = |_| Error::new(DECRYPT_FAILED, "", "wrong key, or something was changed on the way");
    let msg = cipher.decrypt(&nonce, ct.as_slice()).map(Zeroizing::new).map_err(failed)?;
    Ok(Json::object([("msg", Json::str(hex::encode(&msg)))]).into())
}
