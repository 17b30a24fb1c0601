//! Writes by primary key against a map that obeys them one after the other.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use support::{Bag, Engine, write_set};
use tidewire_worker::{Conflict, WriteSet, Writes};

/// What one transaction does to key 0..8: two value bytes, each of which may be kept, or a deletion.
#[derive(Clone, Copy)]
enum Write {
    Set(u8, [u8; 2], u64),
    Remove(u8),
}

fn writes(of: &[Write]) -> Writes {
    let mut set = WriteSet::new();
    for write in of {
        match *write {
            Write::Set(key, [a, b], kept) => set.upserts_mut().set(&[key, a, b], kept),
            Write::Remove(key) => set.upserts_mut().remove(&[key, 0xff, 0xff]),
        }
    }
    vec![(1, Arc::new(set))]
}

fn apply(model: &mut BTreeMap<u8, [u8; 2]>, write: Write) {
    match write {
        Write::Remove(key) => drop(model.remove(&key)),
        Write::Set(key, mut new, kept) => {
            if let Some(old) = model.get(&key) {
                for (at, value) in new.iter_mut().enumerate() {
                    if kept >> (at + 1) & 1 == 1 {
                        *value = old[at];
                    }
                }
            }
            model.insert(key, new);
        }
    }
}

fn expected(model: &BTreeMap<u8, [u8; 2]>) -> Bag {
    model.iter().map(|(key, value)| ((vec![*key], value.to_vec()), 1)).collect()
}

#[test]
fn the_last_row_of_each_key_stands() {
    for workers in [1, 2] {
        let engine = Engine::start(workers);
        engine.table(1, true);
        let mut model = BTreeMap::new();
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for time in 1..=400 {
            // Several transactions of a group, the same keys several times in each; some in flight.
            let group: Vec<Vec<Write>> = (0..1 + random(3))
                .map(|_| {
                    (0..random(12))
                        .map(|_| {
                            let key = random(8) as u8;
                            match random(4) {
                                0 => Write::Remove(key),
                                1 => Write::Set(key, [random(4) as u8, random(4) as u8], random(4) << 1),
                                _ => Write::Set(key, [random(4) as u8, random(4) as u8], 0),
                            }
                        })
                        .collect()
                })
                .collect();
            let transactions: Vec<Writes> = group.iter().map(|own| writes(own)).collect();
            let outcomes = engine.runtime.commit(time, &transactions).expect("the engine runs");
            assert_eq!(outcomes, vec![None; group.len()]);
            group.iter().flatten().for_each(|write| apply(&mut model, *write));
            if random(3) == 0 {
                engine.wait(time);
                assert_eq!(engine.read(1, time), expected(&model), "at {time} with {workers} workers");
            }
        }
        engine.wait(400);
        assert_eq!(engine.read(1, 400), expected(&model));
        engine.runtime.stop();
    }
}

#[test]
fn writes_by_key_need_a_primary_key_and_stand_alone() {
    let engine = Engine::start(1);
    engine.table(1, false);
    let refused = |outcomes: Vec<Option<Conflict>>| matches!(outcomes[..], [Some(Conflict::Invalid { .. })]);
    let set = writes(&[Write::Set(1, [1, 1], 0)]);
    assert!(refused(engine.runtime.commit(1, &[set]).expect("the engine runs")));
    engine.table(2, true);
    let mut mixed = (*write_set(&[([1, 1], 1)])).clone();
    mixed.upserts_mut().set(&[2, 2], 0);
    assert!(refused(engine.runtime.commit(2, &[vec![(2, Arc::new(mixed))]]).expect("the engine runs")));
    engine.runtime.stop();
}
