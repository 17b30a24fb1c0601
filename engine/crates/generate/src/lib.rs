//! Generators of sources: packed rows by event number, so that any range can be made again after a restart.

mod counter;
mod nexmark;
mod plain;
mod random;

pub use counter::counter;
pub use nexmark::{Nexmark, Table};
pub use plain::{edges, words};

/// Where generated rows go.
pub trait EventSink {
    /// A packed row of a table: 0 for a generator with one, else as [`Table`] numbers them.
    fn row(&mut self, table: usize, row: &[u8]);
}
