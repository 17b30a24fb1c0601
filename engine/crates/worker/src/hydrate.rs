//! Hydration: snapshot, follow, hand over.
//!
//! A view over much data would stall the maintaining workers while it hydrates. So its dataflow runs first in a second
//! timely runtime with as many workers, from the batches that its inputs hold. When it has caught up, it is fed what came
//! meanwhile, as one batch an input, until the rounds are short. With the last round the maintaining workers pin their
//! inputs' batches; the state of each stateful operator comes back as shared batches, and the maintained dataflow starts
//! from these seeds and reads its inputs from there on.
//!
//! A round is fed when everything announced before it is complete on a worker, so that no input's batch spans its time.

use crate::SharedBuild;
use crate::command::{Command, Installation};
use crate::imports::Imports;
use crate::panic_message;
use crate::time_slice::{TimeSlice, ask_for};
use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tidewire_arrange::{Flow, Follower, Reading, Rendered, RowBatch, RowTrace, Seed, give_back_free_memory};
use tidewire_row::work::{Limit, Stopped, limited};
use timely::worker::Worker;

/// A round that took no longer than this is near enough: the next is the last.
const SHORT_ROUND: Duration = Duration::from_millis(20);
/// After so many rounds the next is the last in any case.
const MOST_ROUNDS: usize = 20;

/// Why a cancelled worker gives no state.
pub(crate) const CANCELLED: &str = "it was dropped";

/// What a maintaining worker hands to its counterpart: for each input the batches of both halves.
pub(crate) struct Round {
    pub(crate) time: u64,
    pub(crate) batches: Vec<(Vec<RowBatch>, Vec<RowBatch>)>,
    pub(crate) finish: bool,
}

/// Sends a command to all maintaining workers.
pub(crate) type SendCommand = Box<dyn Fn(Command) + Send + Sync>;

/// One hydration, shared by the maintaining and the hydrating workers.
pub(crate) struct Hydration {
    pub(crate) installation: Arc<Installation>,
    pub(crate) inputs: Vec<u64>,
    rounds: Vec<Sender<Round>>,
    state: Mutex<State>,
    cancelled: Arc<AtomicBool>,
    send: SendCommand,
    reading: Arc<Reading>,
    me: Weak<Hydration>,
}

struct State {
    /// Workers that have caught up in this round.
    caught_up: usize,
    round: usize,
    since: Instant,
    outcome: Vec<Option<Result<(u64, Vec<Seed>), String>>>,
}

impl Hydration {
    /// Starts the second runtime on threads of its own, and asks for the first round.
    pub(crate) fn start(
        installation: Arc<Installation>,
        inputs: Vec<u64>,
        workers: usize,
        send: SendCommand,
    ) -> Arc<Self> {
        let (rounds, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| unbounded()).unzip();
        let state = State {
            caught_up: 0,
            round: 0,
            since: Instant::now(),
            outcome: (0..workers).map(|_| None).collect(),
        };
        let cancelled = Arc::default();
        let state = Mutex::new(state);
        let hydration = Arc::new_cyclic(|me| {
            let me = me.clone();
            let reading = Arc::default();
            Hydration { installation, inputs, rounds, state, cancelled, send, reading, me }
        });
        let receivers: Mutex<Vec<Option<Receiver<Round>>>> =
            Mutex::new(receivers.into_iter().map(Some).collect());
        let config = timely::Config {
            communication: timely::CommunicationConfig::Process(workers),
            worker: timely::WorkerConfig::default(),
        };
        let shared = hydration.clone();
        let run = move |worker: &mut Worker| {
            let receiver = receivers.lock().expect("not poisoned")[worker.index()].take().expect("once");
            let limit = Limit::Cancellation(shared.cancelled.clone());
            let work = || limited(limit, || shared.hydrate(worker, &receiver));
            let outcome = match catch_unwind(AssertUnwindSafe(work)) {
                Ok(outcome) => outcome.unwrap_or_else(|Stopped| Err(CANCELLED.into())),
                Err(panic) => Err(panic_message(&*panic)),
            };
            if outcome.is_err() {
                shared.cancel();
            }
            let _ = catch_unwind(AssertUnwindSafe(|| {
                for dataflow in worker.installed_dataflows() {
                    worker.drop_dataflow(dataflow);
                }
            }));
            shared.finished(worker.index(), outcome);
        };
        let failed = hydration.clone();
        let spawned = std::thread::Builder::new().name("tidewire-hydrate".into()).spawn(move || {
            ask_for(TimeSlice::Usual);
            match timely::execute(config, run) {
                Ok(guards) => drop(guards.join()),
                Err(error) => failed.installation.failed(error),
            }
        });
        if let Err(error) = spawned {
            hydration.installation.failed(error.to_string());
        }
        hydration
    }

    fn me(&self) -> Arc<Self> {
        self.me.upgrade().expect("it is borrowed from an Arc")
    }

    /// How many rows of the inputs were read, of how many; None as long as that is not known.
    pub(crate) fn progress(&self) -> Option<(u64, u64)> {
        Some(self.reading.progress()).filter(|(_, expected)| *expected > 0)
    }

    /// Ends it without a result.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// A maintaining worker feeds its counterpart.
    pub(crate) fn feed(&self, worker: usize, round: Round) {
        // It may have failed.
        let _ = self.rounds[worker].send(round);
    }

