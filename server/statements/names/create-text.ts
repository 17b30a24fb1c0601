/**
 * The text of a CREATE statement, as SHOW CREATE shows it, when the object that it made changes: its own name, its
 * column list, its query.
 */
import type { CreateStmt, IndexStmt, Node } from '@pgsql/types';
import { nodeAs, stringOf } from '../../../sql/ast/accessors.ts';
import type { Statement } from '../../../sql/ast/statement.ts';
import { columnName } from '../../../sql/bind/column-name.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { columnReferences, renamings } from '../../../sql/parse/column-references.ts';
import { EditableText } from '../../../sql/parse/edits.ts';
import { parse } from '../../../sql/parse/parse.ts';

interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** The statement with another name for its object; its schema is written where it was, or with `qualify`. */
export function withOwnName(statement: string, to: QualifiedName, qualify: boolean): string {
  const text = new EditableText(statement);
  const first = ownNameToken(text, statement);
  const parts = text.nameAt(first);
  const qualified = qualify || parts.length > 1;
  return text.edited([
    text.replace(first, parts.at(-1)!, qualified ? written(to) : quoteIdentifier(to.name)),
  ]);
}

/**
 * CREATE INDEX with another name, which may not have been there; `columns` are the indexed ones, for CREATE DEFAULT INDEX.
 * An index is in its table's schema, and its name never qualified.
 */
export function withIndexName(statement: string, name: string, columns: readonly string[]): string {
  const text = new EditableText(statement);
  const index = indexOf(statement);
  const on = text.find((token) => token.text === 'on' && token.kind === 'word');
  if (!index || on === undefined) throw new Error('the statement is CREATE INDEX');
  const own = quoteIdentifier(name);
  if (parsed(statement).kind === 'create_default_index') {
    const list = columns.map(quoteIdentifier).join(', ');
    const last = text.tokens.length - 1;
    return text.edited([
      text.replace(0, on - 1, `CREATE INDEX ${own}`),
      text.insertBehind(last, ` (${list})`),
    ]);
  }
  const inCluster = text.tokens[on - 2]?.text === 'cluster' && text.tokens[on - 3]?.text === 'in';
  const before = inCluster ? on - 4 : on - 1;
  if (index.idxname) return text.edited([text.replace(before, before, own)]);
  return text.edited([text.insertBehind(before, ` ${own}`)]);
}

/** The relation that CREATE INDEX or CREATE SINK … FROM names, under its new name. */
export function withRelationName(statement: string, to: QualifiedName, qualify: boolean): string {
  const text = new EditableText(statement);
  const first = text.tokenAt(relationAt(parsed(statement)));
  if (first === undefined) throw new Error('the statement names a relation');
  const parts = text.nameAt(first);
  const qualified = qualify || parts.length > 1;
  return text.edited([
    text.replace(first, parts.at(-1)!, qualified ? written(to) : quoteIdentifier(to.name)),
  ]);
}

/** CREATE INDEX without a name of its own, on another relation. */
export function withIndexOf(statement: string, to: QualifiedName): string {
  const text = new EditableText(withRelationName(statement, to, true));
  const on = text.find((token) => token.text === 'on' && token.kind === 'word');
  const { idxname } = indexOf(text.source.text) ?? {};
  return on === undefined || !idxname ? text.source.text : text.edited([text.replace(on - 1, on - 1, '')]);
}

/** CREATE SOURCE or CREATE SINK with another name for a connection, wherever it names it. */
export function withConnectionName(
  statement: string,
  from: QualifiedName,
  to: QualifiedName,
  qualify: boolean,
): string {
  const made = parsed(statement);
  if (made.kind !== 'create_source' && made.kind !== 'create_sink') return statement;
  const text = new EditableText(statement);
  const { format } = made;
  const formats = [format?.key, format?.value].flatMap((each) => each?.options ?? []);
  const named = [
    ...(made.connection ? [made.connection] : []),
    // A schema registry's.
    ...formats.flatMap(({ name, value }) =>
      name === 'connection' && value.kind === 'word' ? [value.name] : [],
    ),
  ];
  const edits = named.flatMap(({ parts, location }) => {
    const first = text.tokenAt(location);
    const means = parts.at(-1) === from.name && (parts.length === 1 || parts.at(-2) === from.schema);
    if (first === undefined || !means) return [];
    const tokens = text.nameAt(first);
    const qualified = qualify || tokens.length > 1;
    return [text.replace(first, tokens.at(-1)!, qualified ? written(to) : quoteIdentifier(to.name))];
  });
  return text.edited(edits);
}

