//! What schemas of a sink's messages are made from.

use tidewire_plan::ColumnType;

/// A column of a message.
#[derive(Clone, Debug)]
pub struct SchemaColumn {
    /// Its place in the rows.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// Its type.
    pub column: ColumnType,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageShape {
    /// The columns.
    Row,
    /// The columns, then `tw_timestamp` and `tw_diff`.
    Append,
    /// `before` and `after`, `op`, `ts_ms`, `ts_us`.
    Debezium,
}

/// Whether Avro and Protobuf have it as a name: letters, digits and underscores, no digit first.
pub(super) fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic());
    first && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}
