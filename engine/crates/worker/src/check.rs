//! Whether a transaction may commit: what it deletes is there, and primary keys stay unique.

use crate::{Splitter, WriteSet};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tidewire_arrange::{ShardedSnapshot, UpdateRef, Updates, consolidated};
use tidewire_plan::ScalarType;
use tidewire_row::has_null;

/// Why a transaction can't commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A row that it deletes or replaces is not there any more (40001).
    RowGone {
        /// The collection.
        collection: u64,
    },
    /// A key would be there twice (23505).
    DuplicateKey {
        /// The collection.
        collection: u64,
        /// The arrangement by the key; None: it is the collection's own.
        constraint: Option<u64>,
        /// The packed key row.
        key: Vec<u8>,
        /// The row that was to be inserted.
        row: Option<Vec<u8>>,
    },
    /// A row refers to a key that is not there, or a key that is referred to would go (23503).
    ForeignKey {
        /// The collection that refers.
        child: u64,
        /// It arranged by what refers.
        constraint: u64,
        /// The packed key row.
        key: Vec<u8>,
        /// The row that refers, or the one that would go.
        row: Option<Vec<u8>>,
        /// The key is missing; else it would go.
        missing: bool,
    },
    /// A row does not fit the collection's layout.
    Invalid {
        /// The collection.
        collection: u64,
        /// What is wrong.
        message: String,
    },
}

/// Admitted writes; split and sorted only when a later transaction has to look something up in them.
pub(crate) struct Admitted {
    writes: Arc<WriteSet>,
    splitter: Arc<dyn Splitter>,
    /// What writes by key came to, consolidated.
    resolved: Option<Updates>,
    /// By other keys of the collection, by their arrangement.
    by_key: Mutex<HashMap<u64, Arc<Updates>>>,
}

/// A key of a collection besides its own, of which each value may be there once.
#[derive(Clone)]
pub struct UniqueKey {
    /// The collection arranged by it.
    pub arrangement: u64,
    /// By that arrangement's layout.
    pub splitter: Arc<dyn Splitter>,
    /// The key's columns.
    pub types: Arc<[ScalarType]>,
    /// Whether keys with a NULL can be duplicates.
    pub nulls_equal: bool,
}

impl UniqueKey {
    /// The first packed key that would be there more than once with these writes; `count` says how often it is there.
    pub(crate) fn duplicate(&self, writes: &Updates, count: impl Fn(&[u8]) -> i64) -> Option<Vec<u8>> {
        let count = |key: &[u8]| match self.nulls_equal || !has_null(key, &self.types) {
            true => Some(count(key)),
            false => None,
        };
        first_duplicate(writes, count)
    }

    /// The same, of a commit: `since` was admitted after the snapshot of the key's arrangement.
    pub(crate) fn check(
        &self,
        writes: &Updates,
        snapshot: &ShardedSnapshot,
        since: &[Arc<Admitted>],
    ) -> Option<Vec<u8>> {
        let since: Vec<_> = since
            .iter()
            .map(|admitted| admitted.sorted_by(self.arrangement, self.splitter.as_ref()))
            .collect();
        self.duplicate(writes, |key| {
            let later =
                since.iter().map(|updates| under(updates, key).map(|update| update.diff).sum::<i64>());
            snapshot.count(key) + later.sum::<i64>()
        })
    }
}

impl Admitted {
    /// `resolved`: what writes by key came to, by key and value, consolidated.
    pub(crate) fn new(
        writes: Arc<WriteSet>,
        splitter: Arc<dyn Splitter>,
        resolved: Option<Updates>,
    ) -> Arc<Self> {
        Arc::new(Admitted { writes, splitter, resolved, by_key: Mutex::default() })
    }

    /// Bytes of its rows.
    pub(crate) fn byte_len(&self) -> usize {
        self.writes.byte_len()
    }

    /// Whether one of these keyed updates has a key that is written to here.
    pub(crate) fn shares_key(&self, updates: &Updates) -> bool {
        self.with_sorted(|sorted| updates.iter().any(|update| under(sorted, update.key).next().is_some()))
    }

