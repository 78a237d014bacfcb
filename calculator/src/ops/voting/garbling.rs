//! Family O: one garbled gate. Labels are short and nothing binds gates to a circuit: for teaching only.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::FLAT;
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};

const STANDARD: &str =
    "Yao's garbled gate, point and permute; rows are SHA-256 of labels and gate xor (label | zeros)";
const ROW_TAG: &[u8] = b"crypto_calculator/garble/v1/row";
const OUT_TAG: &[u8] = b"crypto_calculator/garble/v1/out";
const LABEL_LEN: usize = 16;
const ROW_LEN: usize = 32;
/// One code for every cause.
const DECRYPT_FAILED: &str = "decrypt_failed";

const LABEL: Kind = Kind::hex(LABEL_LEN);
const WIRE: Kind = Kind::List { of: &LABEL, max: 2 };
const GATES: &[&str] = &["and", "or", "xor", "nand", "nor", "xnor"];
const GATE_ID: Param = Param::optional("id", Kind::Text { max: 64 }, "name of the gate, another for each gate");
const TOY: Param = Param::required("toy", Kind::Bool, "must be true: this is for teaching");

type Label = [u8; LABEL_LEN];

pub static OPS: &[Op] = &[
    Op {
        name: "garble_gate",
        family: family::VOTING,
        summary: "garble a gate with two inputs: the evaluator learns one output and not the inputs",
        params: &[
            Param::required("gate", Kind::Choice(GATES), "what the gate computes"),
            Param::optional(
                "a",
                WIRE,
                "labels for 0 and 1 of the first input, as from a gate before; drawn if left out",
            )
            .secret(),
            Param::optional("b", WIRE, "the same for the second input").secret(),
            GATE_ID,
            TOY,
        ],
        result: "object: table (list of 4 hex), decode (list of 2 hex), secret.a, secret.b, secret.out (labels for 0 and 1)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"gate":"and","toy":true}"#,
            expect: Expect::Members(&["table", "decode", "secret"]),
        },
        cost: |_| 50 * FLAT,
        run: garble_gate,
    },
    Op {
        name: "eval_gate",
        family: family::VOTING,
        summary: "evaluate a garbled gate with one label for each input",
        params: &[
            Param::required("table", Kind::List { of: &Kind::hex(ROW_LEN), max: 4 }, "the garbled rows"),
            Param::required("a", LABEL, "the label of the first input").secret(),
            Param::required("b", LABEL, "the label of the second input").secret(),
            Param::optional(
                "decode",
                Kind::List { of: &Kind::hex(ROW_LEN), max: 2 },
                "tells which bit the output is",
            ),
            GATE_ID,
            TOY,
        ],
        result: "object: label (hex), bit (text, if decode is given)",
        errors: &[DECRYPT_FAILED],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"table":["b37a12f8656a3dd2db2734256b6b3259560e9a3f17bb7e609a0db744f1eed23f","#,
                r#""8e1f560fcca0bca0c509bc53de09e6963a57ac94eff11745c0c1015d56281df5","#,
                r#""632f7bb757e776660a41dd90845d78f75e800b14c0a7142e31270872bdaff24f","#,
                r#""5b57dd68440795a7fb99792f57a90fce4cae7d8f90c3251b5330adf97e62de3f"],"#,
                r#""a":"78899f54af05ce491ac0ea7d8c487f17","b":"8243070f41a008b713c4dab233393edf","#,
                r#""decode":["facfa5198a18c74f25126fd356043497a0754e2eb9a6daa21fe2b939ebf9a8ba","#,
                r#""30f09d31f0237997666488e58eb1c48854624eb5b3db93d31eaa6057f4b573d2"],"toy":true}"#
            ),
            expect: Expect::Result(r#"{"label":"937ba781ce36100689a19d009e5ef4b8","bit":"1"}"#),
        },
        cost: |_| 20 * FLAT,
        run: eval_gate,
    },
];

