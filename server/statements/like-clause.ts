/** CREATE TABLE (LIKE name INCLUDING …): the columns of another relation, and what of them it says, as a column list. */
import type { CreateStmt, Node, TableLikeClause } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn, ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { type Edit, EditableText } from '../../sql/parse/edits.ts';
import { parse } from '../../sql/parse/parse.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { uniqueIndexes } from '../catalog/constraints.ts';
import { checkDefinition, declarationOf, elementTexts, indexPredicate } from '../catalog/definition-text.ts';
import { lookUp, positionOf } from '../catalog/names.ts';
import {
  type CatalogObject,
  type IndexObject,
  type SequenceObject,
  type TableObject,
  ownConstraints,
  withConstraint,
} from '../catalog/objects.ts';
import { shownExpression } from '../catalog/stored-expressions.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { findOwnType } from './alter/type/require-type.ts';
import { collateWords, ownTypeText, typeText } from './create-table-as.ts';
import { withIndexOf } from './names/create-text.ts';

/** PostgreSQL's CREATE_TABLE_LIKE_…; compression, statistics and storage there are none of. */
const INCLUDING = {
  comments: 1 << 0,
  constraints: 1 << 2,
  defaults: 1 << 3,
  generated: 1 << 4,
  identity: 1 << 5,
  indexes: 1 << 6,
};

interface LikeContext {
  readonly system: System;
  readonly session: SessionContext;
  readonly parsed: ParsedStatement;
  readonly statement: CreateStmt;
}

/** The table that is made. */
interface Made {
  readonly schema: string;
  readonly name: string;
}

/** The statement with columns and constraints in the place of its LIKE clauses; itself where it has none. */
export function withoutLike(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateStmt,
): ParsedStatement {
  const isLike = (element: Node): boolean => 'TableLikeClause' in element;
  if (!(statement.tableElts ?? []).some(isLike)) return parsed;
  const text = new EditableText(parsed.text);
  // Places count from the statement's own beginning.
  const edits = (createOf(parse(parsed.text)[0])?.tableElts ?? []).flatMap((element): Edit[] => {
    const like = nodeAs(element, 'TableLikeClause');
    if (like === undefined) return [];
    const first = text.tokenAt(like.relation?.location ?? 0)!;
    let last = text.nameAt(first).at(-1)!;
    while (['including', 'excluding'].includes(text.tokens[last + 1]?.text ?? '')) last += 2;
    return [text.replace(first - 1, last, elementsOf(system, session, parsed, like).join(', '))];
  });
  const [expanded] = parse(text.edited(edits));
  return { ...expanded!, notices: parsed.notices };
}

/** The tree of CREATE TABLE. */
export function createOf(parsed: ParsedStatement | undefined): CreateStmt | undefined {
  return parsed?.statement.kind === 'postgres' ? nodeAs(parsed.statement.node, 'CreateStmt') : undefined;
}

function elementsOf(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { relation, options = 0 }: TableLikeClause,
): string[] {
  const written = rangeName(relation);
  const { parts } = written;
  const [name, schema = null] = parts.toReversed() as [string, string?];
  // The name behind LIKE, where the statement has it.
  const at = (createOf(parsed)?.tableElts ?? [])
    .map((element) => nodeAs(element, 'TableLikeClause')?.relation)
    .find((other) => other?.relname === name && (other.schemaname ?? null) === schema)?.location;
  const position = positionOf(parsed, at);
  const named = lookUp(system.catalog, session, parsed, written);
  if (named?.kind === 'sequence' || named?.kind === 'index') {
    throw new SqlError({
      sqlstate: '42809',
      message: `relation "${named.name}" is invalid in LIKE clause`,
      detail: `This operation is not supported for ${named.kind === 'index' ? 'indexes' : 'sequences'}.`,
      position,
    });
  }
  const found = system.planning.catalogFor(session).findRelation(schema, name);
  const type = found === null ? findOwnType(system, session, parts) : null;
  if (type?.form === 'composite') {
    return type.fields.map(({ name: field, type: of, domain, collation }) =>
      columnText(
        system,
        { name: field, type: { ...of, nullable: true }, domain, collation, defaultText: null },
        options,
        null,
      ),
    );
  }
  if (found === null) {
    const message = `relation "${parts.join('.')}" does not exist`;
    throw new SqlError({ sqlstate: '42P01', message, position });
  }
  const object = system.catalog.object(found.id);
  // That a view's column has no NULL is an observation, and no constraint.
  const nullable = object.kind !== 'table';
  const columns = found.columns.map((column) =>
    columnText(
      system,
      nullable ? { ...column, type: { ...column.type, nullable }, notNull: undefined } : column,
      options,
      identityOf(system, object, column),
    ),
  );
  return [...columns, ...(object.kind === 'table' ? constraintTexts(system, object, options) : [])];
}

/** The sequence of an identity column. */
function identityOf(system: System, object: CatalogObject, { name }: CatalogColumn): SequenceObject | null {
  if (object.kind !== 'table') return null;
  const number = object.columns.findIndex((column) => column.name === name);
  const found = system.catalog
    .dependents(object.id)
    .find((other) => other.kind === 'sequence' && other.identity && other.ownedBy?.column === number);
  return (found as SequenceObject | undefined) ?? null;
}

