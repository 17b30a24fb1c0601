//! The runtime's promises one by one.

mod support;

use std::sync::Arc;
use std::sync::mpsc::channel;
use support::{Bag, Engine, Rows, View, bag_of, split_row, write_set};
use tidewire_worker::{Conflict, Event, Overlay, ReadError, TooOld};

fn bag(rows: &[(u8, &[u8], i64)]) -> Bag {
    rows.iter().map(|(key, val, n)| ((vec![*key], val.to_vec()), *n)).collect()
}

#[test]
fn a_snapshot_stays_exact_while_merges_go_on() {
    let engine = Engine::start(2);
    engine.table(1, false);
    engine.runtime.set_lag(0);
    engine.commit(1, vec![(1, (0..200).map(|i| ([i as u8, 0], 1)).collect())]);
    engine.wait(1);
    let old = engine.runtime.snapshot(&[1], 1).expect("readable").remove(0).ok;
    let before = bag_of(&old);
    assert_eq!(before.len(), 200);
    for time in 2..400u64 {
        let key = (time % 200) as u8;
        engine.commit(time, vec![(1, vec![([key, (time % 7) as u8], 1)])]);
    }
    engine.wait(399);
    assert_eq!(bag_of(&old), before, "a held snapshot does not change");
    let now = engine.read(1, 399);
    assert_eq!(now.values().sum::<i64>(), 200 + 398);
    let snapshot = engine.runtime.snapshot(&[1], 399).expect("readable").remove(0).ok;
    for key in 0..200u8 {
        let expected: i64 = now.iter().filter(|((k, _), _)| k[0] == key).map(|(_, n)| n).sum();
        assert_eq!(snapshot.count(&[key]), expected, "count under key {key}");
        let rows: Bag = snapshot.seek(&[key]).map(|(k, v, n)| ((k.to_vec(), v.to_vec()), n)).collect();
        assert_eq!(rows.values().sum::<i64>(), expected, "rows under key {key}");
    }
    let tail = snapshot.cursor_from(&[150]).map(|(_, _, n)| n).sum::<i64>();
    assert_eq!(tail, now.iter().filter(|((k, _), _)| k[0] >= 150).map(|(_, n)| n).sum::<i64>());
    engine.runtime.stop();
}

#[test]
fn old_times_are_readable_within_the_lag_and_refused_beyond() {
    let engine = Engine::start(1);
    engine.table(1, false);
    engine.runtime.set_lag(10);
    for time in 1..=100 {
        engine.commit(time, vec![(1, vec![([time as u8, 0], 1)])]);
        engine.wait(time);
    }
    for time in 92..=100 {
        assert_eq!(engine.read(1, time).len(), time as usize, "contents at {time}");
    }
    assert!(matches!(engine.runtime.hold(5), Err(TooOld { oldest: 90 })), "since trails by the lag");
    let not_yet = engine.runtime.snapshot(&[1], 101).err();
    assert_eq!(not_yet, Some(ReadError::NotComputed { computed: 100 }));
    let hold = engine.runtime.hold(95).expect("within the lag");
    engine.runtime.set_lag(0);
    for time in 101..=200 {
        engine.commit(time, vec![(1, vec![([0, 0], 1)])]);
        engine.wait(time);
    }
    assert_eq!(engine.read(1, 95).len(), 95, "held times stay readable");
    drop(hold);
    for time in 201..=300 {
        engine.commit(time, vec![(1, vec![([0, 0], 1)])]);
        engine.wait(time);
    }
    let refused = engine.runtime.snapshot(&[1], 95).err();
    assert!(matches!(refused, Some(ReadError::TooOld(_))), "not {refused:?}");
    engine.runtime.stop();
}

