/**
 * EXPLAIN MEMORY PLAN FOR MATERIALIZED VIEW: what the view's dataflow holds, and what the arrangements hold that it shares.
 */
import type { ArrangementId } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { holdersOf } from '../catalog/holders.ts';
import type { CatalogObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';

interface Shared {
  readonly relation: string;
  /** Null where the relation is no more. */
  readonly key: readonly string[] | null;
  readonly rows: number;
  readonly bytes: number;
  readonly users: readonly string[];
}

/** Bytes are of keys and values with what their times and counts take, as of the last change. */
interface Memory {
  readonly view: string;
  readonly rows: number;
  /** Of all arrangements of the view's own dataflow, its rows among them. */
  readonly bytes: number;
  readonly shared: readonly Shared[];
  /** Together. */
  readonly total: number;
}

export function explainMemory(system: System, object: CatalogObject, format: 'text' | 'json'): string {
  if (object.kind !== 'materializedView') {
    throw new SqlError({ sqlstate: '42809', message: `"${object.name}" is not a materialized view` });
  }
  if (object.isComputed) {
    const memory = { view: `${object.schema}.${object.name}`, rows: null, bytes: 0, shared: [], total: 0 };
    const text = `${memory.view}: its rows are computed when they are read; nothing is held for it`;
    return format === 'json' ? JSON.stringify(memory, null, 2) : text;
  }
  const { rows, state } = system.engine.size(object.arrangement);
  const shared = object.uses.map((id) => sharedBy(system, object, id));
  const memory: Memory = {
    view: `${object.schema}.${object.name}`,
    rows,
    bytes: state,
    shared,
    total: shared.reduce((sum, { bytes }) => sum + bytes, state),
  };
  return format === 'json' ? JSON.stringify(memory, null, 2) : textOf(memory);
}

function sharedBy(system: System, view: CatalogObject, id: ArrangementId): Shared {
  const catalog = system.planning.catalogFor({
    user: '',
    database: '',
    searchPath: [],
    timeZone: 'UTC',
  });
  const { rows, state } = system.engine.size(id);
  const objects = [...system.catalog.objects()];
  const users = holdersOf(system.catalog, id);
  // What it names, and views that it reads without a name.
  const views = objects.filter(({ kind }) => kind === 'materializedView').map((object) => object.id);
  for (const object of [...view.dependsOn, ...views]) {
    const found = catalog.arrangements(object).find((arrangement) => arrangement.id === id);
    if (!found) continue;
    const relation = catalog.relation(object);
    const key = found.layout.key.map(({ expr }) => {
      const inner = expr.kind === 'canonical' ? expr.operand : expr;
      return inner.kind === 'column' ? relation.columns[inner.index]!.name : 'an expression';
    });
    return { relation: `${relation.schema}.${relation.name}`, key, rows, bytes: state, users };
  }
  return { relation: 'a view that was dropped or replaced', key: null, rows, bytes: state, users };
}

function textOf({ view, rows, bytes, shared, total }: Memory): string {
  return [
    `${view}: ${rows} rows; its operators hold ${sizeText(bytes)}`,
    ...shared.map(
      (item) =>
        `${item.relation}${item.key === null ? '' : ` by [${item.key.join(', ')}]`}: ${item.rows} rows, ${sizeText(item.bytes)}, shared by ${item.users.join(', ')}`,
    ),
    `together: ${sizeText(total)}`,
  ].join('\n');
}

/** As PostgreSQL's pg_size_pretty. */
function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let size = bytes;
  while (size >= 10_240 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${Math.round(size)} ${units[unit]}`;
}
