//! Foreign keys while a statement runs: what becomes of rows that refer to those that it changes (ON DELETE, ON UPDATE), and
//! whether what it wrote finds its keys. Commits look at them again, beside what others have committed.

use crate::engine::{Collections, collection, conflict_error};
use crate::error::internal;
use crate::execution::read_error;
use crate::transaction::{WriteSets, lock};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tidewire_arrange::{CollectionSnapshot, ShardedSnapshot, Updates, consolidated};
use tidewire_eval::{CompiledMfp, Context, Scratch};
use tidewire_plan::{ColumnPlace, ColumnType, Layout, ReferentialAction, ScalarType};
use tidewire_row::work::checkpoint;
use tidewire_row::{About, Arena, EvalError, EvalResult, FormatSettings, column_bounds, has_null};
use tidewire_worker::{LayoutSplitter, Runtime, Side, Splitter, WriteSet};

/// A foreign key, compiled.
pub struct ForeignKey {
    /// As it was declared.
    pub said: tidewire_plan::ForeignKey,
    /// As commits check it.
    pub sides: Arc<tidewire_worker::ForeignKey>,
    child_types: Vec<ScalarType>,
    value_types: Vec<ScalarType>,
    parent_types: Vec<ScalarType>,
    on_delete: Action,
    on_update: Action,
}

enum Action {
    None,
    Restrict,
    Delete,
    Replace(Box<CompiledMfp>),
}

fn types(columns: &[ColumnType]) -> Vec<ScalarType> {
    columns.iter().map(|column| column.scalar).collect()
}

impl ForeignKey {
    /// `child` has `child_columns` and refers, by `said`, to a table of `parent_columns`.
    pub fn new(
        child: u64,
        child_columns: &[ColumnType],
        parent_columns: &[ColumnType],
        said: tidewire_plan::ForeignKey,
        settings: &FormatSettings,
    ) -> EvalResult<Self> {
        let side = |collection: u64, columns: &[ColumnType], layout: &Layout, arrangement: u64| {
            let splitter = LayoutSplitter::new(columns, layout).map_err(internal)?;
            Ok::<_, EvalError>(Side { collection, arrangement, splitter: Arc::new(splitter) })
        };
        let both = [child_columns, parent_columns].concat();
        let action = |action: &ReferentialAction| {
            Ok::<_, EvalError>(match action {
                ReferentialAction::NoAction => Action::None,
                ReferentialAction::Restrict => Action::Restrict,
                ReferentialAction::Delete => Action::Delete,
                ReferentialAction::Replace { row } => {
                    Action::Replace(Box::new(CompiledMfp::new(row, &both, &[], settings).map_err(internal)?))
                }
            })
        };
        let sides = tidewire_worker::ForeignKey {
            child: side(child, child_columns, &said.layout, said.arrangement)?,
            parent: side(said.parent, parent_columns, &said.parent_layout, said.parent_arrangement)?,
            types: said.layout.key.iter().map(|key| key.column.scalar).collect(),
            parent_types: said.parent_layout.key.iter().map(|key| key.column.scalar).collect(),
        };
        Ok(ForeignKey {
            sides: Arc::new(sides),
            child_types: types(child_columns),
            value_types: said.layout.value.iter().map(|at| child_columns[*at as usize].scalar).collect(),
            parent_types: types(parent_columns),
            on_delete: action(&said.on_delete)?,
            on_update: action(&said.on_update)?,
            said,
        })
    }

    /// Whether it changes rows that refer.
    pub fn acts(&self) -> bool {
        [&self.on_delete, &self.on_update].iter().any(|action| !matches!(action, Action::None))
    }

    /// The key of a row of the referenced table; None with a NULL in it, to which nothing refers.
    fn key_of(&self, parent_row: &[u8]) -> EvalResult<Option<Vec<u8>>> {
        let mut key = Vec::new();
        let len = self.sides.parent.splitter.split(parent_row, &mut key).map_err(internal)?;
        key.truncate(len);
        Ok((!has_null(&key, &self.sides.parent_types)).then_some(key))
    }

