/** CREATE INDEX: an arrangement of a stored relation by other keys, imported by later plans that look up or join by them. */
import type { IndexStmt, Node } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { QualifiedName } from '../../sql/ast/name.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { type BindEnvironment, bindScalar, requireIndexCollation } from '../../sql/bind/bind.ts';
import { isImmutable } from '../../sql/bind/generated-column.ts';
import { requireIndexable } from '../../sql/bind/comparable.ts';
import { literal, typeOf } from '../../sql/bind/scalar.ts';
import { compileKey } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import type { HirScalar } from '../../sql/hir.ts';
import { parse } from '../../sql/parse/parse.ts';
import { pinnedOids, withPinnedNames } from '../../sql/parse/pinned-names.ts';
import { type KeyExpr, type Plan, FORMAT_VERSION } from '../../engine/plan.generated.ts';
import { layoutByKey } from '../../sql/physical/layout.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import { isAnonymous } from '../../sql/types/record.ts';
import { uniqueIndexes } from '../catalog/constraints.ts';
import type { Arranging } from '../dataflows/dataflows.ts';
import { lookUp, nameIsTaken, refuseSystemCatalog, requireObject } from '../catalog/names.ts';
import { type CatalogObject, type IndexObject, isKey, kindName } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { leaveOutOptions } from './alter/options.ts';
import { type ParameterOwner, givenParameter } from './storage-parameters.ts';
import { parseBoolean } from '../session/settings/definition.ts';
import { type Making, makeMaintained } from './maintained-object.ts';
import { freeObjectName } from '../../sql/object-name.ts';
import { declarationOf, indexColumnNames } from './names/create-text.ts';
import { type Runnable, command } from './prepared.ts';
import { hasNoEffect } from './no-effect.ts';
import { SYSTEM_SESSION } from './planning.ts';
import { storedView } from './stored-view.ts';
import { verifyUnique } from './verify-constraints.ts';
import {
  refuseOfHash,
  refuseSystemColumns,
  requireIncluded,
  requireOperatorClass,
} from './index-elements.ts';
import { refuseInBlock } from './transaction-block.ts';

export type Stored = Extract<CatalogObject, { arrangement: number; columns: readonly { name: string }[] }>;

/** PostgreSQL's other methods, which answer what no key of an arrangement does. */
const OTHER_METHODS: ReadonlySet<string> = new Set(['gin', 'gist', 'spgist', 'brin']);

/** What an index may be made of. */
const INDEXED = ['table', 'source', 'materializedView'] as const;

export function prepareCreateIndex(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: IndexStmt,
): Runnable {
  if (statement.tableSpace) {
    throw new SqlError({ sqlstate: '0A000', message: 'CREATE INDEX … TABLESPACE is not supported' });
  }
  const method = statement.accessMethod ?? 'btree';
  const relationName = rangeName(statement.relation);
  if (OTHER_METHODS.has(method)) return leaveOutIndex(system, parsed, statement, relationName);
  if (method !== 'btree' && method !== 'hash') {
    const message = `access method "${method}" does not exist`;
    throw new SqlError({ sqlstate: '42704', message });
  }
  if (method === 'hash') refuseOfHash(statement);
  return command((session) => {
    if (statement.concurrent === true) refuseInBlock(session, 'CREATE INDEX CONCURRENTLY');
    if (statement.whereClause && statement.unique !== true) {
      hasNoEffect(session, 'WHERE', 'The index has the rows that do not satisfy it too.');
    }
    const background = readBackground(session, parsed, statement);
    return createIndex(system, session, parsed, statement, relationName, background);
  });
}

/** The relation that is to have an index. */
function indexedRelation(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  name: QualifiedName,
): Stored {
  const found = requireObject(system.catalog, session, parsed, name, [...INDEXED, 'view']);
  refuseSystemCatalog(found);
  if (found.kind !== 'view') return found as Stored;
  throw new SqlError({
    sqlstate: '42809',
    message: `cannot create index on relation "${found.name}"`,
    detail: 'This operation is not supported for views.',
    hint: 'A materialized view can have indexes.',
  });
}

