//! The loop of a worker's thread: commands, steps, reports.

use crate::command::Command;
use crate::progress::Progress;
use crate::world::World;
use crate::{Event, EventSink, panic_message};
use crossbeam_channel::{Receiver, Sender};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::Thread;
use tidewire_arrange::{keep_slabs, reclaim_aside, release_idle_slabs};
use timely::worker::Worker;

/// What the workers' threads share.
pub(crate) struct WorkerShared {
    pub(crate) receivers: Mutex<Vec<Option<Receiver<Command>>>>,
    pub(crate) threads: Sender<(usize, Thread)>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) sink: Arc<EventSink>,
    pub(crate) dead: Arc<AtomicBool>,
    pub(crate) peers: Mutex<Vec<Thread>>,
}

impl WorkerShared {
    pub(crate) fn run(&self, worker: &mut Worker) {
        let index = worker.index();
        let receiver = self.receivers.lock().expect("not poisoned")[index].take().expect("each worker once");
        self.peers.lock().expect("not poisoned").push(std::thread::current());
        let _ = self.threads.send((index, std::thread::current()));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            keep_slabs();
            reclaim_aside();
            let mut world = World::new(index, self.progress.clone());
            let mut deferred = None;
            while !self.dead.load(Ordering::Acquire) && serve(&mut world, worker, &receiver, &mut deferred) {
                world.report();
                let idle = release_idle_slabs();
                if receiver.is_empty() || deferred.is_some() {
                    worker.step_or_park(idle);
                }
            }
        }));
        if let Err(panic) = outcome {
            self.dead.store(true, Ordering::Release);
            (self.sink)(Event::Panic(panic_message(&*panic)));
            // The others see that it is over.
            self.peers.lock().expect("not poisoned").iter().for_each(Thread::unpark);
        }
        // Dataflows that stay would keep timely waiting for peers that are gone.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            for dataflow in worker.installed_dataflows() {
                worker.drop_dataflow(dataflow);
            }
        }));
    }
}

/// Obeys the commands that wait; false when it is time to stop. One that must see everything before it complete is
/// deferred, and what comes after waits with it.
fn serve(
    world: &mut World,
    worker: &mut Worker,
    receiver: &Receiver<Command>,
    deferred: &mut Option<Command>,
) -> bool {
    while let Some(command) = deferred.take().or_else(|| receiver.try_recv().ok()) {
        match command {
            Command::Create { id, slots } => world.create(worker, id, slots[worker.index()].clone()),
            Command::Install(installation) => world.install(worker, &installation),
            Command::Feed { .. } if !world.is_complete() => {
                *deferred = Some(command);
                return true;
            }
            Command::Feed { hydration, first, finish } => world.feed(worker, &hydration, first, finish),
            Command::HandOver(hydration) => world.hand_over(worker, &hydration),
            Command::Drop(id) => world.drop_member(id),
            Command::Announce(announcement) => world.announce(&announcement),
            Command::Tick(time) => world.tick(time),
            Command::Stop => return false,
        }
    }
    true
}
