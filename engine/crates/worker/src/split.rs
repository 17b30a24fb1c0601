//! From whole rows to the key and value rows of a layout.

use std::cell::RefCell;
use tidewire_plan::{ColumnType, Expr, Layout, ScalarType};
use tidewire_row::{
    Arena, canonical, column_bounds, decode_datum, is_canonical_identity, push_datum, skip_columns,
};

/// Splits rows of one collection by its layout.
pub trait Splitter: Send + Sync {
    /// Appends the key row and then the value row of `row` to `out` and returns the key's length. On an error `out` may
    /// hold a part.
    fn split(&self, row: &[u8], out: &mut Vec<u8>) -> Result<usize, String>;

    /// Appends the value row `new` with the columns of `kept` (a mask by their number in the whole row) taken from `old`.
    fn merge(&self, new: &[u8], old: &[u8], kept: u64, out: &mut Vec<u8>) -> Result<(), String>;
}

/// The layout of what is written to: key fields are columns, or their canonical representatives. (An index on an
/// expression is a maintained arrangement of its own.)
pub struct LayoutSplitter {
    types: Vec<ScalarType>,
    key: Vec<KeyField>,
    value: Vec<usize>,
    /// Key and value are the row as it is.
    in_place: bool,
}

enum KeyField {
    Column(usize),
    Canonical(usize, ScalarType),
}

impl LayoutSplitter {
    /// Refuses key expressions that are not columns.
    pub fn new(columns: &[ColumnType], layout: &Layout) -> Result<Self, String> {
        let in_range = |index: u32| {
            let index = index as usize;
            if index < columns.len() {
                Ok(index)
            } else {
                Err(format!("the layout reads column {index} of {}", columns.len()))
            }
        };
        let key = layout.key.iter().map(|field| match &field.expr {
            Expr::Column { index } => in_range(*index).map(KeyField::Column),
            Expr::Canonical { operand, of } => match operand.as_ref() {
                Expr::Column { index } if is_canonical_identity(*of) => {
                    in_range(*index).map(KeyField::Column)
                }
                Expr::Column { index } => in_range(*index).map(|index| KeyField::Canonical(index, *of)),
                _ => Err("the key of a written collection is made of its columns".to_owned()),
            },
            _ => Err("the key of a written collection is made of its columns".to_owned()),
        });
        let key: Vec<KeyField> = key.collect::<Result<_, _>>()?;
        let value: Vec<usize> =
            layout.value.iter().map(|index| in_range(*index)).collect::<Result<_, _>>()?;
        let keyed = key.iter().map(|field| match field {
            KeyField::Column(index) => Some(*index),
            KeyField::Canonical(..) => None,
        });
        let in_place = keyed.chain(value.iter().copied().map(Some)).eq((0..columns.len()).map(Some));
        let types = columns.iter().map(|column| column.scalar).collect();
        Ok(LayoutSplitter { types, key, value, in_place })
    }
}