    /// Whether a replaced row keeps its key as it is written.
    fn keeps_key(&self, old: &[u8], new: &[u8]) -> bool {
        let (mut old_bounds, mut new_bounds) = (Vec::new(), Vec::new());
        column_bounds(old, &self.parent_types, &mut old_bounds);
        column_bounds(new, &self.parent_types, &mut new_bounds);
        let at = |bounds: &[u32], index: usize| bounds[index] as usize..bounds[index + 1] as usize;
        self.said.parent_columns.iter().all(|column| {
            let index = *column as usize;
            old[at(&old_bounds, index)] == new[at(&new_bounds, index)]
        })
    }

    /// The whole row of a key and a value of the arrangement of what refers.
    fn restore(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        let (mut key_bounds, mut value_bounds) = (Vec::new(), Vec::new());
        column_bounds(key, &self.sides.types, &mut key_bounds);
        column_bounds(value, &self.value_types, &mut value_bounds);
        for place in &self.said.layout.restore {
            let (row, bounds, index) = match place {
                ColumnPlace::Key { index } => (key, &key_bounds, *index as usize),
                ColumnPlace::Value { index } => (value, &value_bounds, *index as usize),
            };
            out.extend_from_slice(&row[bounds[index] as usize..bounds[index + 1] as usize]);
        }
    }
}

/// Rows of a collection that a statement has deleted, and the old and the new of those that it has replaced.
pub struct Changes {
    pub collection: u64,
    pub gone: Updates,
    /// Old and new behind each other.
    pub replaced: Updates,
}

impl Changes {
    /// `deleted` has the old rows of `replaced` too.
    pub fn new(collection: u64, deleted: &Updates, replaced: Updates, columns: &[ColumnType]) -> Self {
        let mut gone = deleted.clone();
        let (types, mut bounds) = (types(columns), Vec::new());
        for update in replaced.iter() {
            column_bounds(update.val, &types, &mut bounds);
            let end = bounds[types.len()] as usize;
            gone.push_row(&update.val[..end], 0, -update.diff);
        }
        let gone = if replaced.is_empty() { gone } else { consolidated(&gone) };
        Changes { collection, gone, replaced }
    }
}

/// Which foreign keys are looked at by the commit alone.
#[derive(Clone)]
pub enum Deferred {
    /// Those that were declared so.
    AsDeclared,
    /// These, by the arrangement of what refers.
    These(Vec<u64>),
}

impl Deferred {
    /// Whether this one is.
    pub fn has(&self, key: &tidewire_plan::ForeignKey) -> bool {
        match self {
            Deferred::AsDeclared => key.deferred,
            Deferred::These(arrangements) => arrangements.contains(&key.arrangement),
        }
    }
}

/// The foreign keys of a statement that is running.
pub struct References<'a> {
    pub runtime: &'a Arc<Runtime>,
    pub collections: &'a Collections,
    pub timestamp: u64,
    pub transaction: &'a Mutex<WriteSets>,
    pub settings: &'a FormatSettings,
    pub snapshots: HashMap<u64, CollectionSnapshot>,
    /// What the statement has written, by collection.
    pub written: BTreeMap<u64, WriteSet>,
}

