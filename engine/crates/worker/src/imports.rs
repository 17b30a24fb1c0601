//! Bringing collections into a dataflow that is maintained.

use std::collections::{HashMap, HashSet};
use tidewire_arrange::{
    Arr, Flow, ImportHandle, ImportProvider, Imported, Raises, RowStream, RowTrace, flat_map_arranged,
    import, rows_of,
};
use timely::dataflow::Scope;

/// Imports for one dataflow; each collection once. Remembers what it imported.
pub(crate) struct Imports<'a, 's> {
    scope: Scope<'s, u64>,
    flow: Flow,
    as_of: u64,
    from: u64,
    silenced: &'a HashSet<u64>,
    find: &'a dyn Fn(u64) -> Option<&'a (RowTrace, RowTrace)>,
    pub(crate) handles: Vec<(u64, ImportHandle)>,
    known: HashMap<u64, (Arr<'s>, RowStream<'s>)>,
}

impl<'a, 's> Imports<'a, 's> {
    /// `from`: what is below is in the flow's seeds (0: there are none). Errors of the `silenced` collections are left out.
    pub(crate) fn new(
        scope: Scope<'s, u64>,
        flow: Flow,
        as_of: u64,
        from: u64,
        silenced: &'a HashSet<u64>,
        find: &'a dyn Fn(u64) -> Option<&'a (RowTrace, RowTrace)>,
    ) -> Self {
        Imports { scope, flow, as_of, from, silenced, find, handles: Vec::new(), known: HashMap::new() }
    }
}

impl<'s> ImportProvider<'s> for Imports<'_, 's> {
    fn import(&mut self, id: u64) -> Result<Imported<'s>, String> {
        if let Some((ok, err)) = self.known.get(&id) {
            return Ok(Imported { ok: ok.clone(), err: err.clone() });
        }
        let Some((ok, err)) = (self.find)(id) else {
            return Err(format!("arrangement {id} does not exist"));
        };
        let (ok, ok_handle) = import(ok, self.scope, self.as_of, self.from)?;
        self.handles.push((id, ok_handle));
        let (err, err_handle) = import(err, self.scope, self.as_of, self.from)?;
        self.handles.push((id, err_handle));
        let err = match self.silenced.contains(&id) {
            true => flat_map_arranged(err, "SkippedErrors", Raises::Never, |_, _| {}).0,
            false => rows_of(err, "Errors", |key, _, row| row.extend_from_slice(key)),
        };
        self.known.insert(id, (ok.clone(), err.clone()));
        Ok(Imported { ok, err })
    }

    fn flow(&self) -> &Flow {
        &self.flow
    }
}
