/**
 * Making an object that a dataflow maintains (materialized view, index). The statement returns when the dataflow has
 * hydrated, and the name exists from then on; in the background the name exists at once, and who reads it waits.
 * Other DDL goes on meanwhile.
 *
 * An index of a view that is computed when it is read is made of rows that have to be kept first: a dataflow of the view
 * hydrates before that of the index. The view goes on being computed until both have, or, in the background, it has.
 */
import type { Timestamp } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { commitCatalog } from '../catalog/commit.ts';
import {
  type CatalogObject,
  type IndexObject,
  type MaterializedViewObject,
  kindName,
} from '../catalog/objects.ts';
import type { Arranging, Installation, Maintained } from '../dataflows/dataflows.ts';
import { durationMilliseconds } from '../session/settings/duration.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';

type MaintainedObject = MaterializedViewObject | IndexObject;

export interface Making {
  readonly object: MaintainedObject;
  /** Of an index: the arrangement that it names. */
  readonly maintained: Maintained | Arranging;
  readonly background: boolean;
  /** Of an index: the view whose rows are kept from now on, as it will be. */
  readonly stores?: { readonly view: MaterializedViewObject; readonly maintained: Maintained };
  /** What must hold once it has hydrated, before it has its name. */
  readonly verify?: (made: MaintainedObject) => Promise<void>;
}

/** What was begun: the view whose rows are kept for it, and the object. */
interface Begun {
  readonly stored: { readonly view: MaterializedViewObject; readonly installation: Installation } | null;
  readonly made: MaintainedObject;
  readonly installation: Installation;
}

/**
 * `plan` runs as a step of DDL and says what is to be made, null when nothing is; `isTaken` looks again when the
 * dataflow has hydrated: it throws, or says that there is nothing more to do.
 */
export async function makeMaintained(
  system: System,
  session: SessionContext,
  plan: () => Making | null,
  isTaken: (object: MaintainedObject) => boolean,
): Promise<void> {
  if (system.staged) {
    await system.ddl.run(() => makeInTransaction(system, session, plan), session);
    return;
  }
  const started = await system.ddl.run(async () => {
    const making = plan();
    if (!making || (await addComputed(system, making))) return null;
    const begun = begin(system, making);
    const ended = storing(system, begun);
    if (making.background) {
      await addInBackground(system, begun, ended);
      return null;
    }
    const ids = [...begun.made.dependsOn, ...(begun.stored?.view.dependsOn ?? [])];
    const read = ids.map((id) => system.catalog.object(id));
    const { unnamed = [] } = 'relation' in making.maintained ? {} : making.maintained;
    return {
      begun,
      read,
      unnamed: unnamed.map(({ object }) => system.catalog.object(object)),
      verify: making.verify,
      ended,
    };
  }, session);
  if (!started) return;
  try {
    await finish(system, session, started, isTaken);
  } finally {
    started.ended();
  }
}

/** Waits until what was begun has hydrated, and gives it its name. */
async function finish(
  system: System,
  session: SessionContext,
  started: {
    readonly begun: Begun;
    readonly read: readonly CatalogObject[];
    /** Views that it does not name, which may be dropped. */
    readonly unnamed: readonly CatalogObject[];
    readonly verify: Making['verify'];
  },
  isTaken: (object: MaintainedObject) => boolean,
): Promise<void> {
  const { begun, read, unnamed, verify } = started;
  await orDrop(system, begun, () => hydrated(system, session, begun));
  await system.ddl.run(async () => {
    const taken = await orDrop(system, begun, async () => {
      const stay = unnamed.filter(({ id }) => system.catalog.has(id));
      [...read, ...stay].forEach((object) => refuseChanged(system, object));
      if (isTaken(begun.made)) return true;
      await verify?.(begun.made);
      return false;
    });
    if (taken) drop(system, begun);
    else await add(system, begun);
  });
}

/** In a transaction, which has the lock of DDL until its end. */
async function makeInTransaction(
  system: System,
  session: SessionContext,
  plan: () => Making | null,
): Promise<void> {
  const making = plan();
  if (!making || (await addComputed(system, making))) return;
  const begun = begin(system, making);
  // A view's rows are kept from the commit on: they are there by then.
  if (!making.background || begun.stored) {
    await orDrop(system, begun, async () => {
      await hydrated(system, session, begun);
      await making.verify?.(begun.made);
    });
  }
  await add(system, begun);
}

/** A view that nothing is maintained for is there when the catalog knows it; false if it is no such view. */
async function addComputed(system: System, { object }: Making): Promise<boolean> {
  if (object.kind !== 'materializedView' || !object.isComputed) return false;
  await commitCatalog(system, [{ kind: 'add', object }]);
  return true;
}

