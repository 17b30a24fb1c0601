/** The FOREIGN KEYs that a statement declares: what they refer to, their names, and the arrangement of what refers. */
import { nearestName } from '../../sql/nearest-name.ts';
import { rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { BoundForeignKey } from '../../sql/bind/bind.ts';
import { compileKey } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { layoutByKey } from '../../sql/physical/layout.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { displayType } from '../../sql/types/format.ts';
import { uniqueIndexes } from '../catalog/constraints.ts';
import { parentKey } from '../catalog/foreign-keys.ts';
import { lookUp, positionOf } from '../catalog/names.ts';
import {
  type ForeignKeyConstraint,
  type IndexObject,
  type TableObject,
  ownConstraints,
} from '../catalog/objects.ts';
import { isTemporarySchema } from '../catalog/temporary.ts';
import type { Installation } from '../dataflows/dataflows.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { freeObjectName } from '../../sql/object-name.ts';
import { indexPlan } from './create-index.ts';

/** `table` with its unique indexes is as it will be. */
export function namedForeignKeys(
  context: { readonly system: System; readonly session: SessionContext; readonly parsed: ParsedStatement },
  table: TableObject,
  uniques: readonly IndexObject[],
  declared: readonly BoundForeignKey[],
): ForeignKeyConstraint[] {
  const taken = new Set(ownConstraints(table).map(({ name }) => name));
  return declared.map((foreignKey): ForeignKeyConstraint => {
    const names = foreignKey.columns.map((column) => table.columns[column]!.name);
    const isTaken = (other: string): boolean => taken.has(other);
    const name = foreignKey.name ?? freeObjectName(table.name, names.join('_'), 'fkey', isTaken);
    if (taken.has(name)) {
      const message = `constraint "${name}" for relation "${table.name}" already exists`;
      throw new SqlError({ sqlstate: '42710', message });
    }
    taken.add(name);
    return resolve(context, table, uniques, name, foreignKey);
  });
}

function resolve(
  { system, session, parsed }: Parameters<typeof namedForeignKeys>[0],
  table: TableObject,
  uniques: readonly IndexObject[],
  name: string,
  { columns, parent: written, parentColumns, ...clauses }: BoundForeignKey,
): ForeignKeyConstraint {
  const parent = parentTable(system, session, parsed, table, written);
  const keys = parent === table ? uniques : uniqueIndexes(system.catalog, parent.id);
  const [primary] = parent.keys;
  if (parentColumns.length === 0 && !primary) {
    const message = `there is no primary key for referenced table "${parent.name}"`;
    throw new SqlError({ sqlstate: '42704', message });
  }
  const referenced =
    parentColumns.length === 0
      ? primary!
      : parentColumns.map((column) => {
          const number = parent.columns.findIndex((other) => other.name === column);
          if (number >= 0) return number;
          const message = `column "${column}" referenced in foreign key constraint does not exist`;
          throw new SqlError({ sqlstate: '42703', message });
        });
  if (referenced.length !== columns.length) {
    const message = 'number of referencing and referenced columns for foreign key disagree';
    throw new SqlError({ sqlstate: '42830', message });
  }
  const key = parentKey(parent, keys, referenced);
  if (!key) {
    const message = `there is no unique constraint matching given keys for referenced table "${parent.name}"`;
    throw new SqlError({ sqlstate: '42830', message });
  }
  columns.forEach((column, at) => checkTypes(table, column, parent, referenced[at]!, name));
  const inOrder = key.columns.map((column) => columns[referenced.indexOf(column)]!);
  const { onUpdate, onDelete, onDeleteColumns, full, deferrable, deferred, enforced, validated } = clauses;
  return {
    id: system.catalog.allocateObject(),
    name,
    columns,
    parent: parent.id,
    parentColumns: referenced,
    ...{ onUpdate, onDelete, onDeleteColumns, full, deferrable, deferred, enforced, validated },
    ...referringArrangement(system, table, inOrder),
  };
}

/** The table by what refers. */
export function referringArrangement(
  system: System,
  table: Pick<TableObject, 'columns'>,
  columns: readonly number[],
): Pick<ForeignKeyConstraint, 'arrangement' | 'layout'> {
  const types = table.columns.map(({ type }) => type);
  const key = compileKey(
    columns.map((index) => ({ kind: 'column', index, type: types[index]! })),
    types,
  );
  return {
    arrangement: system.catalog.allocateArrangement(),
    layout: layoutByKey(types.map(toColumnType), key),
  };
}

function parentTable(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  table: TableObject,
  written: BoundForeignKey['parent'],
): TableObject {
  const name = rangeName(written);
  const own = written.relname === table.name && (written.schemaname ?? table.schema) === table.schema;
  const object = lookUp(system.catalog, session, parsed, name);
  if (own && (!object || object.id === table.id)) return table;
  const shown = name.parts.join('.');
  if (!object) {
    const near = nearestName(
      name.parts.at(-1)!,
      [...system.catalog.objects()].filter(({ kind }) => kind === 'table').map((other) => other.name),
    );
    throw new SqlError({
      sqlstate: '42P01',
      message: `relation "${shown}" does not exist`,
      hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
      position: parsed.statement.kind === 'postgres' ? undefined : positionOf(parsed, name.location),
    });
  }
  if (object.kind !== 'table') {
    throw new SqlError({ sqlstate: '42809', message: `referenced relation "${object.name}" is not a table` });
  }
  if (isTemporarySchema(object.schema) !== isTemporarySchema(table.schema)) {
    const kind = isTemporarySchema(table.schema) ? 'temporary' : 'permanent';
    const message = `constraints on ${kind} tables may reference only ${kind} tables`;
    throw new SqlError({ sqlstate: '42P16', message });
  }
  return object;
}

/** What a foreign key's column can be of beside the type that it refers to: what PostgreSQL has an equality for. */
const COMPARABLE: Readonly<Record<string, readonly string[]>> = {
  text: ['varchar', 'name'],
  varchar: ['text', 'name'],
  name: ['text', 'varchar'],
  int2: ['int4', 'int8'],
  int4: ['int2', 'int8'],
  int8: ['int2', 'int4'],
  float4: ['float8', 'int2'],
  float8: ['float4', 'int2', 'int4'],
  numeric: ['int2', 'int4', 'int8'],
};

/** PostgreSQL compares these too, rounded: keys are compared exactly here. */
const ROUNDED: Readonly<Record<string, readonly string[]>> = {
  float4: ['int4', 'int8', 'numeric'],
  float8: ['int8', 'numeric'],
};

/** Whether a column of one type can refer to one of another. */
export function canRefer(from: TypeName, to: TypeName): boolean {
  return from === to || (COMPARABLE[to]?.includes(from) ?? false);
}

function checkTypes(
  table: TableObject,
  column: number,
  parent: TableObject,
  referenced: number,
  name: string,
): void {
  const [one, other] = [table.columns[column]!, parent.columns[referenced]!];
  const [from, to] = [one.type.name, other.type.name];
  if (canRefer(from, to)) return;
  const detail = `Key columns "${one.name}" of the referencing table and "${other.name}" of the referenced table are of incompatible types: ${displayType(from)} and ${displayType(to)}.`;
  if (ROUNDED[to]?.includes(from)) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `foreign key constraint "${name}" from ${displayType(from)} to ${displayType(to)} is not supported`,
      detail: detail.replace('incompatible', 'different'),
      hint: 'Give both columns one type.',
    });
  }
  throw new SqlError({
    sqlstate: '42804',
    message: `foreign key constraint "${name}" cannot be implemented`,
    detail,
  });
}

/**
 * The table with the arrangements of what refers, by which its foreign keys are told apart, where they are enforced; the
 * collection is there.
 */
export function startReferring(
  system: System,
  table: TableObject,
  foreignKeys: readonly ForeignKeyConstraint[],
): { readonly table: TableObject; readonly installations: readonly Installation[] } {
  const installations: Installation[] = [];
  const arranged = [...table.foreignKeys];
  for (const { id, name, arrangement, layout, enforced } of foreignKeys) {
    if (!enforced) continue;
    const others = arranged.filter((other) => other.id !== id);
    const plan = indexPlan(table, { schema: table.schema, name, arrangement, layout });
    const installation = system.dataflows.share(
      { relation: table.id, plan, apart: others.map((other) => other.arrangement) },
      () => system.sequencer.last,
    );
    installations.push(installation);
    const at = arranged.findIndex((other) => other.id === id);
    arranged[at] = { ...arranged[at]!, arrangement: installation.arrangement };
  }
  return { table: { ...table, foreignKeys: arranged }, installations };
}
