//! nextval and its like. The last argument, which SQL does not write, is the session.

use crate::registry::{Function, fallible};
use crate::sequences;
use tidewire_row::Datum;

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("nextval_oid", (oid: Oid, session: Int64) => sequences::next(oid, session).map(Datum::Int64))
        .volatile(),
    fallible!("currval_oid", (oid: Oid, session: Int64) => sequences::current(oid, session).map(Datum::Int64))
        .volatile(),
    fallible!("lastval", (session: Int64) => sequences::last(session).map(Datum::Int64)).volatile(),
    fallible!(
        "setval_oid",
        (oid: Oid, value: Int64, session: Int64) => sequences::set(oid, value, true, session).map(Datum::Int64)
    )
    .volatile(),
    fallible!(
        "setval3_oid",
        (oid: Oid, value: Int64, called: Bool, session: Int64) =>
            sequences::set(oid, value, called, session).map(Datum::Int64)
    )
    .volatile(),
]];