/** An index that would help with what runs without it: there is none, and that is said. */
function leaveOutIndex(
  system: System,
  parsed: ParsedStatement,
  statement: IndexStmt,
  relationName: QualifiedName,
): Runnable {
  const method = statement.accessMethod!;
  return command(async (session) => {
    if (statement.unique === true) {
      const message = `access method "${method}" does not support unique indexes`;
      throw new SqlError({ sqlstate: '0A000', message });
    }
    const found = indexedRelation(system, session, parsed, relationName);
    for (const param of statement.indexParams ?? []) {
      const { name } = nodeAs(param, 'IndexElem')!;
      if (name === undefined || found.columns.some((column) => column.name === name)) continue;
      throw new SqlError({ sqlstate: '42703', message: `column "${name}" does not exist` });
    }
    readBackground(session, parsed, statement);
    hasNoEffect(
      session,
      `access method "${method}"`,
      'What the index would help with runs without it; none is made.',
    );
    return 'CREATE INDEX';
  });
}

/** CREATE DEFAULT INDEX ON relation: by its key, or by all its columns. */
export function prepareCreateDefaultIndex(
  system: System,
  parsed: ParsedStatement,
  relation: QualifiedName,
): Runnable {
  return command((session) => createIndex(system, session, parsed, {}, relation, false));
}

async function createIndex(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: IndexStmt,
  relation: QualifiedName,
  background: boolean,
): Promise<string> {
  const isTaken = (target: { schema: string; name: string }): boolean =>
    nameIsTaken(system.catalog, session, target, statement.if_not_exists ?? false);
  const indexed = lookUp(system.catalog, session, parsed, relation);
  const storing = indexed && system.dataflows.storing.get(indexed.id);
  if (storing && !system.staged) await Promise.race([storing, session.cancelled]);
  await makeMaintained(
    system,
    session,
    () => {
      const making = planIndex(system, session, parsed, statement, relation);
      return isTaken(making.object) ? null : { ...making, background };
    },
    isTaken,
  );
  return 'CREATE INDEX';
}

/** `WITH (background)` or `WITH (background = true)`. */
function readBackground(
  session: SessionContext,
  parsed: ParsedStatement,
  { options = [], accessMethod }: IndexStmt,
): boolean {
  const given = options.map((node) => givenParameter(nodeAs(node, 'DefElem')!));
  const others = given.filter(({ name }) => name !== 'background');
  leaveOutOptions(session, parsed, others, (accessMethod ?? 'btree') as ParameterOwner);
  const background = given.find(({ name }) => name === 'background');
  const value = background === undefined ? false : parseBoolean(background.text ?? '');
  if (value !== undefined) return value;
  const message = `invalid value for boolean option "background": ${background?.text}`;
  throw new SqlError({ sqlstate: '22023', message });
}

