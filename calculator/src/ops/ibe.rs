//! Family P: identity-based encryption.

use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::bls::{Fr, G1, G2};
use crate::groups::{Group, POINT, Point, SCALAR, Scalar, Zero, read_point, read_scalar};
use crate::schemes::ibe;

const STANDARD: &str = "Boneh and Franklin, CRYPTO 2001, FullIdent, on BLS12-381; mpk and U in G1, identities in G2";
const ID: Kind = Kind::Bytes { max: 1_024 };
const MSG: Kind = Kind::Bytes { max: ibe::MAX_MSG };
const CT: Kind = Kind::Hex { min: ibe::OVERHEAD, max: ibe::OVERHEAD + ibe::MAX_MSG };
/// One code for every cause.
const DECRYPT_FAILED: &str = "decrypt_failed";

/// Cost units, about nanoseconds.
const MUL: u64 = 200_000;
const PAIRING: u64 = 1_300_000;
const HASH_G2: u64 = 500_000;

pub static OPS: &[Op] = &[
    Op {
        name: "ibe_setup",
        family: family::CREDENTIALS,
        summary: "make the master key pair of identity-based encryption; its holder can read every message",
        params: &[],
        result: "object: mpk (hex, 48 bytes), secret.msk (hex, 32 bytes)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example { args: "{}", expect: Expect::Members(&["mpk", "secret"]) },
        cost: |_| 2 * MUL,
        run: setup,
    },
    Op {
        name: "ibe_extract",
        family: family::CREDENTIALS,
        summary: "derive the secret key of an identity from the master secret key",
        params: &[
            Param::required("msk", SCALAR, "the master secret key").secret(),
            Param::required("id", ID, "the identity: any text, such as a name with a date"),
        ],
        result: "object: Q (hex, the identity's point), secret.usk (hex, 96 bytes); e(mpk, Q) = e(P, usk)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: r#"{"msk":"1111111111111111111111111111111111111111111111111111111111111111","id":"utf8:bob"}"#,
            expect: Expect::Members(&["Q", "secret"]),
        },
        cost: |_| HASH_G2 + 3 * MUL,
        run: extract,
    },
    Op {
        name: "ibe_encrypt",
        family: family::CREDENTIALS,
        summary: "encrypt to an identity: the receiver needs no key until the message is to be read",
        params: &[
            Param::required("mpk", POINT, "the master public key"),
            Param::required("id", ID, "the receiver's identity"),
            Param::required("msg", MSG, "what to encrypt").secret(),
            Param::seeded_only("sigma", Kind::hex(ibe::SIGMA_LEN), "the random part that the keys derive from"),
        ],
        result: "hex: U (48 bytes), V (32), W (as long as msg)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"mpk":"97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb"#,
                r#"22c6bb","id":"utf8:bob","msg":"utf8:hello"}"#
            ),
            expect: Expect::HexBytes(ibe::OVERHEAD + 5),
        },
        cost: |args| length(args, "msg").saturating_add(PAIRING + HASH_G2 + 3 * MUL),
        run: encrypt,
    },
    Op {
        name: "ibe_decrypt",
        family: family::CREDENTIALS,
        summary: "decrypt with the secret key of an identity",
        params: &[
            Param::required("usk", POINT, "the identity's secret key").secret(),
            Param::required("ct", CT, "the ciphertext"),
        ],
        result: "object: msg (hex)",
        errors: &[DECRYPT_FAILED],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"usk":"b075dd88b8747de7ed7f971de1d0867013edd8cd862ff5e51b79f61fe0ff8e61353986213ff6942c2a876476be6e5c31"#,
                r#"19aad0a48e5fc90bee41cb7e45a868a5c55e686e4438a95d92beffa523a51f1c92d4aef5b14bb99ba0a5d74137e25e76","#,
                r#""ct":"a5999de0ceee2273cd56e545a6163e105cd4747825cfd66658453746a8dd20a183bb99eccfa25a6cc2160aa20f2a5ed5"#,
                r#"9662c677d748936cae230650cf6922b15918bfd0f18c95be257e983d5ef0345c4eb660df45"}"#
            ),
            expect: Expect::Result(r#"{"msg":"68656c6c6f"}"#),
        },
        cost: |args| length(args, "ct").saturating_add(PAIRING + 5 * MUL),
        run: decrypt,
    },
];

fn length(args: &Args<'_>, name: &str) -> u64 {
    units(args.opt_bytes(name).map_or(0, <[u8]>::len)).saturating_mul(30).saturating_add(FLAT)
}

fn point_g1(args: &Args<'_>, name: &str) -> Result<G1, Error> {
    match read_point(args, &Group::G1, name, Zero::Refused)? {
        Point::G1(p) => Ok(p),
        _ => Err(args.error(INTERNAL, name, "no point of G1")),
    }
}

fn point_g2(args: &Args<'_>, name: &str) -> Result<G2, Error> {
    match read_point(args, &Group::G2, name, Zero::Refused)? {
        Point::G2(p) => Ok(p),
        _ => Err(args.error(INTERNAL, name, "no point of G2")),
    }
}

fn plain(scalar: &Scalar) -> Result<&Fr, Error> {
    match scalar {
        Scalar::Bls(k) => Ok(k),
        _ => Err(Error::internal("no scalar of BLS12-381")),
    }
}

fn setup(_: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let msk = Group::G1.random_scalar(ctx)?;
    let mpk = ibe::public_key(plain(&msk)?);
    let secret = Json::object([("msk", Group::G1.scalar_json(&msk)?)]);
    Ok(Json::object([("mpk", Json::str(hex::encode(&mpk.encode()))), ("secret", secret)]).into())
}

fn extract(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let msk = read_scalar(args, &Group::G1, "msk", Zero::Refused)?;
    let point = ibe::identity_point(args.bytes("id")?);
    let usk = point.mul(plain(&msk)?);
    let secret = Json::object([("usk", Json::str(hex::encode(&usk.encode())))]);
    Ok(Json::object([("Q", Json::str(hex::encode(&point.encode()))), ("secret", secret)]).into())
}

fn encrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mpk = point_g1(args, "mpk")?;
    let sigma = match args.opt_bytes("sigma") {
        Some(_) => Zeroizing::new(*args.array("sigma")?),
        None => ibe::draw_sigma(ctx)?,
    };
    let ct = ibe::encrypt(&mpk, args.bytes("id")?, args.bytes("msg")?, &sigma)?;
    Ok(Json::str(hex::encode(&ct)).into())
}

fn decrypt(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let usk = point_g2(args, "usk")?;
    match ibe::decrypt(&usk, args.bytes("ct")?)? {
        Some(msg) => Ok(Json::object([("msg", Json::str(hex::encode(&msg)))]).into()),
        None => Err(args.error(DECRYPT_FAILED, "ct", "the ciphertext does not decrypt under this key")),
    }
}
