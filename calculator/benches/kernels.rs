//! The kernels that most of the calculator's time goes to: `cargo bench`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use crypto_calculator::bigint::{Int, is_prime};
use crypto_calculator::core::context::{Budget, Ctx, Settings};
use crypto_calculator::groups::bls::{G1, G2, Gt};
use crypto_calculator::groups::{CURVES, Group, Point, Scalar};
use crypto_calculator::ops::REGISTRY;
use crypto_calculator::respond;
use crypto_calculator::schemes::bbs;
use crypto_calculator::schemes::noise;

/// An odd number of exactly so many bits, the same on every machine.
fn number(bits: usize, salt: u8) -> Int {
    let mut bytes: Vec<u8> =
        (0u8..=255).cycle().take(bits / 8).map(|i| i.wrapping_mul(97).wrapping_add(salt)).collect();
    bytes[0] |= 0x80;
    *bytes.last_mut().unwrap() |= 1;
    Int::from_be_bytes(&bytes)
}

fn numbers(c: &mut Criterion) {
    for bits in [1024usize, 2048, 4096] {
        let (base, exponent, modulus) = (number(bits, 3), number(bits, 5), number(bits, 7));
        c.bench_with_input(BenchmarkId::new("modpow", bits), &bits, |b, _| {
            b.iter(|| black_box(&base).modpow(&exponent, &modulus))
        });
    }
    let Some(Group::Schnorr(group)) = Group::named("ffdhe2048") else { panic!() };
    c.bench_function("is_prime/2048", |b| b.iter(|| is_prime(black_box(&group.p), &mut || Ok::<(), ()>(()))));
}

fn groups(c: &mut Criterion) {
    for name in CURVES {
        let group = Group::named(name).unwrap();
        let k = group.hash_to_scalar(&[b"k"], b"bench").unwrap();
        let p = group.generator("p").unwrap();
        let bytes = group.encode(&p).unwrap();
        c.bench_with_input(BenchmarkId::new("mul", name), name, |b, _| b.iter(|| group.mul(black_box(&k), &p)));
        c.bench_with_input(BenchmarkId::new("mul_base", name), name, |b, _| b.iter(|| group.mul_base(black_box(&k))));
        c.bench_with_input(BenchmarkId::new("decode", name), name, |b, _| b.iter(|| group.decode(black_box(&bytes))));
        c.bench_with_input(BenchmarkId::new("hash", name), name, |b, _| {
            b.iter(|| group.hash_to_group(black_box(b"msg"), b"bench"))
        });
        let points: Vec<Point> = (0..64).map(|i| group.generator(&format!("{i}")).unwrap()).collect();
        let terms: Vec<(&Scalar, &Point)> = points.iter().map(|p| (&k, p)).collect();
        c.bench_with_input(BenchmarkId::new("msm64", name), name, |b, _| b.iter(|| group.msm(black_box(&terms))));
    }
}

fn pairings(c: &mut Criterion) {
    let (p, q) = (G1::generator(), G2::generator());
    c.bench_function("pairing/1", |b| b.iter(|| Gt::pairing(black_box(&p), &q)));
    c.bench_function("pairing/2", |b| b.iter(|| Gt::product(black_box(&[(p, q), (p.neg(), q)]))));
    c.bench_function("bbs_generators/16", |b| b.iter(|| bbs::generators(black_box(16), &mut || Ok(()))));
}

fn sampling(c: &mut Criterion) {
    let settings = Settings { time_limit: std::time::Duration::from_secs(3_600), ..Settings::default() };
    let budget = Budget::new(&settings);
    let mut ctx = Ctx::new(&REGISTRY, &settings, &budget, None, "bench", 0);
    let (one, ten) = (Int::from(1u64), Int::from(10u64));
    c.bench_function("laplace/10", |b| b.iter(|| noise::laplace(&one, black_box(&ten), &mut ctx)));
    let variance = noise::Ratio::new(100, 1);
    c.bench_function("gaussian/100", |b| b.iter(|| noise::gaussian(black_box(&variance), &mut ctx)));
}

/// Whole requests: reading, checking, the op, the answer.
fn requests(c: &mut Criterion) {
    let data = "ab".repeat(256 << 10);
    let requests = [
        ("ping", r#"{"op":"ping","args":{}}"#.to_owned()),
        ("hash 256 KiB", format!(r#"{{"op":"hash","args":{{"data":"{data}"}}}}"#)),
    ];
    for (name, request) in requests {
        c.bench_with_input(BenchmarkId::new("respond", name), &request, |b, request| {
            b.iter(|| respond(&Settings::default(), black_box(request.as_bytes())))
        });
    }
}

criterion_group!(kernels, numbers, groups, pairings, sampling, requests);
criterion_main!(kernels);
