//! The generators of sessions that called setseed: PostgreSQL's xoroshiro128**, so that a seed gives PostgreSQL's numbers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

static GENERATORS: LazyLock<Mutex<HashMap<i64, Generator>>> = LazyLock::new(Mutex::default);
/// Whether any session ever called setseed.
static ANY: AtomicBool = AtomicBool::new(false);

struct Generator(u64, u64);

fn generators() -> MutexGuard<'static, HashMap<i64, Generator>> {
    GENERATORS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// splitmix64
fn spread(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut drawn = *state;
    drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    drawn ^ (drawn >> 31)
}

impl Generator {
    /// pg_prng_fseed
    fn new(seed: f64) -> Self {
        let mut state = (((1u64 << 52) - 1) as f64 * seed) as i64 as u64;
        Generator(spread(&mut state), spread(&mut state))
    }

    fn bits(&mut self) -> u64 {
        let Generator(first, second) = *self;
        let mixed = second ^ first;
        let drawn = first.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        *self = Generator(first.rotate_left(24) ^ mixed ^ (mixed << 16), mixed.rotate_left(37));
        drawn
    }
}

/// The session draws from the seed's numbers from now on.
pub fn seed(session: i64, seed: f64) {
    generators().insert(session, Generator::new(seed));
    ANY.store(true, Ordering::Release);
}

/// The session is gone.
pub fn forget_session(session: i64) {
    if ANY.load(Ordering::Acquire) {
        generators().remove(&session);
    }
}

/// 64 random bits; None for a session without a seed.
pub(crate) fn bits(session: i64) -> Option<u64> {
    if !ANY.load(Ordering::Acquire) {
        return None;
    }
    generators().get_mut(&session).map(Generator::bits)
}

/// From 0 to `last`, which is not 0; None for a session without a seed.
pub(crate) fn up_to(last: u64, session: i64) -> Option<u64> {
    if !ANY.load(Ordering::Acquire) {
        return None;
    }
    let mut generators = generators();
    let generator = generators.get_mut(&session)?;
    loop {
        let drawn = generator.bits() >> last.leading_zeros();
        if drawn <= last {
            return Some(drawn);
        }
    }
}
