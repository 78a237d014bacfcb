//! The argument `G`, and points and scalars of its group, as arguments and in answers.

use zeroize::Zeroizing;

use super::schnorr::{self, Schnorr};
use super::{Costs, Group, Point, Scalar};
use crate::bigint::{Int, ParseFault};
use crate::core::args::{Args, GroupArg, Value};
use crate::core::context::Ctx;
use crate::core::cost::modmul;
use crate::core::error::{BAD_ENCODING, Error, INTERNAL, LIMIT_EXCEEDED, OUT_OF_RANGE, child};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::schema::{Default, GroupType, Kind, Param};

/// Name of the argument.
pub const G: &str = "G";
/// The argument's type.
pub const GROUP: Kind = Kind::Group(&TYPE);
/// The groups that the argument takes.
static TYPE: GroupType =
    GroupType { names: &[CURVES, schnorr::NAMES], members: SCHNORR_PARAMS, largest: ("p", &["q", "g"]) };
/// The row entry of every op that works in a group.
pub const GROUP_PARAM: Param = Param::default(
    G,
    GROUP,
    Default::Str("ristretto255"),
    "the group: ristretto255, edwards25519, secp256k1, p256, bls12-381-g1, bls12-381-g2, modp2048, ffdhe2048 (to 8192) \
     or {p,q,g}",
);
pub const POINT: Kind = Kind::Point;
pub const SCALAR: Kind = Kind::Scalar;

/// Points of one list.
const MAX_LIST: usize = 1_024;
pub const POINTS: Kind = Kind::List { of: &Kind::Point, max: MAX_LIST };
pub const SCALARS: Kind = Kind::List { of: &Kind::Scalar, max: MAX_LIST };

/// The curves that `G` names.
pub const CURVES: &[&str] = &["ristretto255", "edwards25519", "secp256k1", "p256", "bls12-381-g1", "bls12-381-g2"];

/// Largest p that a request may bring along: proving it prime is part of the request's cost.
pub const MAX_P_BITS: u64 = 4_096;
/// Largest integer for an element or a scalar of a group modulo a prime.
const MAX_INT_BITS: u64 = 8_192;

/// A group as the request gives it; its own parameters are not checked yet.
struct Spec {
    group: Group,
    /// Whether `"toy": true` belongs to the parameters, or with the name.
    toy: bool,
}

/// Whether zero, or the identity, is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zero {
    Allowed,
    Refused,
}

/// The argument `G` before its check.
fn spec(args: &Args<'_>) -> Option<Spec> {
    match args.get(G)? {
        Value::Group(GroupArg::Named(name)) => Some(Spec { group: Group::named(name)?, toy: *name == "modp1536" }),
        Value::Group(GroupArg::Parameters(members)) => {
            let int = |name| members.int(name).ok().cloned();
            let group = Schnorr { p: int("p")?, q: int("q")?, g: int("g")? };
            Some(Spec { group: Group::Schnorr(Box::new(group)), toy: members.flag("toy").ok()? })
        }
        _ => None,
    }
}

/// What operations in the group of the argument `G` cost.
pub fn costs(args: &Args<'_>) -> Costs {
    spec(args).map_or_else(|| Group::Ristretto255.costs(), |spec| spec.group.costs())
}

impl Group {
    /// The group of the argument `G`, its parameters checked. A toy group is marked in the answer.
    pub fn read(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Self, Error> {
        let spec =
            spec(args).ok_or_else(|| args.error(INTERNAL, G, "the op and its row disagree about the group"))?;
        if let Group::Schnorr(group) = &spec.group {
            let path = args.path(G);
            check(group, spec.toy, &path, ctx)?;
        }
        Ok(spec.group)
    }

    /// Cost units, measured on one core of a 2020s server and rounded up.
    pub fn costs(&self) -> Costs {
        let of = |decode, encode, add, mul, mul_base, hash| Costs {
            setup: 0,
            decode,
            encode,
            add,
            mul,
            mul_base,
            scalar: 1_000,
            hash,
        };
        match self {
            Self::Ristretto255 => of(6_000, 6_000, 300, 40_000, 15_000, 15_000),
            Self::Edwards25519 => of(50_000, 6_000, 300, 40_000, 15_000, 15_000),
            Self::Secp256k1 => of(8_000, 5_000, 500, 80_000, 35_000, 60_000),
            Self::P256 => of(12_000, 5_000, 600, 160_000, 55_000, 30_000),
            Self::G1 => of(70_000, 5_000, 1_000, 110_000, 110_000, 80_000),
            Self::G2 => of(100_000, 6_000, 2_500, 200_000, 200_000, 230_000),
            Self::Schnorr(group) => schnorr_costs(group),
        }
    }

    /// The point as written in answers: hex, or a decimal string in a group modulo a prime.
    pub fn point_json(&self, point: &Point) -> Result<Json<'static>, Error> {
        match point {
            Point::Residue(x) => Ok(Json::str(x.to_string())),
            _ => Ok(Json::str(hex::encode(&self.encode(point)?))),
        }
    }

