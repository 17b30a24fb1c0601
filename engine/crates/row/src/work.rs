//! What a thread's work may cost, and its end in the middle.
//!
//! Whoever starts work that could take long gives it a [`Limit`]; what works calls [`checkpoint`] for each row and [`spend`]
//! where one value costs more than that. At its limit the work unwinds to where it was started, wherever it is.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Units between two looks at a flag. A unit is about what a row costs, at most a microsecond.
const PATIENCE: u64 = 256;

thread_local! {
    /// Units until the limit is looked at again.
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static LIMIT: RefCell<Option<Limit>> = const { RefCell::new(None) };
}

/// When work ends that has not come to its end.
#[derive(Clone, Debug)]
pub enum Limit {
    /// When the flag is set.
    Cancellation(Arc<AtomicBool>),
    /// When so many units are spent. They are counted, not measured: the same work ends at the same place each time.
    Units(u64),
}

/// Work that ended at its limit. It is also what unwinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Runs `work` under a limit; one around it does not hold meanwhile. What `work` had begun to change and does not own is to
/// be thrown away where it is stopped.
pub fn limited<T>(limit: Limit, work: impl FnOnce() -> T) -> Result<T, Stopped> {
    let left = match &limit {
        Limit::Cancellation(_) => 0,
        Limit::Units(units) => *units,
    };
    let outer = (LEFT.replace(left), LIMIT.replace(Some(limit)));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    LEFT.set(outer.0);
    LIMIT.set(outer.1);
    outcome.map_err(|panic| match panic.downcast::<Stopped>() {
        Ok(stopped) => *stopped,
        Err(panic) => resume_unwind(panic),
    })
}

/// To be called for each row.
#[inline]
pub fn checkpoint() {
    spend(1);
}

/// To be called before what costs as much as `units` rows.
#[inline]
pub fn spend(units: u64) {
    match LEFT.get().checked_sub(units) {
        Some(left) => LEFT.set(left),
        None => look(),
    }
}

/// Stops at the limit, or says when to look again.
#[cold]
fn look() {
    let left = LIMIT.with_borrow(|limit| match limit {
        None => Some(u64::MAX),
        Some(Limit::Cancellation(flag)) => (!flag.load(Ordering::Relaxed)).then_some(PATIENCE),
        Some(Limit::Units(_)) => None,
    });
    match left {
        Some(left) => LEFT.set(left),
        None => resume_unwind(Box::new(Stopped)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_at_its_limit_and_nowhere_else() {
        let rows = |count: u64| (0..count).for_each(|_| checkpoint());
        assert_eq!(limited(Limit::Units(10), || rows(10)), Ok(()));
        assert_eq!(limited(Limit::Units(10), || rows(11)), Err(Stopped));
        assert_eq!(limited(Limit::Units(1000), || spend(1001)), Err(Stopped));
        let flag = Arc::new(AtomicBool::new(false));
        let cancelled = limited(Limit::Cancellation(flag.clone()), || {
            rows(10_000);
            flag.store(true, Ordering::Relaxed);
            rows(PATIENCE + 1);
        });
        assert_eq!(cancelled, Err(Stopped));
        rows(10_000);
    }

    #[test]
    fn an_inner_limit_leaves_the_outer_one_as_it_was() {
        let outcome = limited(Limit::Units(5), || {
            (0..3).for_each(|_| checkpoint());
            assert_eq!(limited(Limit::Units(100), || spend(100)), Ok(()));
            (0..2).for_each(|_| checkpoint());
            limited(Limit::Units(1), || spend(2)).unwrap_err();
            checkpoint();
        });
        assert_eq!(outcome, Err(Stopped));
    }

    #[test]
    #[should_panic(expected = "another")]
    fn another_panic_goes_on() {
        let _ = limited(Limit::Units(5), || panic!("another"));
    }
}
