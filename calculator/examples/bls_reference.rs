//! BLS verification by blst alone, for scripts/bench_calculator.py: lines `pk sig msg count`, each answered with the
//! seconds that so many verifications took, decoding and all checks of key and signature included.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use blst::BLST_ERROR;
use blst::min_pk::{PublicKey, Signature};
use crypto_calculator::core::hex;

const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";

/// Whether the signature holds; `None` if the line is no request.
fn verify(pk: &str, sig: &str, msg: &str) -> Option<bool> {
    let pk = PublicKey::from_bytes(&hex::decode(pk)?).ok()?;
    let sig = Signature::from_bytes(&hex::decode(sig)?).ok()?;
    Some(sig.verify(true, &hex::decode(msg)?, DST, &[], &pk, true) == BLST_ERROR::BLST_SUCCESS)
}

fn measure(line: &str) -> Option<f64> {
    let [pk, sig, msg, count] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let started = Instant::now();
    for _ in 0..count.parse::<u32>().ok()? {
        if !verify(pk, sig, msg)? {
            return None;
        }
    }
    Some(started.elapsed().as_secs_f64())
}

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        match measure(&line?) {
            Some(seconds) => writeln!(out, "{seconds}")?,
            None => writeln!(out, "nan")?,
        }
        out.flush()?;
    }
    Ok(())
}
