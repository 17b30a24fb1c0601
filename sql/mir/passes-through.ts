/**
 * Whether a query passes the rows of one relation through: every row of it gives one row, of most of its columns and of
 * little arithmetic that cannot fail. To keep such rows costs as much memory as the relation itself, and saves nobody
 * work. (Of few columns many rows may be one, and what is scanned is less: those are worth it.)
 */
import type { TypeName } from '../types/type.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { dependsOnSettings } from './settings.ts';
import { canFail, children, columnsOfRow, columnsRead, substitute } from './scalar.ts';
import { isVolatile } from './volatile.ts';

/** Above so many calls a row, it is cheaper to compute them once. */
const MOST_CALLS = 8;

/** Types whose functions, where they cannot fail, are a few instructions. */
const CHEAP: ReadonlySet<TypeName> = new Set<TypeName>([
  'bool',
  'int2',
  'int4',
  'int8',
  'float4',
  'float8',
  'numeric',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'oid',
]);

export function passesThrough(relation: MirRelation): boolean {
  switch (relation.kind) {
    case 'get':
      return true;
    case 'project':
    case 'map': {
      const rows = rowsOf(relation);
      if (rows === null) return false;
      const calls = rows.scalars.reduce((sum, scalar) => sum + callCount(scalar), 0);
      const read = new Set<number>();
      for (const scalar of rows.scalars) columnsRead(scalar, read);
      return calls <= MOST_CALLS && rows.scalars.every(isCheap) && 2 * read.size >= rows.width;
    }
    default:
      return false;
  }
}

/** The relation's columns over those of the relation that it reads; null where it is more than maps and projections. */
function rowsOf(relation: MirRelation): { scalars: readonly MirScalar[]; width: number } | null {
  switch (relation.kind) {
    case 'get':
      return { scalars: columnsOfRow(relation.columns), width: relation.columns.length };
    case 'project': {
      const input = rowsOf(relation.input);
      return input && { ...input, scalars: relation.indexes.map((index) => input.scalars[index]!) };
    }
    case 'map': {
      const input = rowsOf(relation.input);
      if (!input) return null;
      const scalars = [...input.scalars];
      for (const scalar of relation.scalars) scalars.push(substitute(scalar, (index) => scalars[index]!));
      return { ...input, scalars };
    }
    default:
      return null;
  }
}

function isCheap(scalar: MirScalar): boolean {
  // What is kept is the same for every session.
  if (canFail(scalar) || isVolatile(scalar) || dependsOnSettings(scalar)) return false;
  const isPlain = scalar.kind === 'column' || scalar.kind === 'literal';
  return (
    isPlain ||
    (CHEAP.has(scalar.type.name) &&
      children(scalar).every((child) => isCheap(child) && CHEAP.has(child.type.name)))
  );
}

function callCount(scalar: MirScalar): number {
  const isPlain = scalar.kind === 'column' || scalar.kind === 'literal';
  return children(scalar).reduce((sum, child) => sum + callCount(child), isPlain ? 0 : 1);
}
