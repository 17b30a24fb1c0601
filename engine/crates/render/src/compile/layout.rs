//! Where columns are found in arrangements.

use crate::compile::CompileError;
use tidewire_eval::MfpInput;
use tidewire_plan::{ColumnPlace, ColumnType, Layout, Operator};

/// The layout in which an operator yields an arrangement.
pub fn own_layout(operator: &Operator) -> Option<&Layout> {
    match operator {
        Operator::Import { layout, .. }
        | Operator::Lookup { layout, .. }
        | Operator::Arrange { layout, .. }
        | Operator::Reduce { layout, .. } => Some(layout),
        _ => None,
    }
}

/// Where columns are found in key and value rows, given as sources of these numbers.
pub fn layout_input(
    layout: &Layout,
    columns: &[ColumnType],
    key_source: usize,
    value_source: usize,
) -> Result<MfpInput, CompileError> {
    if layout.restore.len() != columns.len() {
        return Err("plan refused: a layout restores other columns".to_string().into());
    }
    let key = layout.key.iter().map(|key| key.column.scalar).collect();
    let value = layout
        .value
        .iter()
        .map(|index| {
            columns
                .get(*index as usize)
                .map(|column| column.scalar)
                .ok_or_else(|| CompileError::Refused(format!("plan refused: a layout reads column {index}")))
        })
        .collect::<Result<_, _>>()?;
    let columns = layout
        .restore
        .iter()
        .map(|place| match place {
            ColumnPlace::Key { index } => (key_source, *index as usize),
            ColumnPlace::Value { index } => (value_source, *index as usize),
        })
        .collect();
    Ok(MfpInput { sources: vec![key, value], columns })
}
