//! Commits: what is checked, announced, and kept until it is computed.

use crate::check::{Admitted, Base, Conflict, UniqueKey};
use crate::command::{Announcement, Command};
use crate::foreign::{ForeignKey, Side};
use crate::read::shards;
use crate::runtime::{Registered, Runtime, Writable};
use crate::write_set::Partitioned;
use crate::{Splitter, WriteSet};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tidewire_arrange::{ShardedSnapshot, Updates, consolidated, give_back_free_memory};

/// After so much was forgotten the allocator gives back what it holds free.
const LARGE_BYTES: usize = 1 << 20;
/// After so many groups that nobody waits for the workers are woken: they compute them in one step, at little more cost
/// than one.
const MOST_UNTOLD: usize = 8;
/// A group of more bytes is begun with at once.
const SMALL_BYTES: usize = 64 << 10;

/// A transaction's writes, each collection at most once.
pub type Writes = Vec<(u64, Arc<WriteSet>)>;

impl Runtime {
    /// The unique keys of a collection besides its own; their arrangements are maintained. Commits check them from now on.
    pub fn set_unique_keys(&self, id: u64, keys: Vec<UniqueKey>) {
        let mut registry = self.registry.write().expect("not poisoned");
        if let Some(writable) = registry.get_mut(&id).and_then(|registered| registered.writable.as_mut()) {
            writable.keys = keys.into();
        }
    }

    /// The foreign keys of a collection, in the place of those that it had. Their arrangements are maintained; commits
    /// check both sides from now on.
    pub fn set_foreign_keys(&self, child: u64, keys: &[Arc<ForeignKey>]) {
        let mut registry = self.registry.write().expect("not poisoned");
        for (id, registered) in registry.iter_mut() {
            let Some(writable) = registered.writable.as_mut() else { continue };
            let concerns = |key: &ForeignKey| key.child.collection == *id || key.parent.collection == *id;
            let others = writable.foreign.iter().filter(|key| key.child.collection != child);
            let own = keys.iter().filter(|key| concerns(key));
            if writable.foreign.is_empty() && !keys.iter().any(|key| concerns(key)) {
                continue;
            }
            writable.foreign = others.chain(own).cloned().collect();
        }
    }

    /// Commits transactions as one group at `time`, in order. Each is checked against the state before it: one that
    /// conflicts is left out and its conflict returned. A group that comes out empty still moves time on. Workers that sleep
    /// are woken for a small group only where there are subscriptions; otherwise with a later one, by
    /// [`hasten`](Self::hasten), or by [`tell_late`](Self::tell_late).
    pub fn commit(&self, time: u64, transactions: &[Writes]) -> Result<Vec<Option<Conflict>>, String> {
        if self.dead.load(Ordering::Acquire) {
            return Err("the engine has stopped".into());
        }
        let mut commands = self.commands();
        if time <= commands.sequenced {
            return Err(format!("{time} is not after the last commit, {}", commands.sequenced));
        }
        // Snapshots are loaded after this, so they hold everything up to it, and stay exact at it.
        let hold = self.hold_computed();
        let computed = hold.time();
        commands.forget_through(computed);
        let registry = self.registry.read().expect("not poisoned");
        let mut admitted: Vec<(u64, Arc<Admitted>)> = Vec::new();
        let mut group: BTreeMap<u64, Partitioned> = BTreeMap::new();
        let mut snapshots: HashMap<u64, ShardedSnapshot> = HashMap::new();
        let mut outcomes = Vec::with_capacity(transactions.len());
        for transaction in transactions {
            let mut admit = || -> Result<Vec<(u64, Partitioned, Arc<Admitted>)>, Conflict> {
                let mut parts = Vec::with_capacity(transaction.len());
                for (id, writes) in transaction {
                    let invalid = |message: String| Conflict::Invalid { collection: *id, message };
                    let registered = registry.get(id).ok_or_else(|| invalid("it was dropped".into()))?;
                    let Some(Writable { splitter, unique, keys, .. }) = registered.writable.as_ref() else {
                        return Err(invalid("it is a view".into()));
                    };
                    let mut part = Partitioned::new(self.workers, time);
                    let mut resolved = None;
                    let by_key = !writes.upserts().is_empty();
                    if by_key && (!*unique || !writes.rows().is_empty()) {
                        let message = "writes by key need a primary key, and nothing else beside them";
                        return Err(invalid(message.into()));
                    }
                    let since = || -> Vec<Arc<Admitted>> {
                        let in_flight = commands.in_flight.values().flatten().chain(&admitted);
                        in_flight.filter(|(other, _)| other == id).map(|(_, a)| a.clone()).collect()
                    };
                    let collides = |key: Vec<u8>, constraint: Option<u64>, splitter: &dyn Splitter| {
                        if writes.is_resolved() {
                            return Conflict::RowGone { collection: *id };
                        }
                        let row = writes.row_with(splitter, &key, true);
                        Conflict::DuplicateKey { collection: *id, constraint, key, row }
                    };
                    if *unique || writes.rows().iter().any(|update| update.diff < 0) {
                        let loaded = &mut snapshots;
                        let base = || {
                            let snapshot = { loaded }
                                .entry(*id)
                                .or_insert_with(|| shards(&registered.slots, computed, false));
                            Base { collection: *id, snapshot, since: since(), unique: *unique }
                        };
                        // What was looked up at the last time holds beside others of the group that have other keys.
                        let is_known = |keyed: &Updates| {
                            let mut group = admitted.iter().filter(|(other, _)| other == id);
                            writes.is_sound_at(commands.sequenced)
                                && group.all(|(_, other)| !other.shares_key(keyed))
                        };
                        if by_key {
                            let keyed =
                                writes.upserts().resolve(&base(), splitter.as_ref()).map_err(invalid)?;
                            part.add_keyed(&keyed);
                            resolved = Some(keyed);
                        } else {
                            let keyed = writes.sorted(splitter.as_ref()).map_err(invalid)?;
                            let checked = if is_known(&keyed) { Ok(()) } else { base().check(&keyed) };
                            checked.map_err(|conflict| match conflict {
                                Conflict::DuplicateKey { key, constraint, .. } => {
                                    collides(key, constraint, splitter.as_ref())
                                }
                                other => other,
                            })?;
                            part.add_keyed(&keyed);
                        }
                    } else {
                        part.add_rows(writes.rows(), splitter.as_ref()).map_err(invalid)?;
                    }
                    for key in keys.iter() {
                        let index = registry.get(&key.arrangement);
                        let index = index.ok_or_else(|| invalid("an index was dropped".into()))?;
                        let snapshot = snapshots
                            .entry(key.arrangement)
                            .or_insert_with(|| shards(&index.slots, computed, false));
                        let keyed = consolidated(&writes.keyed(key.splitter.as_ref()).map_err(invalid)?);
                        if let Some(duplicate) = key.check(&keyed, snapshot, &since()) {
                            let splitter = key.splitter.as_ref();
                            return Err(collides(duplicate, Some(key.arrangement), splitter));
                        }
                    }
                    parts.push((*id, part, Admitted::new(writes.clone(), splitter.clone(), resolved)));
                }
                for foreign in foreign_keys(&registry, transaction) {
                    let snapshot = |side: &Side| {
                        let index = registry.get(&side.arrangement)?;
                        let loaded = || shards(&index.slots, computed, false);
                        Some(snapshots.entry(side.arrangement).or_insert_with(loaded).clone())
                    };
                    let since = |id: u64| -> Vec<Arc<Admitted>> {
                        let in_flight = commands.in_flight.values().flatten().chain(&admitted);
                        in_flight.filter(|(other, _)| *other == id).map(|(_, a)| a.clone()).collect()
                    };
                    foreign.check(transaction, snapshot, since)?;
                }
                Ok(parts)
            };
            match admit() {
                Ok(parts) => {
                    for (id, part, writes) in parts {
                        match group.entry(id) {
                            Entry::Vacant(entry) => {
                                entry.insert(part);
                            }
                            Entry::Occupied(mut entry) => entry.get_mut().append(part),
                        }
                        admitted.push((id, writes));
                    }
                    outcomes.push(None);
                }
                Err(conflict) => outcomes.push(Some(conflict)),
            }
        }
        drop(registry);
        commands.sequenced = time;
        let byte_len: usize = admitted.iter().map(|(_, writes)| writes.byte_len()).sum();
        commands.in_flight.insert(time, admitted);
        let announcement = Announcement { time, writes: group.into_iter().collect() };
        commands.leave(Command::Announce(Arc::new(announcement)));
        let is_followed = Arc::strong_count(&self.followed) > 1;
        if is_followed || commands.untold >= MOST_UNTOLD || byte_len > SMALL_BYTES {
            commands.wake();
        }
        Ok(outcomes)
    }