#[test]
fn some_collections_are_held_apart_and_subscriptions_begin_there() {
    let engine = Engine::start(2);
    for id in 1..=3 {
        engine.table(id, false);
    }
    engine.runtime.set_lag(0);
    let mut expected: Vec<(u64, i64)> = Vec::new();
    engine.commit(1, (1..=3).map(|id| (id, vec![([0, id as u8], 1)])).collect());
    engine.wait(1);
    let mut hold = engine.runtime.hold_apart(&[1, 2], 1).expect("now");
    for time in 2..=100u64 {
        // A row that comes and goes: nothing is left of it where its times are forgotten.
        let diff = if time % 2 == 0 { 1 } else { -1 };
        engine.commit(time, vec![(1, vec![([0, 9], diff)]), (3, vec![([0, 9], diff)])]);
        engine.wait(time);
        expected.push((time, diff));
    }
    let mut subscriptions = 10..;
    let mut since = |as_of: u64, view: View| {
        let id = subscriptions.next().expect("endless");
        let (sender, ready) = channel();
        let done = move |result| drop(sender.send(result));
        engine.runtime.subscribe(id, "s", Arc::new(Rows(view)), as_of, done)?;
        ready.recv().expect("an answer")?;
        engine.wait(engine.runtime.computed());
        let mut changes: Vec<(u64, i64)> = Vec::new();
        while changes.last().is_none_or(|(time, _)| *time < 100) {
            let event = match engine.changes.lock().expect("not poisoned").pop() {
                Some(event) => event,
                None => engine.events.recv().expect("the engine runs"),
            };
            let Event::Changes { subscription, rows, .. } = event else { continue };
            let later = rows.iter().filter(|update| subscription == id && update.time > as_of);
            changes.extend(later.map(|update| (update.time, update.diff)));
        }
        Ok::<_, String>(changes)
    };
    assert_eq!(since(1, View::Join(1, 2)), Ok(expected.clone()), "each change at its time");
    assert!(since(1, View::Join(1, 3)).is_err(), "collection 3 is not held");
    hold.advance(50);
    assert!(since(49, View::Swap(1)).is_err(), "the hold has moved on");
    assert_eq!(since(50, View::Swap(1)), Ok(expected[49..].to_vec()));
    assert!(engine.runtime.hold_apart(&[1, 2], 60).is_ok(), "what is held can be held again");
    drop(hold);
    assert!(engine.runtime.hold_apart(&[1, 2], 60).is_err(), "nothing holds it any more");
    engine.runtime.stop();
}

#[test]
fn primary_keys_stay_unique_within_and_across_transactions() {
    let engine = Engine::start(2);
    engine.table(1, true);
    let writes = |rows: &[([u8; 2], i64)]| vec![(1, write_set(rows))];
    let commit = |time, group: &[_]| engine.runtime.commit(time, group).expect("the engine runs");
    // The row that comes to the key, as the test writes it.
    let duplicate = |key: u8, value: u8| {
        let (key, row) = (vec![key], Some(vec![key, value]));
        Some(Conflict::DuplicateKey { collection: 1, constraint: None, key, row })
    };
    // Within a group: the second sees the first.
    assert_eq!(commit(1, &[writes(&[([1, 1], 1)]), writes(&[([1, 2], 1)])]), vec![None, duplicate(1, 2)]);
    // In flight: not computed yet, perhaps.
    assert_eq!(commit(2, &[writes(&[([1, 3], 1)])]), vec![duplicate(1, 3)]);
    engine.wait(2);
    assert_eq!(commit(3, &[writes(&[([1, 3], 1)])]), vec![duplicate(1, 3)]);
    // An update deletes and inserts; a swap of two keys' rows passes.
    assert_eq!(commit(4, &[writes(&[([1, 1], -1), ([1, 9], 1)]), writes(&[([2, 2], 1)])]), vec![None, None]);
    // Twice in one write set.
    assert_eq!(commit(5, &[writes(&[([3, 1], 1), ([3, 2], 1)])]), vec![duplicate(3, 1)]);
    // A row that is gone.
    assert_eq!(commit(6, &[writes(&[([1, 1], -1)])]), vec![Some(Conflict::RowGone { collection: 1 })]);
    engine.wait(6);
    assert_eq!(engine.read(1, 6), bag(&[(1, &[9], 1), (2, &[2], 1)]));
    let snapshot = engine.runtime.snapshot(&[1], 6).expect("readable").remove(0);
    let check = |rows: &[([u8; 2], i64)]| {
        engine.runtime.check_unique(1, &write_set(rows), &snapshot.ok).expect("it is a table")
    };
    assert_eq!(check(&[([1, 9], -1), ([1, 4], 1)]), None);
    assert_eq!(check(&[([7, 1], 1), ([2, 4], 1)]), Some(vec![2]));
    // Own writes on top of a snapshot.
    let (mut set, mut overlay) = (write_set(&[([1, 9], -1), ([5, 5], 1)]), Overlay::default());
    let own = engine.runtime.overlay(1, &snapshot, &set, &mut overlay).expect("a table");
    assert_eq!(bag_of(&own.ok), bag(&[(2, &[2], 1), (5, &[5], 1)]));
    assert_eq!(own.ok.count(&[1]), 0);
    // Statement by statement, as the set grows.
    for step in 0..100u8 {
        Arc::make_mut(&mut set).push(&[100 + step, 1], 1);
        if step % 3 == 0 {
            Arc::make_mut(&mut set).push(&[100 + step, 1], -1);
        }
        let own = engine.runtime.overlay(1, &snapshot, &set, &mut overlay).expect("a table");
        let rows = 2 + (0..=step).filter(|step| step % 3 != 0).count();
        assert_eq!(bag_of(&own.ok).len(), rows, "after {step}");
        let whole = engine.runtime.overlay(1, &snapshot, &set, &mut Overlay::default()).expect("a table");
        assert_eq!(bag_of(&own.ok), bag_of(&whole.ok));
    }
    engine.runtime.stop();
}

