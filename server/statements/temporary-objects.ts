/** What becomes of a session's temporary objects when its transactions commit, and when it ends. */
import type { ObjectId } from '../../sql/catalog.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { parse } from '../../sql/parse/parse.ts';
import type { CatalogObject, TableObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { dropExpressionsNaming } from './alter/table/drop-expressions.ts';
import { dropColumns } from './drop-type.ts';
import { dropObjects } from './drop.ts';
import { SYSTEM_SESSION } from './planning.ts';

/** Nobody asked for what goes. */
const SILENT = { notice: () => undefined };

/**
 * All temporary objects of a session go, and with them what permanent ones compute with them; when the session ends, their
 * schema too. A step of DDL.
 */
export async function dropTemporary(system: System, session: SessionContext, ends: boolean): Promise<void> {
  const { temporarySchema } = session;
  const schema = system.catalog.schema(temporarySchema);
  if (schema === null) return;
  const ids = objectsIn(system, temporarySchema).map(({ id }) => id);
  const [parsed] = parse('DISCARD TEMP');
  await dropColumns(system, session, parsed!, ids);
  await dropExpressionsNaming(system, session, parsed!, new Set(ids));
  const schemas = ends ? ([{ kind: 'dropSchema', id: schema.id }] as const) : [];
  await dropObjects(system, SILENT, ids, { cascade: true, schemas });
}

/** ON COMMIT of the session's tables, after a commit: nobody else sees them, so it does not matter that it is another. */
export async function afterCommit(system: System, session: SessionContext): Promise<void> {
  if (system.catalog.schema(session.temporarySchema) === null) return;
  const tables = objectsIn(system, session.temporarySchema).filter(
    (object): object is TableObject => object.kind === 'table' && object.onCommit !== undefined,
  );
  const going = tables.filter(({ onCommit }) => onCommit === 'drop').map(({ id }): ObjectId => id);
  if (going.length > 0) {
    await system.ddl.run(() => dropObjects(system, SILENT, going, { cascade: true }));
  }
  for (const table of tables) if (table.onCommit === 'deleteRows') await empty(system, session, table);
}

function objectsIn(system: System, schema: string): CatalogObject[] {
  return [...system.catalog.objects()].filter((object) => object.schema === schema);
}

async function empty(system: System, session: SessionContext, table: TableObject): Promise<void> {
  const [parsed] = parse(`DELETE FROM ${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`);
  if (parsed?.statement.kind !== 'postgres') throw new Error('a DELETE');
  const owner = { ...SYSTEM_SESSION, temporarySchema: table.schema };
  const { plan } = system.planning.compileWrite(owner, parsed, parsed.statement.node, {});
  const prepared = system.engine.prepare(plan);
  const writes = system.engine.beginTransaction();
  const timestamp = system.sequencer.last;
  try {
    await system.sequencer.whenComputed(timestamp);
    const { returning } = await system.engine.write(prepared, {
      timestamp,
      parameters: [],
      timeZone: session.timeZone,
      transaction: writes,
      encoding: { kind: 'dataRow', formats: [] },
      cancel: session.cancel,
    });
    returning?.close();
    await system.sequencer.commit(writes);
  } finally {
    prepared.close();
    writes.close();
  }
}
