//! Family M, the part with proofs of absence and with hash chains.

use sha2::{Digest, Sha256, Sha512};
use sha3::Sha3_256;

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::lists;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::schemes::merkle::{self, Hash};

const MAX_LEAVES: usize = 8_192;
const MAX_STEPS: u64 = 1 << 20;

const PRESENT: &str = "present";

const DIGEST: Kind = Kind::hex(32);
const LEAF: Kind = Kind::Bytes { max: 1 << 20 };
const SIZE: Kind = Kind::Count { min: 0, max: u64::MAX };
const ALGS: &[&str] = &["sha256", "sha512", "sha3-256"];

const ITEM: Param = Param::required("item", LEAF, "what is not in the tree");
const ALG: Param = Param::default("alg", Kind::Choice(ALGS), Default::Str("sha256"), "the hash function");

/// A leaf next to the place where the item would be.
const NEIGHBOUR: Kind = Kind::Record(&[
    Param::required("leaf", LEAF, "the content of the leaf"),
    Param::required("index", SIZE, "its place, counted from 0"),
    Param::required("path", Kind::List { of: &DIGEST, max: 64 }, "its inclusion proof"),
]);

pub static OPS: &[Op] = &[
    Op {
        name: "merkle_absence_prove",
        family: family::TREES,
        summary: "proof that an item is not in the tree of sorted leaves: the leaves left and right of its place",
        params: &[
            Param::required(
                "leaves",
                Kind::List { of: &LEAF, max: MAX_LEAVES },
                "all leaves, in any order; they are sorted by their bytes, and repetitions dropped",
            ),
            ITEM,
        ],
        result: "object: root (hex), size, left?, right? (each leaf, index, path; none beyond an end)",
        errors: &[PRESENT],
        standard: "RFC 6962 tree over the sorted leaves, as by merkle_root with sort; whoever builds it must sort",
        randomised: false,
        example: Example {
            args: r#"{"leaves":["utf8:carol","utf8:alice"],"item":"utf8:bob"}"#,
            expect: Expect::Then {
                op: "merkle_absence_verify",
                args: r#"{"root":"$root","size":"$size","item":"utf8:bob","left":"$left","right":"$right"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: leaves_cost,
        run: absence_prove,
    },
    Op {
        name: "merkle_absence_verify",
        family: family::TREES,
        summary: "check that an item is not in the tree of sorted leaves; sound if the leaves were really sorted",
        params: &[
            Param::required("root", DIGEST, "the root, from where you trust it, not from whoever sent the proof"),
            Param::required("size", SIZE, "the number of leaves, from the same trusted place as the root"),
            ITEM,
            Param::optional("left", NEIGHBOUR, "the leaf before the item; none if the item comes before all"),
            Param::optional("right", NEIGHBOUR, "the leaf after the item; none if the item comes after all"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see merkle_absence_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"root":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#,
                r#""size":0,"item":"utf8:bob"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: |_| 300_000,
        run: absence_verify,
    },
    Op {
        name: "hash_chain",
        family: family::TREES,
        summary: "the hash function applied n times to the seed; publish the end, then reveal backwards",
        params: &[
            ALG,
            Param::required("seed", LEAF, "where the chain starts; n = 0 answers it").secret(),
            Param::required("n", Kind::Count { min: 0, max: MAX_STEPS }, "how many times"),
        ],
        result: "hex",
        errors: &[],
        standard: "Lamport's hash chain",
        randomised: false,
        example: Example {
            args: r#"{"seed":"utf8:abc","n":1}"#,
            expect: Expect::Result(r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#),
        },
        cost: chain_cost,
        run: hash_chain,
    },
    Op {
        name: "hash_chain_verify",
        family: family::TREES,
        summary: "check that a revealed value leads to the anchor in exactly n steps",
        params: &[
            ALG,
            Param::required("value", LEAF, "the revealed link"),
            Param::required("anchor", Kind::Hex { min: 32, max: 64 }, "the known end, or a link known already"),
            Param::required("n", Kind::Count { min: 0, max: MAX_STEPS }, "how many steps lie between"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "Lamport's hash chain",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"value":"utf8:abc","n":1,"#,
                r#""anchor":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: chain_cost,
        run: hash_chain_verify,
    },
];

fn leaves_cost(args: &Args<'_>) -> u64 {
    let leaves = lists::byte_strings(args, "leaves").unwrap_or_default();
    let bytes = leaves.iter().map(|leaf| leaf.len()).sum();
    merkle::work(leaves.len(), bytes).saturating_mul(4).saturating_add(FLAT)
}

fn absence_prove(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut leaves = lists::byte_strings(args, "leaves")?;
    leaves.sort_unstable();
    leaves.dedup();
    let item = args.bytes("item")?;
    let place = match leaves.binary_search(&item) {
        Err(place) => place,
        Ok(_) => return Err(args.error(PRESENT, "item", "the item is one of the leaves")),
    };
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| merkle::leaf_hash(leaf)).collect();
    let neighbour = |index: usize| {
        let leaf = leaves.get(index)?;
        let path = merkle::inclusion_path(&hashes, index);
        Some(Json::object([
            ("leaf", Json::str(hex::encode(leaf))),
            ("index", Json::count(units(index))),
            ("path", Json::List(path.iter().map(|hash| Json::str(hex::encode(hash))).collect())),
        ]))
    };
    let mut members: crate::core::json::Members<'static> = vec![
        ("root".into(), Json::str(hex::encode(&merkle::root(&hashes)))),
        ("size".into(), Json::count(units(leaves.len()))),
    ];
    members.extend(place.checked_sub(1).and_then(neighbour).map(|left| ("left".into(), left)));
    members.extend(neighbour(place).map(|right| ("right".into(), right)));
    Ok(Json::Object(members).into())
}

fn absence_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (root, size, item) = (args.array("root")?, args.count("size")?, args.bytes("item")?);
    let neighbour = |name: &str| match args.get(name) {
        Some(Value::Record(record)) => Neighbour::read(record).map(Some),
        _ => Ok(None),
    };
    Ok(Reply::verdict(absent(root, size, item, neighbour("left")?.as_ref(), neighbour("right")?.as_ref())))
}

struct Neighbour<'v> {
    leaf: &'v [u8],
    index: u64,
    path: Vec<Hash>,
}

impl<'v> Neighbour<'v> {
    fn read(args: &'v Args<'_>) -> Result<Self, Error> {
        let fault = |_| args.error(OUT_OF_RANGE, "path", "expected hashes of 32 bytes");
        let path = lists::byte_strings(args, "path")?.into_iter().map(|hash| hash.try_into().map_err(fault));
        Ok(Self { leaf: args.bytes("leaf")?, index: args.count("index")?, path: path.collect::<Result<_, _>>()? })
    }

    fn check(&self, root: &Hash, size: u64) -> Result<(), &'static str> {
        merkle::verify_inclusion(&merkle::leaf_hash(self.leaf), self.index, size, &self.path, root)
    }
}

/// The item lies strictly between two adjacent leaves, or beyond the first or the last leaf.
fn absent(
    root: &Hash,
    size: u64,
    item: &[u8],
    left: Option<&Neighbour<'_>>,
    right: Option<&Neighbour<'_>>,
) -> Result<(), &'static str> {
    for neighbour in left.into_iter().chain(right) {
        neighbour.check(root, size)?;
    }
    if left.is_some_and(|left| left.leaf >= item) || right.is_some_and(|right| right.leaf <= item) {
        return Err("the item does not lie between the leaves");
    }
    let after_left = left.map_or(Some(0), |left| left.index.checked_add(1));
    let place = right.map_or(size, |right| right.index);
    match (left, right) {
        (None, None) if size == 0 && *root == merkle::root(&[]) => Ok(()),
        (None, None) => Err("a tree with leaves needs at least one neighbour"),
        _ if after_left == Some(place) => Ok(()),
        _ => Err("the leaves do not stand side by side"),
    }
}

fn chain_cost(args: &Args<'_>) -> u64 {
    let start = args.opt_bytes("seed").or_else(|| args.opt_bytes("value")).map_or(0, <[u8]>::len);
    args.count("n").unwrap_or(0).saturating_mul(600).saturating_add(units(start).saturating_mul(10) + FLAT)
}

fn chain(alg: &str, start: &[u8], n: u64, ctx: &Ctx<'_>) -> Result<Vec<u8>, Error> {
    fn run<D: Digest>(start: &[u8], n: u64, ctx: &Ctx<'_>) -> Result<Vec<u8>, Error> {
        let mut link = start.to_vec();
        for i in 0..n {
            link = D::digest(&link).to_vec();
            if i % 4096 == 0 {
                ctx.tick()?;
            }
        }
        Ok(link)
    }
    match alg {
        "sha512" => run::<Sha512>(start, n, ctx),
        "sha3-256" => run::<Sha3_256>(start, n, ctx),
        _ => run::<Sha256>(start, n, ctx),
    }
}

fn hash_chain(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let end = chain(args.text("alg")?, args.bytes("seed")?, args.count("n")?, ctx)?;
    Ok(Json::str(hex::encode(&end)).into())
}

fn hash_chain_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let end = chain(args.text("alg")?, args.bytes("value")?, args.count("n")?, ctx)?;
    let valid = end == args.bytes("anchor")?;
    Ok(Reply::verdict(valid.then_some(()).ok_or("the value does not lead to the anchor in that many steps")))
}