    /// The seeds of a worker and the time that they are complete at, or why there are none; once.
    pub(crate) fn take_outcome(&self, worker: usize) -> Result<(u64, Vec<Seed>), String> {
        let mut state = self.state.lock().expect("not poisoned");
        // Every worker must decide alike. One that failed has had the others cancelled: its reason counts.
        let errors = || state.outcome.iter().flatten().filter_map(|outcome| outcome.as_ref().err());
        if let Some(error) = errors().find(|error| *error != CANCELLED).or_else(|| errors().next()) {
            return Err(error.clone());
        }
        match &mut state.outcome[worker] {
            Some(Ok((time, seeds))) => Ok((*time, std::mem::take(seeds))),
            _ => Err("hydration gave no state".into()),
        }
    }

    fn finished(&self, worker: usize, outcome: Result<(u64, Vec<Seed>), String>) {
        let mut state = self.state.lock().expect("not poisoned");
        state.outcome[worker] = Some(outcome);
        let all = state.outcome.iter().all(Option::is_some);
        drop(state);
        if all {
            // As long as nobody else has what was allocated here: the allocator is locked meanwhile.
            give_back_free_memory();
            (self.send)(Command::HandOver(self.me()));
        }
    }

    /// A hydrating worker has caught up with its round; the last one asks for the next.
    fn caught_up(&self) {
        let mut state = self.state.lock().expect("not poisoned");
        state.caught_up += 1;
        if state.caught_up < self.rounds.len() {
            return;
        }
        state.caught_up = 0;
        state.round += 1;
        let finish = state.round > 1 && state.since.elapsed() <= SHORT_ROUND || state.round >= MOST_ROUNDS;
        state.since = Instant::now();
        drop(state);
        (self.send)(Command::Feed { hydration: self.me(), first: false, finish });
    }

    /// The hydrating worker.
    fn hydrate(&self, worker: &mut Worker, rounds: &Receiver<Round>) -> Result<(u64, Vec<Seed>), String> {
        let sequenced: Rc<Cell<u64>> = Rc::default();
        let first = self.next_round(worker, rounds)?;
        sequenced.set(first.time);
        let mut follow = |batches: Vec<RowBatch>| {
            let upper = batches.last().map_or(0, |batch| {
                use differential_dataflow::trace::BatchReader;
                tidewire_arrange::time_of(batch.upper().borrow())
            });
            let mut follower = Follower::new(worker, Seed { batches, upper }, &sequenced);
            follower.trace().shared().watch_reading(&self.reading);
            follower
        };
        let mut followers: Vec<(Follower, Follower)> =
            first.batches.into_iter().map(|(ok, err)| (follow(ok), follow(err))).collect();
        let flow = Flow::recording();
        let handles = self.build(worker, &mut followers, flow.clone(), first.time)?;
        let mut states = flow.recorded();
        loop {
            while states.iter().any(|state| state.shared().upper() <= sequenced.get()) {
                self.check()?;
                worker.step_or_park(Some(Duration::from_millis(1)));
            }
            for state in &mut states {
                state.compact(sequenced.get());
            }
            for (ok, err) in &mut followers {
                ok.trace().compact(sequenced.get());
                err.trace().compact(sequenced.get());
            }
            self.caught_up();
            let round = self.next_round(worker, rounds)?;
            for ((ok, err), (new_ok, new_err)) in followers.iter_mut().zip(&round.batches) {
                ok.append(new_ok, round.time);
                err.append(new_err, round.time);
            }
            sequenced.set(round.time.max(sequenced.get()));
            handles.iter().for_each(|handle| handle.activate());
            if round.finish {
                while states.iter().any(|state| state.shared().upper() <= sequenced.get()) {
                    self.check()?;
                    worker.step_or_park(Some(Duration::from_millis(1)));
                }
                let seeds = states.iter().map(|state| state.seed().expect("a live trace")).collect();
                return Ok((sequenced.get(), seeds));
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.cancelled.load(Ordering::Acquire) { Err(CANCELLED.into()) } else { Ok(()) }
    }

    /// Waits for a round, and works for the other workers meanwhile.
    fn next_round(&self, worker: &mut Worker, rounds: &Receiver<Round>) -> Result<Round, String> {
        loop {
            match rounds.try_recv() {
                Ok(round) => return Ok(round),
                Err(TryRecvError::Disconnected) => return Err("the engine has stopped".into()),
                Err(TryRecvError::Empty) => {
                    self.check()?;
                    worker.step_or_park(Some(Duration::from_millis(1)));
                }
            }
        }
    }

    fn build(
        &self,
        worker: &mut Worker,
        followers: &mut [(Follower, Follower)],
        flow: Flow,
        as_of: u64,
    ) -> Result<Vec<tidewire_arrange::ImportHandle>, String> {
        let build: SharedBuild = self.installation.build.clone();
        let traces: HashMap<u64, (RowTrace, RowTrace)> = self
            .inputs
            .iter()
            .zip(followers)
            .map(|(id, (ok, err))| (*id, (ok.trace().clone(), err.trace().clone())))
            .collect();
        worker.dataflow::<u64, _, _>(|scope| {
            let find = |id: u64| traces.get(&id);
            let mut imports = Imports::new(scope, flow, as_of, 0, &self.installation.silenced, &find);
            match build.build(scope, &mut imports)? {
                Rendered::Arranged { .. } => {
                    Ok(imports.handles.into_iter().map(|(_, handle)| handle).collect())
                }
                Rendered::Rows { .. } => Err("only a collection hydrates elsewhere".into()),
            }
        })
    }
}