/** The statement with another query. */
export function withQuery(statement: string, query: string): string {
  const text = new EditableText(statement);
  const made = parsed(statement);
  const old =
    made.kind === 'create_view'
      ? made.query
      : made.kind === 'create_sink' && made.from.kind === 'query'
        ? made.from.query
        : null;
  if (!old) throw new Error('the statement has a query');
  const start = text.source.utf16OfByte(old.location);
  return text.edited([{ start, end: start + old.text.length, text: query }]);
}

/** CREATE VIEW with these names for the view's columns. */
export function withColumnList(statement: string, columns: readonly string[]): string {
  const text = new EditableText(statement);
  const first = ownNameToken(text, statement);
  const last = text.nameAt(first).at(-1)!;
  const list = `(${columns.map(quoteIdentifier).join(', ')})`;
  if (text.tokens[last + 1]?.text !== '(') return text.edited([text.insertBehind(last, ` ${list}`)]);
  const close = text.find((token) => token.text === ')', last);
  if (close === undefined) throw new Error('a column list ends');
  return text.edited([text.replace(last + 1, close, list)]);
}

/** CREATE TABLE with a name for its primary key's constraint. */
export function withPrimaryKeyName(statement: string, name: string): string {
  const text = new EditableText(statement);
  const primary = text.find(
    (token, index) =>
      token.kind === 'word' && token.text === 'primary' && text.tokens[index + 1]?.text === 'key',
  );
  if (primary === undefined) throw new Error('the table has a primary key');
  const named = text.tokens[primary - 2]?.text === 'constraint' && text.tokens[primary - 2]?.kind === 'word';
  if (named) return text.edited([text.replace(primary - 1, primary - 1, quoteIdentifier(name))]);
  return text.edited([text.replace(primary, primary, `CONSTRAINT ${quoteIdentifier(name)} PRIMARY`)]);
}

/** CREATE TABLE with another name for a column, wherever it is written. */
export function withTableColumn(statement: string, from: string, to: string): string {
  const text = new EditableText(statement);
  const made = parsed(statement);
  const table = made.kind === 'postgres' ? nodeAs(made.node, 'CreateStmt') : undefined;
  if (!table) throw new Error('the statement is CREATE TABLE');
  const places = columnPlaces(text, table, from);
  const edits = places.map((index) => text.replace(index, index, quoteIdentifier(to)));
  const checked = checksOf(table).flatMap((check) => columnReferences(text, check));
  return text.edited([...edits, ...renamings(text, checked, from, quoteIdentifier(to))]);
}

/** The conditions of a table's CHECKs. */
function checksOf(table: CreateStmt): Node[] {
  return (table.tableElts ?? []).flatMap((element) => {
    const constraint = nodeAs(element, 'Constraint');
    const own = (nodeAs(element, 'ColumnDef')?.constraints ?? []).map((node) => nodeAs(node, 'Constraint'));
    return [constraint, ...own].flatMap((each) =>
      each?.contype === 'CONSTR_CHECK' && each.raw_expr ? [each.raw_expr] : [],
    );
  });
}

/** Tokens of a CREATE TABLE that name a column: its definition, and table constraints over it. */
function columnPlaces(text: EditableText, table: CreateStmt, column: string): number[] {
  const places: number[] = [];
  for (const element of table.tableElts ?? []) {
    const definition = nodeAs(element, 'ColumnDef');
    if (definition?.colname === column) places.push(text.tokenAt(definition.location ?? 0)!);
    const constraint = nodeAs(element, 'Constraint');
    const listed = (constraint?.keys ?? []).findIndex((key) => nodeAs(key, 'String')?.sval === column);
    if (!constraint || listed < 0) continue;
    const open = text.find((token) => token.text === '(', text.tokenAt(constraint.location ?? 0));
    if (open !== undefined) places.push(open + 1 + 2 * listed);
  }
  return places;
}

