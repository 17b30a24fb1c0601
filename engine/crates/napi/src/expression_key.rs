//! Unique keys that are made of expressions: a table's rows by the layout of such an index.

use crate::error::internal;
use tidewire_eval::{CompiledMfp, Context, Scratch};
use tidewire_plan::{ColumnType, Layout, Mfp, ScalarType};
use tidewire_row::{Arena, EvalResult, FormatSettings, column_bounds};
use tidewire_worker::Splitter;

/// Splits rows by a layout whose key is computed. Rows are looked at before (`check`), so that it does not fail.
pub struct ExpressionSplitter {
    key: CompiledMfp,
    types: Vec<ScalarType>,
    value: Vec<usize>,
    settings: FormatSettings,
}

impl ExpressionSplitter {
    /// Whether each part of the key is a column, or what stands for one: then `LayoutSplitter` splits.
    pub fn is_of_columns(layout: &Layout) -> bool {
        layout.key.iter().all(|field| match &field.expr {
            tidewire_plan::Expr::Column { .. } => true,
            tidewire_plan::Expr::Canonical { operand, .. } => {
                matches!(operand.as_ref(), tidewire_plan::Expr::Column { .. })
            }
            _ => false,
        })
    }

    /// Compiles the key.
    pub fn new(columns: &[ColumnType], layout: &Layout, settings: &FormatSettings) -> EvalResult<Self> {
        let expressions: Vec<_> = layout.key.iter().map(|field| field.expr.clone()).collect();
        let projection = (0..expressions.len()).map(|index| (columns.len() + index) as u32).collect();
        let mfp = Mfp { expressions, predicates: vec![], projection };
        Ok(ExpressionSplitter {
            key: CompiledMfp::new(&mfp, columns, &[], settings).map_err(internal)?,
            types: columns.iter().map(|column| column.scalar).collect(),
            value: layout.value.iter().map(|index| *index as usize).collect(),
            settings: settings.clone(),
        })
    }

    /// The error that the row's key raises.
    pub fn check(&self, row: &[u8]) -> EvalResult<()> {
        if self.key.can_raise() {
            self.push_key(row, &mut Vec::new())?;
        }
        Ok(())
    }

    fn push_key(&self, row: &[u8], out: &mut Vec<u8>) -> EvalResult<()> {
        let context = Context { parameters: &[], settings: &self.settings, logical_time: 0 };
        self.key.apply(row, &context, &Arena::new(), &mut Scratch::new(), out)?;
        Ok(())
    }
}

impl Splitter for ExpressionSplitter {
    fn split(&self, row: &[u8], out: &mut Vec<u8>) -> Result<usize, String> {
        let start = out.len();
        self.push_key(row, out).map_err(|error| error.to_string())?;
        let length = out.len() - start;
        let mut bounds = Vec::new();
        column_bounds(row, &self.types, &mut bounds);
        for index in &self.value {
            out.extend_from_slice(&row[bounds[*index] as usize..bounds[*index + 1] as usize]);
        }
        Ok(length)
    }

    fn merge(&self, _new: &[u8], _old: &[u8], _kept: u64, _out: &mut Vec<u8>) -> Result<(), String> {
        Err("rows are merged by the collection's own layout".to_owned())
    }
}
