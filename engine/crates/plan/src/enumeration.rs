//! Enum types. A plan names one by its oid (`enum:16385`); its labels are told to the engine apart from plans, because they
//! change while plans run.
//!
//! A value is a label's place: a number that the label keeps for as long as its type lives, whatever comes before it
//! and whatever it is called. So rows need no change when a label is added or renamed, and compare as the labels
//! were declared.

use crate::ScalarType;
use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

/// A label and its place in the order of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumLabel {
    /// What values are: greater for a label that comes later.
    pub place: u64,
    /// The label.
    pub label: Box<str>,
}

/// What an enum type is at present.
#[derive(Debug, Default)]
pub struct EnumDefinition {
    name: Box<str>,
    labels: Box<[EnumLabel]>,
    /// Indices of `labels`, in the order of their texts.
    by_label: Box<[u32]>,
}

impl EnumDefinition {
    /// A type of this name with these labels, in any order.
    pub fn new(name: &str, mut labels: Vec<EnumLabel>) -> Self {
        labels.sort_by_key(|label| label.place);
        let mut by_label: Vec<u32> = (0..labels.len() as u32).collect();
        by_label.sort_by(|a, b| labels[*a as usize].label.cmp(&labels[*b as usize].label));
        EnumDefinition { name: name.into(), labels: labels.into(), by_label: by_label.into() }
    }

    /// What messages call the type.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The labels, in their order.
    pub fn labels(&self) -> &[EnumLabel] {
        &self.labels
    }

    /// The place of a label.
    pub fn place(&self, label: &str) -> Option<u64> {
        let text = |index: &u32| &*self.labels[*index as usize].label;
        let found = self.by_label.binary_search_by(|index| text(index).cmp(label)).ok()?;
        Some(self.labels[self.by_label[found] as usize].place)
    }

    /// The label at a place.
    pub fn label(&self, place: u64) -> Option<&str> {
        let found = self.labels.binary_search_by_key(&place, |label| label.place).ok()?;
        Some(&self.labels[found].label)
    }
}

/// An enum type. There is one for each oid, for as long as the process lives.
#[derive(Debug)]
pub struct EnumType {
    oid: u32,
    name: Box<str>,
    array_name: Box<str>,
    /// The last of the definitions. Those before it stay: a value's text may have been borrowed from one.
    definition: AtomicPtr<EnumDefinition>,
}

impl EnumType {
    /// `pg_type.oid`.
    pub fn oid(&self) -> u32 {
        self.oid
    }

    /// What plans call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What plans call arrays of it.
    pub(crate) fn array_name(&self) -> &str {
        &self.array_name
    }

    /// What it is at present.
    #[inline]
    pub fn definition(&self) -> &'static EnumDefinition {
        // SAFETY: the pointer is always one of `define`'s leaked boxes.
        unsafe { &*self.definition.load(Ordering::Acquire) }
    }

    /// Makes it what it is from now on, in all that is running too.
    pub fn define(&self, definition: EnumDefinition) {
        self.definition.store(Box::leak(Box::new(definition)), Ordering::Release);
    }
}

impl PartialEq for EnumType {
    fn eq(&self, other: &Self) -> bool {
        self.oid == other.oid
    }
}

impl Eq for EnumType {}

impl std::hash::Hash for EnumType {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.oid.hash(state);
    }
}

static ENUMS: LazyLock<Mutex<HashMap<u32, &'static ScalarType>>> = LazyLock::new(Mutex::default);

impl ScalarType {
    /// The enum type of this oid, of no labels before it is defined.
    pub fn enumeration(oid: u32) -> &'static ScalarType {
        let mut enums = ENUMS.lock().unwrap_or_else(PoisonError::into_inner);
        enums.entry(oid).or_insert_with(|| {
            let name = format!("enum:{oid}").into_boxed_str();
            let array_name = format!("_{name}").into_boxed_str();
            let definition = AtomicPtr::new(Box::leak(Box::default()));
            let made = Box::leak(Box::new(EnumType { oid, name, array_name, definition }));
            Box::leak(Box::new(ScalarType::Enum(made)))
        })
    }

    /// The enum type of this name: `enum:16385`.
    pub(crate) fn enumeration_named(name: &str) -> Option<&'static ScalarType> {
        let oid = name.strip_prefix("enum:")?;
        // One name for each type.
        if oid.starts_with(['0', '+']) {
            return None;
        }
        oid.parse().ok().map(ScalarType::enumeration)
    }
}
