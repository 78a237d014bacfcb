//! Family M, the part with Merkle trees.

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
/// A path is no longer than the bits of an index.
const MAX_PATH: usize = 64;

const DIGEST: Kind = Kind::hex(32);
const LEAF: Kind = Kind::Bytes { max: 1 << 20 };
const SIZE: Kind = Kind::Count { min: 0, max: u64::MAX };

const TREE: Param =
    Param::default("tree", Kind::Choice(&["rfc6962"]), Default::Str("rfc6962"), "the shape and hash of the tree");
const LEAVES: Param =
    Param::required("leaves", Kind::List { of: &LEAF, max: MAX_LEAVES }, "the contents of the leaves, in order");
const SORT: Param = Param::default(
    "sort",
    Kind::Bool,
    Default::Bool(false),
    "sort the leaves by their bytes and drop repetitions first, as merkle_absence_prove does",
);
const PATH: Param =
    Param::required("path", Kind::List { of: &DIGEST, max: MAX_PATH }, "the proof, lowest hash first");

pub static OPS: &[Op] = &[
    Op {
        name: "merkle_root",
        family: family::TREES,
        summary: "root of the Merkle tree over the leaves",
        params: &[TREE, LEAVES, SORT],
        result: "hex",
        errors: &[],
        standard: "RFC 6962, section 2.1; RFC 9162",
        randomised: false,
        example: Example {
            args: r#"{"leaves":[]}"#,
            expect: Expect::Result(r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#),
        },
        cost: leaves_cost,
        run: root,
    },
    Op {
        name: "merkle_prove",
        family: family::TREES,
        summary: "proof that a leaf stands in the tree; the verifier also needs the index and the number of leaves",
        params: &[TREE, LEAVES, Param::required("index", SIZE, "which leaf, counted from 0"), SORT],
        result: "object: root (hex), path (list of hex, lowest first)",
        errors: &[],
        standard: "RFC 6962, section 2.1.1; RFC 9162, section 2.1.3",
        randomised: false,
        example: Example {
            args: r#"{"leaves":["utf8:a","utf8:b","utf8:c"],"index":2}"#,
            expect: Expect::Then {
                op: "merkle_verify",
                args: r#"{"root":"$root","path":"$path","leaf":"utf8:c","index":2,"size":3}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: leaves_cost,
        run: prove,
    },
    Op {
        name: "merkle_verify",
        family: family::TREES,
        summary: "check that a leaf is at an index of the tree; take root and size from the same trusted place",
        params: &[
            TREE,
            Param::required("root", DIGEST, "the root, from where you trust it, not from whoever sent the proof"),
            Param::optional("leaf", LEAF, "the content of the leaf"),
            Param::optional("leaf_hash", DIGEST, "its hash SHA-256(00 | leaf), instead of leaf"),
            Param::required("index", SIZE, "which leaf, counted from 0"),
            Param::required("size", SIZE, "the number of leaves, from the same trusted place as the root"),
            PATH,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "RFC 9162, section 2.1.3.2",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"root":"022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c","#,
                r#""leaf":"utf8:a","index":0,"size":1,"path":[]}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: verify_cost,
        run: verify,
    },
    Op {
        name: "merkle_consistency_prove",
        family: family::TREES,
        summary: "proof that the tree over the first size1 leaves was only appended to",
        params: &[
            TREE,
            LEAVES,
            Param::required("size1", Kind::Count { min: 1, max: 8_192 }, "the number of leaves of the older tree"),
        ],
        result: "object: root1, root2 (hex), size2, path (list of hex)",
        errors: &[],
        standard: "RFC 6962, section 2.1.2; RFC 9162, section 2.1.4",
        randomised: false,
        example: Example {
            args: r#"{"leaves":["utf8:a","utf8:b","utf8:c"],"size1":2}"#,
            expect: Expect::Then {
                op: "merkle_consistency_verify",
                args: r#"{"size1":2,"size2":"$size2","root1":"$root1","root2":"$root2","path":"$path"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: leaves_cost,
        run: consistency_prove,
    },
    Op {
        name: "merkle_consistency_verify",
        family: family::TREES,
        summary: "check that a tree was only appended to; take each root and size from the same trusted place",
        params: &[
            TREE,
            Param::required(
                "size1",
                SIZE,
                "the number of leaves of the older tree, from the same trusted place as root1",
            ),
            Param::required(
                "size2",
                SIZE,
                "the number of leaves of the newer tree, from the same trusted place as root2",
            ),
            Param::required("root1", DIGEST, "the older root"),
            Param::required("root2", DIGEST, "the newer root"),
            PATH,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "RFC 9162, section 2.1.4.2",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"size1":1,"size2":1,"#,
                r#""root1":"022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c","#,
                r#""root2":"022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c","path":[]}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: verify_cost,
        run: consistency_verify,
    },
];

fn leaves_cost(args: &Args<'_>) -> u64 {
    let leaves = lists::byte_strings(args, "leaves").unwrap_or_default();
    merkle::work(leaves.len(), leaves.iter().map(|leaf| leaf.len()).sum()).saturating_mul(3).saturating_add(FLAT)
}

fn verify_cost(args: &Args<'_>) -> u64 {
    lists::len(args, "path")
        .saturating_mul(1_500)
        .saturating_add(units(args.opt_bytes("leaf").map_or(0, <[u8]>::len)).saturating_mul(5))
        .saturating_add(FLAT)
}

fn hashes(args: &Args<'_>) -> Result<Vec<Hash>, Error> {
    let mut leaves = lists::byte_strings(args, "leaves")?;
    if matches!(args.get("sort"), Some(Value::Bool(true))) {
        leaves.sort_unstable();
        leaves.dedup();
    }
    Ok(leaves.into_iter().map(merkle::leaf_hash).collect())
}

fn hash_json(hash: &Hash) -> Json<'static> {
    Json::str(hex::encode(hash))
}

fn path_json(path: &[Hash]) -> Json<'static> {
    Json::List(path.iter().map(hash_json).collect())
}

fn path(args: &Args<'_>) -> Result<Vec<Hash>, Error> {
    let fault = |_| args.error(OUT_OF_RANGE, "path", "expected hashes of 32 bytes");
    lists::byte_strings(args, "path")?.into_iter().map(|hash| hash.try_into().map_err(fault)).collect()
}

fn root(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    Ok(hash_json(&merkle::root(&hashes(args)?)).into())
}

fn prove(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let hashes = hashes(args)?;
    let index = usize::try_from(args.count("index")?).ok().filter(|i| *i < hashes.len());
    let index = index.ok_or_else(|| args.error(OUT_OF_RANGE, "index", "there is no such leaf"))?;
    Ok(Json::object([
        ("root", hash_json(&merkle::root(&hashes))),
        ("path", path_json(&merkle::inclusion_path(&hashes, index))),
    ])
    .into())
}

fn verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let leaf = match (args.opt_bytes("leaf"), args.opt_bytes("leaf_hash")) {
        (Some(leaf), None) => merkle::leaf_hash(leaf),
        (None, Some(_)) => *args.array("leaf_hash")?,
        _ => return Err(args.error(OUT_OF_RANGE, "leaf", "expected either leaf or leaf_hash")),
    };
    let (index, size) = (args.count("index")?, args.count("size")?);
    Ok(Reply::verdict(merkle::verify_inclusion(&leaf, index, size, &path(args)?, args.array("root")?)))
}

fn consistency_prove(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let hashes = hashes(args)?;
    let size1 = usize::try_from(args.count("size1")?).ok().filter(|n| *n <= hashes.len());
    let older = size1.and_then(|n| hashes.get(..n));
    let older = older.ok_or_else(|| args.error(OUT_OF_RANGE, "size1", "there are fewer leaves"))?;
    Ok(Json::object([
        ("root1", hash_json(&merkle::root(older))),
        ("root2", hash_json(&merkle::root(&hashes))),
        ("size2", Json::count(units(hashes.len()))),
        ("path", path_json(&merkle::consistency_path(&hashes, older.len()))),
    ])
    .into())
}

fn consistency_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (size1, size2) = (args.count("size1")?, args.count("size2")?);
    let (root1, root2) = (args.array("root1")?, args.array("root2")?);
    Ok(Reply::verdict(merkle::verify_consistency(size1, size2, root1, root2, &path(args)?)))
}