    /// Somebody waits for what was committed: the workers begin with it.
    pub fn hasten(&self) {
        let mut commands = self.commands();
        if commands.untold > 0 {
            commands.wake();
        }
    }

    /// Wakes the workers for groups that nobody waits for, unless they were woken since this was called last. Whether there
    /// still are such groups: then it is to be called again.
    pub fn tell_late(&self) -> bool {
        let mut commands = self.commands();
        let was_woken = std::mem::take(&mut commands.woken);
        if !was_woken && commands.untold > 0 {
            commands.wake();
        }
        commands.untold > 0
    }

    /// Whether what a transaction has written so far keeps the foreign keys, beside what is committed; `left_out` says of the
    /// arrangement of what refers that a key is not to be looked at.
    pub fn check_references(
        &self,
        transaction: &Writes,
        left_out: impl Fn(u64) -> bool,
    ) -> Result<(), Conflict> {
        let commands = self.commands();
        let hold = self.hold_computed();
        let computed = hold.time();
        let registry = self.registry.read().expect("not poisoned");
        for foreign in foreign_keys(&registry, transaction) {
            if left_out(foreign.child.arrangement) {
                continue;
            }
            let snapshot =
                |side: &Side| Some(shards(&registry.get(&side.arrangement)?.slots, computed, false));
            let since = |id: u64| -> Vec<Arc<Admitted>> {
                let later = commands.in_flight.range(computed + 1..).flat_map(|(_, admitted)| admitted);
                later.filter(|(other, _)| *other == id).map(|(_, a)| a.clone()).collect()
            };
            foreign.check(transaction, snapshot, since)?;
        }
        Ok(())
    }

    /// Time moves on without changes.
    pub fn tick(&self, time: u64) {
        let mut commands = self.commands();
        // Where nobody commits, a large transaction would stay.
        let forgotten_bytes = commands.forget_through(self.computed());
        if time > commands.sequenced {
            commands.sequenced = time;
            commands.send(Command::Tick(time));
        }
        if forgotten_bytes >= LARGE_BYTES {
            give_back_free_memory();
        }
    }
}

/// The foreign keys that concern what a transaction writes, each once.
fn foreign_keys(registry: &HashMap<u64, Registered>, transaction: &Writes) -> Vec<Arc<ForeignKey>> {
    let mut found: Vec<Arc<ForeignKey>> = Vec::new();
    for (id, _) in transaction {
        let writable = registry.get(id).and_then(|registered| registered.writable.as_ref());
        for key in writable.iter().flat_map(|writable| writable.foreign.iter()) {
            if !found.iter().any(|other| Arc::ptr_eq(other, key)) {
                found.push(key.clone());
            }
        }
    }
    found
}
