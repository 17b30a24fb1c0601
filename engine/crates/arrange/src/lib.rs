//! Arrangements of packed rows: containers, batches, traces behind gates, and the operators that make and read them.
//!
//! How to build a dataflow on it (the `render` crate does):
//!
//! - Between operators flow [`RowStream`]s of [`Updates`]: packed rows with time and multiplicity in one slab. A stream of
//!   whole rows leaves the key empty. [`flat_map`] makes rows and errors from rows; streams are united with timely's
//!   `concat`, negated with [`negate`].
//! - [`arrange`]`(flow, stream, name)` sorts a keyed stream into an [`Arr`]; [`arrange_reduce`] and [`group_by`] do, and
//!   reduce it; [`join`] matches two on their whole keys; [`flat_map_arranged`] and [`rows_of`] go back to a stream.
//!   [`arrange_errors`] is for a plan's errors.
//! - Collections come from an [`ImportProvider`]; its [`Flow`] is what stateful operators are given. The result is a
//!   [`Rendered`].
//!
//! Laws:
//!
//! - **The gate** ([`Shared::gate`]): a collection's content is known below it; an import's frontier is the gate, so only
//!   dataflows whose inputs changed are ever stepped.
//! - A gated trace is cut only where batches end; no gate lies inside a batch with rows.
//! - Batches are shared and immutable. What a worker publishes ([`Snapshot`]) stays exact while merges go on.

mod arrange;
mod batch;
mod container;
mod flow;
mod follow;
mod grouped;
mod half_join;
mod import;
mod intake;
mod join;
mod kept;
mod merge;
mod meter;
mod offsets;
mod order;
mod read_batch;
mod reclaim;
mod reduce;
mod resident;
mod shared;
mod slabs;
mod snapshot;
mod sole_value;
mod sort;
mod spine;
mod staging;
mod storage;
mod stream;
mod trace;
mod updates;
mod written;

pub use arrange::{arrange, arrange_local};
pub use batch::RowBatch;
pub use container::RowContainer;
pub use flow::{Flow, ImportProvider, Imported, Rendered, Seed};
pub use follow::Follower;
pub use grouped::{arrange_reduce, group_by};
pub use half_join::{Sees, half_join};
pub use import::{ImportHandle, import, import_snapshot};
pub use join::{JoinOutput, join};
pub use kept::{Backing, Kept, SeededGroups, Shown};
pub use meter::{Gauge, Meter};
pub use offsets::{Column, Offsets};
pub use order::sorted_by_bytes;
pub use read_batch::ReadBatch;
pub use reclaim::{give_back_free_memory, reclaim, reclaim_aside};
pub use reduce::{KeySeeker, Reduction, output_batch};
pub use resident::Resident;
pub use shared::{CLOSED, Reading, Shared, Slot, new_slot};
pub use slabs::{keep_slabs, release_idle_slabs, set_up_allocator};
pub use snapshot::{CollectionSnapshot, KeysBack, ShardedSnapshot, Snapshot, SnapshotCursor};
pub use sole_value::SoleValue;
pub use sort::{consolidated, consolidated_by_time, sorted_indexes};
pub use spine::RowSpine;
pub use staging::Staging;
pub use storage::{RowStorage, StorageBuilder};
pub use stream::{OkErr, Raises, added_up, arrange_errors, flat_map, flat_map_arranged, negate, rows_of};
pub use trace::{Arr, BatchQueue, RowTrace};
pub use updates::{DrainUpdates, UpdateRef, Updates};
pub use written::Written;

use timely::dataflow::Stream;
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;

/// A stream of packed updates.
pub type RowStream<'s> = Stream<'s, u64, Updates>;

/// The one hash of packed rows: it decides which worker holds a key.
#[inline]
pub fn hash_row(row: &[u8]) -> u64 {
    tidewire_row::hash_bytes(row)
}

/// The worker that holds `key` among `workers`.
#[inline]
pub fn shard_of(key: &[u8], workers: usize) -> usize {
    (hash_row(key) % workers as u64) as usize
}

/// A frontier's time; the empty frontier is [`CLOSED`].
#[inline]
pub fn time_of(frontier: AntichainRef<u64>) -> u64 {
    frontier.first().copied().unwrap_or(CLOSED)
}

/// The frontier at a time; [`CLOSED`] is the empty frontier.
#[inline]
pub fn frontier_at(time: u64) -> Antichain<u64> {
    if time == CLOSED { Antichain::new() } else { Antichain::from_elem(time) }
}