    pub fn points_json(&self, points: &[Point]) -> Result<Json<'static>, Error> {
        points.iter().map(|point| self.point_json(point)).collect::<Result<_, _>>().map(Json::List)
    }

    /// The scalar as written in answers: hex, or a decimal string in a group modulo a prime.
    pub fn scalar_json(&self, scalar: &Scalar) -> Result<Json<'static>, Error> {
        match scalar {
            Scalar::Residue(n) => Ok(Json::str(n.to_string())),
            _ => Ok(Json::str(hex::encode(&self.encode_scalar(scalar)?))),
        }
    }

    pub fn scalars_json(&self, scalars: &[Scalar]) -> Result<Json<'static>, Error> {
        scalars.iter().map(|scalar| self.scalar_json(scalar)).collect::<Result<_, _>>().map(Json::List)
    }

    /// Reads a point written as in answers; `path` is for the error.
    pub fn parse_point(&self, text: &str, identity: Zero, path: &str) -> Result<Point, Error> {
        let point = match self {
            Self::Schnorr(group) => {
                let x = parse_int(text, path)?;
                group.contains(&x).then_some(Point::Residue(x))
            }
            _ => self.decode(&digits(text, path)?),
        };
        match point {
            None => Err(Error::new(BAD_ENCODING, path, format!("no canonical element of the group {}", self.name()))),
            Some(point) if identity == Zero::Refused && self.is_identity(&point) => {
                Err(Error::new(OUT_OF_RANGE, path, "the identity is not allowed here"))
            }
            Some(point) => Ok(point),
        }
    }

    /// Reads a scalar written as in answers; `path` is for the error.
    pub fn parse_scalar(&self, text: &str, zero: Zero, path: &str) -> Result<Scalar, Error> {
        let scalar = match self {
            Self::Schnorr(group) => {
                let n = parse_int(text, path)?;
                (!n.is_negative() && n < group.q).then_some(Scalar::Residue(n))
            }
            _ => {
                let bytes = hex::decode(text).map(Zeroizing::new);
                let Some(bytes) = bytes.filter(|bytes| bytes.len() == self.scalar_len()) else {
                    let len = self.scalar_len();
                    let message = format!(
                        "expected a scalar: {len} bytes in lowercase hex; scalar_op turns an integer into one"
                    );
                    return Err(Error::new(BAD_ENCODING, path, message));
                };
                self.decode_scalar(&bytes)
            }
        };
        match scalar {
            None => Err(Error::new(OUT_OF_RANGE, path, "the scalar is not below the order of the group")),
            Some(scalar) if zero == Zero::Refused && self.scalar_is_zero(&scalar) => {
                Err(Error::new(OUT_OF_RANGE, path, "the scalar must not be zero"))
            }
            Some(scalar) => Ok(scalar),
        }
    }
}

/// Checks parameters that a request brought along; the clock is looked at on the way.
fn check(group: &Schnorr, toy: bool, path: &str, ctx: &mut Ctx<'_>) -> Result<(), Error> {
    if group.is_toy() {
        if !toy {
            let message = "p below 2048 bits or q below 224 is a toy; allow it with \"toy\": true beside p";
            return Err(Error::new(OUT_OF_RANGE, path, message));
        }
        ctx.mark_toy();
    }
    group.check(&mut || ctx.tick())?.map_err(|(name, message)| Error::new(OUT_OF_RANGE, child(path, name), message))
}

