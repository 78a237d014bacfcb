//! Powers modulo a square against the power modulo any number.

use crate::common::Random;
use crypto_calculator::bigint::Int;

#[test]
fn powers_modulo_a_square_agree_with_the_general_ones() {
    let mut random = Random::new(17);
    for bytes in [1usize, 2, 7, 8, 9, 16, 17, 24, 31, 64, 128, 256] {
        for round in 0..24 {
            let mut root = random.bytes(bytes);
            // Words of ones and of zeros are where carries run far.
            match round % 4 {
                0 => root.fill(0xff),
                1 => root[1..].fill(0),
                _ => {}
            }
            *root.first_mut().unwrap() |= 0x80 >> (round % 8);
            *root.last_mut().unwrap() |= 1;
            let root = Int::from_be_bytes(&root);
            if root == Int::from(1u64) {
                continue;
            }
            let square = &root * &root;
            let base = match round % 3 {
                0 => &square - &Int::from(1u64),
                _ => Int::from_be_bytes(&random.bytes(2 * bytes + 3)),
            };
            let size = random.below(40);
            let exponent = Int::from_be_bytes(&random.bytes(size));
            assert_eq!(base.modpow_square(&exponent, &root), base.modpow(&exponent, &square), "{root} {exponent}");
        }
    }
}

#[test]
fn roots_without_a_ring_are_refused() {
    let two = Int::from(2u64);
    for root in [-3i64, 0, 1, 2, 10] {
        assert_eq!(two.modpow_square(&two, &Int::from(root)), None, "{root}");
    }
    assert_eq!(two.modpow_square(&Int::from(-1i64), &Int::from(3i64)), None);
}
