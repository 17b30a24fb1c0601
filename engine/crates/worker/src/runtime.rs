//! The handle on the engine's workers.

use crate::check::{Admitted, Base, Conflict, UniqueKey, duplicate_key};
use crate::command::{Announcement, Command, InstallOutput, Installation};
use crate::compaction::{Compaction, Hold, HoldApart, InputHold, TooOld};
use crate::foreign::{ForeignKey, Side};
use crate::hydrate::Hydration;
use crate::progress::Progress;
use crate::read::{CollectionSnapshot, shards};
use crate::subscription::Subscription;
use crate::time_slice::{TimeSlice, ask_for};
use crate::worker_loop::WorkerShared;
use crate::write_set::Partitioned;
use crate::{Build, Event, EventSink, Overlay, SharedBuild, Splitter, WriteSet};
use crossbeam_channel::{Sender, unbounded};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::{JoinHandle, Thread};
use tidewire_arrange::{Meter, ShardedSnapshot, Slot, consolidated, new_slot};

/// How far `since` trails at first, in microseconds.
const DEFAULT_LAG: u64 = 1_000_000;

/// Fewer updates hydrate in place within some milliseconds.
const HYDRATE_ELSEWHERE_FROM: usize = 10_000;

/// A view of which an operator may make as many rows hydrates elsewhere, however few it reads: a product of small tables,
/// a series.
const MAKE_ELSEWHERE_FROM: u64 = 1_000_000;

/// After so much was forgotten the allocator gives back what it holds free.
const LARGE_BYTES: usize = 1 << 20;

/// The engine's timely workers in this process. All methods may be called from any thread; none waits for a worker.
pub struct Runtime {
    workers: usize,
    /// Held while a command is sent, so that all workers see one order.
    commands: Arc<Mutex<Commands>>,
    pub(crate) registry: RwLock<HashMap<u64, Registered>>,
    compaction: Arc<Compaction>,
    progress: Arc<Progress>,
    sink: Arc<EventSink>,
    dead: Arc<AtomicBool>,
    hydrate_elsewhere_from: AtomicUsize,
    engine: Mutex<Option<JoinHandle<()>>>,
}

struct Commands {
    senders: Vec<Sender<Command>>,
    threads: Vec<Thread>,
    sequenced: u64,
    /// Writes announced after what was computed when they were last pruned: by time and collection.
    in_flight: BTreeMap<u64, Vec<(u64, Arc<Admitted>)>>,
}

pub(crate) struct Registered {
    pub(crate) slots: Arc<Vec<(Slot, Slot)>>,
    /// Of what is written to.
    writable: Option<Writable>,
    pub(crate) readable: Arc<AtomicBool>,
    pub(crate) subscription: Option<Arc<Subscription>>,
    /// Who reads it gets its rows only.
    pub(crate) skips_errors: AtomicBool,
    hydration: Option<Arc<Hydration>>,
    /// Of the dataflow that maintains it.
    meter: Meter,
}

#[derive(Clone)]
pub(crate) struct Writable {
    splitter: Arc<dyn Splitter>,
    unique: bool,
    /// Besides the collection's own.
    keys: Arc<[UniqueKey]>,
    /// Those that refer and those that are referred to.
    foreign: Arc<[Arc<ForeignKey>]>,
}

/// A transaction's writes, each collection at most once.
pub type Writes = Vec<(u64, Arc<WriteSet>)>;

impl Runtime {
    /// Starts `workers` workers. `on_event` is called from their threads and must not block or call back.
    pub fn start(
        workers: usize,
        on_event: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Runtime, String> {
        let workers = workers.max(1);
        let sink: Arc<EventSink> = Arc::new(on_event);
        let compaction = Compaction::new(DEFAULT_LAG);
        let progress = Progress::new(workers, compaction.clone(), sink.clone());
        let dead: Arc<AtomicBool> = Arc::default();
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| unbounded()).unzip();
        let (thread_sender, thread_receiver) = unbounded();
        let shared = WorkerShared {
            receivers: Mutex::new(receivers.into_iter().map(Some).collect()),
            threads: thread_sender,
            progress: progress.clone(),
            sink: sink.clone(),
            dead: dead.clone(),
            peers: Mutex::default(),
        };
        let config = timely::Config {
            communication: timely::CommunicationConfig::Process(workers),
            worker: timely::WorkerConfig::default(),
        };
        let engine = std::thread::Builder::new()
            .name("tidewire-engine".into())
            .spawn(move || {
                ask_for(TimeSlice::Short);
                match timely::execute(config, move |worker| shared.run(worker)) {
                    // Joined here, on a thread of its own.
                    Ok(guards) => drop(guards.join()),
                    Err(error) => eprintln!("the engine's workers could not start: {error}"),
                }
            })
            .map_err(|error| error.to_string())?;
        let mut threads: Vec<Option<Thread>> = vec![None; workers];
        for _ in 0..workers {
            let (index, thread): (usize, Thread) =
                thread_receiver.recv().map_err(|_| "the engine's workers did not start".to_owned())?;
            threads[index] = Some(thread);
        }
        let threads = threads.into_iter().map(|thread| thread.expect("each worker says once")).collect();
        let commands = Commands { senders, threads, sequenced: 0, in_flight: BTreeMap::new() };
        Ok(Runtime {
            workers,
            commands: Arc::new(Mutex::new(commands)),
            registry: RwLock::default(),
            compaction,
            progress,
            sink,
            dead,
            hydrate_elsewhere_from: AtomicUsize::new(HYDRATE_ELSEWHERE_FROM),
            engine: Mutex::new(Some(engine)),
        })
    }

