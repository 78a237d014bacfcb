//! The clocks of the safety net.

use std::time::{Duration, Instant};

/// What the safety net measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Processor time of the calling thread: a request does not run out of it because others use the machine. Where
    /// the system does not tell it (anything but Unix), it is the wall clock.
    Processor,
    /// For callers that are stopped at an instant, whatever they did until then.
    Wall,
}

/// A limit on the time from now on, for the thread that made it.
pub struct Deadline {
    clock: Clock,
    limit: Duration,
    start: Instant,
    /// Processor time when it started.
    spent: Duration,
}

impl Deadline {
    pub fn new(clock: Clock, limit: Duration) -> Self {
        let start = Instant::now();
        Self { clock, limit, start, spent: processor_time().unwrap_or_default() }
    }

    pub fn has_passed(&self) -> bool {
        // A thread uses at most as much processor time as goes by, and the wall clock is much cheaper to read.
        if self.start.elapsed() < self.limit {
            return false;
        }
        match (self.clock, processor_time()) {
            (Clock::Processor, Some(now)) => now.saturating_sub(self.spent) >= self.limit,
            _ => true,
        }
    }
}

/// Processor time of this thread since it began.
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a whole timespec that lives until the call returns.
    #[allow(unsafe_code)]
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    (status == 0).then(|| Duration::new(seconds, nanos))
}

#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}