function columnText(
  system: System,
  column: CatalogColumn,
  options: number,
  sequence: SequenceObject | null,
): string {
  const { type, domain, collation, identity, generated, defaultText, notNull } = column;
  const { catalog } = system;
  const words = [
    quoteIdentifier(column.name),
    domain === undefined ? typeText(catalog, type) : ownTypeText(catalog, domain),
    ...collateWords(collation),
  ];
  if (generated !== undefined) {
    const kind = generated.stored ? 'STORED' : 'VIRTUAL';
    if (options & INCLUDING.generated) words.push(`GENERATED ALWAYS AS (${generated.text}) ${kind}`);
  } else if (identity !== undefined) {
    const when = identity === 'always' ? 'ALWAYS' : 'BY DEFAULT';
    if (options & INCLUDING.identity) words.push(`GENERATED ${when} AS IDENTITY${optionsText(sequence)}`);
  } else if (defaultText !== null && options & INCLUDING.defaults) words.push(`DEFAULT ${defaultText}`);
  if (notNull !== undefined) {
    words.push(
      `CONSTRAINT ${quoteIdentifier(notNull.name)} NOT NULL${notNull.noInherit ? ' NO INHERIT' : ''}`,
    );
  }
  return words.join(' ');
}

/** The options of a sequence, which another has too. */
function optionsText(sequence: SequenceObject | null): string {
  if (sequence === null) return '';
  const { start, increment, least, greatest, cache, cycles } = sequence;
  const bounds = `MINVALUE ${least} MAXVALUE ${greatest} CACHE ${cache}`;
  return ` (START WITH ${start} INCREMENT BY ${increment} ${bounds} ${cycles ? 'CYCLE' : 'NO CYCLE'})`;
}

function indexesOf(system: System, table: CatalogObject): IndexObject[] {
  return system.catalog
    .dependents(table.id)
    .filter((object): object is IndexObject => object.kind === 'index' && object.table === table.id);
}

/** What the LIKE clauses name that include this. */
function* likeObjects(
  { system, session, parsed, statement: { tableElts = [] } }: LikeContext,
  including: number,
): Generator<CatalogObject> {
  for (const element of tableElts) {
    const { relation, options = 0 } = nodeAs(element, 'TableLikeClause') ?? {};
    const named = options & including ? lookUp(system.catalog, session, parsed, rangeName(relation)) : null;
    if (named !== null) yield named;
  }
}

/** The comments that INCLUDING COMMENTS brings: those of columns, and of the constraints and indexes that came with them. */
export function likeComments(context: LikeContext, to: Made): CatalogChange[] {
  const { system } = context;
  const made = system.catalog.find(to.schema, to.name);
  if (made?.kind !== 'table') return [];
  let table = made;
  const indexes = new Map<ObjectId, IndexObject>();
  for (const from of likeObjects(context, INCLUDING.comments)) {
    if (!('columns' in from) || from.kind === 'index') continue;
    const columns = table.columns.map((column) => {
      const { comment } = from.columns.find(({ name }) => name === column.name) ?? {};
      return comment === undefined ? column : { ...column, comment };
    });
    table = { ...table, columns };
    if (from.kind !== 'table') continue;
    for (const { name, comment } of ownConstraints(from)) {
      if (comment !== undefined) table = withConstraint(table, name, { comment });
    }
    const form = (index: IndexObject, of: TableObject): string =>
      [index.unique, index.primary, ...elementTexts(index, of.columns), indexPredicate(index)].join('\n');
    for (const { comment, ...index } of indexesOf(system, from)) {
      const own = indexesOf(system, made).find((other) => form(other, made) === form(index, from));
      if (comment !== undefined && own !== undefined) indexes.set(own.id, { ...own, comment });
    }
  }
  return [table, ...indexes.values()].map((object) => ({ kind: 'replace', object }));
}

function constraintTexts(system: System, table: TableObject, options: number): string[] {
  const checks = table.checks.map((check) => {
    const definition = checkDefinition(check.text, { ...check, validated: true });
    return `CONSTRAINT ${quoteIdentifier(check.name)} ${definition}`;
  });
  const list = (columns: readonly number[]): string =>
    `(${columns.map((column) => quoteIdentifier(table.columns[column]!.name)).join(', ')})`;
  const include = (index: IndexObject | undefined): string => {
    const included = (index && declarationOf(index)?.included) ?? [];
    return included.length === 0 ? '' : ` INCLUDE (${included.map(quoteIdentifier).join(', ')})`;
  };
  const key = indexesOf(system, table).find((index) => index.primary);
  const primary = table.primaryKeyName === null ? [] : [`PRIMARY KEY ${list(table.keys[0]!)}${include(key)}`];
  const indexes = uniqueIndexes(system.catalog, table.id);
  const uniques = indexes
    .filter(({ constraint }) => constraint)
    .map((index) => {
      const nulls = index.nullsEqual ? 'NULLS NOT DISTINCT ' : '';
      return `UNIQUE ${nulls}${list(index.columns.map((number) => number - 1))}${include(index)}`;
    });
  return [
    ...(options & INCLUDING.constraints ? checks : []),
    ...(options & INCLUDING.indexes ? [...primary, ...uniques] : []),
  ];
}

/** CREATE INDEX for the indexes that INCLUDING INDEXES brings besides keys, over the table `to`; they get names of their own. */
export function likeIndexes(context: LikeContext, to: Made): string[] {
  const { catalog } = context.system;
  return [...likeObjects(context, INCLUDING.indexes)]
    .filter((object) => object.kind === 'table')
    .flatMap((table) => indexesOf(context.system, table))
    .flatMap(({ constraint, statement }) =>
      constraint || statement === null ? [] : [shownExpression(withIndexOf(statement, to), '', catalog)],
    );
}
