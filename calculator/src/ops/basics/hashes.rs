//! Family C, the part with hashes and HMAC.

use blake2::{Blake2bVarCore, Blake2sVarCore};
use digest::array::Array;
use digest::block_api::{BlockSizeUser, Buffer, UpdateCore, VariableOutputCore};
use digest::{Digest, ExtendableOutput, KeyInit, Mac, OutputSizeUser, Update, XofReader};
use hmac::SimpleHmac;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use shake::{Shake128, Shake256};

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

/// No argument is longer than a request.
const DATA: Kind = Kind::Bytes { max: 1 << 20 };
/// Longest output that can be asked of an extendable function.
const MAX_LEN: u64 = 65_536;

const HASHES: &[&str] = &[
    "sha256",
    "sha224",
    "sha384",
    "sha512",
    "sha512-256",
    "sha3-224",
    "sha3-256",
    "sha3-384",
    "sha3-512",
    "shake128",
    "shake256",
    "blake2b",
    "blake2s",
    "blake3",
    "sha1",
];
const MACS: &[&str] =
    &["sha256", "sha224", "sha384", "sha512", "sha512-256", "sha3-224", "sha3-256", "sha3-384", "sha3-512", "sha1"];

const SHA1_WARNING: &str = "SHA-1 collisions can be made; use sha256";
const SHORT_KEY_WARNING: &str = "a key shorter than 16 bytes can be guessed";
/// NIST SP 800-107 asks for keys of at least the security strength; 128 bits is the floor used here.
const SHORT_KEY: usize = 16;

