//! Generators of sources: packed rows by event number, so that any range can be made again after a restart.

mod counter;
mod nexmark;
mod random;

pub use counter::counter;
pub use nexmark::{Nexmark, Table};

/// Where generated rows go.
pub trait EventSink {
    /// A packed row of a table: 0 for a generator with one, else as [`Table`] numbers them.
    fn row(&mut self, table: usize, row: &[u8]);
}
