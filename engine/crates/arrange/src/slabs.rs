//! The bytes of large containers, used again.
//!
//! A load merges batches into larger ones, level by level. What one merge leaves is as large as what the next of its level
//! needs: to hand it on saves giving its pages back and asking for them anew, which costs more than copying the
//! rows. Only a thread that says so keeps slabs, and it has to say when it is idle.

use crate::reclaim::{give_back_free_memory, reclaim_slab};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// Smaller slabs are the allocator's business.
const LEAST_BYTES: usize = 1 << 20;
/// A thread keeps so much.
const MOST_BYTES: usize = 64 << 20;
/// Slabs that nobody has wanted for so long are given back.
const IDLE: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Pool {
    kept: Vec<Vec<u8>>,
    bytes: usize,
    used: Option<Instant>,
}

thread_local! {
    /// None: the thread keeps none.
    static POOL: RefCell<Option<Pool>> = const { RefCell::new(None) };
}

/// From now on this thread keeps slabs.
pub fn keep_slabs() {
    POOL.with(|pool| {
        pool.borrow_mut().get_or_insert_default();
    });
}

/// Gives back what this thread has kept for long; how long the rest may wait for another call, None if there is no rest.
pub fn release_idle_slabs() -> Option<Duration> {
    POOL.with(|pool| {
        let mut pool = pool.borrow_mut();
        let pool = pool.as_mut().filter(|pool| !pool.kept.is_empty())?;
        let idle = pool.used.map_or(IDLE, |used| used.elapsed());
        if idle < IDLE {
            return Some(IDLE - idle);
        }
        std::mem::take(pool).kept.into_iter().for_each(reclaim_slab);
        give_back_free_memory();
        None
    })
}

/// Below this the allocator uses pages again instead of giving them back; it takes no more.
pub(crate) const MAPPED_BYTES: usize = 32 << 20;
/// Each thread's arena keeps so much free at its end, which only the freeing of something in it gives back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENA_REST_BYTES: libc::c_int = 16 << 20;

/// Sets the allocator up, once for the process. By itself it comes to the first of these bounds with the first large rows, and
/// keeps four times the second in the arena of each thread that ever had some.
pub fn set_up_allocator() {
    // SAFETY: they change nothing that is in use.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_BYTES as libc::c_int);
        libc::mallopt(libc::M_TRIM_THRESHOLD, ARENA_REST_BYTES);
    };
}

/// Room for so many bytes, and whether it has its pages.
pub(crate) fn slab(bytes: usize) -> (Vec<u8>, bool) {
    if bytes >= LEAST_BYTES
        && let Some(slab) = POOL.with(|pool| pool.borrow_mut().as_mut().and_then(|pool| pool.take(bytes)))
    {
        return (slab, true);
    }
    (Vec::with_capacity(rounded(bytes)), false)
}

/// A slab that is needed no more.
pub(crate) fn give(slab: Vec<u8>) {
    if slab.capacity() >= LEAST_BYTES {
        // A thread that ends has no pool any more.
        let _ = POOL.try_with(|pool| match pool.borrow_mut().as_mut() {
            Some(pool) => pool.give(slab),
            None => reclaim_slab(slab),
        });
    }
}

/// Sixteen sizes for each doubling, so that slabs for about as many bytes fit each other.
fn rounded(bytes: usize) -> usize {
    if bytes < LEAST_BYTES {
        return bytes;
    }
    bytes.next_multiple_of((1 << bytes.ilog2()) / 16)
}

impl Pool {
    /// The smallest that is large enough and not much larger.
    fn take(&mut self, bytes: usize) -> Option<Vec<u8>> {
        self.used = Some(Instant::now());
        let fits = |slab: &Vec<u8>| (bytes..=bytes + bytes / 8).contains(&slab.capacity());
        let found = (0..self.kept.len()).filter(|index| fits(&self.kept[*index]));
        let slab = self.kept.swap_remove(found.min_by_key(|index| self.kept[*index].capacity())?);
        self.bytes -= slab.capacity();
        Some(slab)
    }

    /// The oldest make room.
    fn give(&mut self, mut slab: Vec<u8>) {
        self.used = Some(Instant::now());
        if slab.capacity() > MOST_BYTES {
            reclaim_slab(slab);
            return;
        }
        slab.clear();
        self.bytes += slab.capacity();
        self.kept.push(slab);
        while self.bytes > MOST_BYTES {
            let oldest = self.kept.remove(0);
            self.bytes -= oldest.capacity();
            reclaim_slab(oldest);
        }
    }
}
