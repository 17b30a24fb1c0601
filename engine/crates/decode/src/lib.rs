//! Formats: raw bytes of sources and COPY to packed rows, packed rows to bytes of sinks and COPY.
//!
//! - [`StreamDecoder`]: chunks in, rows and errors out; one a stream, it keeps an unfinished record.
//! - [`MessageDecoder`]: messages of a log in, each with its key, headers and place.
//! - [`Format`]: JSON lines, CSV, PostgreSQL's COPY text format.
//! - [`SchemaFormat`]: Avro and Protobuf, whose bytes only a schema explains.
//! - [`encode`]: the other direction.
//!
//! A record that does not decode is an error beside the rows ([`RecordError`]), never a panic and never a lost stream.

mod avro;
mod copy_text;
mod csv;
mod debezium;
mod decoder;
pub mod encode;
mod field;
mod json;
mod kafka;
mod keyed;
mod messages;
mod natural;
mod protobuf;
mod record;
mod registered;
mod value;

pub use avro::AvroFormat;
pub use copy_text::CopyTextFormat;
pub use csv::{CsvFormat, CsvHeader};
pub use debezium::{Debezium, Decimals};
pub use decoder::{Format, StreamDecoder};
pub use field::{DefaultMarker, Field};
pub use json::{JsonFormat, PathStep};
pub use kafka::{Aborted, ChunkPlace, Compression, Portion, compress, decompress, portions};
pub use keyed::{KeyFormat, Upsert};
pub use messages::{Envelope, MessageDecoder, MessageFormat, MessageItem};
pub use protobuf::ProtobufFormat;
pub use record::{Decoded, Position, RecordError, RecordSink};
pub use registered::{NaturalColumn, SchemaDecoder, SchemaFormat, SchemaText};