impl References<'_> {
    /// Does to rows that refer to changed rows what their foreign keys say, and so on.
    pub fn follow(&mut self, changes: Changes) -> EvalResult<()> {
        let mut queue = VecDeque::from([changes]);
        while let Some(changes) = queue.pop_front() {
            let Some(parent) = collection(self.collections, changes.collection) else { continue };
            for key in parent.referenced.iter().filter(|key| key.acts()) {
                queue.extend(self.act(key, &changes)?);
            }
        }
        Ok(())
    }

    fn act(&mut self, key: &ForeignKey, changes: &Changes) -> EvalResult<Option<Changes>> {
        let view = self.view(&key.sides.child)?;
        let (mut gone, mut replaced) = (Updates::new(), Updates::new());
        let (mut row, mut arena, mut scratch) = (Vec::new(), Arena::new(), Scratch::new());
        let context = Context { parameters: &[], settings: self.settings, logical_time: 0 };
        // `parent_row` is the referenced row as it is now, or was when it went.
        let mut refer = |old: &[u8], parent_row: &[u8], action: &Action| -> EvalResult<()> {
            checkpoint();
            let Some(value) = key.key_of(old)? else { return Ok(()) };
            let Some(referring) = key.sides.to_child(&value) else { return Ok(()) };
            for (child_key, child_value, count) in view.seek(&referring).filter(|(_, _, count)| *count > 0) {
                row.clear();
                key.restore(child_key, child_value, &mut row);
                match action {
                    Action::None => {}
                    Action::Restrict => return Err(restricted(key, &value, old, self.collections)),
                    Action::Delete => gone.push_row(&row, 0, count),
                    Action::Replace(mfp) => {
                        let width = row.len();
                        row.extend_from_slice(parent_row);
                        let both = std::mem::take(&mut row);
                        row.extend_from_slice(&both[..width]);
                        mfp.apply(&both, &context, &arena, &mut scratch, &mut row)?;
                        arena.reset();
                        replaced.push_row(&row, 0, count);
                    }
                }
            }
            Ok(())
        };
        if !matches!(key.on_delete, Action::None) {
            for update in changes.gone.iter().filter(|update| update.diff > 0) {
                refer(update.val, update.val, &key.on_delete)?;
            }
        }
        if !matches!(key.on_update, Action::None) {
            let mut bounds = Vec::new();
            for update in changes.replaced.iter() {
                column_bounds(update.val, &key.parent_types, &mut bounds);
                let (old, new) = update.val.split_at(bounds[key.parent_types.len()] as usize);
                if !key.keeps_key(old, new) {
                    refer(old, new, &key.on_update)?;
                }
            }
        }
        if gone.is_empty() && replaced.is_empty() {
            return Ok(None);
        }
        let changes = Changes { collection: key.sides.child.collection, gone, replaced };
        self.write(&changes, &key.child_types)?;
        Ok(Some(changes))
    }

    /// Writes what becomes of rows that refer, as a statement on their table would.
    fn write(&mut self, changes: &Changes, types: &[ScalarType]) -> EvalResult<()> {
        let id = changes.collection;
        let target = collection(self.collections, id).ok_or_else(|| internal("a table was dropped"))?;
        let constraints = target.constraints.clone();
        let mut check = constraints.as_ref().map(|constraints| constraints.checker(self.settings));
        let mut written = WriteSet::new();
        for update in changes.gone.iter() {
            written.push(update.val, -update.diff);
        }
        let mut bounds = Vec::new();
        for update in changes.replaced.iter() {
            column_bounds(update.val, types, &mut bounds);
            let (old, new) = update.val.split_at(bounds[types.len()] as usize);
            check.as_mut().map_or(Ok(()), |check| check.check(new))?;
            written.push(old, -update.diff);
            written.push(new, update.diff);
        }
        if !changes.replaced.is_empty() {
            let mut snapshots = HashMap::new();
            let own = LayoutSplitter::new(&target.columns, &target.layout).map_err(internal)?;
            let keys = constraints.iter().flat_map(|constraints| &constraints.keys);
            let keyed: Vec<(u64, Arc<dyn Splitter>)> =
                keys.map(|key| (key.arrangement, key.splitter.clone())).collect();
            for (arrangement, splitter) in [(id, Arc::new(own) as _)].into_iter().chain(keyed) {
                let side = Side { collection: id, arrangement, splitter };
                snapshots.insert(arrangement, self.view(&side)?);
            }
            target.refuse_duplicates(self.runtime, id, &written, |id| snapshots.get(&id))?;
        }
        let number = constraints.as_ref().map_or(0, |constraints| constraints.number);
        self.written.entry(id).or_default().append(&written);
        append(self.transaction, id, number, written);
        Ok(())
    }

    /// Looks at the foreign keys of what the statement has written.
    pub fn check(&mut self, deferred: &Deferred) -> EvalResult<()> {
        let written = std::mem::take(&mut self.written);
        let written: Vec<(u64, Arc<WriteSet>)> =
            written.into_iter().map(|(id, set)| (id, Arc::new(set))).collect();
        let mut seen: Vec<u64> = Vec::new();
        for (id, _) in &written {
            let Some(table) = collection(self.collections, *id) else { continue };
            let own = table.constraints.iter().flat_map(|constraints| &constraints.foreign);
            for key in own.chain(&table.referenced) {
                if seen.contains(&key.said.arrangement) || deferred.has(&key.said) {
                    continue;
                }
                seen.push(key.said.arrangement);
                let collections = self.collections;
                let refuse = |conflict| conflict_error(conflict, collections);
                key.sides.check_statement(&written, |side| self.view(side), &refuse)?;
            }
        }
        Ok(())
    }

    /// A side at the statement's time, with what its transaction has written.
    fn view(&mut self, side: &Side) -> EvalResult<ShardedSnapshot> {
        let Side { collection, arrangement, splitter } = side;
        let snapshot = match self.snapshots.get(arrangement) {
            Some(known) => known.clone(),
            None => {
                let read = self.runtime.snapshot(&[*arrangement], self.timestamp);
                let mut read = read.map_err(|error| read_error(error, self.timestamp))?;
                let snapshot = read.pop().ok_or_else(|| internal("an index was dropped"))?;
                self.snapshots.insert(*arrangement, snapshot.clone());
                snapshot
            }
        };
        if arrangement == collection {
            let Some((set, mut overlay)) = lock(self.transaction).lend(*collection) else {
                return Ok(snapshot.ok);
            };
            let overlaid = self.runtime.overlay(*collection, &snapshot, &set, &mut overlay);
            lock(self.transaction).give_back(*collection, &set, overlay);
            return Ok(overlaid.map_err(internal)?.ok);
        }
        let Some(set) = lock(self.transaction).of_collection(*collection) else { return Ok(snapshot.ok) };
        let mut overlay = lock(self.transaction).lend_by(*collection, *arrangement);
        let overlaid = self.runtime.overlay_by(splitter.as_ref(), &snapshot, &set, &mut overlay);
        lock(self.transaction).give_back_by(*collection, *arrangement, &set, overlay);
        Ok(overlaid.map_err(internal)?.ok)
    }
}

