//! Noise for differential privacy: the samples follow the distributions, with fixed seeds.
// Small numbers become floats and places of tables.

use crate::common::{ask, seeded};
use crypto_calculator::bigint::Int;
use crypto_calculator::core::context::{Budget, Ctx, Settings};
use crypto_calculator::core::json::Json;
use crypto_calculator::numbers::generate::random_below;
use crypto_calculator::ops::REGISTRY;
use crypto_calculator::schemes::noise::{self, Ratio};

const SAMPLES: usize = 20_000;

fn sample<T>(seed: &[u8], mut draw: impl FnMut(&mut Ctx<'_>) -> T) -> Vec<T> {
    let settings = Settings { seeded: true, time_limit: std::time::Duration::from_secs(600), ..Settings::default() };
    let budget = Budget::new(&settings);
    let mut ctx = Ctx::new(&REGISTRY, &settings, &budget, Some(seed), "noise test", 0);
    (0..SAMPLES).map(|_| draw(&mut ctx)).collect()
}

fn number(n: &Int) -> i64 {
    n.to_string().parse().unwrap()
}

/// Pearson's chi-squared test of integer samples against weights on -reach..=reach; both tails are one cell each.
/// The bound is far beyond the 0.9999 quantile of the number of cells.
fn follows(samples: &[i64], reach: i64, weight: impl Fn(i64) -> f64) {
    let far = 60 * reach;
    let total: f64 = (-far..=far).map(&weight).sum();
    let cells = 2 * reach + 1;
    let mut chi = 0.0;
    for cell in -reach..=reach {
        let inside = |y: i64| y.clamp(-reach, reach) == cell;
        let p: f64 = (-far..=far).filter(|y| inside(*y)).map(&weight).sum::<f64>() / total;
        let expected = p * samples.len() as f64;
        assert!(expected > 5.0, "cell {cell} is too small for the test");
        let seen = samples.iter().filter(|y| inside(**y)).count() as f64;
        chi += (seen - expected).powi(2) / expected;
    }
    let bound = cells as f64 + 6.0 * (2.0 * cells as f64).sqrt();
    assert!(chi < bound, "chi squared {chi:.1} of {cells} cells");
}

#[test]
fn laplace_noise_has_its_distribution() {
    for (s, t) in [(1u64, 1u64), (1, 3), (2, 5), (3, 2), (7, 10)] {
        let samples = sample(format!("laplace {s} {t}").as_bytes(), |ctx| {
            number(&noise::laplace(&Int::from(s), &Int::from(t), ctx).unwrap())
        });
        let reach = (4 * t / s).max(2) as i64;
        follows(&samples, reach, |y| (-(y.abs() as f64) * s as f64 / t as f64).exp());
    }
}

#[test]
fn gaussian_noise_has_its_distribution() {
    for (num, den) in [(1u64, 1u64), (1, 3), (9, 2), (25, 1)] {
        let samples = sample(format!("gaussian {num} {den}").as_bytes(), |ctx| {
            number(&noise::gaussian(&Ratio::new(num, den), ctx).unwrap())
        });
        let variance = num as f64 / den as f64;
        let reach = (2.5 * variance.sqrt()).ceil() as i64;
        follows(&samples, reach.max(1), |y| (-((y * y) as f64) / (2.0 * variance)).exp());
    }
}

#[test]
fn coins_are_fair_to_their_odds() {
    let frequency = |coins: Vec<bool>| coins.iter().filter(|c| **c).count() as f64 / SAMPLES as f64;
    for (num, den) in [(0u64, 7u64), (1, 7), (1, 2), (3, 4), (1, 1), (5, 2)] {
        let x = num as f64 / den as f64;
        let ratio = Ratio::new(num, den);
        let seen = frequency(sample(b"exp", |ctx| noise::bernoulli_exp(&ratio, ctx).unwrap()));
        assert!((seen - (-x).exp()).abs() < 0.015, "exp(-{num}/{den}): {seen}");
        if num <= den {
            let seen = frequency(sample(b"coin", |ctx| noise::bernoulli(&ratio, ctx).unwrap()));
            assert!((seen - x).abs() < 0.015, "{num}/{den}: {seen}");
        }
    }
}

#[test]
fn uniform_integers_stay_below_and_reach_all() {
    for n in [1u64, 2, 3, 10, 255, 256, 257] {
        let samples = sample(b"uniform", |ctx| number(&random_below(&Int::from(n), ctx).unwrap()));
        let mut counts = vec![0usize; n as usize];
        for x in samples {
            counts[x as usize] += 1;
        }
        let expected = SAMPLES as f64 / n as f64;
        assert!(counts.iter().all(|c| (*c as f64 - expected).abs() < 6.0 * expected.sqrt() + 1.0), "{n}: {counts:?}");
    }
}

#[test]
fn ops_repeat_their_noise_under_a_seed() {
    let request = |op: &str, args: &str, seed: u32| {
        let text = format!(r#"{{"op":"{op}","args":{args},"seed":"{seed:08x}"}}"#);
        ask(&seeded(), text)
    };
    let mut sum = 0i64;
    for seed in 0..400 {
        let answer = request("dp_laplace", r#"{"value":"100","eps_num":1,"eps_den":2}"#, seed);
        assert_eq!(answer, request("dp_laplace", r#"{"value":"100","eps_num":1,"eps_den":2}"#, seed));
        let noisy = answer.get("result").and_then(|r| r.get("noisy")).and_then(Json::as_str).unwrap();
        sum += noisy.parse::<i64>().unwrap() - 100;
    }
    // The mean of 400 samples of standard deviation 2.8.
    assert!(sum.abs() < 400, "{sum}");
    let ones = (0..1000)
        .filter(|seed| {
            let answer = request("randomized_response", r#"{"bit":"1"}"#, *seed);
            answer.get("result").and_then(|r| r.get("bit")) == Some(&Json::str("1"))
        })
        .count();
    assert!((690..=810).contains(&ones), "{ones}");
}

/// The largest and smallest parameters end well inside the budget.
#[test]
fn extreme_parameters_are_sampled() {
    for args in [
        r#"{"value":"0","eps_num":1,"eps_den":4294967296,"sensitivity":1048576}"#,
        r#"{"value":"0","eps_num":4294967296}"#,
    ] {
        assert_eq!(crate::common::call("dp_laplace", args).get("ok"), Some(&Json::Bool(true)), "{args}");
    }
    for args in [
        r#"{"value":"0","var_num":4294967296}"#,
        r#"{"value":"0","var_num":1,"var_den":4294967296}"#,
        r#"{"value":"0","var_num":4294967295,"var_den":4294967296}"#,
    ] {
        assert_eq!(crate::common::call("dp_gaussian", args).get("ok"), Some(&Json::Bool(true)), "{args}");
    }
}