/// Operations modulo p cost a multiple of the squared number of its words.
fn schnorr_costs(group: &Schnorr) -> Costs {
    let (p, q) = (group.p.bits(), group.q.bits());
    let one = modmul(p);
    let power = one.saturating_mul(q.saturating_add(16));
    let prime = |bits: u64| modmul(bits).saturating_mul(bits).saturating_mul(7) / 2;
    let proofs = if group.is_named() { 0 } else { prime(p).saturating_add(prime(q)) };
    let cofactor = p.saturating_sub(q).saturating_add(16);
    // The check of an element counts as a power, though in the group of the squares a quicker Jacobi symbol serves.
    Costs {
        setup: proofs.saturating_add(power),
        decode: power.saturating_add(20_000),
        encode: one.saturating_mul(4).saturating_add(20_000),
        add: one.saturating_mul(4),
        mul: power,
        mul_base: power,
        scalar: modmul(q).saturating_mul(4),
        hash: one.saturating_mul(cofactor).saturating_add(p.saturating_mul(20)).saturating_add(20_000),
    }
}

fn digits(text: &str, path: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    hex::decode(text).map(Zeroizing::new).ok_or_else(|| {
        Error::new(BAD_ENCODING, path, hex::message(text, "expected lowercase hex, two digits a byte"))
    })
}

fn parse_int(text: &str, path: &str) -> Result<Int, Error> {
    Int::parse(text, MAX_INT_BITS).map_err(|fault| match fault {
        ParseFault::Syntax => {
            Error::new(BAD_ENCODING, path, "expected an integer, since the group is modulo a prime")
        }
        ParseFault::TooLarge => Error::new(LIMIT_EXCEEDED, path, "the integer is too large"),
    })
}

/// The point of the argument `name`.
pub fn read_point(args: &Args<'_>, group: &Group, name: &str, identity: Zero) -> Result<Point, Error> {
    group.parse_point(args.text(name)?, identity, &args.path(name))
}

/// The scalar of the argument `name`.
pub fn read_scalar(args: &Args<'_>, group: &Group, name: &str, zero: Zero) -> Result<Scalar, Error> {
    group.parse_scalar(args.text(name)?, zero, &args.path(name))
}

/// The points of the list `name`. Between them the clock is looked at.
pub fn read_points(
    args: &Args<'_>,
    group: &Group,
    name: &str,
    identity: Zero,
    ctx: &Ctx<'_>,
) -> Result<Vec<Point>, Error> {
    let mut points = Vec::new();
    for (text, path) in texts(args, name)? {
        ctx.tick()?;
        points.push(group.parse_point(text, identity, &path)?);
    }
    Ok(points)
}

/// The scalars of the list `name`.
pub fn read_scalars(args: &Args<'_>, group: &Group, name: &str, zero: Zero) -> Result<Vec<Scalar>, Error> {
    texts(args, name)?.into_iter().map(|(text, path)| group.parse_scalar(text, zero, &path)).collect()
}

fn texts<'a>(args: &'a Args<'_>, name: &str) -> Result<Vec<(&'a str, String)>, Error> {
    let path = args.path(name);
    let entry = |(i, value): (usize, &'a Value<'_>)| match value {
        Value::Text(text) => Ok((text.as_ref(), child(&path, &i.to_string()))),
        _ => Err(args.error(INTERNAL, name, "the op and its row disagree about this list")),
    };
    args.list(name)?.iter().enumerate().map(entry).collect()
}

/// The members of a group that a request brings along.
pub static SCHNORR_PARAMS: &[Param] = &[
    Param::required("p", Kind::Int { min: Some(5), max_bits: MAX_P_BITS }, "a prime"),
    Param::required("q", Kind::Int { min: Some(2), max_bits: MAX_P_BITS }, "the prime order of g"),
    Param::required("g", Kind::Int { min: Some(2), max_bits: MAX_P_BITS }, "the generator"),
    Param::default("toy", Kind::Bool, Default::Bool(false), "allows sizes that protect nothing"),
];