#[test]
fn subscriptions_deliver_complete_times_in_order() {
    for workers in [1, 2, 3] {
        let engine = Engine::start(workers);
        engine.table(1, false);
        engine.table(2, false);
        engine.commit(1, vec![(1, vec![([1, 1], 1), ([2, 1], 1)]), (2, vec![([1, 7], 1), ([2, 7], 1)])]);
        let (sender, ready) = channel();
        let build = Arc::new(Rows(View::Join(1, 2)));
        engine.runtime.subscribe(9, "s", build, 1, move |result| drop(sender.send(result))).expect("new");
        ready.recv().expect("an answer").expect("it builds");
        for time in 2..60u64 {
            engine.commit(time, vec![(1 + time % 2, vec![([1 + (time % 3) as u8, time as u8], 1)])]);
        }
        engine.wait(59);
        let mut contents = Bag::new();
        let (mut last_up_to, mut last_time) = (1, 1);
        for event in engine.changes.lock().expect("not poisoned").drain(..).chain(engine.events.try_iter()) {
            let Event::Changes { subscription: 9, up_to, rows, .. } = event else { continue };
            assert!(up_to > last_up_to, "{up_to} comes after {last_up_to}");
            for update in rows.iter() {
                assert!(update.time >= last_time, "times ascend");
                assert!((last_up_to..up_to).contains(&update.time), "{} is in its event", update.time);
                last_time = update.time;
                *contents.entry(split_row(update.val)).or_default() += update.diff;
            }
            last_up_to = up_to;
        }
        assert_eq!(last_up_to, 60, "everything computed was delivered before Completed");
        let of = |id| engine.read(id, 59);
        assert_eq!(contents, View::Join(1, 2).expect(of), "the sum of changes is the view");
        engine.runtime.drop_collection(9);
        engine.commit(60, vec![(1, vec![([1, 1], 1)])]);
        engine.wait(60);
        let late = engine.events.try_iter().filter(|event| matches!(event, Event::Changes { .. })).count();
        assert_eq!(late, 0, "nothing after the drop");
        engine.runtime.stop();
    }
}