function planIndex(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: IndexStmt,
  relationName: QualifiedName,
): Omit<Making, 'background'> {
  const found = indexedRelation(system, session, parsed, relationName);
  const stores = found.kind === 'materializedView' ? storedView(system, found) : null;
  const relation: Stored = stores?.view ?? found;
  const columnTypes = relation.columns.map((column) => toColumnType(column.type));
  const environment = system.planning.bindEnvironment(session, parsed);
  const fields = (statement.indexParams ?? []).map((param) => nodeAs(param, 'IndexElem'));
  refuseSystemColumns(statement, relation);
  const declared = declarationOf(statement);
  const scalars =
    fields.length > 0
      ? fields.map((field, at) => {
          if (field?.name !== undefined && !relation.columns.some(({ name }) => name === field.name)) {
            throw new SqlError({ sqlstate: '42703', message: `column "${field.name}" does not exist` });
          }
          const node: Node = field?.expr ?? {
            ColumnRef: { fields: [{ String: { sval: field?.name ?? '' } }] },
          };
          const scalar = bindScalar(node, environment, {
            columns: relation.columns,
            clause: 'index expressions',
          });
          if (isAnonymous(typeOf(scalar).name)) {
            const message = `column "${indexColumnNames(declared)[at]}" has pseudo-type record`;
            throw new SqlError({ sqlstate: '42P16', message });
          }
          requireIndexable(typeOf(scalar).name);
          if (field?.collation) requireIndexCollation(field.collation, typeOf(scalar), environment);
          const named = field?.opclass?.at(-1);
          if (named) {
            requireOperatorClass(field!, typeOf(scalar).name, statement.accessMethod ?? 'btree');
          }
          if (!isImmutable(scalar)) throw changing('expression');
          return scalar;
        })
      : (relation.keys[0] ?? relation.columns.map((_, index) => index)).map((index) => ({
          kind: 'column' as const,
          index,
          type: relation.columns[index]!.type,
        }));
  requireIncluded(statement, relation);
  const columns = scalars.map((scalar) => (scalar.kind === 'column' ? scalar.index + 1 : 0));
  const { whereClause } = statement;
  const counting = whereClause ? bindCondition(whereClause, environment, relation) : null;
  const key = compileKey(
    counting !== null && statement.unique === true ? onlyWhere(counting, scalars) : scalars,
    relation.columns.map((column) => column.type),
  );
  if (columns.some((number) => relation.columns[number - 1]?.generated?.stored === false)) {
    const message = 'indexes on virtual generated columns are not supported';
    throw new SqlError({ sqlstate: '0A000', message });
  }
  const suffix = (
    fields.length > 0
      ? indexColumnNames(declared)
      : columns.map((number) => relation.columns[number - 1]!.name)
  ).join('_');
  const name =
    statement.idxname ||
    freeObjectName(
      relation.name,
      suffix,
      'idx',
      (taken) => system.catalog.find(relation.schema, taken) !== null,
    );
  const target = { schema: relation.schema, name };
  const arrangement = system.catalog.allocateArrangement();
  const layout = layoutByKey(columnTypes, key);
  const { text, offset, source } = parsed;
  const named = withPinnedNames(source.text, offset, offset + text.length, (at) =>
    environment.catalog.meaning(at),
  );
  const index: IndexObject = {
    kind: 'index',
    id: system.catalog.allocateObject(),
    ...target,
    dependsOn: [...new Set([relation.id, ...pinnedOids(named)])],
    statement: named,
    table: relation.id,
    arrangement,
    layout,
    unique: statement.unique === true,
    primary: false,
    constraint: false,
    nullsEqual: statement.nulls_not_distinct === true,
    columns,
    partial: whereClause !== undefined,
    uses: [],
  };
  const maintained = arrangingOf(relation, index, uniqueIndexes(system.catalog, relation.id));
  if (!index.unique) return { object: index, maintained, ...(stores ? { stores } : {}) };
  if (relation.kind !== 'table') {
    if (
      isKey(index) &&
      relation.keys.some((known) => known.every((column) => columns.includes(column + 1)))
    ) {
      return { object: index, maintained, ...(stores ? { stores } : {}) };
    }
    const message = `a unique index on ${kindName(relation.kind)} "${relation.name}" is not supported`;
    const hint = 'Leave out UNIQUE: only rows of tables can be refused.';
    throw new SqlError({ sqlstate: '0A000', message, hint });
  }
  if (index.nullsEqual && index.partial) {
    const message = 'NULLS NOT DISTINCT of a partial index is not supported';
    throw new SqlError({ sqlstate: '0A000', message });
  }
  const verify = ({ arrangement }: Pick<IndexObject, 'arrangement'>): Promise<void> =>
    verifyUnique(system, session, { ...index, arrangement });
  return { object: index, maintained, verify };
}

