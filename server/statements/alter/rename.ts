/** RENAME TO and SET SCHEMA: the same object under another name; what names it follows. */
import type { ObjectId } from '../../../sql/catalog.ts';
import { SqlError } from '../../../sql/error.ts';
import { type CatalogChange, type SchemaObject, SYSTEM_SCHEMAS } from '../../catalog/catalog.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { constrainAgain, constrainCallers } from '../../catalog/constraints.ts';
import { type CatalogObject, type IndexObject, kindName } from '../../catalog/objects.ts';
import { isTemporarySchema } from '../../catalog/temporary.ts';
import type { System } from '../../system.ts';
import { declarableType, showType } from '../../catalog/reader.ts';
import { changeSequence } from '../create-sequence.ts';
import { defineEnum, withStatement } from '../create-enum-type.ts';
import { withIndexName, withOwnName, withPrimaryKeyName } from '../names/create-text.ts';
import { afterRenaming } from '../names/dependents.ts';
import { columnsFollow } from '../names/type-names.ts';
import type { Renaming } from '../names/references.ts';
import { followSequences } from '../names/sequence-defaults.ts';

interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

export async function rename(system: System, object: CatalogObject, name: string): Promise<void> {
  if (system.catalog.find(object.schema, name)) {
    throw new SqlError({ sqlstate: '42P07', message: `relation "${name}" already exists` });
  }
  await move(system, [{ object, to: { schema: object.schema, name } }]);
}

/** A table takes its indexes and sequences along. */
export async function setSchema(system: System, object: CatalogObject, schema: string): Promise<void> {
  refuseTemporaryMove(object, schema);
  if (!system.catalog.schema(schema)) {
    throw new SqlError({ sqlstate: '3F000', message: `schema "${schema}" does not exist` });
  }
  if ((SYSTEM_SCHEMAS as readonly string[]).includes(schema)) {
    throw new SqlError({ sqlstate: '42501', message: `permission denied for schema ${schema}` });
  }
  if (object.schema === schema) return;
  const taken = system.catalog
    .dependents(object.id)
    .filter(({ kind }) => kind === 'index' || kind === 'sequence');
  const moved = [object, ...taken];
  for (const { name } of moved) {
    if (!system.catalog.find(schema, name)) continue;
    throw new SqlError({
      sqlstate: '42P07',
      message: `relation "${name}" already exists in schema "${schema}"`,
    });
  }
  await move(
    system,
    moved.map((each) => ({ object: each, to: { schema, name: each.name } })),
  );
}

/** Nothing becomes temporary, or ceases to be. */
export function refuseTemporaryMove(object: CatalogObject, schema: string): void {
  if (schema !== 'pg_temp' && !isTemporarySchema(schema) && !isTemporarySchema(object.schema)) return;
  const message = 'cannot move objects into or out of temporary schemas';
  throw new SqlError({ sqlstate: '0A000', message });
}

/** Gives objects their new names, and every text that names them. */
export async function move(
  system: System,
  moves: readonly { readonly object: CatalogObject; readonly to: QualifiedName }[],
): Promise<void> {
  const columns = moves.flatMap(({ object, to }) => columnsFollow(system, object, to));
  const next = new Map<ObjectId, CatalogObject>(columns.map((object) => [object.id, object]));
  for (const { object, to } of moves) {
    next.set(object.id, named(system, object, to));
    if (object.kind === 'index' && object.primary) nameConstraint(system, next, object, to.name);
  }
  const renamings = moves.map(({ object, to }): Renaming => ({ object: object.id, from: object, to }));
  const after = system.planning.over(system.catalog.after(replacing(next)));
  const planners = { before: system.planning, after };
  for (const dependent of dependentsOf(system, moves)) {
    const reads = next.get(dependent.id) ?? dependent;
    next.set(dependent.id, afterRenaming(system, planners, reads, renamings));
  }
  followSequences(system, next, moves);
  await commitCatalog(system, replacing(next), {
    committed: () => next.forEach((object) => tellEngine(system, object)),
  });
}

function dependentsOf(
  system: System,
  moves: readonly { readonly object: CatalogObject }[],
): ReadonlySet<CatalogObject> {
  return new Set(moves.flatMap(({ object }) => system.catalog.dependents(object.id)));
}

