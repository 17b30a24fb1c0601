//! Kafka's record batches, as a broker sends them: the format of the log itself, version 2
//! (<https://kafka.apache.org/documentation/#recordbatch>), and the message sets before it, which a broker still has of topics that
//! were written before 0.11.
//!
//! Records are read in place, none is copied; that is why no crate for the protocol is used, which make each an object.

mod batch;
mod compression;
mod legacy;
mod record;

pub(crate) use batch::Entries;
pub use batch::{Aborted, ChunkPlace, Portion, portions};
pub use compression::{Compression, compress, decompress};
pub(crate) use record::Message;
