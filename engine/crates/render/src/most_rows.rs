//! A bound on the rows that a program's operators make.

use crate::compile::{Program, Step};
use std::collections::HashMap;

impl Program {
    /// At most how many rows one of its operators makes, where each collection has as many as `rows_of` says. A function
    /// from a row to rows may make any number.
    pub fn most_rows(&self, rows_of: &dyn Fn(u64) -> u64) -> u64 {
        let mut made: HashMap<usize, u64> = HashMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            let of = |node: &usize| made.get(node).copied().unwrap_or(0);
            let rows = match step.as_ref() {
                Step::Fused => continue,
                Step::Constant(rows) => rows.len() as u64,
                Step::Import(id) | Step::Lookup(id, _) | Step::Ranges { arrangement: id, .. } => rows_of(*id),
                Step::FlatMap { input, .. } => match of(&input.source) {
                    0 => 0,
                    _ => u64::MAX,
                },
                Step::Join { left, right, .. } => of(left).saturating_mul(of(right)),
                Step::DeltaJoin(paths) => {
                    paths.iter().fold(1, |product: u64, path| product.saturating_mul(of(&path.start.source)))
                }
                Step::Union(inputs) => {
                    inputs.iter().fold(0, |sum: u64, input| sum.saturating_add(of(&input.source)))
                }
                Step::Pipeline(input)
                | Step::Arrange(input)
                | Step::Distinct(input)
                | Step::Negate(input)
                | Step::Threshold(input)
                | Step::Accumulable { input, .. }
                | Step::Basic { input, .. }
                | Step::Hierarchical { input, .. }
                | Step::TopK { input, .. }
                | Step::Window { input, .. }
                | Step::Guard { rows: input, .. } => of(&input.source),
            };
            made.insert(index, rows);
        }
        made.into_values().max().unwrap_or(0)
    }
}
