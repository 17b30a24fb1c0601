//! `+`, `*`, `-` and range_merge.

use crate::registry::{Function, fallible, total};
use tidewire_row::RangeRef;

pub(super) const FUNCTIONS: &[Function] = &[
    fallible!("range_union", (a: Range, b: Range), env => a.union(&b, env.arena)),
    fallible!("range_merge", (a: Range, b: Range), env => a.merge(&b, env.arena)),
    fallible!("range_intersect", (a: Range, b: Range), env => a.intersect(&b, env.arena)),
    fallible!("range_minus", (a: Range, b: Range), env => a.minus(&b, env.arena)),
    total!("range_merge_from_multirange", (a: Multirange), env => RangeRef::around(&a, env.arena)),
    total!("multirange_union", (a: Multirange, b: Multirange), env => a.union(&b, env.arena)),
    total!("multirange_intersect", (a: Multirange, b: Multirange), env => a.intersect(&b, env.arena)),
    fallible!("multirange_minus", (a: Multirange, b: Multirange), env => a.minus(&b, env.arena)),
];