#[test]
fn errors_stand_beside_rows_and_can_be_retracted() {
    let engine = Engine::start(2);
    engine.table(1, false);
    engine.install(10, View::Fallible(1), 0).recv().expect("an answer").expect("it installs");
    engine.install(11, View::Count(10), 0).recv().expect("an answer").expect("it installs");
    let failed = |n| Bag::from([((b"failed".to_vec(), vec![]), n)]);
    engine.commit(1, vec![(1, vec![([1, 1], 1), ([1, 2], 1)])]);
    engine.wait(1);
    assert_eq!(engine.read(10, 1), bag(&[(1, &[2], 1)]));
    assert_eq!(engine.read_errors(10, 1), failed(1));
    assert_eq!(engine.read_errors(11, 1), failed(1), "errors go through views");
    engine.commit(2, vec![(1, vec![([2, 2], 1)])]);
    engine.wait(2);
    assert_eq!(engine.read_errors(10, 2), failed(1), "an error that two rows raise is there once");
    engine.commit(3, vec![(1, vec![([1, 1], -1)])]);
    engine.wait(3);
    assert_eq!(engine.read_errors(11, 3), failed(1), "one of the two rows still raises it");
    engine.commit(4, vec![(1, vec![([2, 2], -1)])]);
    engine.wait(4);
    assert!(engine.read_errors(11, 4).is_empty());
    engine.runtime.stop();
}

#[test]
fn what_fails_to_build_harms_nothing() {
    for workers in [1, 2] {
        let engine = Engine::start(workers);
        engine.table(1, false);
        engine.commit(1, vec![(1, vec![([1, 1], 1)])]);
        let refused = engine.install(10, View::Broken(1), 1).recv().expect("an answer");
        assert_eq!(refused, Err("this plan can't be rendered".into()));
        let unknown = engine.install(11, View::Count(77), 1).recv().expect("an answer");
        assert_eq!(unknown, Err("arrangement 77 does not exist".into()));
        // The ids are free again, and the engine goes on.
        engine.install(10, View::Count(1), 1).recv().expect("an answer").expect("it installs");
        engine.commit(2, vec![(1, vec![([1, 2], 1)])]);
        engine.wait(2);
        assert_eq!(engine.read(10, 2), bag(&[(1, &2i64.to_be_bytes(), 1)]));
        assert_eq!(engine.runtime.snapshot(&[11], 2).err(), Some(ReadError::Unknown(11)));
        engine.runtime.stop();
    }
}

#[test]
fn dropped_collections_stay_for_their_readers() {
    let engine = Engine::start(2);
    engine.table(1, false);
    engine.install(10, View::Count(1), 0).recv().expect("an answer").expect("it installs");
    engine.install(11, View::Swap(10), 0).recv().expect("an answer").expect("it installs");
    engine.runtime.drop_collection(10);
    engine.commit(1, vec![(1, vec![([1, 1], 1)])]);
    engine.wait(1);
    assert_eq!(engine.runtime.snapshot(&[10], 1).err(), Some(ReadError::Unknown(10)));
    assert_eq!(engine.read(11, 1).len(), 1);
    engine.runtime.drop_collection(11);
    engine.runtime.drop_collection(1);
    engine.table(1, false);
    engine.commit(2, vec![(1, vec![([1, 1], 1)])]);
    engine.wait(2);
    assert_eq!(engine.read(1, 2).len(), 1, "an id can begin again");
    engine.runtime.stop();
}

#[test]
fn a_panic_in_a_worker_is_told_and_ends_all_workers() {
    for workers in [1, 2] {
        let engine = Engine::start(workers);
        engine.table(1, false);
        engine.install(10, View::Panics(1), 0).recv().expect("an answer").expect("it installs");
        engine.commit(1, vec![(1, vec![([1, 1], 1)])]);
        let message = loop {
            match engine.events.recv().expect("a panic is told") {
                Event::Panic(message) => break message,
                _ => continue,
            }
        };
        assert_eq!(message, "on purpose");
        engine.runtime.stop();
        assert!(engine.runtime.commit(2, &[]).is_err(), "a stopped engine refuses");
    }
}
