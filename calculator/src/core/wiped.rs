//! Bytes that are wiped when they are dropped.

use std::ops::Deref;

use zeroize::optimization_barrier;

/// Bytes that may be secret. `zeroize::Zeroizing` does the same one byte at a time, which for long arguments takes as long
/// as hashing them.
pub struct Wiped(Vec<u8>);

impl Wiped {
    /// Takes the bytes over. The vector must never have been moved to a larger place, which would leave a copy behind.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        // As if the zeros were read, so that they are written.
        optimization_barrier(self.0.as_slice());
    }
}
