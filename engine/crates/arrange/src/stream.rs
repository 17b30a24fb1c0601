//! Stateless operators over packed updates: one row in, rows and errors out.

use crate::{Arr, Flow, RowStream, UpdateRef, Updates, consolidated, group_by};
use tidewire_row::work::checkpoint;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::InputCapability;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::generic::operator::Operator;
use timely::dataflow::operators::generic::{OutputBuilder, OutputBuilderSession};
use timely::progress::operate::FrontierInterest;

/// Where an operator's closure puts rows and errors. Both are whole rows unless a key is given.
#[derive(Default)]
pub struct OkErr {
    /// Rows.
    pub ok: Updates,
    /// Packed error rows.
    pub err: Updates,
}

type Builder = CapacityContainerBuilder<Updates>;

/// After so many keys a reader that is watched says how far it is.
const COUNT_EVERY: usize = 1024;

/// Whether an operator may meet errors. One that cannot has no stream of them, so that nothing follows what never comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raises {
    /// Its expressions are total.
    Never,
    /// It may.
    Perhaps,
}

impl Raises {
    /// `Perhaps` if it is so.
    pub fn when(raises: bool) -> Self {
        if raises { Raises::Perhaps } else { Raises::Never }
    }
}

/// Applies `logic` to each update; it pushes any number of rows (keyed or whole) and errors.
pub fn flat_map<'s, L>(
    stream: RowStream<'s>,
    name: &str,
    raises: Raises,
    mut logic: L,
) -> (RowStream<'s>, Option<RowStream<'s>>)
where
    L: FnMut(UpdateRef<'_>, &mut OkErr) + 'static,
{
    rows_and_errors(stream, name, raises, move |updates: &mut Updates, each| {
        for update in updates.iter() {
            checkpoint();
            each(&mut |out: &mut OkErr| logic(update, out));
        }
    })
}

/// The rows of a stream at its end, added up: copies that others take back are gone. For dataflows that run once, whose rows are
/// all at one time.
pub fn added_up<'s>(stream: RowStream<'s>, name: &str) -> RowStream<'s> {
    stream.unary_frontier::<Builder, _, _, _>(Pipeline, name, |_capability, _info| {
        let mut rows = Updates::new();
        let mut held = None;
        move |(input, frontier), output| {
            input.for_each(|capability, updates| {
                let held = held.get_or_insert_with(|| capability.retain(0));
                for update in updates.iter() {
                    checkpoint();
                    rows.push(update.key, update.val, *held.time(), update.diff);
                }
            });
            if frontier.is_empty()
                && let Some(held) = held.take()
            {
                let mut made = consolidated(&std::mem::take(&mut rows));
                output.session(&held).give_container(&mut made);
            }
        }
    })
}

/// Applies `logic(key, value, time, diff, output)` to each update of an arrangement.
pub fn flat_map_arranged<'s, L>(
    arrangement: Arr<'s>,
    name: &str,
    raises: Raises,
    mut logic: L,
) -> (RowStream<'s>, Option<RowStream<'s>>)
where
    L: FnMut(UpdateRef<'_>, &mut OkErr) + 'static,
{
    let reading = arrangement.trace.counted();
    rows_and_errors(arrangement.stream, name, raises, move |batches: &mut Vec<crate::ReadBatch>, each| {
        for batch in batches.drain(..) {
            let rows = batch.rows();
            let mut counted = 0;
            for index in 0..rows.key_count() {
                if let Some(reading) = reading.as_ref().filter(|_| index % COUNT_EVERY == 0) {
                    let so_far = rows.values(index).0;
                    reading.read((so_far - counted) as u64);
                    counted = so_far;
                }
                let (low, high) = rows.values(index);
                for position in low..high {
                    checkpoint();
                    let (key, val) = (rows.key(index), rows.value(position));
                    batch.updates(position, |time, diff| {
                        each(&mut |out: &mut OkErr| logic(UpdateRef { key, val, time, diff }, out));
                    });
                }
            }
            if let Some(reading) = &reading {
                reading.read((rows.value_count() - counted) as u64);
            }
        }
    })
}

/// An arrangement's updates as a stream of whole rows that `write(key, value, row)` appends. No errors.
pub fn rows_of<'s, L>(arrangement: Arr<'s>, name: &str, mut write: L) -> RowStream<'s>
where
    L: FnMut(&[u8], &[u8], &mut Vec<u8>) + 'static,
{
    arrangement.stream.unary::<Builder, _, _, _>(Pipeline, name, move |_capability, _info| {
        let mut made = Updates::new();
        move |input, output| {
            input.for_each(|capability, batches| {
                let mut session = output.session(&capability);
                for batch in batches.drain(..) {
                    let rows = batch.rows();
                    for index in 0..rows.key_count() {
                        let (low, high) = rows.values(index);
                        for position in low..high {
                            batch.updates(position, |time, diff| {
                                made.push_row_with(time, diff, |row| {
                                    write(rows.key(index), rows.value(position), row);
                                });
                            });
                            if made.is_full() {
                                session.give_container(&mut made);
                                made.clear();
                            }
                        }
                    }
                }
                if !made.is_empty() {
                    session.give_container(&mut made);
                    made.clear();
                }
            });
        }
    })
}

