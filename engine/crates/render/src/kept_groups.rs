//! The operator around groups whose state is its own: updates wait until their time is complete, and are then applied
//! time after time.

use crate::stash::Stash;
use tidewire_arrange::{Flow, Kept, RowStream, UpdateRef, Updates, hash_row, time_of};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::ExchangeCore;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

/// All groups of one worker.
pub trait Groups: 'static {
    /// Applies the updates of one time and writes the differences that they make: rows and errors.
    fn apply(&mut self, time: u64, updates: &Updates, ok: &mut Updates, err: &mut Updates);

    /// Everything before `time` has been applied.
    fn advance(&mut self, time: u64);
}

/// Runs groups over a keyed stream; `make` gets the arrangement that they keep, if they keep one: a dataflow that runs
/// once has one time, and needs none.
pub fn kept_groups<'s, G: Groups>(
    flow: &Flow,
    input: RowStream<'s>,
    name: &str,
    make: impl FnOnce(Option<Kept>) -> G,
) -> (RowStream<'s>, RowStream<'s>) {
    type Builder = CapacityContainerBuilder<Updates>;
    let scope = input.scope();
    let mut operator = OperatorBuilder::new(name.to_owned(), scope);
    let info = operator.operator_info();
    let kept = Kept::new(flow, &info, scope.activator_for(info.address.clone()));
    // What is below is in the state that it starts from.
    let floor = kept.as_ref().map_or(0, Kept::floor);
    let pact = ExchangeCore::<Builder, _>::new_core(|update: &UpdateRef<'_>| hash_row(update.key));
    let mut input = operator.new_input(input, pact);
    let (ok_output, ok) = operator.new_output();
    let (err_output, err) = operator.new_output();
    let mut ok_output = OutputBuilder::<u64, Builder>::from(ok_output);
    let mut err_output = OutputBuilder::<u64, Builder>::from(err_output);
    let mut groups = make(kept);
    operator.build(move |_capabilities| {
        let mut stash = Stash::<2>::new();
        let (mut made, mut failed) = (Updates::new(), Updates::new());
        move |frontiers| {
            input.for_each(|capability, updates| {
                if floor > 0 {
                    updates.retain(|update| update.time >= floor);
                }
                stash.push(&capability, updates);
            });
            let (mut ok_output, mut err_output) = (ok_output.activate(), err_output.activate());
            stash.release(&frontiers[0], |time, updates, capabilities| {
                groups.apply(time, &updates, &mut made, &mut failed);
                if !made.is_empty() {
                    ok_output.session(&capabilities[0].delayed(&time)).give_container(&mut made);
                    made.clear();
                }
                if !failed.is_empty() {
                    err_output.session(&capabilities[1].delayed(&time)).give_container(&mut failed);
                    failed.clear();
                }
            });
            groups.advance(time_of(frontiers[0].frontier()));
        }
    });
    (ok, err)
}
