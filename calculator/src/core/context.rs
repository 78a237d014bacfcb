//! What a request may use besides its arguments: randomness, a budget of work, and the clock as a safety net.

use std::cell::Cell;
use std::time::Duration;

use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use crate::core::args::Args;
use crate::core::clock::{Clock, Deadline};
use crate::core::error::{Error, INTERNAL, MISSING_ARG};
use crate::core::json::Json;

/// Cost units of one request or one batch: about two seconds of work, well inside the time limit.
pub const MAX_COST: u64 = 2_000_000_000;
/// Limit on the processor time of one request or one batch.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Separates the streams of seeded mode from every other use of HKDF; the number changes when the streams do.
const STREAM_SALT: &[u8] = b"crypto_calculator/seeded-stream/v1";
/// Bytes of one stream block.
const BLOCK: usize = 64;

/// How the calculator was started.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Requests carry a `seed`, and randomness comes from it alone.
    pub seeded: bool,
    pub max_cost: u64,
    pub time_limit: Duration,
    /// What `time_limit` limits.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seeded: false, max_cost: MAX_COST, time_limit: TIME_LIMIT, clock: Clock::Processor }
    }
}

/// Work and time left; a batch shares one among its items.
pub struct Budget {
    left: Cell<u64>,
    max: u64,
    /// Work that was taken beforehand and may be done without being taken again.
    prepaid: Cell<u64>,
    deadline: Deadline,
}

impl Budget {
    pub fn new(settings: &Settings) -> Self {
        let deadline = Deadline::new(settings.clock, settings.time_limit);
        Self { left: Cell::new(settings.max_cost), max: settings.max_cost, prepaid: Cell::new(0), deadline }
    }

    /// Takes `cost` units, or refuses before the work starts.
    pub fn spend(&self, cost: u64) -> Result<(), Error> {
        match self.left.get().checked_sub(cost) {
            Some(rest) => {
                self.left.set(rest);
                Ok(())
            }
            None => Err(Error::limit("", "more work than one request may ask for; use smaller numbers", self.max)),
        }
    }

    /// Says how much of the cost of the op is for work of a length that chance decides.
    pub fn prepay(&self, cost: u64) {
        self.prepaid.set(cost);
    }

    /// Takes `cost` units of such work: from what was prepaid, and then like any other work. Where they end depends on
    /// the request and its seed alone, so every machine refuses at the same place.
    pub fn spend_by_chance(&self, cost: u64) -> Result<(), Error> {
        let (prepaid, left) = (self.prepaid.get(), self.left.get());
        match prepaid.checked_sub(cost) {
            Some(rest) => self.prepaid.set(rest),
            None => {
                let message = "bad luck: the search needs more work than one request may ask for; ask again, in \
                               seeded mode with another seed";
                self.prepaid.set(0);
                let rest = left.checked_sub(cost.saturating_sub(prepaid));
                self.left.set(rest.ok_or_else(|| Error::limit("", message, self.max))?);
            }
        }
        Ok(())
    }

    /// Fails once the time limit is reached. Long loops call it.
    pub fn tick(&self) -> Result<(), Error> {
        if self.deadline.has_passed() { Err(Error::timeout()) } else { Ok(()) }
    }
}

/// Where randomness comes from.
enum Source<'s> {
    Os,
    /// Seeded mode, but the request brought no seed: drawing is an error, never a fall-back.
    Unseeded,
    Stream(Stream<'s>),
}

/// The bytes of one op under one seed: block i is HKDF-SHA-512(seed, info = op, 0, item, i).
///
/// `item` is the place in a batch plus one, and 0 outside a batch, so that equal ops in a batch differ.
struct Stream<'s> {
    seed: &'s [u8],
    op: &'static str,
    item: u64,
    counter: u64,
    rest: Zeroizing<Vec<u8>>,
}

impl Stream<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        for byte in out {
            if self.rest.is_empty() {
                self.refill()?;
            }
            *byte = self.rest.pop().unwrap_or_default();
        }
        Ok(())
    }

    fn refill(&mut self) -> Result<(), Error> {
        let mut block = Zeroizing::new([0u8; BLOCK]);
        let mut info = self.op.as_bytes().to_vec();
        info.push(0);
        info.extend_from_slice(&self.item.to_be_bytes());
        info.extend_from_slice(&self.counter.to_be_bytes());
        Hkdf::<Sha512>::new(Some(STREAM_SALT), self.seed)
            .expand(&info, block.as_mut_slice())
            .map_err(|_| Error::internal("a stream block has an impossible length"))?;
        self.counter = self.counter.saturating_add(1);
        // Taken from the end, so the block is turned round: the stream reads in the order of the bytes.
        block.reverse();
        self.rest.zeroize();
        self.rest.extend_from_slice(block.as_slice());
        Ok(())
    }
}

/// The calculator as an op sees it: the ops about the calculator itself ask it, and no others.
pub trait Calculator: Sync {
    /// Digest of the table of ops, and how many there are.
    fn version(&self) -> (String, u64);
    /// The whole table.
    fn catalogue(&self) -> Json<'static>;
    /// The answer of `help` to its arguments.
    fn help(&self, args: &Args<'_>) -> Result<Json<'static>, Error>;
    /// Answers one item of a batch, which counts from 0: its own request, except for the seed and the budget, which
    /// are those of `ctx`.
    fn answer_item(&self, item: &Json<'_>, index: u64, ctx: &Ctx<'_>) -> Json<'static>;
}

/// The context of one op call.
pub struct Ctx<'s> {
    pub calculator: &'s dyn Calculator,
    pub settings: &'s Settings,
    pub budget: &'s Budget,
    /// The request's seed, for the items of a batch.
    pub seed: Option<&'s [u8]>,
    source: Source<'s>,
    toy: bool,
}

impl<'s> Ctx<'s> {
    pub fn new(
        calculator: &'s dyn Calculator,
        settings: &'s Settings,
        budget: &'s Budget,
        seed: Option<&'s [u8]>,
        op: &'static str,
        item: u64,
    ) -> Self {
        let source = match (settings.seeded, seed) {
            (false, _) => Source::Os,
            (true, None) => Source::Unseeded,
            (true, Some(seed)) => {
                Source::Stream(Stream { seed, op, item, counter: 0, rest: Zeroizing::new(Vec::new()) })
            }
        };
        Self { calculator, settings, budget, seed, source, toy: false }
    }

    /// Says that the request worked with sizes that protect nothing; the answer repeats it.
    pub fn mark_toy(&mut self) {
        self.toy = true;
    }

    pub fn is_toy(&self) -> bool {
        self.toy
    }

    /// Fills `out` with randomness of the mode.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        match &mut self.source {
            Source::Os => {
                getrandom::fill(out).map_err(|_| Error::new(INTERNAL, "", "the operating system gave no randomness"))
            }
            Source::Unseeded => {
                Err(Error::new(MISSING_ARG, "/seed", "in seeded mode an op that draws randomness needs a seed"))
            }
            Source::Stream(stream) => stream.fill(out),
        }
    }

    /// Fails once the time limit is reached. Long loops call it.
    pub fn tick(&self) -> Result<(), Error> {
        self.budget.tick()
    }
}
