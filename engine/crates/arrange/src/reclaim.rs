//! Freeing large memory on a thread of its own.
//!
//! To give a hundred megabytes back to the system takes ten milliseconds and more. Threads that are waited for (sessions,
//! commits, maintaining workers) leave it to another one.

use crate::slabs::MAPPED_BYTES;
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

/// So much is unmapped at once: the process's other threads can map nothing meanwhile.
#[cfg(target_os = "linux")]
const PIECE_BYTES: usize = 4 << 20;

enum Work {
    Slab(Vec<u8>),
    Drop(Box<dyn Send>),
    GiveBack,
}

thread_local! {
    static ASIDE: Cell<bool> = const { Cell::new(false) };
}

/// None: there could be no thread.
static RECLAIMER: OnceLock<Option<Sender<Work>>> = OnceLock::new();

/// From now on what this thread would free in large pieces is freed on another one.
pub fn reclaim_aside() {
    ASIDE.set(true);
}

/// Drops a value that holds much memory.
pub fn reclaim(value: impl Send + 'static) {
    if let Some(reclaimer) = reclaimer() {
        let _ = reclaimer.send(Work::Drop(Box::new(value)));
    }
}

/// Drops a slab, whose bytes nobody wants any more.
pub(crate) fn reclaim_slab(slab: Vec<u8>) {
    match reclaimer() {
        Some(reclaimer) => drop(reclaimer.send(Work::Slab(slab))),
        None => unmap(slab),
    }
}

/// Has the allocator give back what it holds free: after a load that is much. The allocator is locked meanwhile, part after part.
pub fn give_back_free_memory() {
    match reclaimer() {
        Some(reclaimer) => drop(reclaimer.send(Work::GiveBack)),
        None => trim(),
    }
}

/// None where this thread frees by itself.
fn reclaimer() -> Option<&'static Sender<Work>> {
    // A thread that ends may have lost its mark.
    if !ASIDE.try_with(Cell::get).unwrap_or(false) {
        return None;
    }
    RECLAIMER
        .get_or_init(|| {
            let (sender, receiver) = channel();
            let run = move || {
                receiver.iter().for_each(|work| match work {
                    Work::Slab(slab) => unmap(slab),
                    Work::Drop(value) => drop(value),
                    Work::GiveBack => trim(),
                });
            };
            std::thread::Builder::new().name("tidewire-memory".into()).spawn(run).ok().map(|_| sender)
        })
        .as_ref()
}

/// Gives a slab back; first its pages, piece by piece, where the allocator would unmap it in one go.
#[cfg(target_os = "linux")]
fn unmap(mut slab: Vec<u8>) {
    if slab.capacity() < MAPPED_BYTES {
        return;
    }
    // SAFETY: `sysconf` reads a constant.
    let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) }.max(1) as usize;
    slab.clear();
    let start = (slab.as_ptr() as usize).next_multiple_of(page_bytes);
    let end = (slab.as_ptr() as usize + slab.capacity()) / page_bytes * page_bytes;
    for piece in (start..end).step_by(PIECE_BYTES) {
        let length = PIECE_BYTES.min(end - piece);
        // SAFETY: the pages are wholly within the allocation, which holds nothing any more.
        unsafe { libc::madvise(piece as *mut libc::c_void, length, libc::MADV_DONTNEED) };
    }
}

#[cfg(not(target_os = "linux"))]
fn unmap(slab: Vec<u8>) {
    drop(slab);
}

fn trim() {
    // SAFETY: it changes nothing that is in use.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0)
    };
}
