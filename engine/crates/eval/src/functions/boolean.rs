//! bool. AND, OR and NOT are nodes of their own.

use crate::registry::{Function, comparisons, total};

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("bool", Bool, Bool, |a, b| a.cmp(&b)),
    &[
        total!("int4_bool", (a: Int32) => a != 0),
        total!("bool_int4", (a: Bool) => a as i32),
        total!("booltext", (a: Bool) => if a { "true" } else { "false" }),
    ],
];