/** ALTER SCHEMA … RENAME TO: its objects, what names them, and the search paths that definitions keep. */
export async function renameSchema(system: System, schema: SchemaObject, name: string): Promise<void> {
  const members = [...system.catalog.objects()].filter((object) => object.schema === schema.name);
  const moves = members.map((object) => ({ object, to: { schema: name, name: object.name } }));
  const path = (old: readonly string[]) => old.map((entry) => (entry === schema.name ? name : entry));
  const next = new Map<ObjectId, CatalogObject>();
  for (const object of system.catalog.objects()) {
    // A function's path is a setting, which follows no names.
    if (object.kind !== 'function' && 'searchPath' in object && object.searchPath.includes(schema.name)) {
      next.set(object.id, { ...object, searchPath: path(object.searchPath) });
    }
    if (object.kind === 'table' && object.checks.some(({ searchPath }) => searchPath.includes(schema.name))) {
      const checks = object.checks.map((check) => ({ ...check, searchPath: path(check.searchPath) }));
      next.set(object.id, { ...object, checks });
    }
  }
  for (const { object, to } of moves) {
    if (object.statement === null || object.kind === 'index') continue;
    const statement = withOwnName(object.statement, to, false);
    next.set(object.id, { ...object, ...next.get(object.id), statement } as CatalogObject);
  }
  const change: CatalogChange = { kind: 'renameSchema', id: schema.id, name };
  const after = system.planning.over(system.catalog.after([...replacing(next), change]));
  const planners = { before: system.planning, after };
  const renamings = moves.map(({ object, to }): Renaming => ({ object: object.id, from: object, to }));
  for (const dependent of dependentsOf(system, moves)) {
    const own = next.get(dependent.id)?.statement ?? dependent.statement;
    const reads = { ...dependent, statement: own };
    next.set(dependent.id, afterRenaming(system, planners, reads, renamings, { searchPath: path }));
  }
  followSequences(system, next, moves);
  await commitCatalog(system, [...replacing(next), change], {
    committed: () => members.forEach((object) => tellEngine(system, { ...object, schema: name })),
  });
}

function replacing(objects: ReadonlyMap<ObjectId, CatalogObject>): CatalogChange[] {
  return [...objects.values()].map((object) => ({ kind: 'replace', object }));
}

/** The object under its new name, in its own statement too. */
function named(system: System, object: CatalogObject, to: QualifiedName): CatalogObject {
  if (object.kind === 'type' && object.form === 'enum') return withStatement({ ...object, ...to });
  if (object.statement === null) return { ...object, ...to };
  if (object.kind === 'index') {
    const columns = indexedColumns(system, object);
    const statement =
      object.name === to.name ? object.statement : withIndexName(object.statement, to.name, columns);
    return { ...object, ...to, statement };
  }
  let statement = withOwnName(object.statement, to, object.schema !== to.schema);
  // The constraint keeps its name, which was the table's until now.
  if (object.kind === 'table' && object.primaryKeyName !== null && object.name !== to.name) {
    statement = withPrimaryKeyName(statement, object.primaryKeyName);
  }
  return { ...object, ...to, statement };
}

function indexedColumns(system: System, index: IndexObject): string[] {
  const relation = system.catalog.object(index.table);
  const columns = 'columns' in relation && relation.kind !== 'index' ? relation.columns : [];
  return index.columns.map((number) => columns[number - 1]?.name ?? '');
}

/** The index of a primary key is the constraint. */
function nameConstraint(
  system: System,
  next: Map<ObjectId, CatalogObject>,
  index: IndexObject,
  name: string,
): void {
  const table = next.get(index.table) ?? system.catalog.object(index.table);
  if (table.kind !== 'table' || table.primaryKeyName === name) return;
  const statement = table.statement === null ? null : withPrimaryKeyName(table.statement, name);
  next.set(table.id, { ...table, primaryKeyName: name, statement });
}

/** What errors of the engine say. To be called when the catalog has changed. */
export function tellEngine(system: System, object: CatalogObject): void {
  if (object.kind === 'index' && object.unique) constrainAgain(system, object.table);
  if (object.kind === 'function') constrainCallers(system);
  if (object.kind === 'sequence') changeSequence(system, object, object, null);
  if (object.kind === 'type') showType(object);
  else declarableType(object);
  if (object.kind === 'type' && object.form === 'enum') defineEnum(system, object);
  if (object.kind !== 'table') return;
  constrainAgain(system, object.id);
  system.engine.renameCollection(object.arrangement, `${object.schema}.${object.name}`, {
    constraint: object.primaryKeyName,
    columns: object.columns.map((column) => column.name),
  });
}

/** PostgreSQL's refusal to move what belongs to another object. */
export function indexHasNoSchema(index: IndexObject): SqlError {
  return new SqlError({
    sqlstate: '42809',
    message: `cannot change schema of ${kindName(index.kind)} "${index.name}"`,
    hint: 'Change the schema of the table instead.',
  });
}
