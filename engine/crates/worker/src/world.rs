//! One worker's collections: building and dropping dataflows, announcing commits, reporting progress, compacting.

use crate::command::{Announcement, InstallOutput, Installation};
use crate::hydrate::{CANCELLED, Hydration, Round};
use crate::imports::Imports;
use crate::progress::Progress;
use crate::subscription::{Subscription, sink};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use tidewire_arrange::{BatchQueue, Flow, ImportHandle, Rendered, RowTrace, Shared, Slot, Written};
use timely::worker::Worker;

/// What a worker knows of a collection or a subscription.
struct Member {
    /// Rows and errors; none for a subscription.
    traces: Option<(RowTrace, RowTrace)>,
    /// What must pass a time before it is complete: both traces' states, or the subscription's end.
    gates: Vec<Rc<Shared>>,
    /// Of what is written to.
    written: Option<Written>,
    imports: Vec<(u64, ImportHandle)>,
    subscription: Option<Arc<Subscription>>,
    readers: Vec<u64>,
    /// Not part of what is reported as computed until it has caught up.
    hydrating: Option<Arc<Installation>>,
    /// Dropped, and kept for its readers only.
    doomed: bool,
}

impl Member {
    fn gate(&self) -> u64 {
        self.gates.iter().map(|shared| shared.gate()).min().unwrap_or(u64::MAX)
    }
}

/// All of one worker.
pub(crate) struct World {
    index: usize,
    sequenced: Rc<Cell<u64>>,
    members: HashMap<u64, Member>,
    /// Announced to and perhaps not complete.
    touched: BTreeSet<u64>,
    /// When what changed did so last: it is compacted at every tick until `since` has passed that.
    dirty: BTreeMap<u64, u64>,
    hydrating: BTreeSet<u64>,
    fed: HashMap<u64, Fed>,
    progress: Arc<Progress>,
    /// Sequenced and not reported yet, ascending.
    unreported: VecDeque<u64>,
    reported: u64,
}

/// A view that hydrates elsewhere.
struct Fed {
    hydration: Arc<Hydration>,
    /// Of each input, until the last round.
    queues: Vec<(BatchQueue, BatchQueue)>,
    /// The inputs with their batches pinned, and the time of the last round: from then until the hand-over.
    pinned: Option<(HashMap<u64, (RowTrace, RowTrace)>, u64)>,
}

impl World {
    pub(crate) fn new(index: usize, progress: Arc<Progress>) -> Self {
        World {
            index,
            sequenced: Rc::default(),
            members: HashMap::new(),
            touched: BTreeSet::new(),
            dirty: BTreeMap::new(),
            hydrating: BTreeSet::new(),
            fed: HashMap::new(),
            progress,
            unreported: VecDeque::new(),
            reported: 0,
        }
    }

    /// A collection that is written to.
    pub(crate) fn create(&mut self, worker: &mut Worker, id: u64, slots: (Slot, Slot)) {
        let (written, traces) = Written::new(worker);
        traces.0.enroll(&self.sequenced, None, slots.0);
        traces.1.enroll(&self.sequenced, None, slots.1);
        // Its errors are none, for good.
        let gates = vec![traces.0.shared().clone()];
        let member = Member {
            traces: Some(traces),
            gates,
            written: Some(written),
            imports: Vec::new(),
            subscription: None,
            readers: Vec::new(),
            hydrating: None,
            doomed: false,
        };
        self.members.insert(id, member);
    }

    /// Builds a maintained dataflow that hydrates in place.
    pub(crate) fn install(&mut self, worker: &mut Worker, installation: &Arc<Installation>) {
        let as_of = installation.as_of;
        let built = if as_of > self.sequenced.get() {
            Err(format!("{as_of} is not sequenced yet (last is {})", self.sequenced.get()))
        } else {
            let find = |id: u64| {
                self.members
                    .get(&id)
                    .filter(|member| !member.doomed)
                    .and_then(|member| member.traces.as_ref())
            };
            self.build(worker, installation, Flow::new(), (as_of, 0), &find)
        };
        self.admit(installation, built);
    }