pub static OPS: &[Op] = &[
    Op {
        name: "hash",
        family: family::BASICS,
        summary: "hash of the data",
        params: &[
            Param::default("alg", Kind::Choice(HASHES), Default::Str("sha256"), "the hash function"),
            Param::required("data", DATA, "what to hash"),
            Param::optional(
                "len",
                Kind::Count { min: 1, max: MAX_LEN },
                "output bytes, for shake*, blake2*, blake3 only; by default 32, or 64 for shake256 and blake2b",
            ),
            Param::optional("key", Kind::Bytes { max: 64 }, "key, for blake2b, blake2s and blake3 (32 bytes) only")
                .secret(),
        ],
        result: "hex",
        errors: &[],
        standard: "FIPS 180-4, FIPS 202, RFC 7693, BLAKE3",
        randomised: false,
        example: Example {
            args: r#"{"alg":"sha256","data":"utf8:abc"}"#,
            expect: Expect::Result(r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#),
        },
        cost: hash_cost,
        run: hash,
    },
    Op {
        name: "hmac",
        family: family::BASICS,
        summary: "keyed hash (message authentication code) of the data",
        params: &[
            Param::default("alg", Kind::Choice(MACS), Default::Str("sha256"), "the hash function inside"),
            Param::required("key", DATA, "the shared key").secret(),
            Param::required("data", DATA, "what to authenticate"),
        ],
        result: "hex",
        errors: &[],
        standard: "RFC 2104, FIPS 198-1",
        randomised: false,
        // RFC 4231, test case 2.
        example: Example {
            args: r#"{"alg":"sha256","key":"utf8:Jefe","data":"utf8:what do ya want for nothing?"}"#,
            expect: Expect::Result(r#""5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843""#),
        },
        cost: hmac_cost,
        run: hmac,
    },
];

fn hash_cost(args: &Args<'_>) -> u64 {
    let input = args.opt_bytes("data").map_or(0, <[u8]>::len);
    units(input).saturating_add(args.opt_count("len").unwrap_or(64)).saturating_mul(5).saturating_add(FLAT)
}

fn hash(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let alg = args.text("alg")?;
    let data = args.bytes("data")?;
    let key = args.opt_bytes("key");
    let out = match alg {
        "shake128" | "shake256" | "blake2b" | "blake2s" | "blake3" => extendable(alg, data, key, args)?,
        _ => {
            let out = fixed(alg, data).ok_or_else(|| args.error(INTERNAL, "alg", "a listed hash is missing"))?;
            refuse_key(args)?;
            if args.opt_count("len").is_some_and(|len| len != units(out.len())) {
                let message = "this hash has a fixed length; leave len out, or use shake256, blake2b or blake3";
                return Err(args.error(OUT_OF_RANGE, "len", message));
            }
            out
        }
    };
    let warning = (alg == "sha1").then_some(SHA1_WARNING);
    Ok(Reply { result: Json::str(hex::encode(&out)), warning })
}

fn refuse_key(args: &Args<'_>) -> Result<(), Error> {
    match args.opt_bytes("key") {
        None => Ok(()),
        Some(_) => {
            Err(args.error(OUT_OF_RANGE, "key", "this hash takes no key; use hmac, blake2b, blake2s or blake3"))
        }
    }
}

fn fixed(alg: &str, data: &[u8]) -> Option<Vec<u8>> {
    fn of<D: Digest>(data: &[u8]) -> Option<Vec<u8>> {
        Some(D::digest(data).to_vec())
    }
    match alg {
        "sha1" => of::<Sha1>(data),
        "sha224" => of::<Sha224>(data),
        "sha256" => of::<Sha256>(data),
        "sha384" => of::<Sha384>(data),
        "sha512" => of::<Sha512>(data),
        "sha512-256" => of::<Sha512_256>(data),
        "sha3-224" => of::<Sha3_224>(data),
        "sha3-256" => of::<Sha3_256>(data),
        "sha3-384" => of::<Sha3_384>(data),
        "sha3-512" => of::<Sha3_512>(data),
        _ => None,
    }
}

/// The functions whose output length is asked for.
fn extendable(alg: &str, data: &[u8], key: Option<&[u8]>, args: &Args<'_>) -> Result<Vec<u8>, Error> {
    let (default, max) = match alg {
        "blake2b" => (64, 64),
        "blake2s" => (32, 32),
        "shake256" => (64, MAX_LEN),
        _ => (32, MAX_LEN),
    };
    let len = args.opt_count("len").unwrap_or(default);
    let size = usize::try_from(len).ok().filter(|_| len <= max);
    let Some(size) = size else {
        return Err(args.error(OUT_OF_RANGE, "len", format!("this hash has at most {max} bytes")));
    };
    let mut out = vec![0u8; size];
    match alg {
        "blake2b" => blake2::<Blake2bVarCore>(Blake2bVarCore::new_with_params, data, key, &mut out, args)?,
        "blake2s" => blake2::<Blake2sVarCore>(Blake2sVarCore::new_with_params, data, key, &mut out, args)?,
        "blake3" => blake3_xof(data, key, &mut out, args)?,
        "shake128" => xof::<Shake128>(data, &mut out, args)?,
        _ => xof::<Shake256>(data, &mut out, args)?,
    }
    Ok(out)
}

fn xof<X: ExtendableOutput + Update + std::default::Default>(
    data: &[u8],
    out: &mut [u8],
    args: &Args<'_>,
) -> Result<(), Error> {
    refuse_key(args)?;
    let mut state = X::default();
    state.update(data);
    state.finalize_xof().read(out);
    Ok(())
}

fn blake3_xof(data: &[u8], key: Option<&[u8]>, out: &mut [u8], args: &Args<'_>) -> Result<(), Error> {
    let mut state = match key.map(<[u8; 32]>::try_from) {
        None => blake3::Hasher::new(),
        Some(Ok(key)) => blake3::Hasher::new_keyed(&key),
        Some(Err(_)) => return Err(args.error(OUT_OF_RANGE, "key", "a BLAKE3 key has 32 bytes")),
    };
    state.update(data);
    state.finalize_xof().fill(out);
    Ok(())
}

/// BLAKE2 with a length chosen at run time: the typed front of the crate fixes it at compile time.
fn blake2<C>(
    new: fn(&[u8], &[u8], usize, usize) -> C,
    data: &[u8],
    key: Option<&[u8]>,
    out: &mut [u8],
    args: &Args<'_>,
) -> Result<(), Error>
where
    C: UpdateCore + VariableOutputCore + BlockSizeUser + OutputSizeUser,
{
    let key = key.unwrap_or_default();
    let mut first = Array::<u8, C::BlockSize>::default();
    // RFC 7693, section 2.9: a key is at most as long as the longest output, and fills its own block.
    let longest = C::output_size();
    match first.get_mut(..key.len()) {
        Some(start) if key.len() <= longest => start.copy_from_slice(key),
        _ => return Err(args.error(OUT_OF_RANGE, "key", format!("the key has at most {longest} bytes"))),
    }
    let mut core = new(&[], &[], key.len(), out.len());
    let mut buffer = if key.is_empty() { Buffer::<C>::default() } else { Buffer::<C>::new(&first) };
    buffer.digest_blocks(data, |blocks| core.update_blocks(blocks));
    let mut full = Array::default();
    core.finalize_variable_core(&mut buffer, &mut full);
    out.iter_mut().zip(full.iter()).for_each(|(to, from)| *to = *from);
    Ok(())
}

fn hmac_cost(args: &Args<'_>) -> u64 {
    let bytes = |name| args.opt_bytes(name).map_or(0, <[u8]>::len);
    units(bytes("key").saturating_add(bytes("data"))).saturating_mul(5).saturating_add(4 * FLAT)
}

fn hmac(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    fn of<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
        Mac::update(&mut mac, data);
        Some(mac.finalize().into_bytes().to_vec())
    }
    let alg = args.text("alg")?;
    let (key, data) = (args.bytes("key")?, args.bytes("data")?);
    let tag = match alg {
        "sha1" => of::<SimpleHmac<Sha1>>(key, data),
        "sha224" => of::<SimpleHmac<Sha224>>(key, data),
        "sha256" => of::<SimpleHmac<Sha256>>(key, data),
        "sha384" => of::<SimpleHmac<Sha384>>(key, data),
        "sha512" => of::<SimpleHmac<Sha512>>(key, data),
        "sha512-256" => of::<SimpleHmac<Sha512_256>>(key, data),
        "sha3-224" => of::<SimpleHmac<Sha3_224>>(key, data),
        "sha3-256" => of::<SimpleHmac<Sha3_256>>(key, data),
        "sha3-384" => of::<SimpleHmac<Sha3_384>>(key, data),
        "sha3-512" => of::<SimpleHmac<Sha3_512>>(key, data),
        _ => None,
    };
    let tag = tag.ok_or_else(|| args.error(INTERNAL, "alg", "a listed hash is missing"))?;
    let warning = (key.len() < SHORT_KEY).then_some(SHORT_KEY_WARNING);
    Ok(Reply { result: Json::str(hex::encode(&tag)), warning })
}
