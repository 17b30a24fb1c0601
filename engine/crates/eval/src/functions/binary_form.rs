//! The binary forms of values, which clients may have instead of texts: `int4send` and its kin.

use crate::registry::{Function, mismatch};
use tidewire_row::{Datum, ScalarType, io};

macro_rules! forms {
    ($($opcode:literal of $scalar:ident),* $(,)?) => {
        &[$(Function::strict($opcode, |arguments, env| match *arguments {
            [value] => {
                let mut form = Vec::new();
                io::binary_out(value, ScalarType::$scalar, &mut form);
                Ok(Datum::Bytea(env.arena.push_bytes(form)))
            }
            _ => Err(mismatch($opcode, arguments)),
        })
        .total()),*]
    };
}

pub(super) const FUNCTIONS: &[Function] = forms! {
    "boolsend" of Bool, "int2send" of Int2, "int4send" of Int4, "int8send" of Int8, "oidsend" of Oid,
    "float4send" of Float4, "float8send" of Float8, "numeric_send" of Numeric,
    "textsend" of Text, "varcharsend" of Varchar, "bpcharsend" of Bpchar, "byteasend" of Bytea, "uuid_send" of Uuid,
    "date_send" of Date, "time_send" of Time, "timestamp_send" of Timestamp, "timestamptz_send" of Timestamptz,
    "interval_send" of Interval,
};
