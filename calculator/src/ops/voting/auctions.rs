//! Family O: sealed bids.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

/// Separates these hashes from every other use of SHA-256; the number changes when the layout does.
const DOMAIN: &[u8] = b"crypto_calculator/auction/v1";
const STANDARD: &str =
    "SHA-256(\"crypto_calculator/auction/v1\" | len64(auction) | auction | len64(bidder) | bidder | bid64 | nonce)";
const MAX_BIDS: usize = 1_024;

const BID: Kind = Kind::Count { min: 0, max: (1 << 53) - 1 };
const BIDDER: Param =
    Param::required("bidder", Kind::Text { max: 128 }, "who bids; a sealed bid of one bidder is none of another");
const AUCTION: Param = Param::required("auction", Kind::Text { max: 256 }, "name of the auction and its round");

static OPENED: &[Param] = &[
    BIDDER,
    Param::required("commitment", Kind::hex(32), "as it was published before the end"),
    Param::optional("bid", BID, "the bid; left out if the bidder never opened"),
    Param::optional("nonce", Kind::hex(32), "the nonce of the seal"),
];

pub static OPS: &[Op] = &[
    Op {
        name: "auction_seal",
        family: family::VOTING,
        summary: "seal a bid: publish only the commitment, keep bid and nonce until the opening",
        params: &[
            AUCTION,
            BIDDER,
            Param::required("bid", BID, "the bid, in the smallest unit of the money").secret(),
            Param::optional("nonce", Kind::hex(32), "32 random bytes that hide the bid; drawn if left out").secret(),
        ],
        result: "object: commitment (hex), nonce (hex; secret until the opening)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"auction":"vase","bidder":"ann","bid":120}"#,
            expect: Expect::Then {
                op: "auction_open",
                args: concat!(
                    r#"{"auction":"vase","bids":[{"bidder":"ann","commitment":"$commitment","#,
                    r#""bid":120,"nonce":"$nonce"}]}"#
                ),
                result: r#"{"winner":"ann","price":120,"tie":false,"valid":["ann"],"rejected":[]}"#,
            },
        },
        cost: |_| 5 * FLAT,
        run: auction_seal,
    },
    Op {
        name: "auction_open",
        family: family::VOTING,
        summary: "open all sealed bids, refuse those that do not fit their commitments, and name winner and price",
        params: &[
            AUCTION,
            Param::required(
                "bids",
                Kind::List { of: &Kind::Record(OPENED), max: MAX_BIDS },
                "all sealed bids in the order of their arrival; of equal bids the first wins",
            ),
            Param::default(
                "rule",
                Kind::Choice(&["first", "second"]),
                Default::Str("first"),
                "the winner pays the highest bid, or the second highest (Vickrey)",
            ),
            Param::default(
                "reserve",
                BID,
                Default::Int(0),
                "bids below this do not win; the least price of rule second",
            ),
        ],
        result: "object: winner (text or null), price (int or null), tie (bool), valid (list), rejected (list of bidder, reason)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"auction":"vase","bids":[{"bidder":"ann","#,
                r#""commitment":"0000000000000000000000000000000000000000000000000000000000000000","bid":5,"#,
                r#""nonce":"0101010101010101010101010101010101010101010101010101010101010101"}]}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"winner":null,"price":null,"tie":false,"valid":[],"#,
                r#""rejected":[{"bidder":"ann","reason":"the commitment does not open to this bid"}]}"#
            )),
        },
        cost: |args| {
            args.list("bids").map_or(0, |bids| units(bids.len())).saturating_mul(5 * FLAT).saturating_add(FLAT)
        },
        run: auction_open,
    },
];

/// Every part has a fixed or a written length: two different bids never hash the same bytes.
fn seal(auction: &str, bidder: &str, bid: u64, nonce: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(DOMAIN);
    for part in [auction, bidder] {
        hash = hash.chain_update(units(part.len()).to_be_bytes()).chain_update(part);
    }
    hash.chain_update(bid.to_be_bytes()).chain_update(nonce).finalize().into()
}

fn auction_seal(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut nonce = Zeroizing::new([0u8; 32]);
    match args.opt_bytes("nonce") {
        Some(_) => *nonce = *args.array("nonce")?,
        None => ctx.fill(nonce.as_mut_slice())?,
    }
    let digest = seal(args.text("auction")?, args.text("bidder")?, args.count("bid")?, &nonce);
    Ok(Json::object([
        ("commitment", Json::str(hex::encode(&digest))),
        ("nonce", Json::str(hex::encode(nonce.as_slice()))),
    ])
    .into())
}

/// The bid of an entry, or why it does not count.
fn opened(auction: &str, entry: &Args<'_>, seen: &[&str]) -> Result<Result<u64, &'static str>, Error> {
    let bidder = entry.text("bidder")?;
    if seen.contains(&bidder) {
        return Ok(Err("a second bid of this bidder"));
    }
    let (Some(bid), Some(_)) = (entry.opt_count("bid"), entry.opt_bytes("nonce")) else {
        return Ok(Err("the bid was not opened"));
    };
    let digest = seal(auction, bidder, bid, entry.array("nonce")?);
    let fits = bool::from(digest.ct_eq(entry.array::<32>("commitment")?));
    Ok(fits.then_some(bid).ok_or("the commitment does not open to this bid"))
}

fn auction_open(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (auction, reserve) = (args.text("auction")?, args.count("reserve")?);
    let (mut seen, mut bids, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for entry in args.list("bids")? {
        ctx.tick()?;
        let Value::Record(entry) = entry else { return Err(args.error(INTERNAL, "bids", "no list of records")) };
        let bidder = entry.text("bidder")?;
        match opened(auction, entry, &seen)? {
            Ok(bid) => bids.push((bidder, bid)),
            Err(reason) => {
                rejected.push(Json::object([("bidder", Json::str(bidder.to_owned())), ("reason", Json::str(reason))]))
            }
        }
        seen.push(bidder);
    }
    let valid = bids.iter().map(|(bidder, _)| Json::str((*bidder).to_owned())).collect();
    let best = bids.iter().map(|(_, bid)| *bid).max().filter(|best| *best >= reserve);
    // The sort is stable: of equal bids the earlier stays in front.
    let mut ranked = bids;
    ranked.sort_by_key(|(_, bid)| std::cmp::Reverse(*bid));
    let second = ranked.get(1).map_or(reserve, |(_, bid)| (*bid).max(reserve));
    let tie = best.is_some() && ranked.get(1).is_some_and(|(_, bid)| Some(*bid) == best);
    let price = best.map(|best| if args.text("rule") == Ok("second") { second } else { best });
    let winner = best.and(ranked.first()).map(|(bidder, _)| Json::str((*bidder).to_owned()));
    Ok(Json::object([
        ("winner", winner.unwrap_or(Json::Null)),
        ("price", price.map_or(Json::Null, Json::count)),
        ("tie", Json::Bool(tie)),
        ("valid", Json::List(valid)),
        ("rejected", Json::List(rejected)),
    ])
    .into())
}