thread_local! {
    static BOUNDS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

impl Splitter for LayoutSplitter {
    fn split(&self, row: &[u8], out: &mut Vec<u8>) -> Result<usize, String> {
        if self.in_place {
            out.extend_from_slice(row);
            if self.value.is_empty() {
                return Ok(row.len());
            }
            return Ok(skip_columns(row, 0, &self.types[..self.key.len()]));
        }
        BOUNDS.with_borrow_mut(|bounds| {
            column_bounds(row, &self.types, bounds);
            if bounds.last().copied() != Some(row.len() as u32) {
                return Err("a row does not have the collection's columns".to_owned());
            }
            let column = |index: usize| &row[bounds[index] as usize..bounds[index + 1] as usize];
            let start = out.len();
            for field in &self.key {
                match field {
                    KeyField::Column(index) => out.extend_from_slice(column(*index)),
                    KeyField::Canonical(index, of) => {
                        let arena = Arena::new();
                        let value = decode_datum(column(*index), self.types[*index], &arena);
                        push_datum(out, canonical(*of, value, &arena));
                    }
                }
            }
            let key_len = out.len() - start;
            for index in &self.value {
                out.extend_from_slice(column(*index));
            }
            Ok(key_len)
        })
    }

    fn merge(&self, new: &[u8], old: &[u8], kept: u64, out: &mut Vec<u8>) -> Result<(), String> {
        let types: Vec<ScalarType> = self.value.iter().map(|column| self.types[*column]).collect();
        let (mut new_bounds, mut old_bounds) = (Vec::new(), Vec::new());
        column_bounds(new, &types, &mut new_bounds);
        column_bounds(old, &types, &mut old_bounds);
        for (index, column) in self.value.iter().enumerate() {
            let keeps = *column < crate::MASKED_COLUMNS && kept >> column & 1 == 1;
            let (row, bounds) = if keeps { (old, &old_bounds) } else { (new, &new_bounds) };
            out.extend_from_slice(&row[bounds[index] as usize..bounds[index + 1] as usize]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidewire_plan::{ColumnPlace, KeyExpr};
    use tidewire_row::{Datum, Row};

    fn column(scalar: ScalarType) -> ColumnType {
        ColumnType { scalar, typmod: -1, nullable: true }
    }

    #[test]
    fn columns_go_to_key_and_value() {
        let columns = [column(ScalarType::Int4), column(ScalarType::Text), column(ScalarType::Float8)];
        let canonical =
            Expr::Canonical { operand: Box::new(Expr::Column { index: 2 }), of: ScalarType::Float8 };
        let layout = Layout {
            key: vec![
                KeyExpr { expr: canonical, column: columns[2] },
                KeyExpr { expr: Expr::Column { index: 1 }, column: columns[1] },
            ],
            value: vec![0, 2],
            restore: vec![
                ColumnPlace::Value { index: 0 },
                ColumnPlace::Key { index: 1 },
                ColumnPlace::Value { index: 1 },
            ],
        };
        let splitter = LayoutSplitter::new(&columns, &layout).expect("columns only");
        let row = Row::pack(&[Datum::Int32(7), Datum::Text("x"), Datum::Float64(-0.0)]);
        let mut out = b"before".to_vec();
        let key_len = splitter.split(row.as_bytes(), &mut out).expect("a row of these columns");
        let (key, val) = out[6..].split_at(key_len);
        assert_eq!(key, Row::pack(&[Datum::Float64(0.0), Datum::Text("x")]).as_bytes());
        assert_eq!(val, Row::pack(&[Datum::Int32(7), Datum::Float64(-0.0)]).as_bytes());
    }

    #[test]
    fn rows_whose_key_stands_first_stay_as_they_are() {
        let columns = [column(ScalarType::Text), column(ScalarType::Int4), column(ScalarType::Text)];
        let row = Row::pack(&[Datum::Text("x"), Datum::Int32(7), Datum::Null]);
        for keys in 0..=3u32 {
            let key = (0..keys)
                .map(|index| KeyExpr { expr: Expr::Column { index }, column: columns[index as usize] });
            let layout = Layout { key: key.collect(), value: (keys..3).collect(), restore: vec![] };
            let mut splitter = LayoutSplitter::new(&columns, &layout).expect("columns only");
            assert!(splitter.in_place);
            let mut in_place = Vec::new();
            let key_len = splitter.split(row.as_bytes(), &mut in_place);
            splitter.in_place = false;
            let mut by_column = Vec::new();
            assert_eq!(splitter.split(row.as_bytes(), &mut by_column), key_len);
            assert_eq!(by_column, in_place);
        }
    }

    #[test]
    fn other_keys_are_refused() {
        let columns = [column(ScalarType::Int4)];
        let expr = Expr::Not { operand: Box::new(Expr::Column { index: 0 }) };
        let key = vec![KeyExpr { expr, column: columns[0] }];
        let layout = Layout { key, value: vec![0], restore: vec![ColumnPlace::Value { index: 0 }] };
        assert!(LayoutSplitter::new(&columns, &layout).is_err());
        let beyond = Layout { key: vec![], value: vec![1], restore: vec![ColumnPlace::Value { index: 0 }] };
        assert!(LayoutSplitter::new(&columns, &beyond).is_err());
    }
}
