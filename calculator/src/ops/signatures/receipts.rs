//! Family F, the part with signed receipts of everyday deals.

use ed25519_dalek::{Signer, SigningKey};

use crate::core::args::Args;
use crate::core::canonical::canonical;
use crate::core::context::Ctx;
use crate::core::cost::FLAT;
use crate::core::error::Error;
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::schemes::ed25519;

/// Separates receipts from every other use of an Ed25519 key; the number changes when the layout does.
const DOMAIN: &[u8] = b"crypto_calculator/receipt/v1\n";
/// Cost units of one signature or verification with its canonical text.
const CURVE_COST: u64 = 80_000;

const TEXT: Kind = Kind::Text { max: 1_024 };
const AMOUNT: Kind = Kind::Int { min: Some(0), max_bits: 128 };

const COUNTERPART: Param = Param::required("counterpart", TEXT, "the other party: a public key or a name");
const ITEM: Param = Param::required("item", TEXT, "what changed hands or was promised");
const PRICE: Param = Param::required("amount", AMOUNT, "how much, in the smallest unit");
const CURRENCY: Param = Param::default("currency", Kind::Text { max: 32 }, Default::Str(""), "of what");
const DATE: Param = Param::required("date", Kind::Date { first_year: 0, last_year: 9_999 }, "the day, as YYYY-MM-DD");
const SERIAL: Param =
    Param::default("serial", Kind::Text { max: 64 }, Default::Str(""), "tells two equal deals of one day apart");

const RECEIPT: &[Param] = &[
    Param::required("signer", Kind::hex(32), "the signer's public key"),
    COUNTERPART,
    ITEM,
    PRICE,
    CURRENCY,
    DATE,
    SERIAL,
];

pub static OPS: &[Op] = &[
    Op {
        name: "receipt_sign",
        family: family::SIGNATURES,
        summary: "sign a receipt that binds signer, counterpart, item, amount and date",
        params: &[
            Param::required("sk", Kind::hex(32), "the signer's Ed25519 secret key").secret(),
            COUNTERPART,
            ITEM,
            PRICE,
            CURRENCY,
            DATE,
            SERIAL,
        ],
        result: "object: receipt (object: signer, counterpart, item, amount, currency, date, serial), sig (hex, 64 bytes)",
        errors: &[],
        standard: "Ed25519 (RFC 8032) over \"crypto_calculator/receipt/v1\\n\" | canonical JSON (RFC 8785) of the receipt",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb","#,
                r#""counterpart":"Bea","item":"one bicycle","amount":"12000","currency":"EUR cent","date":"2026-1"#,
                r#"1-20"}"#
            ),
            expect: Expect::Then {
                op: "receipt_verify",
                args: concat!(
                    r#"{"receipt":"$receipt","sig":"$sig","#,
                    r#""signer":"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"}"#
                ),
                result: r#"{"valid":true}"#,
            },
        },
        cost: |_| CURVE_COST,
        run: receipt_sign,
    },
    Op {
        name: "receipt_verify",
        family: family::SIGNATURES,
        summary: "check a signed receipt, and that it is the expected party's",
        params: &[
            Param::required("receipt", Kind::Record(RECEIPT), "the receipt as it was signed"),
            Param::required("sig", Kind::hex(64), "the signature"),
            Param::required(
                "signer",
                Kind::hex(32),
                "the public key of the party you dealt with, known from elsewhere",
            ),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see receipt_sign",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"receipt":{"signer":"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c","#,
                r#""counterpart":"Bea","item":"one bicycle","amount":"1","date":"2026-11-20"},"#,
                r#""sig":"00000000000000000000000000000000000000000000000000000000000000000"#,
                r#"000000000000000000000000000000000000000000000000000000000000000","#,
                r#""signer":"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"}"#
            ),
            expect: Expect::Result(r#"{"valid":false,"reason":"the signature does not match this key and message"}"#),
        },
        cost: |_| CURVE_COST + FLAT,
        run: receipt_verify,
    },
];

/// The receipt as JSON. All values are texts, so that every reader sees the same ones.
fn receipt(args: &Args<'_>, signer: &[u8]) -> Result<Json<'static>, Error> {
    let text = |name| args.text(name).map(|text| Json::str(text.to_owned()));
    Ok(Json::object([
        ("signer", Json::str(hex::encode(signer))),
        ("counterpart", text("counterpart")?),
        ("item", text("item")?),
        ("amount", Json::str(args.int("amount")?.to_string())),
        ("currency", text("currency")?),
        ("date", Json::str(args.date("date")?.text())),
        ("serial", text("serial")?),
    ]))
}

fn signed_bytes(receipt: &Json<'_>) -> Result<Vec<u8>, Error> {
    let text = canonical(&receipt.render()).ok_or_else(|| Error::internal("a receipt has no canonical form"))?;
    Ok([DOMAIN, text.as_bytes()].concat())
}

fn receipt_sign(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    // SigningKey wipes itself when dropped.
    let key = SigningKey::from_bytes(args.array("sk")?);
    let receipt = receipt(args, key.verifying_key().as_bytes())?;
    let sig = key.sign(&signed_bytes(&receipt)?);
    Ok(Json::object([("receipt", receipt), ("sig", Json::str(hex::encode(&sig.to_bytes())))]).into())
}

fn receipt_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let given = args.record("receipt")?;
    let signer = args.array::<32>("signer")?;
    if given.array::<32>("signer")? != signer {
        return Ok(Reply::verdict(Err("the receipt names another signer")));
    }
    let bytes = signed_bytes(&receipt(given, signer)?)?;
    Ok(Reply::verdict(ed25519::verify(signer, &bytes, args.array("sig")?)))
}
