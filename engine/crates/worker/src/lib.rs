//! The engine's runtime: timely workers in this process, the collections that they maintain, commits, snapshots,
//! subscriptions. Pure Rust; the addon wraps it.
//!
//! - [`Runtime`] is the handle. It never waits for a worker: commands go to all workers in one order, answers come as
//!   [`Event`]s and callbacks.
//! - A collection is one that is written to ([`Runtime::create_collection`]) or one that is maintained
//!   ([`Runtime::install`]). Each has an arrangement of rows and one of errors.
//! - [`Runtime::commit`] announces a group of transactions at one time; only dataflows that read what changed are
//!   stepped. [`Event::Completed`] says that everything up to a time is computed: reads at it see all of it.
//! - [`Runtime::snapshot`] reads off the worker.

mod build;
mod check;
mod command;
mod compaction;
mod foreign;
mod hydrate;
mod imports;
mod overlay;
mod progress;
mod read;
mod runtime;
mod split;
mod subscription;
mod time_slice;
mod upserts;
mod worker_loop;
mod world;
mod write_set;

pub use build::{Build, SharedBuild};
pub use check::{Conflict, UniqueKey};
pub use compaction::{Compaction, Hold, HoldApart, InputHold, TooOld};
pub use foreign::{ForeignKey, Side};
pub use overlay::Overlay;
pub use read::{CollectionSnapshots, ReadError};
pub use runtime::{Runtime, Writes};
pub use split::{LayoutSplitter, Splitter};
pub use time_slice::{TimeSlice, ask_for};
pub use upserts::{MASKED_COLUMNS, Upserts};
pub use write_set::WriteSet;

use tidewire_arrange::Updates;

/// What the engine tells.
#[derive(Debug)]
pub enum Event {
    /// Everything up to and including this time is computed: collections and subscriptions alike. Coalesced.
    Completed(u64),
    /// A subscription's changes, in the order of time, consolidated per time.
    Changes {
        /// Which.
        subscription: u64,
        /// All changes before this time have been delivered (`u64::MAX`: there will be none).
        up_to: u64,
        /// Whole rows.
        rows: Updates,
        /// Error rows.
        errors: Updates,
    },
    /// A worker panicked. The engine is unusable.
    Panic(String),
}

/// Receives events, from the workers' threads.
pub type EventSink = dyn Fn(Event) + Send + Sync;

/// The text of a caught panic.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}
