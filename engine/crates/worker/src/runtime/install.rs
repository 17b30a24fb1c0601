//! Maintained collections and subscriptions: where they are built, and what happens when that fails.

use crate::command::{Command, InstallOutput, Installation};
use crate::compaction::{Hold, InputHold, TooOld};
use crate::hydrate::Hydration;
use crate::read::shards;
use crate::runtime::{Registered, Runtime};
use crate::subscription::Subscription;
use crate::{Build, SharedBuild};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Fewer updates hydrate in place within some milliseconds.
pub(super) const HYDRATE_ELSEWHERE_FROM: usize = 10_000;

/// A view of which an operator may make as many rows hydrates elsewhere, however few it reads: a product of small tables,
/// a series.
const MAKE_ELSEWHERE_FROM: u64 = 1_000_000;

impl Runtime {
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
        let registered =
            Registered { slots: slots.clone(), readable: readable.clone(), ..Registered::default() };
        self.register(id, registered)?;
        let made = readable.clone();
        let done = self.forgetting_failed(id, readable, move |result| {
            if result.is_ok() {
                made.store(true, Ordering::Release);
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

    /// Of a collection that hydrates elsewhere: how many updates of its inputs were read, of how many.
    pub fn hydration(&self, id: u64) -> Option<(u64, u64)> {
        let registry = self.registry.read().expect("not poisoned");
        registry.get(&id)?.hydration.as_ref()?.progress()
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
            readable: readable.clone(),
            subscription: Some(subscription.clone()),
            _follows: Some(self.followed.clone()),
            ..Registered::default()
        };
        self.register(id, registered)?;
        let done = self.forgetting_failed(id, readable, done);
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

    fn skipping_errors(&self, ids: &[u64]) -> HashSet<u64> {
        let registry = self.registry.read().expect("not poisoned");
        let skips = |id: &u64| registry.get(id).is_some_and(|r| r.skips_errors.load(Ordering::Acquire));
        ids.iter().copied().filter(skips).collect()
    }

    /// Calls `done`, after what could not be installed is forgotten.
    fn forgetting_failed(
        self: &Arc<Self>,
        id: u64,
        readable: Arc<AtomicBool>,
        done: impl FnOnce(Result<(), String>) + Send + 'static,
    ) -> Box<dyn FnOnce(Result<(), String>) + Send> {
        let runtime = Arc::downgrade(self);
        Box::new(move |result| {
            if result.is_err()
                && let Some(runtime) = runtime.upgrade()
            {
                runtime.drop_failed(id, &readable);
            }
            done(result);
        })
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
}

fn too_old(time: u64, error: TooOld) -> String {
    format!("{time} can't be read any more, the oldest is {}", error.oldest)
}