    /// The number of workers.
    pub fn workers(&self) -> usize {
        self.workers
    }

    fn commands(&self) -> std::sync::MutexGuard<'_, Commands> {
        self.commands.lock().expect("not poisoned")
    }

    fn new_slots(&self, since: u64) -> Arc<Vec<(Slot, Slot)>> {
        Arc::new((0..self.workers).map(|_| (new_slot(since), new_slot(since))).collect())
    }

    /// A collection that is written to. `unique`: its key is a primary key, which [`commit`](Self::commit) enforces.
    pub fn create_collection(
        &self,
        id: u64,
        splitter: Arc<dyn Splitter>,
        unique: bool,
    ) -> Result<(), String> {
        let slots = self.new_slots(0);
        let registered = Registered {
            slots: slots.clone(),
            writable: Some(Writable { splitter, unique, keys: Arc::default(), foreign: Arc::default() }),
            readable: Arc::new(AtomicBool::new(true)),
            subscription: None,
            skips_errors: AtomicBool::default(),
            hydration: None,
            meter: Meter::default(),
        };
        self.register(id, registered)?;
        self.commands().send(Command::Create { id, slots });
        Ok(())
    }

    fn register(&self, id: u64, registered: Registered) -> Result<(), String> {
        if self.dead.load(Ordering::Acquire) {
            return Err("the engine has stopped".into());
        }
        let mut registry = self.registry.write().expect("not poisoned");
        if registry.contains_key(&id) {
            return Err(format!("arrangement {id} exists"));
        }
        registry.insert(id, registered);
        Ok(())
    }

    /// Installs a maintained collection as of a sequenced time. `done` is called once, from another thread: when the
    /// collection can be read on all workers, or with the reason why it could not be built.
    pub fn install(
        self: &Arc<Self>,
        id: u64,
        name: &str,
        build: SharedBuild,
        as_of: u64,
        done: impl FnOnce(Result<(), String>) + Send + 'static,
    ) -> Result<(), String> {
        let slots = self.new_slots(as_of);
        let readable: Arc<AtomicBool> = Arc::default();
        let hold = InputHold::All(self.hold_for(as_of)?);
        let registered = Registered {
            slots: slots.clone(),
            writable: None,
            readable: readable.clone(),
            subscription: None,
            skips_errors: AtomicBool::default(),
            hydration: None,
            meter: Meter::default(),
        };
        self.register(id, registered)?;
        let runtime = Arc::downgrade(self);
        let done = Box::new(move |result: Result<(), String>| {
            match &result {
                Ok(()) => readable.store(true, Ordering::Release),
                Err(_) => {
                    if let Some(runtime) = runtime.upgrade() {
                        runtime.drop_failed(id, &readable);
                    }
                }
            }
            done(result);
        });
        let output = InstallOutput::Collection { slots };
        let inputs = build.inputs();
        let elsewhere = self.would_stall(build.as_ref(), &inputs);
        let silenced = self.skipping_errors(&inputs);
        let installation = Installation::new(
            (id, name.to_owned(), as_of),
            build,
            silenced,
            output,
            self.workers,
            hold,
            done,
        );
        if let Some(registered) = self.registry.write().expect("not poisoned").get_mut(&id) {
            registered.meter = installation.meter.clone();
        }
        if !elsewhere {
            self.commands().send(Command::Install(installation));
            return Ok(());
        }
        let commands = self.commands.clone();
        let send = Box::new(move |command| commands.lock().expect("not poisoned").send(command));
        let hydration = Hydration::start(installation, inputs, self.workers, send);
        if let Some(registered) = self.registry.write().expect("not poisoned").get_mut(&id) {
            registered.hydration = Some(hydration.clone());
        }
        self.commands().send(Command::Feed { hydration, first: true, finish: false });
        Ok(())
    }

    /// Whether hydrating over these collections in place could stall the workers for long.
    fn would_stall(&self, build: &dyn Build, inputs: &[u64]) -> bool {
        let registry = self.registry.read().expect("not poisoned");
        let mut updates: HashMap<u64, usize> = HashMap::new();
        for id in inputs {
            let Some(registered) = registry.get(id).filter(|r| r.readable.load(Ordering::Acquire)) else {
                return false;
            };
            updates.insert(*id, shards(&registered.slots, 0, false).update_count());
        }
        updates.values().sum::<usize>() >= self.hydrate_elsewhere_from.load(Ordering::Relaxed)
            || build.most_rows(&|id| updates.get(&id).map_or(0, |count| *count as u64)) >= MAKE_ELSEWHERE_FROM
    }

    /// From how many updates in its inputs on a view hydrates in a second runtime.
    pub fn hydrate_elsewhere_from(&self, updates: usize) {
        self.hydrate_elsewhere_from.store(updates, Ordering::Relaxed);
    }

    /// Forgets what could not be installed, unless its id is another's by now.
    fn drop_failed(&self, id: u64, readable: &Arc<AtomicBool>) {
        let mut registry = self.registry.write().expect("not poisoned");
        if registry.get(&id).is_none_or(|registered| !Arc::ptr_eq(&registered.readable, readable)) {
            return;
        }
        registry.remove(&id);
        drop(registry);
        self.commands().send(Command::Drop(id));
    }

    /// The unique keys of a collection besides its own; their arrangements are maintained. Commits check them from now on.
    pub fn set_unique_keys(&self, id: u64, keys: Vec<UniqueKey>) {
        let mut registry = self.registry.write().expect("not poisoned");
        if let Some(writable) = registry.get_mut(&id).and_then(|registered| registered.writable.as_mut()) {
            writable.keys = keys.into();
        }
    }

    /// Starts a subscription as of a sequenced time: [`Event::Changes`] bring the contents at `as_of` and then every
    /// change. `done` is called once: when all workers have caught up, or with the reason why it could not be built.
    pub fn subscribe(
        self: &Arc<Self>,
        id: u64,
        name: &str,
        build: SharedBuild,
        as_of: u64,
        done: impl FnOnce(Result<(), String>) + Send + 'static,
    ) -> Result<(), String> {
        let hold = self.hold_inputs(&build.inputs(), as_of).map_err(|error| too_old(as_of, error))?;
        let subscription = Subscription::new(id, as_of, self.sink.clone());
        let readable: Arc<AtomicBool> = Arc::default();
        let registered = Registered {
            slots: Arc::default(),
            writable: None,
            readable: readable.clone(),
            subscription: Some(subscription.clone()),
            skips_errors: AtomicBool::default(),
            hydration: None,
            meter: Meter::default(),
        };
        self.register(id, registered)?;
        let runtime = Arc::downgrade(self);
        let done = Box::new(move |result: Result<(), String>| {
            if result.is_err()
                && let Some(runtime) = runtime.upgrade()
            {
                runtime.drop_failed(id, &readable);
            }
            done(result);
        });
        let output = InstallOutput::Subscription(subscription);
        let silenced = self.skipping_errors(&build.inputs());
        let installation = Installation::new(
            (id, name.to_owned(), as_of),
            build,
            silenced,
            output,
            self.workers,
            hold,
            done,
        );
        self.commands().send(Command::Install(installation));
        Ok(())
    }

    fn hold_for(&self, as_of: u64) -> Result<Hold, String> {
        self.compaction.hold(as_of).map_err(|error| too_old(as_of, error))
    }

    /// Keeps everything readable at a time, or these collections alone where they are held further back than the others.
    pub fn hold_inputs(&self, ids: &[u64], time: u64) -> Result<InputHold, TooOld> {
        match self.compaction.hold(time) {
            Ok(hold) => Ok(InputHold::All(hold)),
            Err(_) => self.compaction.hold_apart(ids, time).map(InputHold::Apart),
        }
    }

    /// Drops a collection or a subscription. A collection that others read goes away for readers at once, and stays
    /// maintained until the last of them goes.
    pub fn drop_collection(&self, id: u64) {
        let Some(registered) = self.registry.write().expect("not poisoned").remove(&id) else { return };
        if let Some(subscription) = registered.subscription {
            subscription.close();
        }
        if let Some(hydration) = registered.hydration {
            hydration.cancel();
        }
        self.commands().send(Command::Drop(id));
    }

    /// Commits transactions as one group at `time`, in order. Each is checked against the state before it: one that
    /// conflicts is left out and its conflict returned. A group that comes out empty still moves time on.
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
                    let mut sorted = None;
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
                        let snapshot = snapshots
                            .entry(*id)
                            .or_insert_with(|| shards(&registered.slots, computed, false));
                        let base = Base { collection: *id, snapshot, since: since(), unique: *unique };
                        let keyed = if by_key {
                            writes.upserts().resolve(&base, splitter.as_ref()).map_err(invalid)?
                        } else {
                            let keyed = consolidated(&writes.keyed(splitter.as_ref()).map_err(invalid)?);
                            base.check(&keyed).map_err(|conflict| match conflict {
                                Conflict::DuplicateKey { key, constraint, .. } => {
                                    collides(key, constraint, splitter.as_ref())
                                }
                                other => other,
                            })?;
                            keyed
                        };
                        part.add_keyed(&keyed);
                        sorted = Some(keyed);
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
                    parts.push((*id, part, Admitted::new(writes.clone(), splitter.clone(), sorted)));
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
        commands.in_flight.insert(time, admitted);
        let announcement = Announcement { time, writes: group.into_iter().collect() };
        commands.send(Command::Announce(Arc::new(announcement)));
        Ok(outcomes)
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
            commands.send_to(1, Command::GiveBackMemory);
        }
    }

    /// The last commit's or tick's time.
    pub fn sequenced(&self) -> u64 {
        self.commands().sequenced
    }

    /// Everything up to and including this is computed.
    pub fn computed(&self) -> u64 {
        self.progress.computed()
    }

    /// Sets by how much `since` trails what is computed, in microseconds.
    pub fn set_lag(&self, lag: u64) {
        self.compaction.set_lag(lag);
    }

    /// Keeps everything readable at `time` until the hold is dropped.
    pub fn hold(&self, time: u64) -> Result<Hold, TooOld> {
        self.compaction.hold(time)
    }

    /// Keeps everything readable at `time` or, where that is too old, at the oldest readable time.
    pub fn hold_at_least(&self, time: u64) -> Hold {
        self.compaction.hold_at_least(time)
    }

    /// Keeps these collections readable at `time`, which can move on, until the hold is dropped. Others are not held back.
    pub fn hold_apart(&self, ids: &[u64], time: u64) -> Result<HoldApart, TooOld> {
        self.compaction.hold_apart(ids, time)
    }

    /// Whether readers get a collection's rows only, where it has errors too. Dataflows that read it already go on as they
    /// were installed.
    pub fn skip_errors(&self, id: u64, skip: bool) {
        if let Some(registered) = self.registry.read().expect("not poisoned").get(&id) {
            registered.skips_errors.store(skip, Ordering::Release);
        }
    }

    fn skipping_errors(&self, ids: &[u64]) -> HashSet<u64> {
        let registry = self.registry.read().expect("not poisoned");
        let skips = |id: &u64| registry.get(id).is_some_and(|r| r.skips_errors.load(Ordering::Acquire));
        ids.iter().copied().filter(skips).collect()
    }

    /// The number of distinct errors in a collection, as last published.
    pub fn error_count(&self, id: u64) -> Option<usize> {
        let registry = self.registry.read().expect("not poisoned");
        let slots = registry.get(&id)?.slots.clone();
        drop(registry);
        Some(shards(&slots, self.computed(), true).cursor().filter(|(_, _, count)| *count > 0).count())
    }

    /// Of a collection that hydrates elsewhere: how many updates of its inputs were read, of how many.
    pub fn hydration(&self, id: u64) -> Option<(u64, u64)> {
        let registry = self.registry.read().expect("not poisoned");
        registry.get(&id)?.hydration.as_ref()?.progress()
    }

    /// Holds what is computed now.
    pub fn hold_computed(&self) -> Hold {
        loop {
            // Refused only if more was computed meanwhile.
            if let Ok(hold) = self.compaction.hold(self.computed()) {
                return hold;
            }
        }
    }

    /// The oldest time at which all of these collections can still be read: what a hold is granted for, even where a
    /// collection has not yet been compacted that far.
    pub fn since(&self, ids: &[u64]) -> u64 {
        let registry = self.registry.read().expect("not poisoned");
        let slots =
            ids.iter().filter_map(|id| registry.get(id)).flat_map(|registered| registered.slots.iter());
        let compacted = slots.map(|(ok, err)| ok.load().since().max(err.load().since())).max();
        compacted.unwrap_or(0).max(self.compaction.since())
    }

    /// The updates and the bytes of keys and values that a collection holds, as last published.
    pub fn size(&self, id: u64) -> Option<(usize, usize)> {
        let registry = self.registry.read().expect("not poisoned");
        let slots = registry.get(&id)?.slots.clone();
        drop(registry);
        let snapshot = shards(&slots, 0, false);
        Some((snapshot.update_count(), snapshot.byte_count()))
    }

    /// The bytes that all arrangements of the dataflow which maintains a collection hold; none of what is written to.
    pub fn state_bytes(&self, id: u64) -> Option<u64> {
        let registry = self.registry.read().expect("not poisoned");
        Some(registry.get(&id)?.meter.bytes())
    }

    /// A transaction's own writes on top of a collection's snapshot. `overlay` is what was made of them before: it takes
    /// in what is new.
    pub fn overlay(
        &self,
        id: u64,
        snapshot: &CollectionSnapshot,
        writes: &WriteSet,
        overlay: &mut Overlay,
    ) -> Result<CollectionSnapshot, String> {
        overlay.extend(writes, self.splitter(id)?.as_ref(), self.workers)?;
        Ok(CollectionSnapshot { ok: overlay.on(&snapshot.ok), err: snapshot.err.clone() })
    }

    /// A transaction's own writes on top of a snapshot of the collection by another key.
    pub fn overlay_by(
        &self,
        splitter: &dyn Splitter,
        snapshot: &CollectionSnapshot,
        writes: &WriteSet,
        overlay: &mut Overlay,
    ) -> Result<CollectionSnapshot, String> {
        overlay.extend(writes, splitter, self.workers)?;
        Ok(CollectionSnapshot { ok: overlay.on(&snapshot.ok), err: snapshot.err.clone() })
    }

    /// The first packed value of a key that would be there more than once with these writes.
    pub fn check_unique_by(
        key: &UniqueKey,
        writes: &WriteSet,
        snapshot: &ShardedSnapshot,
    ) -> Result<Option<Vec<u8>>, String> {
        let keyed = consolidated(&writes.keyed(key.splitter.as_ref())?);
        Ok(key.duplicate(&keyed, |value| snapshot.count(value)))
    }

    fn splitter(&self, id: u64) -> Result<Arc<dyn Splitter>, String> {
        let registry = self.registry.read().expect("not poisoned");
        let writable = registry.get(&id).and_then(|registered| registered.writable.as_ref());
        let splitter = writable.map(|writable| writable.splitter.clone());
        splitter.ok_or_else(|| format!("arrangement {id} is not written to"))
    }

    /// The first packed key of a collection that would be there more than once with these writes, at a computed time.
    pub fn check_unique(
        &self,
        id: u64,
        writes: &WriteSet,
        snapshot: &ShardedSnapshot,
    ) -> Result<Option<Vec<u8>>, String> {
        Ok(duplicate_key(snapshot, &writes.keyed(self.splitter(id)?.as_ref())?))
    }

    /// Ends all dataflows and joins the workers. Waits; call it off the event thread.
    pub fn stop(&self) {
        self.dead.store(true, Ordering::Release);
        self.commands().send(Command::Stop);
        let engine = self.engine.lock().expect("not poisoned").take();
        if let Some(engine) = engine {
            let _ = engine.join();
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.dead.store(true, Ordering::Release);
        if let Ok(mut commands) = self.commands.lock() {
            commands.send(Command::Stop);
        }
    }
}

impl Commands {
    /// Forgets writes that are computed; how large they were.
    fn forget_through(&mut self, computed: u64) -> usize {
        let later = self.in_flight.split_off(&(computed + 1));
        let forgotten = std::mem::replace(&mut self.in_flight, later);
        forgotten.values().flatten().map(|(_, admitted)| admitted.byte_len()).sum()
    }

    /// To all workers.
    fn send(&mut self, command: Command) {
        self.send_to(self.senders.len(), command);
    }

    /// To the first `count` workers.
    fn send_to(&mut self, count: usize, command: Command) {
        for (sender, thread) in self.senders.iter().zip(&self.threads).take(count) {
            // A worker that is gone has said so by an event.
            let _ = sender.send(command.clone());
            thread.unpark();
        }
    }
}

fn too_old(time: u64, error: TooOld) -> String {
    format!("{time} can't be read any more, the oldest is {}", error.oldest)
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