/** CREATE INDEX with another name for a column of its relation; null where an expression uses it. */
export function withIndexColumn(statement: string, from: string, to: string): string | null {
  const text = new EditableText(statement);
  const index = indexOf(statement);
  if (!index) return statement; // CREATE DEFAULT INDEX names no columns
  const params = (index.indexParams ?? []).map((param) => nodeAs(param, 'IndexElem'));
  const elements = elementStarts(text, index);
  if (params.some((param) => param?.expr && namesColumn(param.expr, from))) return null;
  if (index.whereClause && namesColumn(index.whereClause, from)) return null;
  const edits = params.flatMap((param, at) =>
    param?.name === from ? [text.replace(elements[at]!, elements[at]!, quoteIdentifier(to))] : [],
  );
  const including = text.find((token) => token.text === 'include', elements.at(-1));
  const included = declarationOf(index).included.flatMap((name, at) => {
    const place = including! + 2 + 2 * at;
    return name === from ? [text.replace(place, place, quoteIdentifier(to))] : [];
  });
  return text.edited([...edits, ...included]);
}

/**
 * The texts of the expressions that a CREATE INDEX names, without what says how they are ordered: each is in brackets or
 * a call, and ends where these do. Where it names a column there is something that is none.
 */
export function indexElements(statement: string): string[] {
  const index = indexOf(statement);
  if (!index?.relation) return [];
  const text = new EditableText(statement);
  const starts = elementStarts(text, index);
  return starts.map((start) => {
    let depth = 0;
    let end = start;
    for (let at = start; at < text.tokens.length; at++) {
      const mark = text.tokens[at]!;
      if (mark.text === '(') depth++;
      if (mark.text !== ')') continue;
      if (--depth < 0) break;
      if (depth > 0) continue;
      end = at;
      break;
    }
    return statement.slice(text.tokens[start]!.start, text.tokens[end]!.end);
  });
}

/** What a CREATE INDEX says besides its keys: the index is shown so, and answers the same without it. */
export interface IndexDeclaration {
  readonly method: string;
  readonly keys: readonly IndexKey[];
  /** Columns behind INCLUDE. */
  readonly included: readonly string[];
}

export interface IndexKey {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation: string | null;
  readonly operatorClass: string | null;
  /** Of the column, or PostgreSQL's for an expression: of the function that it calls, and `expr` where it has none. */
  readonly name: string;
}

/** The name, or with the first number that makes it another than these. */
function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  for (let number = 1; ; number++) if (!taken.includes(`${name}${number}`)) return `${name}${number}`;
}

/** What the columns of an index are called: as its keys and what it includes, each another name. */
export function indexColumnNames({
  keys,
  included,
}: {
  readonly keys: readonly Pick<IndexKey, 'name'>[];
  readonly included: readonly string[];
}): string[] {
  const names: string[] = [];
  for (const wanted of [...keys.map(({ name }) => name), ...included]) {
    names.push(freeName(wanted, names));
  }
  return names;
}

/** Null: CREATE DEFAULT INDEX, which says nothing. */
export function indexDeclaration(statement: string): IndexDeclaration | null {
  const index = indexOf(statement);
  return index?.relation ? declarationOf(index) : null;
}

export function declarationOf(index: IndexStmt): IndexDeclaration {
  const last = (names: readonly Node[] | undefined): string | null => {
    const node = names?.at(-1);
    return node === undefined ? null : stringOf(node);
  };
  const elements = (index.indexParams ?? []).map((param) => nodeAs(param, 'IndexElem')!);
  return {
    method: index.accessMethod ?? 'btree',
    keys: elements.map(({ name, expr, collation, opclass, ordering, nulls_ordering: nulls }) => {
      const descending = ordering === 'SORTBY_DESC';
      return {
        descending,
        nullsFirst: nulls === 'SORTBY_NULLS_FIRST' || (descending && nulls !== 'SORTBY_NULLS_LAST'),
        collation: last(collation ?? collationOfColumn(expr)),
        operatorClass: last(opclass),
        name: name ?? columnName(expr!).replace('?column?', 'expr'),
      };
    }),
    included: (index.indexIncludingParams ?? []).map((param) => nodeAs(param, 'IndexElem')?.name ?? ''),
  };
}