/// Adds rows that satisfy the constraints of this number to a transaction.
pub fn append(transaction: &Mutex<WriteSets>, id: u64, number: u64, written: WriteSet) {
    let mut sets = lock(transaction);
    let set = sets.of(id);
    let all = set.unchecked_from(number) == set.rows().len();
    match set.is_empty() {
        true => *set = written,
        false => set.append(&written),
    }
    if all {
        set.mark_checked(number);
    }
}

/// The parts of a message about a foreign key: its name, the referring and the referenced table.
struct Names {
    name: String,
    child: String,
    parent: String,
    about: About,
}

fn names(key: &ForeignKey, collections: &Collections) -> Names {
    let of = |id: u64| collection(collections, id).map(|table| table.relation().to_owned());
    Names {
        name: key.said.name.clone(),
        child: of(key.sides.child.collection).unwrap_or_default(),
        parent: of(key.said.parent).unwrap_or_default(),
        about: collection(collections, key.sides.child.collection)
            .map(|child| child.about(&key.said.name))
            .unwrap_or_default(),
    }
}

/// 23503: a row refers to a key that is not there, or one that is referred to would go. `row`: of the side that is at fault.
pub fn violated(
    key: &ForeignKey,
    value: &[u8],
    row: Option<&[u8]>,
    missing: bool,
    collections: &Collections,
) -> EvalError {
    let Names { name, child, parent, about } = names(key, collections);
    let said = &key.said;
    let side = if missing { key.sides.child.collection } else { said.parent };
    let (layout, columns) = match missing {
        true => (&said.layout, &said.columns),
        false => (&said.parent_layout, &said.parent_columns),
    };
    let text = collection(collections, side)
        .map(|table| table.key_text(layout, value, row, Some(columns), &[]))
        .unwrap_or_default();
    let (message, detail) = match missing {
        true => (
            format!("insert or update on table \"{child}\" violates foreign key constraint \"{name}\""),
            format!("Key{text} is not present in table \"{parent}\"."),
        ),
        false => (
            format!(
                "update or delete on table \"{parent}\" violates foreign key constraint \"{name}\" on table \"{child}\""
            ),
            format!("Key{text} is still referenced from table \"{child}\"."),
        ),
    };
    EvalError::new("23503", message).with_detail(detail).with_about(about)
}

/// 23001: a row that is referred to would go, and RESTRICT says that it must not.
fn restricted(key: &ForeignKey, value: &[u8], row: &[u8], collections: &Collections) -> EvalError {
    let Names { name, child, parent, about } = names(key, collections);
    let said = &key.said;
    let text = collection(collections, said.parent)
        .map(|table| table.key_text(&said.parent_layout, value, Some(row), Some(&said.parent_columns), &[]))
        .unwrap_or_default();
    let message = format!(
        "update or delete on table \"{parent}\" violates RESTRICT setting of foreign key constraint \"{name}\" on table \"{child}\""
    );
    EvalError::new("23001", message)
        .with_detail(format!("Key{text} is referenced from table \"{child}\"."))
        .with_about(about)
}