function begin(system: System, { maintained, object, stores }: Making): Begun {
  const { dataflows, sequencer } = system;
  const now = (): Timestamp => sequencer.last;
  const view = stores && dataflows.start(stores.maintained, now);
  const installation =
    'relation' in maintained ? dataflows.share(maintained, now) : dataflows.start(maintained, now);
  return {
    stored: stores && view ? { view: { ...stores.view, uses: view.uses }, installation: view } : null,
    made: { ...object, arrangement: installation.arrangement, uses: installation.uses },
    installation,
  };
}

/** Others that want the view's rows kept wait until what is given is called. */
function storing(system: System, { stored }: Begun): () => void {
  if (!stored) return () => undefined;
  let resolve = (): void => undefined;
  const ended = new Promise<void>((resolved) => (resolve = resolved));
  system.dataflows.storing.set(stored.view.id, ended);
  return () => {
    system.dataflows.storing.delete(stored.view.id);
    resolve();
  };
}

async function add(system: System, begun: Begun): Promise<void> {
  const { stored, made } = begun;
  const kept: CatalogChange[] = stored ? [{ kind: 'replace', object: stored.view }] : [];
  await commitCatalog(system, [...kept, { kind: 'add', object: made }], {
    abandoned: () => drop(system, begun),
  });
}

/** The name is there at once. A view goes on being computed until its rows are there. */
async function addInBackground(system: System, begun: Begun, ended: () => void): Promise<void> {
  const { stored, made, installation } = begun;
  if (!stored) {
    await add(system, begun);
    finishInBackground(system, installation);
    return;
  }
  const before = system.catalog.object(stored.view.id) as MaterializedViewObject;
  const kept: CatalogChange = { kind: 'replace', object: { ...before, mustStore: true } };
  await commitCatalog(system, [kept, { kind: 'add', object: made }], {
    abandoned: () => {
      drop(system, begun);
      ended();
    },
  });
  stored.installation.ready
    .then(() => system.ddl.run(() => keepRows(system, stored)))
    .catch(() => system.dataflows.drop(stored.installation))
    .finally(ended);
  finishInBackground(system, installation);
}

/** The rows of a view are there: what reads it from now on reads them. */
async function keepRows(system: System, { view, installation }: NonNullable<Begun['stored']>): Promise<void> {
  const now = system.catalog.has(view.id) ? system.catalog.object(view.id) : null;
  if (now?.kind !== 'materializedView' || !now.isComputed) {
    // It was dropped, or made anew with what it reads, and is kept already.
    system.dataflows.drop(installation);
    return;
  }
  const { arrangement, layout, keys, appendOnly, body, isComputed, uses } = view;
  const kept = { ...now, arrangement, layout, keys, appendOnly, body, isComputed, uses };
  await commitCatalog(system, [{ kind: 'replace', object: kept }]);
}

function drop(system: System, { stored, installation }: Begun): void {
  system.dataflows.drop(installation);
  if (stored) system.dataflows.drop(stored.installation);
}

/** Does `work`; if it fails, the dataflows go. */
async function orDrop<T>(system: System, begun: Begun, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    drop(system, begun);
    throw error;
  }
}

/** Waits for the dataflows and tells the client now and then how far they are. */
async function hydrated(system: System, session: SessionContext, begun: Begun): Promise<void> {
  const { stored, made, installation } = begun;
  if (stored) await hydratedOne(system, session, stored.installation, stored.view);
  await hydratedOne(system, session, installation, made);
}

async function hydratedOne(
  system: System,
  session: SessionContext,
  installation: Installation,
  object: MaintainedObject,
): Promise<void> {
  const what = `${kindName(object.kind)} "${object.name}"`;
  const tell = (): void => {
    const progress = system.dataflows.progress(installation.arrangement);
    const rows = progress
      ? `: ${Math.min(progress.done, progress.expected)} of ${progress.expected} rows read`
      : '';
    session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${what} is hydrating${rows}` });
  };
  const every = durationMilliseconds(session.setting('hydration_notice_interval'));
  const timer = every > 0 ? setInterval(tell, every) : null;
  try {
    await Promise.race([installation.ready, session.cancelled]);
  } finally {
    if (timer) clearInterval(timer);
  }
}

/** What plans may use has changed when the dataflow is ready; why it never will be is told to its readers. */
function finishInBackground(system: System, { ready }: Installation): void {
  ready.then(
    () => system.catalog.apply([]),
    () => {},
  );
}

/** The dataflow reads `object` as it was when the statement began. */
function refuseChanged(system: System, object: CatalogObject): void {
  if (system.catalog.has(object.id) && system.catalog.object(object.id) === object) return;
  throw new SqlError({
    sqlstate: '55006',
    message: `${kindName(object.kind)} "${object.name}" was changed while what reads it was hydrating`,
    hint: 'Run the statement again.',
  });
}
