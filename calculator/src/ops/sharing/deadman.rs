//! Family I: the dead-man switch, a sealed message whose key is shared among trustees.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::schemes::sharing::{self, MAX_SHARES, N, T, gf256};

/// Separates these hashes from every other use of SHA-256; the numbers change when the layouts do.
const SHARE_DOMAIN: &[u8] = b"crypto_calculator/deadman/share/v1";
const SEAL_DOMAIN: &[u8] = b"crypto_calculator/deadman/seal/v1";
const TAG_LEN: usize = 16;
const MAX_MSG: usize = 1 << 18;
const BAD_SHARE: &str = "bad_share";
const DECRYPT_FAILED: &str = "decrypt_failed";
const STANDARD: &str = "ChaCha20-Poly1305 (RFC 8439) under a fresh key that is shared over GF(2^8) as in shamir_split; a \
                        hash of every share is bound to the seal";

const CONTEXT: Param = Param::optional(
    "context",
    Kind::Bytes { max: 1_024 },
    "public text that the seal is bound to, such as the condition of its opening",
);

pub static OPS: &[Op] = &[
    Op {
        name: "deadman_seal",
        family: family::SHARING,
        summary: "seal a message that any t of n trustees can open, should the owner fall silent",
        params: &[Param::required("msg", Kind::Bytes { max: MAX_MSG }, "what to seal").secret(), T, N, CONTEXT],
        result: "object: sealed (hex), t, n, share_hashes (list of hex), secret (object: shares, a list of {index, \
                 share}; give each trustee one, publish the rest)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"msg":"utf8:look behind the clock","t":2,"n":3}"#,
            expect: Expect::Then {
                op: "deadman_open",
                args: concat!(
                    r#"{"sealed":"$sealed","t":2,"share_hashes":"$share_hashes","#,
                    r#""shares":["$secret.shares.2","$secret.shares.0"]}"#
                ),
                result: r#"{"msg":"6c6f6f6b20626568696e642074686520636c6f636b"}"#,
            },
        },
        cost: |args| {
            let pairs = args.count("t").unwrap_or(255).saturating_mul(args.count("n").unwrap_or(255));
            cost(args, "msg").saturating_add(pairs.saturating_mul(300))
        },
        run: seal,
    },
    Op {
        name: "deadman_open",
        family: family::SHARING,
        summary: "open a dead-man seal with the trustees' shares; a false share is named",
        params: &[
            Param::required("sealed", Kind::Hex { min: TAG_LEN, max: MAX_MSG + TAG_LEN }, "the seal"),
            T,
            Param::required(
                "share_hashes",
                Kind::List { of: &Kind::hex(32), max: MAX_SHARES },
                "what was published with the seal, all of it",
            ),
            Param::required(
                "shares",
                Kind::List {
                    of: &Kind::Record(&[
                        Param::required("index", Kind::Count { min: 1, max: 255 }, "number of the share"),
                        Param::required("share", Kind::hex(32), "the trustee's share").secret(),
                    ]),
                    max: MAX_SHARES,
                },
                "t shares or more",
            ),
            CONTEXT,
        ],
        result: "object: msg (hex)",
        errors: &[BAD_SHARE, DECRYPT_FAILED],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sealed":"440ef0666b3a54db9f1d8d947e9bda90ba9eb3f98a2948ae017ea706f5ce38f42b2850af7f","t":2,"#,
                r#""share_hashes":["5439e8af092fae75cb19b0877cd7176b2cb739163c62f3ea4d0ca06783e8d1b3","#,
                r#""928bc5c541801a53f8800f47126cbdde87d60225249b3f4298e1f71458be839d","#,
                r#""bd70aa42a3fcf5f5286b5b9b20c949f62a8996ecfe4318dfd90aeeac891ddfc9"],"#,
                r#""shares":[{"index":3,"share":"630c491b94b1f90035a4230406abc6712bc754143a7b7eab08e59ccdb205ef68"},"#,
                r#"{"index":1,"share":"2879766532b872a2f7ddcb570468eef05193a8c7791f456584fbcb924e29726f"}]}"#
            ),
            expect: Expect::Result(r#"{"msg":"6c6f6f6b20626568696e642074686520636c6f636b"}"#),
        },
        cost: |args| {
            let shares = units(args.list("shares").map_or(0, <[_]>::len));
            let interpolation = shares.saturating_mul(shares.saturating_add(32)).saturating_mul(30);
            cost(args, "sealed").saturating_add(interpolation)
        },
        run: open,
    },
];

fn cost(args: &Args<'_>, name: &str) -> u64 {
    units(args.opt_bytes(name).map_or(0, <[u8]>::len)).saturating_mul(10).saturating_add(300 * FLAT)
}