/** The collation of a key that is a column with COLLATE in brackets, which is that of a column without them. */
function collationOfColumn(expr: Node | undefined): readonly Node[] | undefined {
  const { arg, collname } = nodeAs(expr, 'CollateClause') ?? {};
  return nodeAs(arg, 'ColumnRef') === undefined ? undefined : collname;
}

/** The text of the condition of a CREATE INDEX … WHERE. */
export function predicateText(statement: string): string {
  const text = new EditableText(statement);
  let depth = 0;
  for (const [at, mark] of text.tokens.entries()) {
    if (mark.text === '(') depth++;
    if (mark.text === ')') depth--;
    if (depth > 0 || mark.kind !== 'word' || mark.text !== 'where') continue;
    const ends = text.tokens.slice(at + 1).filter((token) => token.text !== ';');
    return statement.slice(ends[0]!.start, ends.at(-1)!.end);
  }
  throw new Error('a partial index keeps the statement with its condition');
}

/** Where each indexed column or expression begins: behind the bracket and behind each comma at its depth. */
function elementStarts(text: EditableText, index: IndexStmt): number[] {
  const relation = text.tokenAt(index.relation?.location ?? 0) ?? 0;
  const open = text.find((token) => token.text === '(', relation);
  if (open === undefined) return [];
  const starts = [open + 1];
  let depth = 0;
  for (let at = open; at < text.tokens.length; at++) {
    const mark = text.tokens[at]!;
    if (mark.kind !== 'punctuation') continue;
    if (mark.text === '(' || mark.text === '[') depth++;
    if ((mark.text === ')' || mark.text === ']') && --depth === 0) break;
    if (mark.text === ',' && depth === 1) starts.push(at + 1);
  }
  return starts;
}

function namesColumn(node: unknown, column: string): boolean {
  return JSON.stringify(node).includes(JSON.stringify({ sval: column }));
}

function parsed(statement: string): Statement {
  const [made] = parse(statement);
  if (!made) throw new Error('an object keeps the statement that made it');
  return made.statement;
}

function indexOf(statement: string): IndexStmt | undefined {
  const made = parsed(statement);
  if (made.kind === 'create_default_index') return {};
  return made.kind === 'postgres' ? nodeAs(made.node, 'IndexStmt') : undefined;
}

/** The token that the object's own name begins with. */
function ownNameToken(text: EditableText, statement: string): number {
  const made = parsed(statement);
  if (made.kind === 'postgres' && nodeAs(made.node, 'CreateFunctionStmt')) {
    // CREATE [OR REPLACE] FUNCTION name: it has no place in the tree.
    return text.find((token) => token.kind === 'word' && token.text === 'function')! + 1;
  }
  const at = ownNameAt(made);
  const first = at === null ? 2 : text.tokenAt(at);
  if (first === undefined) throw new Error('a CREATE statement names its object');
  return first;
}

/** Where the object's own name begins (UTF-8 bytes); null: it is the third word. */
function ownNameAt(made: Statement): number | null {
  switch (made.kind) {
    case 'create_view':
    case 'create_source':
    case 'create_sink':
      return made.name.location;
    case 'postgres': {
      const table = nodeAs(made.node, 'CreateStmt');
      if (table) return table.relation?.location ?? 0;
      const sequence = nodeAs(made.node, 'CreateSeqStmt');
      if (sequence) return sequence.sequence?.location ?? 0;
      const composite = nodeAs(made.node, 'CompositeTypeStmt');
      if (composite) return composite.typevar?.location ?? 0;
      // Their names have no place in the tree: they are behind CREATE DOMAIN and CREATE TYPE.
      if (nodeAs(made.node, 'CreateDomainStmt') || nodeAs(made.node, 'CreateEnumStmt')) return null;
    }
  }
  throw new Error(`${made.kind} names no object`);
}

function relationAt(made: Statement): number {
  if (made.kind === 'create_default_index') return made.relation.location;
  if (made.kind === 'create_sink' && made.from.kind === 'relation') return made.from.name.location;
  const index = made.kind === 'postgres' ? nodeAs(made.node, 'IndexStmt') : undefined;
  if (!index) throw new Error(`${made.kind} names no relation`);
  return index.relation?.location ?? 0;
}

function written({ schema, name }: QualifiedName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
