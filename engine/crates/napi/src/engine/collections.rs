//! What is written to, and what holds it: tables, sources, relations of the catalog.

use crate::constraints::TableConstraints;
use crate::encoding::{parse, settings};
use crate::engine::NativeEngine;
use crate::error::{call, internal};
use crate::execution::Collection;
use crate::references::ForeignKey;
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, RwLock};
use tidewire_plan::Constraints;
use tidewire_worker::LayoutSplitter;

/// By arrangement: what is written to.
pub type Collections = Arc<RwLock<HashMap<u64, Arc<Collection>>>>;

/// Rows and bytes.
#[napi(object)]
pub struct Size {
    pub rows: f64,
    pub bytes: f64,
    /// Bytes of all arrangements of the dataflow that maintains it.
    pub state: f64,
}

#[napi]
impl NativeEngine {
    /// A collection that is written to.
    #[napi(catch_unwind)]
    pub fn create_collection(
        &self,
        id: f64,
        name: String,
        columns: String,
        layout: String,
        unique: bool,
        constraint: Option<String>,
        column_names: Vec<String>,
    ) -> napi::Result<()> {
        call(|| {
            let id = id as u64;
            let collection = Collection {
                name,
                columns: parse(&columns)?,
                layout: parse(&layout)?,
                unique,
                constraint,
                column_names,
                constraints: None,
                referenced: Vec::new(),
            };
            let splitter = LayoutSplitter::new(&collection.columns, &collection.layout).map_err(internal)?;
            self.runtime.create_collection(id, Arc::new(splitter), unique).map_err(internal)?;
            let mut collections = self.collections.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            collections.insert(id, Arc::new(collection));
            Ok(())
        })
    }

    /// Other names for a collection, its key's constraint and its columns, as messages tell them.
    #[napi(catch_unwind)]
    pub fn rename_collection(
        &self,
        id: f64,
        name: String,
        constraint: Option<String>,
        column_names: Vec<String>,
    ) {
        let mut collections = self.collections.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(collection) = collections.get_mut(&(id as u64)) {
            *collection =
                Arc::new(Collection { name, constraint, column_names, ..Collection::clone(collection) });
        }
    }

    /// What the rows of a collection must satisfy, from now on. The arrangements of its keys are there.
    #[napi(catch_unwind)]
    pub fn constrain(&self, id: f64, constraints: String, time_zone: String) -> napi::Result<()> {
        call(|| {
            let id = id as u64;
            let said: Constraints = parse(&constraints)?;
            let settings = settings(&time_zone)?;
            let mut collections = self.collections.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            let Some(collection) = collections.get(&id) else {
                return Err(internal(format!("there is no collection {id} to constrain")));
            };
            let columns = collection.columns.clone();
            let schema = collection.name.strip_suffix(&said.relation).unwrap_or_default();
            let schema = schema.trim_end_matches('.').to_owned();
            let mut foreign = Vec::with_capacity(said.foreign.len());
            for key in &said.foreign {
                let parent = collections
                    .get(&key.parent)
                    .ok_or_else(|| internal(format!("there is no collection {} to refer to", key.parent)))?;
                let key = ForeignKey::new(id, &columns, &parent.columns, key.clone(), &settings)?;
                foreign.push(Arc::new(key));
            }
            let number = self.constrained.fetch_add(1, Ordering::Relaxed) + 1;
            let compiled = TableConstraints::new(number, schema, said, &columns, foreign.clone(), &settings)?;
            self.runtime.set_unique_keys(id, compiled.keys.clone());
            let sides: Vec<_> = foreign.iter().map(|key| key.sides.clone()).collect();
            self.runtime.set_foreign_keys(id, &sides);
            let constraints = Arc::new(compiled);
            for (other, collection) in collections.iter_mut() {
                let was = collection.referenced.iter().any(|key| key.sides.child.collection == id);
                let refers = || foreign.iter().filter(|key| key.said.parent == *other);
                if *other != id && !was && refers().next().is_none() {
                    continue;
                }
                let stay = collection.referenced.iter().filter(|key| key.sides.child.collection != id);
                let mut changed = Collection::clone(collection);
                changed.referenced = stay.chain(refers()).cloned().collect();
                if *other == id {
                    changed.constraints = Some(constraints.clone());
                }
                *collection = Arc::new(changed);
            }
            Ok(())
        })
    }

    /// Whether readers get a collection's rows only, where it has errors too.
    #[napi(catch_unwind)]
    pub fn skip_errors(&self, id: f64, skip: bool) {
        self.runtime.skip_errors(id as u64, skip);
    }

    /// The number of a collection's errors.
    #[napi(catch_unwind)]
    pub fn error_count(&self, id: f64) -> f64 {
        self.runtime.error_count(id as u64).unwrap_or(0) as f64
    }

    /// The oldest time at which these can be read.
    #[napi(catch_unwind)]
    pub fn since(&self, ids: Vec<f64>) -> f64 {
        let ids: Vec<u64> = ids.into_iter().map(|id| id as u64).collect();
        self.runtime.since(&ids) as f64
    }

    /// What an arrangement holds.
    #[napi(catch_unwind)]
    pub fn size(&self, id: f64) -> Size {
        let (rows, bytes) = self.runtime.size(id as u64).unwrap_or_default();
        let state = self.runtime.state_bytes(id as u64).unwrap_or_default();
        Size { rows: rows as f64, bytes: bytes as f64, state: state as f64 }
    }
}

/// One of them.
pub fn collection(collections: &Collections, id: u64) -> Option<Arc<Collection>> {
    collections.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&id).cloned()
}
