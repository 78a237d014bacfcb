//! The groups behind `G`: laws, encodings, and what is refused.

use crate::common::Random;
use crypto_calculator::bigint::Int;
use crypto_calculator::core::context::{Budget, Ctx, Settings};
use crypto_calculator::core::hex;
use crypto_calculator::groups::{CURVES, Group, NAMED_SCHNORR, Point, Scalar, Schnorr, Zero, generator_tag};
use crypto_calculator::ops::REGISTRY;
use crypto_calculator::schemes::transcript::Transcript;

/// All curves, a named group, and a toy: p = 2q + 1 with q = 1019.
fn groups() -> Vec<Group> {
    let mut all: Vec<Group> = CURVES.iter().chain(&["ffdhe2048"]).map(|name| Group::named(name).unwrap()).collect();
    all.push(toy());
    all
}

fn toy() -> Group {
    let int = |n: u64| Int::from(n);
    Group::Schnorr(Box::new(Schnorr { p: int(2039), q: int(1019), g: int(4) }))
}

fn with_ctx<T>(seed: &[u8], f: impl FnOnce(&mut Ctx<'_>) -> T) -> T {
    let settings = Settings { seeded: true, ..Settings::default() };
    let budget = Budget::new(&settings);
    f(&mut Ctx::new(&REGISTRY, &settings, &budget, Some(seed), "test", 0))
}

fn scalar(group: &Group, n: u64) -> Scalar {
    group.scalar_from_u64(n).unwrap()
}

#[test]
fn the_group_law_holds() {
    for group in groups() {
        let g = &group;
        let (a, b) = with_ctx(b"law", |ctx| (g.random_scalar(ctx).unwrap(), g.random_scalar(ctx).unwrap()));
        let (pa, pb) = (g.mul_base(&a).unwrap(), g.mul(&b, &g.base()).unwrap());
        let sum = g.scalar_add(&a, &b).unwrap();
        assert!(g.add(&pa, &pb).unwrap() == g.mul_base(&sum).unwrap(), "{}", g.name());
        assert!(g.sub(&pa, &pb).unwrap() == g.mul_base(&g.scalar_sub(&a, &b).unwrap()).unwrap());
        let product = g.scalar_mul(&a, &b).unwrap();
        assert!(g.mul(&b, &pa).unwrap() == g.mul_base(&product).unwrap());
        let inverse = g.scalar_invert(&a).unwrap().unwrap();
        assert!(g.mul(&inverse, &pa).unwrap() == g.base());
        assert!(g.scalar_invert(&g.scalar_zero()).unwrap().is_none());
        assert!(g.is_identity(&g.add(&pa, &g.neg(&pa).unwrap()).unwrap()));
        assert!(g.is_identity(&g.mul_base(&g.scalar_zero()).unwrap()));
        assert!(!g.is_identity(&pa));
        let order = g.order().unwrap();
        assert!(g.scalar_is_zero(&g.scalar_from_int(&order).unwrap()));
        assert!(
            g.scalar_to_int(&g.scalar_from_int(&Int::from(-1i64)).unwrap()).unwrap() == &order - &Int::from(1u64)
        );
    }
}

#[test]
fn sums_of_multiples_agree_with_the_law() {
    for group in groups() {
        let g = &group;
        for n in [0usize, 1, 2, 9, 40] {
            let ks: Vec<Scalar> = (0..n as u64).map(|i| scalar(g, i * i + 3)).collect();
            let ps: Vec<Point> = (0..n as u64).map(|i| g.mul_base(&scalar(g, 7 * i + i % 3)).unwrap()).collect();
            let terms: Vec<(&Scalar, &Point)> = ks.iter().zip(&ps).collect();
            let mut expected = g.identity();
            for (k, p) in &terms {
                expected = g.add(&expected, &g.mul(k, p).unwrap()).unwrap();
            }
            assert!(g.msm(&terms).unwrap() == expected, "{} {n}", g.name());
        }
    }
}

#[test]
fn encodings_come_back() {
    for group in groups() {
        let g = &group;
        for n in [0u64, 1, 2, 1000] {
            let s = scalar(g, n);
            let p = g.mul_base(&s).unwrap();
            let bytes = g.encode(&p).unwrap();
            assert!(g.decode(&bytes).unwrap() == p, "{} {n}", g.name());
            assert!(g.decode_scalar(&g.encode_scalar(&s).unwrap()).unwrap() == s);
            let text = g.point_json(&p).unwrap().as_str().unwrap().to_owned();
            assert!(g.parse_point(&text, Zero::Allowed, "").unwrap() == p);
            assert_eq!(g.parse_point(&text, Zero::Refused, "").is_err(), n == 0, "{}", g.name());
            let text = g.scalar_json(&s).unwrap().as_str().unwrap().to_owned();
            assert!(g.parse_scalar(&text, Zero::Allowed, "").unwrap() == s);
            assert_eq!(g.parse_scalar(&text, Zero::Refused, "").is_err(), n == 0);
        }
    }
}

#[test]
fn what_is_no_canonical_element_is_refused() {
    let refused = [
        // RFC 9496, A.2: non-canonical, negative, not on the curve.
        ("ristretto255", "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        ("ristretto255", "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("ristretto255", "0100000000000000000000000000000000000000000000000000000000000000"),
        ("ristretto255", "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"),
        ("ristretto255", "00"),
        // Order 2, order 8, the identity with y = p + 1, and a mixed-order point.
        ("edwards25519", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("edwards25519", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        ("edwards25519", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("edwards25519", "0200000000000000000000000000000000000000000000000000000000000000"),
        // x beyond the field, the uncompressed tag, a padded identity, x without a point.
        ("secp256k1", "02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        ("secp256k1", "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
        ("secp256k1", "000000000000000000000000000000000000000000000000000000000000000000"),
        ("secp256k1", "020000000000000000000000000000000000000000000000000000000000000005"),
        ("p256", "02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
        ("p256", "026b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2"),
        // No compression bit, the identity with a sign, x = 4 of a point outside the subgroup.
        ("bls12-381-g1", &"00".repeat(48)),
        ("bls12-381-g1", &format!("e0{}", "00".repeat(47))),
        ("bls12-381-g1", &format!("80{}04", "00".repeat(46))),
        // The identity with more bits set, and x = p.
        ("bls12-381-g1", &format!("c0{}01", "00".repeat(46))),
        (
            "bls12-381-g1",
            "9a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
        ),
        ("bls12-381-g2", &"00".repeat(96)),
    ];
    for (name, text) in refused {
        let group = Group::named(name).unwrap();
        assert!(group.decode(&hex::decode(text).unwrap()).is_none(), "{name} {text}");
    }
    for n in ["0", "2039", "2040", "-1", "2038", "7"] {
        assert!(toy().parse_point(n, Zero::Allowed, "").is_err(), "{n}");
    }
}

#[test]
fn scalars_at_the_order_are_refused() {
    for group in groups() {
        let order = group.order().unwrap();
        let mut bytes = order.to_be_bytes(group.scalar_len()).unwrap();
        if group.name().ends_with("25519") || group.name() == "ristretto255" {
            bytes.reverse();
        }
        assert!(group.decode_scalar(&bytes).is_none(), "{}", group.name());
        assert!(group.decode_scalar(&[]).is_none());
    }
}

#[test]
fn any_changed_bit_gives_another_point_or_none() {
    let mut random = Random::new(5);
    for name in CURVES {
        let group = Group::named(name).unwrap();
        for n in 1..40u64 {
            let p = group.mul_base(&scalar(&group, n)).unwrap();
            let mut bytes = group.encode(&p).unwrap();
            let at = random.below(bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            if let Some(other) = group.decode(&bytes) {
                assert!(other != p);
                assert_eq!(group.encode(&other).unwrap(), bytes, "{name}: two encodings of one point");
            }
        }
    }
}

#[test]
fn named_groups_are_checked_once_here() {
    for name in NAMED_SCHNORR {
        let Some(Group::Schnorr(group)) = Group::named(name) else { panic!("{name}") };
        let bits: u64 = name.trim_start_matches(char::is_alphabetic).parse().unwrap();
        assert_eq!(group.p.bits(), bits);
        assert!(group.is_named());
        assert!(&(&group.q + &group.q) + &Int::from(1u64) == group.p);
        // Larger ones take minutes; their text is compared by the vectors of group_info.
        if bits <= 2048 {
            let prime = |n: &Int| crypto_calculator::bigint::is_prime(n, &mut || Ok::<(), ()>(())).unwrap();
            assert!(prime(&group.p) && prime(&group.q), "{name}");
        }
    }
}

#[test]
fn generators_differ_by_label_and_group() {
    for group in groups() {
        let (h, other) = (group.generator("h").unwrap(), group.generator("i").unwrap());
        assert!(h != other && h != group.base() && !group.is_identity(&h), "{}", group.name());
        assert!(group.decode(&group.encode(&h).unwrap()).unwrap() == h);
        assert!(generator_tag(&group).len() <= 255);
    }
}

#[test]
fn random_scalars_fill_the_range() {
    for group in groups() {
        let g = &group;
        let top = with_ctx(b"range", |ctx| {
            (0..64).map(|_| g.scalar_to_int(&g.random_scalar(ctx).unwrap()).unwrap()).max().unwrap()
        });
        assert!(top < g.order().unwrap() && top.bits() + 1 >= g.order().unwrap().bits(), "{}", g.name());
    }
}

#[test]
fn a_challenge_depends_on_everything() {
    let group = Group::Ristretto255;
    let base = group.base();
    let challenge = |op: &'static str, version, group: &Group, context: &[u8], data: &[u8]| {
        let mut t = Transcript::new(op, version, group, context).unwrap();
        t.bytes("data", data);
        group.scalar_to_int(&t.challenge("c").unwrap()).unwrap()
    };
    let one = challenge("op", 1, &group, b"x", b"y");
    assert!(one == challenge("op", 1, &group, b"x", b"y"));
    for other in [
        challenge("oq", 1, &group, b"x", b"y"),
        challenge("op", 2, &group, b"x", b"y"),
        challenge("op", 1, &Group::Edwards25519, b"x", b"y"),
        challenge("op", 1, &group, b"xy", b""),
        challenge("op", 1, &group, b"x", b"z"),
    ] {
        assert!(one != other);
    }
    let mut t = Transcript::new("op", 1, &group, b"").unwrap();
    t.point("p", &base).unwrap();
    let first = t.challenge("c").unwrap();
    assert!(first != t.challenge("c").unwrap());
    // Groups of different parameters have different challenges.
    let Group::Schnorr(mut params) = toy() else { panic!() };
    params.g = Int::from(16u64);
    let again = Group::Schnorr(params);
    assert!(challenge("op", 1, &toy(), b"", b"") != challenge("op", 1, &again, b"", b""));
}

/// In a group of squares membership is a Jacobi symbol, elsewhere a power; both say what the definition says.
#[test]
fn members_are_those_whose_order_divides_q() {
    let int = |n: u64| Int::from(n);
    // 2039 = 2 * 1019 + 1 and 23 = 2 * 11 + 1; 2003 = 2 * 7 * 11 * 13 + 1 and 1999 = 2 * 27 * 37 + 1 are of the other kind.
    for (p, q, g) in [(2039u64, 1019u64, 4u64), (23, 11, 2), (2003, 13, 0), (1999, 37, 0)] {
        let group = Schnorr { p: int(p), q: int(q), g: int(g) };
        assert_eq!(group.is_safe(), p == 2 * q + 1);
        let members: Vec<u64> = (0..p + 3).filter(|x| group.contains(&int(*x))).collect();
        let wanted: Vec<u64> = (1..p).filter(|x| (0..q).fold(1, |power, _| power * x % p) == 1).collect();
        assert_eq!(members, wanted, "{p} {q}");
        assert_eq!(members.len() as u64, q);
        assert!(!group.contains(&int(0)) && !group.contains(&Int::from(-1i64)));
    }
}
