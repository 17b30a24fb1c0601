//! The first rows in an order that an arrangement has: read before the rest of the program runs, and no further than they go.

use crate::compile::{Program, Step};
use crate::execute::direct::Direct;
use crate::execute::{ExecuteError, Halt, Sources, multiplicity, refuse_errors};
use crate::finish::{Collector, Demand, Finish, Gather};
use std::sync::Arc;

/// The program with the rows of each such top-k in its place.
pub(super) fn with_first_rows(mut program: Program, sources: &Sources) -> Result<Program, ExecuteError> {
    for index in 0..program.steps.len() {
        let step = program.steps[index].clone();
        let Step::TopK { types, order, window, first: Some(first), .. } = &*step else { continue };
        refuse_errors(&program, sources)?;
        let mut collector = Collector::new(Finish {
            types: types.as_slice().into(),
            order: order.clone(),
            sorted: first.sorted,
            limit: window.limit,
            offset: window.offset,
            with_ties: window.with_ties,
            projection: Arc::default(),
        });
        let read = Direct::new(&program, sources).pipeline(
            &first.rows,
            &mut |row, count| match multiplicity(count)? {
                0 => Ok(()),
                count if collector.push(row, count) == Demand::Nothing => Err(Halt::Enough),
                _ => Ok(()),
            },
        );
        if let Err(Halt::Failed(error)) = read {
            return Err(error);
        }
        let rows = collector.finish();
        let rows = rows.iter().map(|(row, count)| (row.to_vec(), count as i64)).collect();
        program.steps[index] = Arc::new(Step::Constant(rows));
        for node in &first.alone {
            program.steps[*node] = Arc::new(Step::Constant(Vec::new()));
        }
    }
    Ok(program)
}