/** The condition of a partial index. */
function bindCondition(
  node: Node,
  environment: BindEnvironment,
  relation: Pick<Stored, 'columns'>,
): HirScalar {
  const type = { name: 'bool', typmod: -1 } as const;
  const condition = bindScalar(node, environment, {
    columns: relation.columns,
    type,
    clause: 'index predicates',
  });
  if (!isImmutable(condition)) throw changing('predicate');
  return condition;
}

function changing(place: string): SqlError {
  const message = `functions in index ${place} must be marked IMMUTABLE`;
  return new SqlError({ sqlstate: '42P17', message });
}

/** The key of a partial unique index: rows that do not count have a NULL in it, and NULLs are different. */
function onlyWhere(condition: HirScalar, [first, ...others]: readonly HirScalar[]): HirScalar[] {
  const { name, typmod } = typeOf(first!);
  const type = { name, typmod, nullable: true };
  const branches = [{ condition, result: first! }];
  return [{ kind: 'case', branches, otherwise: literal(name, null, typmod), type }, ...others];
}

/** The key of an index over a relation that has changed; `columns`: the numbers of the indexed columns now. */
export function indexKeyAgain(
  system: System,
  index: Pick<IndexObject, 'statement' | 'unique'>,
  columns: readonly number[],
  relation: Pick<Stored, 'columns'>,
): KeyExpr[] {
  const { fields, condition } = bindIndex(system, index, columns, relation);
  return compileKey(
    index.unique && condition !== null ? onlyWhere(condition, fields) : fields,
    relation.columns.map((column) => column.type),
  );
}

/** The fields and the condition of an index that was made, over its relation's columns as they are. */
export function bindIndex(
  system: System,
  { statement }: Pick<IndexObject, 'statement'>,
  columns: readonly number[],
  relation: Pick<Stored, 'columns'>,
): { readonly fields: readonly HirScalar[]; readonly condition: HirScalar | null } {
  const [parsed] = statement === null ? [] : parse(statement);
  const made = parsed?.statement.kind === 'postgres' ? nodeAs(parsed.statement.node, 'IndexStmt') : undefined;
  const environment = parsed && system.planning.bindEnvironment(SYSTEM_SESSION, parsed);
  const fields = columns.map((number, at): HirScalar => {
    if (number > 0) return { kind: 'column', index: number - 1, type: relation.columns[number - 1]!.type };
    const node = nodeAs(made?.indexParams?.[at], 'IndexElem')?.expr;
    if (!environment || !node) throw new Error('an index keeps the statement of its expressions');
    return bindScalar(node, environment, { columns: relation.columns });
  });
  const where = made?.whereClause;
  return { fields, condition: environment && where ? bindCondition(where, environment, relation) : null };
}

/** The arrangement that an index names. Unique keys of a table are told apart by theirs: `others` are those that it has. */
export function arrangingOf(
  relation: Stored,
  index: IndexObject,
  others: readonly IndexObject[] = [],
): Arranging {
  const keys = [relation, ...others].map(({ arrangement }) => arrangement);
  const apart = index.unique && relation.kind === 'table' ? keys : [];
  return { relation: relation.id, plan: indexPlan(relation, index), apart };
}

/** A relation arranged by a layout. */
export function indexPlan(
  relation: Stored,
  index: Pick<IndexObject, 'schema' | 'name' | 'arrangement' | 'layout'>,
): Plan {
  const { schema, name, arrangement, layout } = index;
  return {
    formatVersion: FORMAT_VERSION,
    name: `index ${schema}.${name}`,
    parameters: [],
    nodes: [
      {
        label: relation.name,
        columns: relation.columns.map((column) => toColumnType(column.type)),
        operator: { kind: 'import', arrangement: relation.arrangement, layout: relation.layout },
      },
    ],
    output: { kind: 'arrangement', node: 0, arrangement, layout },
  };
}
