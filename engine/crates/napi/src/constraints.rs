//! The constraints of a table as its rows are checked against them.

use crate::error::internal;
use crate::expression_key::ExpressionSplitter;
use crate::references::ForeignKey;
use std::sync::Arc;
use tidewire_eval::{CompiledMfp, Context, Scratch};
use tidewire_plan::{ColumnType, Constraints, Expr, Mfp, Predicate, ScalarType};
use tidewire_row::{
    About, Arena, Datum, EvalError, EvalResult, FormatSettings, column_bounds, decode_datum, has_null,
    text_out,
};
use tidewire_worker::{LayoutSplitter, Splitter, UniqueKey};

/// Compiled constraints.
pub struct TableConstraints {
    /// Other constraints have another number.
    pub number: u64,
    /// The table's schema, for messages.
    schema: String,
    said: Constraints,
    types: Vec<ScalarType>,
    /// Raise where a value is none of its domain.
    domains: Vec<CompiledMfp>,
    not_null: Vec<usize>,
    /// Passes the rows that satisfy it.
    checks: Vec<CompiledMfp>,
    /// Unique keys besides the primary key.
    pub keys: Vec<UniqueKey>,
    /// Those of them that are made of expressions.
    computed: Vec<Arc<ExpressionSplitter>>,
    /// What its rows refer to.
    pub foreign: Vec<Arc<ForeignKey>>,
    /// One of these is MATCH FULL.
    full: bool,
}

/// A value longer than this is cut in a message, as PostgreSQL does.
const SHOWN_BYTES: usize = 64;

impl TableConstraints {
    /// Compiles them; `foreign` are the foreign keys among them.
    pub fn new(
        number: u64,
        schema: String,
        said: Constraints,
        columns: &[ColumnType],
        foreign: Vec<Arc<ForeignKey>>,
        settings: &FormatSettings,
    ) -> EvalResult<Self> {
        if said.columns.len() != columns.len() {
            return Err(internal("constraints of a table with other columns"));
        }
        let compile = |condition: &Expr| {
            // The row fails where it is false; NULL is as good as true.
            let not = Expr::Not { operand: Box::new(condition.clone()) };
            let fails = Expr::IsTrue { operand: Box::new(not) };
            let condition = Expr::Not { operand: Box::new(fails) };
            let predicate = Predicate { position: columns.len() as u32, condition };
            let mfp = Mfp { expressions: vec![], predicates: vec![predicate], projection: vec![] };
            CompiledMfp::new(&mfp, columns, &[], settings).map_err(internal)
        };
        let domains = said.domains.iter().map(&compile).collect::<EvalResult<_>>()?;
        let checks = said.checks.iter().map(|check| compile(&check.condition)).collect::<EvalResult<_>>()?;
        let mut keys = Vec::with_capacity(said.unique.len());
        let mut computed = Vec::new();
        for unique in &said.unique {
            let types: Vec<ScalarType> = unique.layout.key.iter().map(|key| key.column.scalar).collect();
            let splitter: Arc<dyn Splitter> = if ExpressionSplitter::is_of_columns(&unique.layout) {
                Arc::new(LayoutSplitter::new(columns, &unique.layout).map_err(internal)?)
            } else {
                let splitter = Arc::new(ExpressionSplitter::new(columns, &unique.layout, settings)?);
                computed.push(splitter.clone());
                splitter
            };
            keys.push(UniqueKey {
                arrangement: unique.arrangement,
                splitter,
                types: types.into(),
                nulls_equal: unique.nulls_equal,
            });
        }
        Ok(TableConstraints {
            number,
            schema,
            types: columns.iter().map(|column| column.scalar).collect(),
            domains,
            not_null: said.not_null.iter().map(|index| *index as usize).collect(),
            checks,
            keys,
            computed,
            foreign,
            full: said.foreign.iter().any(|key| key.full),
            said,
        })
    }

    /// The layout and the name of a unique key, by its arrangement.
    pub fn unique(&self, arrangement: u64) -> Option<&tidewire_plan::UniqueConstraint> {
        self.said.unique.iter().find(|unique| unique.arrangement == arrangement)
    }

    /// A foreign key, by the arrangement of what refers.
    pub fn foreign_key(&self, arrangement: u64) -> Option<&Arc<ForeignKey>> {
        self.foreign.iter().find(|key| key.said.arrangement == arrangement)
    }

    /// The table's name.
    pub fn relation(&self) -> &str {
        &self.said.relation
    }

    /// The columns' names.
    pub fn column_names(&self) -> &[String] {
        &self.said.columns
    }

