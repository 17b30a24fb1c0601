//! The operator around groups whose state is its own: updates wait until their time is complete, and are then applied
//! time after time.

use crate::stash::Stash;
use differential_dataflow::operators::arrange::Arranged;
use tidewire_arrange::{
    Arr, Flow, ReadBatch, RowStream, RowTrace, Shown, UpdateRef, Updates, hash_row, time_of,
};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::ExchangeCore;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OperatorInfo;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::generic::{OutputBuilder, OutputBuilderSession};
use timely::scheduling::Activator;

/// All groups of one worker.
pub trait Groups: 'static {
    /// Applies the updates of one time and writes the differences that they make: rows and errors.
    fn apply(&mut self, time: u64, updates: &Updates, ok: &mut Updates, err: &mut Updates);

    /// Everything before `time` has been applied.
    fn advance(&mut self, time: u64);

    /// Whether `thin` takes updates away.
    const THINS: bool = false;

    /// Takes updates of one time away that make no difference beside the others, whatever else comes at that time.
    fn thin(&self, _updates: &mut Updates) {}
}

type Builder = CapacityContainerBuilder<Updates>;

/// What becomes of the groups' rows.
trait Showing: 'static {
    /// In what they are sent.
    type Container: timely::Container + Clone + Default;

    /// Takes the rows of one time; leaves the container empty.
    fn take(
        &mut self,
        time: u64,
        capability: &Capability<u64>,
        rows: &mut Updates,
        output: &mut Output<'_, Self>,
    );

    /// Everything before `time` has been taken.
    fn advance(&mut self, time: u64, output: &mut Output<'_, Self>);
}

type Output<'a, S> = OutputBuilderSession<'a, u64, CapacityContainerBuilder<<S as Showing>::Container>>;

/// They are sent as they are.
struct Sent;

impl Showing for Sent {
    type Container = Updates;

    fn take(
        &mut self,
        time: u64,
        capability: &Capability<u64>,
        rows: &mut Updates,
        output: &mut Output<'_, Self>,
    ) {
        output.session(&capability.delayed(&time)).give_container(rows);
        rows.clear();
    }

    fn advance(&mut self, _time: u64, _output: &mut Output<'_, Self>) {}
}

/// They are arranged.
struct Arranging {
    shown: Shown,
    /// What is new, with the capability of its first time.
    rows: Updates,
    first: Option<Capability<u64>>,
}

impl Showing for Arranging {
    type Container = Vec<ReadBatch>;

    fn take(
        &mut self,
        time: u64,
        capability: &Capability<u64>,
        rows: &mut Updates,
        _output: &mut Output<'_, Self>,
    ) {
        self.first.get_or_insert_with(|| capability.delayed(&time));
        match self.rows.is_empty() {
            true => std::mem::swap(&mut self.rows, rows),
            false => self.rows.append(rows),
        }
        rows.clear();
    }

    fn advance(&mut self, time: u64, output: &mut Output<'_, Self>) {
        if let (Some(batch), Some(first)) = (self.shown.advance(&self.rows, time), &self.first) {
            output.session(first).give(batch);
        }
        self.rows.clear();
        self.first = None;
    }
}

/// Runs groups over a keyed stream; `make` is given the operator and what activates it, and gives the groups with the time
/// below which updates are in what they start from.
pub fn kept_groups<'s, G: Groups>(
    input: RowStream<'s>,
    name: &str,
    make: impl FnOnce(&OperatorInfo, Activator) -> (G, u64),
) -> (RowStream<'s>, RowStream<'s>) {
    let (rows, errors, _) = operator(input, name, make, |_| (Sent, None));
    (rows, errors)
}

/// [`kept_groups`] whose rows are keyed by their groups, as an arrangement.
pub fn kept_groups_arranged<'s, G: Groups>(
    flow: &Flow,
    input: RowStream<'s>,
    name: &str,
    make: impl FnOnce(&OperatorInfo, Activator) -> (G, u64),
) -> (Arr<'s>, RowStream<'s>) {
    let (stream, errors, trace) = operator(input, name, make, |(info, activator)| {
        let (shown, trace) = Shown::new(flow, info, activator);
        (Arranging { shown, rows: Updates::new(), first: None }, Some(trace))
    });
    (Arranged { stream, trace: trace.expect("it was made") }, errors)
}

fn operator<'s, G: Groups, S: Showing>(
    input: RowStream<'s>,
    name: &str,
    make: impl FnOnce(&OperatorInfo, Activator) -> (G, u64),
    showing: impl FnOnce((&OperatorInfo, Activator)) -> (S, Option<RowTrace>),
) -> (Stream<'s, u64, S::Container>, RowStream<'s>, Option<RowTrace>) {
    let scope = input.scope();
    let mut operator = OperatorBuilder::new(name.to_owned(), scope);
    let info = operator.operator_info();
    let (mut groups, floor) = make(&info, scope.activator_for(info.address.clone()));
    let (mut showing, trace) = showing((&info, scope.activator_for(info.address.clone())));
    let pact = ExchangeCore::<Builder, _>::new_core(|update: &UpdateRef<'_>| hash_row(update.key));
    let mut input = operator.new_input(input, pact);
    let (ok_output, ok) = operator.new_output();
    let (err_output, err) = operator.new_output();
    let mut ok_output = OutputBuilder::<u64, CapacityContainerBuilder<S::Container>>::from(ok_output);
    let mut err_output = OutputBuilder::<u64, Builder>::from(err_output);
    operator.build(move |_capabilities| {
        let mut stash = Stash::<2>::new();
        let (mut made, mut failed) = (Updates::new(), Updates::new());
        move |frontiers| {
            input.for_each(|capability, updates| {
                if floor > 0 {
                    updates.retain(|update| update.time >= floor);
                }
                stash.push(&capability, updates);
                if G::THINS {
                    stash.thin(|updates| groups.thin(updates));
                }
            });
            let (mut ok_output, mut err_output) = (ok_output.activate(), err_output.activate());
            stash.release(&frontiers[0], |time, updates, capabilities| {
                groups.apply(time, &updates, &mut made, &mut failed);
                if !made.is_empty() {
                    showing.take(time, &capabilities[0], &mut made, &mut ok_output);
                }
                if !failed.is_empty() {
                    err_output.session(&capabilities[1].delayed(&time)).give_container(&mut failed);
                    failed.clear();
                }
            });
            let complete = time_of(frontiers[0].frontier());
            groups.advance(complete);
            showing.advance(complete, &mut ok_output);
        }
    });
    (ok, err, trace)
}