    fn admit(&mut self, installation: &Arc<Installation>, built: Result<Member, String>) {
        match built {
            Ok(member) => {
                let id = installation.id;
                for (input, _) in &member.imports {
                    let Some(input) = self.members.get_mut(input) else { continue };
                    if !input.readers.contains(&id) {
                        input.readers.push(id);
                    }
                }
                self.members.insert(id, member);
                self.hydrating.insert(id);
                self.dirty.insert(id, self.sequenced.get());
                installation.built(self.index);
            }
            Err(error) => installation.failed(error),
        }
    }

    fn build<'a>(
        &'a self,
        worker: &mut Worker,
        installation: &'a Arc<Installation>,
        flow: Flow,
        (as_of, from): (u64, u64),
        find: &'a dyn Fn(u64) -> Option<&'a (RowTrace, RowTrace)>,
    ) -> Result<Member, String> {
        let dataflow = worker.next_dataflow_index();
        let (built, imports) = worker.dataflow_named::<u64, _, _>(&installation.name, |scope| {
            let flow = flow.metered(&installation.meter);
            let mut imports = Imports::new(scope, flow, as_of, from, &installation.silenced, find);
            let rendered = installation.build.build(scope, &mut imports);
            let built = rendered.and_then(|rendered| self.enroll(installation, as_of, rendered));
            (built, imports.handles)
        });
        match built {
            Ok((traces, gates, subscription)) => Ok(Member {
                traces,
                gates,
                written: None,
                imports,
                subscription,
                readers: Vec::new(),
                hydrating: Some(installation.clone()),
                doomed: false,
            }),
            Err(error) => {
                drop(imports);
                worker.drop_dataflow(dataflow);
                Err(error)
            }
        }
    }

    /// Everything announced is complete here, hydrating views apart.
    pub(crate) fn is_complete(&self) -> bool {
        let sequenced = self.sequenced.get();
        self.touched.iter().all(|id| {
            self.members.get(id).is_none_or(|member| member.hydrating.is_some() || member.gate() > sequenced)
        })
    }

    /// Hands a hydration what its inputs have got. Everything announced is complete, so what is handed over ends at the
    /// sequenced time. With the last round the inputs' batches from here on are pinned until the hand-over.
    pub(crate) fn feed(&mut self, worker: &Worker, hydration: &Arc<Hydration>, first: bool, finish: bool) {
        let id = hydration.installation.id;
        if first {
            let mut queues = Vec::new();
            for input in &hydration.inputs {
                let traces = self.members.get_mut(input).filter(|member| !member.doomed);
                let Some((ok, err)) = traces.and_then(|member| member.traces.as_mut()) else {
                    hydration.cancel();
                    return;
                };
                // Nobody has to be woken: the queue is read when a round is asked for.
                let nobody = || worker.activator_for(Rc::from(vec![usize::MAX]));
                let (Some(ok), Some(err)) = (ok.listen(nobody()), err.listen(nobody())) else { return };
                queues.push((ok, err));
            }
            self.fed.insert(id, Fed { hydration: hydration.clone(), queues, pinned: None });
        }
        let time = self.sequenced.get();
        let Some(fed) = self.fed.get_mut(&id) else { return };
        let batches = fed.queues.iter().map(|(ok, err)| (ok.take(), err.take())).collect();
        if finish {
            let mut pinned = HashMap::new();
            for input in &hydration.inputs {
                let Some((ok, err)) = self.members.get(input).and_then(|member| member.traces.as_ref())
                else {
                    hydration.cancel();
                    return;
                };
                pinned.insert(*input, (ok.pinned(), err.pinned()));
            }
            fed.pinned = Some((pinned, time));
            fed.queues.clear();
        }
        hydration.feed(self.index, Round { time, batches, finish });
    }

    /// Builds the maintained dataflow of a view that has hydrated elsewhere, from its seeds.
    pub(crate) fn hand_over(&mut self, worker: &mut Worker, hydration: &Arc<Hydration>) {
        let installation = &hydration.installation;
        let Some(fed) = self.fed.remove(&installation.id) else {
            installation.failed(CANCELLED.into());
            return;
        };
        let built = hydration.take_outcome(self.index).and_then(|(time, seeds)| {
            let Some((pinned, at)) = &fed.pinned else {
                return Err("hydration ended before its last round".into());
            };
            debug_assert_eq!(*at, time, "the seeds are complete at the time of the last round");
            let find = |id: u64| pinned.get(&id);
            self.build(worker, installation, Flow::seeded(seeds), (time, time + 1), &find)
        });
        self.admit(installation, built);
    }

    fn enroll(
        &self,
        installation: &Installation,
        as_of: u64,
        rendered: Rendered<'_>,
    ) -> Result<(Option<(RowTrace, RowTrace)>, Vec<Rc<Shared>>, Option<Arc<Subscription>>), String> {
        let as_of = Some(as_of);
        match (rendered, &installation.output) {
            (Rendered::Arranged { ok, err }, InstallOutput::Collection { slots }) => {
                let (ok, err) = (ok.trace, err.trace);
                if ok.shared().is_enrolled()
                    || err.shared().is_enrolled()
                    || Rc::ptr_eq(ok.shared(), err.shared())
                {
                    return Err("a collection needs arrangements of its own".into());
                }
                let slots = &slots[self.index];
                ok.enroll(&self.sequenced, as_of, slots.0.clone());
                err.enroll(&self.sequenced, as_of, slots.1.clone());
                let gates = vec![ok.shared().clone(), err.shared().clone()];
                Ok((Some((ok, err)), gates, None))
            }
            (Rendered::Rows { ok, err }, InstallOutput::Subscription(subscription)) => {
                let end = sink(ok, err, subscription.clone());
                end.enroll(&self.sequenced, as_of, None);
                Ok((None, vec![end], Some(subscription.clone())))
            }
            _ => Err("the plan's output is not what was asked for".into()),
        }
    }

    /// Drops a member, or, while others read it, marks it so that it goes with the last of them.
    pub(crate) fn drop_member(&mut self, id: u64) {
        if let Some(fed) = self.fed.remove(&id) {
            fed.hydration.cancel();
            fed.hydration.installation.failed(CANCELLED.into());
        }
        let Some(member) = self.members.get_mut(&id) else { return };
        if let Some(installation) = member.hydrating.take() {
            installation.failed(CANCELLED.into());
        }
        self.hydrating.remove(&id);
        member.doomed = true;
        self.remove_if_unread(id);
    }

    fn remove_if_unread(&mut self, id: u64) {
        if self.members.get(&id).is_none_or(|member| !member.doomed || !member.readers.is_empty()) {
            return;
        }
        let Some(member) = self.members.remove(&id) else { return };
        self.touched.remove(&id);
        self.dirty.remove(&id);
        if let Some(subscription) = &member.subscription {
            subscription.close();
        }
        let inputs: HashSet<u64> = member.imports.iter().map(|(input, _)| *input).collect();
        for (_, handle) in &member.imports {
            handle.close();
        }
        drop(member);
        for input in inputs {
            if let Some(other) = self.members.get_mut(&input) {
                other.readers.retain(|reader| *reader != id);
            }
            self.remove_if_unread(input);
        }
    }

    /// A commit. Fills the queues of everything downstream before the sequenced time moves, then gives the collections their
    /// rows and activates the affected dataflows' imports: nothing else is stepped.
    pub(crate) fn announce(&mut self, announcement: &Announcement) {
        let time = announcement.time;
        assert!(time > self.sequenced.get(), "commits are announced in the order of time");
        let mut queue: Vec<u64> = announcement.writes.iter().map(|(id, _)| *id).collect();
        let mut affected: BTreeSet<u64> = BTreeSet::new();
        while let Some(id) = queue.pop() {
            let Some(member) = self.members.get(&id) else { continue };
            if affected.insert(id) {
                queue.extend(&member.readers);
            }
        }
        for id in &affected {
            self.members[id].gates.iter().for_each(|shared| shared.announce(time));
        }
        self.sequence(time);
        for (id, writes) in &announcement.writes {
            if let Some(written) = self.members.get_mut(id).and_then(|member| member.written.as_mut()) {
                written.commit(&mut writes.take(self.index), time);
            }
        }
        for id in &affected {
            for (input, handle) in &self.members[id].imports {
                // One that is affected activates its readers itself when its operator has moved.
                if !affected.contains(input) {
                    handle.activate();
                }
            }
        }
        self.touched.extend(&affected);
        self.dirty.extend(affected.iter().map(|id| (*id, time)));
    }

    fn sequence(&mut self, time: u64) {
        self.sequenced.set(time);
        self.unreported.push_back(time);
    }

    /// Time moves on without changes. Subscriptions learn of it; what changed since the last tick is compacted again.
    pub(crate) fn tick(&mut self, time: u64) {
        if time <= self.sequenced.get() {
            return;
        }
        self.sequence(time);
        for (id, member) in &self.members {
            if member.subscription.is_some() {
                member.imports.iter().for_each(|(_, handle)| handle.activate());
                self.touched.insert(*id);
            }
        }
        let frontiers = self.progress.compaction().frontiers();
        for (id, changed) in std::mem::take(&mut self.dirty) {
            if let Some(traces) = self.members.get_mut(&id).and_then(|member| member.traces.as_mut()) {
                traces.0.compact(frontiers.of(id));
                traces.1.compact(frontiers.of(id));
                if frontiers.of(id) < changed {
                    self.dirty.insert(id, changed);
                }
            }
        }
    }

    /// Reports the last sequenced time that is complete, hands over what has hydrated, compacts what changed. Called between steps.
    pub(crate) fn report(&mut self) {
        let sequenced = self.sequenced.get();
        let mut complete = sequenced;
        for id in &self.touched {
            if let Some(member) = self.members.get(id).filter(|member| member.hydrating.is_none()) {
                complete = complete.min(member.gate().saturating_sub(1));
            }
        }
        let ended = self.unreported.partition_point(|time| *time <= complete);
        let last = self.unreported.drain(..ended).next_back();
        if let Some(time) = last {
            self.reported = time;
            self.progress.report(self.index, time);
            self.compact_touched(sequenced);
        }
        if !self.hydrating.is_empty() {
            self.hand_over_hydrated();
        }
    }

    /// Compacts what was announced to; what is complete is not touched any more.
    fn compact_touched(&mut self, sequenced: u64) {
        let frontiers = self.progress.compaction().frontiers();
        let members = &mut self.members;
        self.touched.retain(|id| {
            let Some(member) = members.get_mut(id) else { return false };
            if let Some((ok, err)) = member.traces.as_mut() {
                ok.compact(frontiers.of(*id));
                err.compact(frontiers.of(*id));
            }
            member.hydrating.is_some() || member.gate() <= sequenced
        });
    }

    /// What has caught up with what is reported becomes a part of it: from here on it holds the report back.
    fn hand_over_hydrated(&mut self) {
        let (members, touched, reported) = (&mut self.members, &mut self.touched, self.reported);
        let index = self.index;
        self.hydrating.retain(|id| {
            let Some(member) = members.get_mut(id) else { return false };
            if member.gate() <= reported {
                return true;
            }
            touched.insert(*id);
            if let Some(installation) = member.hydrating.take() {
                installation.hydrated(index);
            }
            false
        });
    }
}