fn check_toy(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<(), Error> {
    if !args.flag("toy")? {
        return Err(args.error(OUT_OF_RANGE, "toy", "garbled gates are a toy; allow it with \"toy\": true"));
    }
    ctx.mark_toy();
    Ok(())
}

/// The bit of a label that chooses the row; it says nothing about the wire's value.
fn colour(label: &Label) -> bool {
    label.last().is_some_and(|byte| byte & 1 == 1)
}

fn truth(gate: &str, a: bool, b: bool) -> bool {
    match gate {
        "and" => a && b,
        "or" => a || b,
        "xor" => a != b,
        "nand" => !(a && b),
        "nor" => !(a || b),
        _ => a == b,
    }
}

/// What hides a row: only who has both labels can compute it.
fn pad(id: &str, a: &Label, b: &Label) -> [u8; ROW_LEN] {
    Sha256::new().chain_update(ROW_TAG).chain_update(a).chain_update(b).chain_update(id).finalize().into()
}

fn output_tag(id: &str, label: &Label) -> [u8; ROW_LEN] {
    Sha256::new().chain_update(OUT_TAG).chain_update(label).chain_update(id).finalize().into()
}

/// Labels for 0 and 1 with different colours.
fn draw(ctx: &mut Ctx<'_>) -> Result<Zeroizing<[Label; 2]>, Error> {
    let mut wire = Zeroizing::new([[0u8; LABEL_LEN]; 2]);
    for label in wire.iter_mut() {
        ctx.fill(label)?;
    }
    let [zero, one] = &mut *wire;
    if let (Some(zero), Some(one)) = (zero.last(), one.last_mut()) {
        *one = (*one & 0xfe) | (!*zero & 1);
    }
    Ok(wire)
}

fn wire(args: &Args<'_>, name: &'static str, ctx: &mut Ctx<'_>) -> Result<Zeroizing<[Label; 2]>, Error> {
    if args.get(name).is_none() {
        return draw(ctx);
    }
    let labels = bytes_list::<LABEL_LEN>(args, name)?;
    match labels.as_slice() {
        [zero, one] if colour(zero) != colour(one) => Ok(Zeroizing::new([*zero, *one])),
        _ => Err(args.error(OUT_OF_RANGE, name, "two labels are needed, with different lowest bits")),
    }
}

fn bytes_list<const N: usize>(args: &Args<'_>, name: &'static str) -> Result<Zeroizing<Vec<[u8; N]>>, Error> {
    let entry = |value: &Value<'_>| match value {
        Value::Bytes(bytes) => bytes.as_slice().try_into().ok(),
        _ => None,
    };
    let list: Option<Vec<[u8; N]>> = args.list(name)?.iter().map(entry).collect();
    list.map(Zeroizing::new).ok_or_else(|| args.error(INTERNAL, name, "no list of bytes"))
}

fn garble_gate(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_toy(args, ctx)?;
    let (a, b, out) = (wire(args, "a", ctx)?, wire(args, "b", ctx)?, draw(ctx)?);
    let (gate, id) = (args.text("gate")?, args.opt_text("id").unwrap_or_default());
    let [zero, one] = &*out;
    let mut rows = Vec::with_capacity(4);
    for (x, label_a) in a.iter().enumerate() {
        for (y, label_b) in b.iter().enumerate() {
            let label = if truth(gate, x == 1, y == 1) { one } else { zero };
            let mut row = pad(id, label_a, label_b);
            for (byte, l) in row.iter_mut().zip(label) {
                *byte ^= l;
            }
            rows.push(((colour(label_a), colour(label_b)), hex::encode(&row)));
        }
    }
    rows.sort();
    let labels = |wire: &[Label; 2]| Json::List(wire.iter().map(|label| Json::str(hex::encode(label))).collect());
    let decode = [zero, one].map(|label| Json::str(hex::encode(&output_tag(id, label))));
    Ok(Json::object([
        ("table", Json::List(rows.into_iter().map(|(_, row)| Json::str(row)).collect())),
        ("decode", Json::List(decode.into())),
        ("secret", Json::object([("a", labels(&a)), ("b", labels(&b)), ("out", labels(&out))])),
    ])
    .into())
}

fn eval_gate(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_toy(args, ctx)?;
    let (a, b) = (args.array::<LABEL_LEN>("a")?, args.array::<LABEL_LEN>("b")?);
    let id = args.opt_text("id").unwrap_or_default();
    let table = bytes_list::<ROW_LEN>(args, "table")?;
    let place = usize::from(colour(a)).saturating_mul(2).saturating_add(usize::from(colour(b)));
    let failed = || args.error(DECRYPT_FAILED, "table", "the labels do not open a row of this table");
    let row = table.get(place).ok_or_else(failed)?;
    let open: Vec<u8> = row.iter().zip(pad(id, a, b)).map(|(x, y)| x ^ y).collect();
    let Some((label, zeros)) = open.split_first_chunk::<LABEL_LEN>() else { return Err(failed()) };
    if !bool::from(zeros.ct_eq(&[0u8; ROW_LEN - LABEL_LEN])) {
        return Err(failed());
    }
    let label_json = Json::str(hex::encode(label));
    if args.get("decode").is_none() {
        return Ok(Json::object([("label", label_json)]).into());
    }
    let tag = output_tag(id, label);
    let bit = bytes_list::<ROW_LEN>(args, "decode")?.iter().position(|known| *known == tag).ok_or_else(failed)?;
    Ok(Json::object([("label", label_json), ("bit", Json::str(if bit == 1 { "1" } else { "0" }))]).into())
}
