//! Values by path: all paths of a record are one tree, so that what they share is scanned once.

use super::scan::{Kind, Scanner};
use super::{Slot, unescape};
use tidewire_row::EvalResult;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// The member of an object.
    Member(String),
    /// The element of an array, from 0.
    Element(usize),
}

/// What is wanted of a value: itself, and of what is in it.
#[derive(Default)]
pub(super) struct PathTree {
    fields: Vec<usize>,
    members: Vec<(String, PathTree)>,
    elements: Vec<(usize, PathTree)>,
}

impl PathTree {
    /// Adds the path of a field.
    pub(super) fn add(&mut self, field: usize, path: &[PathStep]) {
        let Some((step, rest)) = path.split_first() else {
            self.fields.push(field);
            return;
        };
        let tree = match step {
            PathStep::Member(name) => child(&mut self.members, name.clone()),
            PathStep::Element(index) => child(&mut self.elements, *index),
        };
        tree.add(field, rest);
    }

    /// Finds the fields' values in a value that has been scanned.
    pub(super) fn find(
        &self,
        text: &str,
        value: Slot,
        slots: &mut [Slot],
        scratch: &mut String,
    ) -> EvalResult<()> {
        for field in &self.fields {
            slots[*field] = value;
        }
        if value.kind != Kind::Structure || (self.members.is_empty() && self.elements.is_empty()) {
            return Ok(());
        }
        let mut scanner = Scanner::within(text, value.start);
        if scanner.take(b'{') {
            self.find_members(text, &mut scanner, slots, scratch)
        } else {
            scanner.expect(b'[')?;
            self.find_elements(text, &mut scanner, slots, scratch)
        }
    }

    fn find_members(
        &self,
        text: &str,
        scanner: &mut Scanner<'_>,
        slots: &mut [Slot],
        scratch: &mut String,
    ) -> EvalResult<()> {
        if scanner.take(b'}') {
            return Ok(());
        }
        loop {
            let key = scanner.string()?;
            let name = if key.escaped {
                scratch.clear();
                unescape(key.text(text), scratch)?;
                &scratch[..]
            } else {
                key.text(text)
            };
            let wanted = self.members.iter().find(|(member, _)| member == name);
            scanner.expect(b':')?;
            let (kind, start, end) = scanner.value()?;
            if let Some((_, tree)) = wanted {
                tree.find(text, Slot { kind, start, end }, slots, scratch)?;
            }
            if !scanner.take(b',') {
                return scanner.expect(b'}');
            }
        }
    }

    fn find_elements(
        &self,
        text: &str,
        scanner: &mut Scanner<'_>,
        slots: &mut [Slot],
        scratch: &mut String,
    ) -> EvalResult<()> {
        if scanner.take(b']') {
            return Ok(());
        }
        for at in 0.. {
            let (kind, start, end) = scanner.value()?;
            if let Some((_, tree)) = self.elements.iter().find(|(index, _)| *index == at) {
                tree.find(text, Slot { kind, start, end }, slots, scratch)?;
            }
            if !scanner.take(b',') {
                break;
            }
        }
        scanner.expect(b']')
    }
}

fn child<K: PartialEq>(children: &mut Vec<(K, PathTree)>, key: K) -> &mut PathTree {
    let at = children.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
        children.push((key, PathTree::default()));
        children.len() - 1
    });
    &mut children[at].1
}