/// Arranges packed error rows: the row is the key, there is no value. Each error is there once, as long as any row that
/// raises it is: how often it was raised is counted beneath, so that it goes with the last of these rows. (What is
/// written into a collection keeps the multiplicities with which it was written.)
pub fn arrange_errors<'s>(flow: &Flow, errors: RowStream<'s>, name: &str) -> Arr<'s> {
    let keyed = errors.unary::<Builder, _, _, _>(Pipeline, name, |_capability, _info| {
        |input, output| {
            input.for_each(|capability, updates| {
                updates.rows_to_keys();
                output.session(&capability).give_container(updates);
            });
        }
    });
    group_by(flow, keyed, name, |_, counts, out| {
        if counts.iter().map(|(_, count)| count).sum::<i64>() > 0 {
            out.push(Vec::new());
        }
    })
}

/// The same rows with multiplicities negated.
pub fn negate<'s>(stream: RowStream<'s>) -> RowStream<'s> {
    stream.unary::<Builder, _, _, _>(Pipeline, "Negate", |_capability, _info| {
        |input, output| {
            input.for_each(|capability, updates| {
                updates.negate();
                output.session(&capability).give_container(updates);
            });
        }
    })
}

fn ship(
    capability: &InputCapability<u64>,
    updates: &mut Updates,
    output: &mut OutputBuilderSession<'_, u64, Builder>,
) {
    if !updates.is_empty() {
        let (full, count, bytes) = (updates.is_full(), updates.len(), updates.byte_len());
        output.session(capability).give_container(updates);
        updates.clear();
        if full {
            // As much will come again.
            updates.reserve(count, bytes);
        }
    }
}

/// An operator for rows and, if it may raise any, errors; `visit` walks a container and hands each update to the callback.
fn rows_and_errors<'s, C, V>(
    stream: Stream<'s, u64, C>,
    name: &str,
    raises: Raises,
    mut visit: V,
) -> (RowStream<'s>, Option<RowStream<'s>>)
where
    C: timely::Container,
    V: FnMut(&mut C, &mut dyn FnMut(&mut dyn FnMut(&mut OkErr))) + 'static,
{
    let mut operator = OperatorBuilder::new(name.to_owned(), stream.scope());
    let mut input = operator.new_input(stream, Pipeline);
    operator.set_notify_for(0, FrontierInterest::Never);
    let (ok_output, ok) = operator.new_output();
    let mut ok_output = OutputBuilder::<u64, Builder>::from(ok_output);
    if raises == Raises::Never {
        operator.build(move |_capabilities| {
            let mut made = OkErr::default();
            move |_frontiers| {
                let mut ok_output = ok_output.activate();
                input.for_each(|capability, container| {
                    visit(container, &mut |each| {
                        each(&mut made);
                        assert!(made.err.is_empty(), "an expression that raises no errors raised one");
                        if made.ok.is_full() {
                            ship(&capability, &mut made.ok, &mut ok_output);
                        }
                    });
                    ship(&capability, &mut made.ok, &mut ok_output);
                });
            }
        });
        return (ok, None);
    }
    let (err_output, err) = operator.new_output();
    let mut err_output = OutputBuilder::<u64, Builder>::from(err_output);
    operator.build(move |_capabilities| {
        let mut made = OkErr::default();
        move |_frontiers| {
            let (mut ok_output, mut err_output) = (ok_output.activate(), err_output.activate());
            input.for_each(|capability, container| {
                visit(container, &mut |each| {
                    each(&mut made);
                    if made.ok.is_full() {
                        ship(&capability, &mut made.ok, &mut ok_output);
                    }
                    if made.err.is_full() {
                        ship(&capability, &mut made.err, &mut err_output);
                    }
                });
                ship(&capability, &mut made.ok, &mut ok_output);
                ship(&capability, &mut made.err, &mut err_output);
            });
        }
    });
    (ok, Some(err))
}