/// A share is as long as the key and uniform, so its hash says nothing about it.
fn share_hash(index: u64, share: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(SHARE_DOMAIN).chain_update(index.to_be_bytes()).chain_update(share).finalize().into()
}

/// What the seal is bound to: the context, t, and the hashes of all shares.
fn associated(args: &Args<'_>, hashes: &[[u8; 32]]) -> Result<[u8; 32], Error> {
    let context = args.opt_bytes("context").unwrap_or_default();
    let mut hash = Sha256::new()
        .chain_update(SEAL_DOMAIN)
        .chain_update(units(context.len()).to_be_bytes())
        .chain_update(context)
        .chain_update(args.count("t")?.to_be_bytes())
        .chain_update(units(hashes.len()).to_be_bytes());
    for share in hashes {
        hash.update(share);
    }
    Ok(hash.finalize().into())
}

/// The key seals one message only, so the nonce can be constant.
fn cipher(key: &[u8]) -> Result<(ChaCha20Poly1305, Nonce), Error> {
    let key = Key::try_from(key).map_err(|_| Error::internal("a key has an impossible length"))?;
    Ok((ChaCha20Poly1305::new(&key), Nonce::default()))
}

fn seal(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let small =
        |name: &str| u8::try_from(args.count(name)?).map_err(|_| args.error(OUT_OF_RANGE, name, "at most 255"));
    let (t, n) = (small("t")?, small("n")?);
    if t > n {
        return Err(args.error(OUT_OF_RANGE, "t", "t must not be larger than n"));
    }
    let mut key = Zeroizing::new([0u8; 32]);
    ctx.fill(key.as_mut_slice())?;
    let shares = gf256::split(key.as_slice(), t, n, ctx)?;
    let hashes: Vec<[u8; 32]> = shares.iter().map(|(index, share)| share_hash(*index, share)).collect();
    let (cipher, nonce) = cipher(key.as_slice())?;
    let aad = associated(args, &hashes)?;
    let sealed = cipher
        .encrypt(&nonce, Payload { msg: args.bytes("msg")?, aad: &aad })
        .map_err(|_| Error::internal("the message cannot be sealed"))?;
    let share = |(index, share): &(u64, Zeroizing<Vec<u8>>)| {
        Json::object([("index", Json::count(*index)), ("share", Json::str(hex::encode(share)))])
    };
    Ok(Json::object([
        ("sealed", Json::str(hex::encode(&sealed))),
        ("t", Json::count(u64::from(t))),
        ("n", Json::count(u64::from(n))),
        ("share_hashes", Json::List(hashes.iter().map(|hash| Json::str(hex::encode(hash))).collect())),
        ("secret", Json::object([("shares", Json::List(shares.iter().map(share).collect()))])),
    ])
    .into())
}

fn read_hashes(args: &Args<'_>) -> Result<Vec<[u8; 32]>, Error> {
    let disagree = || args.error(INTERNAL, "share_hashes", "the op and its row disagree about this list");
    let entry = |item: &Value<'_>| match item {
        Value::Bytes(bytes) => <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| disagree()),
        _ => Err(disagree()),
    };
    args.list("share_hashes")?.iter().map(entry).collect()
}

fn open(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let hashes = read_hashes(args)?;
    let records = sharing::records(args, "shares")?;
    let t = args.count("t")?;
    if units(records.len()) < t {
        return Err(args.error(OUT_OF_RANGE, "shares", "fewer shares than are needed"));
    }
    let mut shares = Vec::new();
    for (index, record) in sharing::distinct(&records)?.into_iter().zip(&records) {
        ctx.tick()?;
        let share = record.bytes("share")?;
        let place = usize::try_from(index.saturating_sub(1)).unwrap_or(usize::MAX);
        if hashes.get(place) != Some(&share_hash(index, share)) {
            return Err(record.error(BAD_SHARE, "share", "this share is not the one that was dealt"));
        }
        let x = u8::try_from(index).map_err(|_| record.error(OUT_OF_RANGE, "index", "at most 255"))?;
        shares.push((x, share));
    }
    let needed = usize::try_from(t).unwrap_or(usize::MAX);
    let key = gf256::interpolate(shares.get(..needed).unwrap_or(&shares), 0);
    let (cipher, nonce) = cipher(&key)?;
    let aad = associated(args, &hashes)?;
    let msg = cipher
        .decrypt(&nonce, Payload { msg: args.bytes("sealed")?, aad: &aad })
        .map(Zeroizing::new)
        .map_err(|_| args.error(DECRYPT_FAILED, "sealed", "the seal does not open"))?;
    Ok(Json::object([("msg", Json::str(hex::encode(&msg)))]).into())
}
