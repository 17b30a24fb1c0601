//! Threads that run requests.

use crate::dispatch::{Answer, Dispatch, Message};
use crate::error::{guarded, internal};
use crossbeam_channel::{Sender, unbounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tidewire_arrange::reclaim_aside;
use tidewire_row::EvalError;
use tidewire_worker::{TimeSlice, ask_for};

/// Expressions are walked recursively, as deep as plans may nest.
const STACK_BYTES: usize = 16 << 20;

/// Work, and the request that waits for it.
struct Job {
    request: Option<u64>,
    /// None: the work answers by itself, unless it fails.
    run: Box<dyn FnOnce() -> Result<Option<Answer>, EvalError> + Send>,
}

/// Some threads that take work from one queue; one thread keeps its order. They end when the pool is dropped.
pub struct Pool {
    sender: Sender<Job>,
    /// Asked for and not done.
    open: Arc<AtomicUsize>,
}

impl Pool {
    /// Starts the threads.
    pub fn new(name: &str, threads: usize, slice: TimeSlice, dispatch: &Dispatch) -> Result<Self, EvalError> {
        let (sender, receiver) = unbounded::<Job>();
        let open: Arc<AtomicUsize> = Arc::default();
        for _ in 0..threads {
            let (receiver, dispatch, open) = (receiver.clone(), dispatch.clone(), open.clone());
            std::thread::Builder::new()
                .name(name.to_owned())
                .stack_size(STACK_BYTES)
                .spawn(move || {
                    ask_for(slice);
                    if slice == TimeSlice::Short {
                        reclaim_aside();
                    }
                    for job in receiver {
                        let answer = guarded(job.run);
                        open.fetch_sub(1, Ordering::Release);
                        if let (Some(request), Some(answer)) = (job.request, answer.transpose()) {
                            dispatch.send(Message::Answer(request, Box::new(answer)));
                        }
                    }
                })
                .map_err(|error| internal(format!("a thread could not start: {error}")))?;
        }
        Ok(Pool { sender, open })
    }

    /// Whether all work that was asked for is done. True for the one thread that asks, until it asks for more.
    pub fn is_idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// Runs work for a request, which its result answers.
    pub fn answer(&self, request: u64, run: impl FnOnce() -> Result<Answer, EvalError> + Send + 'static) {
        self.send(Some(request), move || run().map(Some));
    }

    /// Runs work that answers the request itself, unless it fails.
    pub fn start(&self, request: u64, run: impl FnOnce() -> Result<(), EvalError> + Send + 'static) {
        self.send(Some(request), move || run().map(|()| None));
    }

    /// Runs work that nobody waits for.
    pub fn run(&self, run: impl FnOnce() + Send + 'static) {
        self.send(None, move || {
            run();
            Ok(None)
        });
    }

    fn send(
        &self,
        request: Option<u64>,
        run: impl FnOnce() -> Result<Option<Answer>, EvalError> + Send + 'static,
    ) {
        self.open.fetch_add(1, Ordering::AcqRel);
        let _ = self.sender.send(Job { request, run: Box::new(run) });
    }
}