    /// Calls `read` with the updates by key and value, consolidated.
    pub(crate) fn with_sorted<R>(&self, read: impl FnOnce(&Updates) -> R) -> R {
        match &self.resolved {
            Some(resolved) => read(resolved),
            None => {
                let sorted = self.writes.sorted(self.splitter.as_ref());
                read(&sorted.expect("these rows were split when they were admitted"))
            }
        }
    }
}

impl Admitted {
    pub(crate) fn sorted_by(&self, arrangement: u64, splitter: &dyn Splitter) -> Arc<Updates> {
        let mut known = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let sort = || {
            let keyed = self.writes.keyed(splitter);
            Arc::new(consolidated(&keyed.expect("these rows were split when they were admitted")))
        };
        known.entry(arrangement).or_insert_with(sort).clone()
    }
}

/// A collection as a commit sees it: a snapshot and what was admitted since.
pub(crate) struct Base<'a> {
    pub(crate) collection: u64,
    pub(crate) snapshot: &'a ShardedSnapshot,
    pub(crate) since: Vec<Arc<Admitted>>,
    pub(crate) unique: bool,
}

impl Base<'_> {
    /// Checks consolidated keyed writes.
    pub(crate) fn check(&self, writes: &Updates) -> Result<(), Conflict> {
        let mut index = 0;
        while index < writes.len() {
            let key = writes.get(index).key;
            let mut net = 0i64;
            while index < writes.len() && writes.get(index).key == key {
                let update = writes.get(index);
                net += update.diff;
                if update.diff < 0 && self.multiplicity(update) + update.diff < 0 {
                    return Err(Conflict::RowGone { collection: self.collection });
                }
                index += 1;
            }
            if self.unique && net > 0 && self.count(key) + net > 1 {
                let (collection, key) = (self.collection, key.to_vec());
                return Err(Conflict::DuplicateKey { collection, constraint: None, key, row: None });
            }
        }
        Ok(())
    }

    fn multiplicity(&self, row: UpdateRef<'_>) -> i64 {
        let later = self.since.iter().map(|updates| {
            updates.with_sorted(|sorted| {
                let alike = under(sorted, row.key).filter(|update| update.val == row.val);
                alike.map(|update| update.diff).sum::<i64>()
            })
        });
        self.snapshot.multiplicity(row.key, row.val) + later.sum::<i64>()
    }

    /// The values under a key with their multiplicities; a value may come several times.
    pub(crate) fn values(&self, key: &[u8], mut each: impl FnMut(&[u8], i64)) {
        for (_, val, count) in self.snapshot.seek(key) {
            each(val, count);
        }
        for updates in &self.since {
            updates.with_sorted(|sorted| {
                under(sorted, key).for_each(|update| each(update.val, update.diff));
            });
        }
    }

    fn count(&self, key: &[u8]) -> i64 {
        let later = self.since.iter().map(|updates| {
            updates.with_sorted(|sorted| under(sorted, key).map(|update| update.diff).sum::<i64>())
        });
        self.snapshot.count(key) + later.sum::<i64>()
    }
}

/// The updates of a consolidated container under a key.
pub(crate) fn under<'a>(updates: &'a Updates, key: &'a [u8]) -> impl Iterator<Item = UpdateRef<'a>> {
    let (mut low, mut high) = (0, updates.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if updates.get(middle).key < key {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    (low..updates.len()).map(|index| updates.get(index)).take_while(move |update| update.key == key)
}

/// The first key that would be there more than once if consolidated keyed writes were applied to the snapshot.
pub(crate) fn duplicate_key(snapshot: &ShardedSnapshot, writes: &Updates) -> Option<Vec<u8>> {
    first_duplicate(writes, |key| Some(snapshot.count(key)))
}

/// The first key of consolidated keyed writes that would be there more than once; `count` says how often it is there, or that
/// it may be as often as one likes.
fn first_duplicate(writes: &Updates, count: impl Fn(&[u8]) -> Option<i64>) -> Option<Vec<u8>> {
    let mut index = 0;
    while index < writes.len() {
        let key = writes.get(index).key;
        let mut net = 0i64;
        while index < writes.len() && writes.get(index).key == key {
            net += writes.get(index).diff;
            index += 1;
        }
        if net > 0 && count(key).is_some_and(|count| count + net > 1) {
            return Some(key.to_vec());
        }
    }
    None
}