    /// A check of single rows.
    pub fn checker<'a>(&'a self, settings: &'a FormatSettings) -> RowChecker<'a> {
        RowChecker {
            constraints: self,
            settings,
            arena: Arena::new(),
            scratch: Scratch::new(),
            bounds: Vec::new(),
            out: Vec::new(),
        }
    }

    fn about(&self, column: Option<&str>, constraint: Option<&str>) -> About {
        About {
            schema: self.schema.clone(),
            table: Some(self.said.relation.clone()),
            datatype: None,
            column: column.map(str::to_owned),
            constraint: constraint.map(str::to_owned),
        }
    }

    fn failing_row(&self, row: &[u8], bounds: &[u32], settings: &FormatSettings) -> String {
        let arena = Arena::new();
        let values = self.types.iter().enumerate().map(|(index, scalar)| {
            if self.said.virtual_columns.as_ref().is_some_and(|all| all.contains(&(index as u32))) {
                return "virtual".to_owned();
            }
            let column = &row[bounds[index] as usize..bounds[index + 1] as usize];
            let datum = decode_datum(column, *scalar, &arena);
            if matches!(datum, Datum::Null) {
                return "null".to_owned();
            }
            let mut text = Vec::new();
            text_out(datum, *scalar, settings, &mut text);
            let text = String::from_utf8_lossy(&text).into_owned();
            if text.len() <= SHOWN_BYTES {
                return text;
            }
            let end = (0..=SHOWN_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            format!("{}...", &text[..end])
        });
        format!("Failing row contains ({}).", values.collect::<Vec<_>>().join(", "))
    }
}

/// Checks rows one by one.
pub struct RowChecker<'a> {
    constraints: &'a TableConstraints,
    settings: &'a FormatSettings,
    arena: Arena,
    scratch: Scratch,
    bounds: Vec<u32>,
    out: Vec<u8>,
}

impl RowChecker<'_> {
    /// Whether a row may be in the table: 23502 or 23514 if not.
    pub fn check(&mut self, row: &[u8]) -> EvalResult<()> {
        let RowChecker { constraints, settings, arena, scratch, bounds, out } = self;
        let TableConstraints { said, types, domains, not_null, checks, computed, full, .. } = constraints;
        let has_none = domains.is_empty() && not_null.is_empty() && checks.is_empty();
        if has_none && computed.is_empty() && !full {
            return Ok(());
        }
        let context = Context { parameters: &[], settings, logical_time: 0 };
        for domain in domains {
            out.clear();
            domain.apply(row, &context, arena, scratch, out)?;
        }
        column_bounds(row, types, bounds);
        for index in not_null.iter() {
            let column = &row[bounds[*index] as usize..bounds[*index + 1] as usize];
            if has_null(column, &types[*index..=*index]) {
                let (column, relation) = (&said.columns[*index], &said.relation);
                let message = format!(
                    "null value in column \"{column}\" of relation \"{relation}\" violates not-null constraint"
                );
                let detail = constraints.failing_row(row, bounds, settings);
                let about = constraints.about(Some(column), None);
                return Err(EvalError::new("23502", message).with_detail(detail).with_about(about));
            }
        }
        for (check, program) in said.checks.iter().zip(checks) {
            out.clear();
            if !program.apply(row, &context, arena, scratch, out)? {
                let (relation, name) = (&said.relation, &check.name);
                let message =
                    format!("new row for relation \"{relation}\" violates check constraint \"{name}\"");
                let detail = constraints.failing_row(row, bounds, settings);
                let about = constraints.about(None, Some(name));
                return Err(EvalError::new("23514", message).with_detail(detail).with_about(about));
            }
        }
        for key in computed {
            key.check(row)?;
        }
        for key in said.foreign.iter().filter(|key| key.full) {
            let is_null = |index: &u32| {
                let index = *index as usize;
                has_null(&row[bounds[index] as usize..bounds[index + 1] as usize], &types[index..=index])
            };
            let nulls = key.columns.iter().filter(|index| is_null(index)).count();
            if nulls > 0 && nulls < key.columns.len() {
                let (relation, name) = (&said.relation, &key.name);
                let message = format!(
                    "insert or update on table \"{relation}\" violates foreign key constraint \"{name}\""
                );
                let detail = "MATCH FULL does not allow mixing of null and nonnull key values.";
                let about = constraints.about(None, Some(name));
                return Err(EvalError::new("23503", message).with_detail(detail).with_about(about));
            }
        }
        self.arena.reset();
        Ok(())
    }
}
