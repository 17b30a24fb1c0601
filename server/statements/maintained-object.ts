/**
 * Making an object that a dataflow maintains (materialized view, index). The statement returns when the dataflow has
 * hydrated, and the name exists from then on; in the background the name exists at once, and who reads it waits.
 * Other DDL goes on meanwhile.
 */
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import {
  type CatalogObject,
  type IndexObject,
  type MaterializedViewObject,
  kindName,
} from '../catalog/objects.ts';
import type { Installation, Maintained } from '../dataflows/dataflows.ts';
import { durationMilliseconds } from '../session/settings/duration.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';

type MaintainedObject = MaterializedViewObject | IndexObject;

export interface Making {
  readonly object: MaintainedObject;
  readonly maintained: Maintained;
  readonly background: boolean;
  /** What must hold once it has hydrated, before it has its name. */
  readonly verify?: () => Promise<void>;
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
    const { installation, made } = begin(system, making);
    if (making.background) {
      await add(system, made, installation);
      finishInBackground(system, installation);
      return null;
    }
    const read = made.dependsOn.map((id) => system.catalog.object(id));
    return { made, installation, read, verify: making.verify };
  }, session);
  if (!started) return;
  const { made, installation, read, verify } = started;
  await orDrop(system, installation, () => hydrated(system, session, installation, made));
  await system.ddl.run(async () => {
    const taken = await orDrop(system, installation, async () => {
      read.forEach((object) => refuseChanged(system, object));
      if (isTaken(made)) return true;
      await verify?.();
      return false;
    });
    if (taken) system.dataflows.drop(installation);
    else await add(system, made, installation);
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
  const { installation, made } = begin(system, making);
  if (!making.background) {
    await orDrop(system, installation, async () => {
      await hydrated(system, session, installation, made);
      await making.verify?.();
    });
  }
  await add(system, made, installation);
}

/** A view that nothing is maintained for is there when the catalog knows it; false if it is no such view. */
async function addComputed(system: System, { object }: Making): Promise<boolean> {
  if (object.kind !== 'materializedView' || !object.isComputed) return false;
  await commitCatalog(system, [{ kind: 'add', object }]);
  return true;
}

function begin(
  system: System,
  { maintained, object }: Making,
): { installation: Installation; made: MaintainedObject } {
  const installation = system.dataflows.start(maintained, () => system.sequencer.last);
  return { installation, made: { ...object, uses: installation.uses } };
}

async function add(system: System, object: MaintainedObject, installation: Installation): Promise<void> {
  await commitCatalog(system, [{ kind: 'add', object }], {
    abandoned: () => system.dataflows.drop(installation),
  });
}

/** Does `work`; if it fails, the dataflow goes. */
async function orDrop<T>(system: System, installation: Installation, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    system.dataflows.drop(installation);
    throw error;
  }
}

/** Waits for a dataflow and tells the client now and then how far it is. */
async function hydrated(
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
