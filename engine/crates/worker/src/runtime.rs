//! The handle on the engine's workers.

mod ahead;
mod commands;
mod commit;
mod figures;
mod install;
mod own_writes;

pub use commit::Writes;

use crate::check::UniqueKey;
use crate::command::Command;
use crate::compaction::{Compaction, Hold, HoldApart, TooOld};
use crate::foreign::ForeignKey;
use crate::hydrate::Hydration;
use crate::progress::Progress;
use crate::subscription::Subscription;
use crate::time_slice::{TimeSlice, ask_for};
use crate::worker_loop::WorkerShared;
use crate::{Event, EventSink, Splitter};
use commands::Commands;
use crossbeam_channel::unbounded;
use install::HYDRATE_ELSEWHERE_FROM;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::{JoinHandle, Thread};
use tidewire_arrange::{Meter, Slot, new_slot};

/// How far `since` trails at first, in microseconds.
const DEFAULT_LAG: u64 = 1_000_000;

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
    /// Each subscription that is registered has one of it too.
    followed: Arc<()>,
    engine: Mutex<Option<JoinHandle<()>>>,
}

/// A collection or a subscription.
#[derive(Default)]
pub(crate) struct Registered {
    pub(crate) slots: Arc<Vec<(Slot, Slot)>>,
    /// Of what is written to.
    writable: Option<Writable>,
    pub(crate) readable: Arc<AtomicBool>,
    pub(crate) subscription: Option<Arc<Subscription>>,
    /// Of a subscription.
    _follows: Option<Arc<()>>,
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
        let commands = Commands {
            senders,
            threads,
            sequenced: 0,
            in_flight: BTreeMap::new(),
            ahead: HashMap::new(),
            untold: 0,
            woken: false,
        };
        Ok(Runtime {
            workers,
            commands: Arc::new(Mutex::new(commands)),
            registry: RwLock::default(),
            compaction,
            progress,
            sink,
            dead,
            hydrate_elsewhere_from: AtomicUsize::new(HYDRATE_ELSEWHERE_FROM),
            followed: Arc::default(),
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
            ..Registered::default()
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
        let mut commands = self.commands();
        commands.ahead.remove(&id);
        commands.send(Command::Drop(id));
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

    /// Holds what is computed now.
    pub fn hold_computed(&self) -> Hold {
        loop {
            // Refused only if more was computed meanwhile.
            if let Ok(hold) = self.compaction.hold(self.computed()) {
                return hold;
            }
        }
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
