/** A catalog made from CREATE TABLE texts, and a small evaluator for literals, so that binding is tested alone. */
import { bindColumnDefinitions, bindQuery } from '../../sql/bind/bind.ts';
import type { BindEnvironment } from '../../sql/bind/environment.ts';
import type { CatalogReader, CatalogRelation, RelationKind } from '../../sql/catalog.ts';
import type { Expr } from '../../engine/plan.generated.ts';
import { nodeAs } from '../../sql/ast/accessors.ts';
import { SqlError } from '../../sql/error.ts';
import { parse } from '../../sql/parse/parse.ts';
import { SourceText } from '../../sql/parse/source-text.ts';
import { displayType } from '../../sql/types/format.ts';
import type { SqlType, TypeName } from '../../sql/types/type.ts';

export const TABLES = `
  CREATE TABLE t (a int PRIMARY KEY, b text, c numeric(10,2), d timestamp, e varchar(5));
  CREATE TABLE u (a bigint, b text, f float8, g boolean NOT NULL DEFAULT true, h date DEFAULT '2020-01-01');
  CREATE TABLE v (x smallint, y char(3), z interval, w timestamptz, j jsonb, k uuid, l bytea, m time, n real, o oid, p name, q "char");
  CREATE TABLE bid (auction bigint, bidder bigint, price bigint, channel varchar, url varchar, date_time timestamp, extra varchar);
`;

const ranges: Partial<Record<TypeName, readonly [bigint, bigint]>> = {
  int2: [-32768n, 32767n],
  int4: [-2147483648n, 2147483647n],
  int8: [-9223372036854775808n, 9223372036854775807n],
};

/** Reads literals as far as these tests need it. */
export function evaluate(expression: Expr): string | null {
  if (expression.kind === 'call' && expression.opcode === 'interval_gt') {
    const [left] = expression.arguments;
    return left?.kind === 'literal' && !/^(-|0 s|00:00:00$)/.test(left.text ?? '') ? 't' : 'f';
  }
  if (expression.kind === 'call') {
    const [value] = expression.arguments;
    return value?.kind === 'literal' ? value.text : null;
  }
  if (expression.kind !== 'input' || expression.argument.kind !== 'literal') throw new Error('not a literal');
  const text = expression.argument.text!;
  const type = expression.scalar;
  const invalid = (sqlstate: string, message: string): SqlError => new SqlError({ sqlstate, message });
  const range = ranges[type];
  if (range !== undefined) {
    if (!/^\s*[+-]?[0-9]+\s*$/.test(text)) {
      throw invalid('22P02', `invalid input syntax for type ${displayType(type)}: "${text}"`);
    }
    const value = BigInt(text.trim());
    if (value < range[0] || value > range[1]) {
      throw invalid('22003', `value "${text}" is out of range for type ${displayType(type)}`);
    }
    return value.toString();
  }
  const patterns: Partial<Record<TypeName, RegExp>> = {
    numeric: /^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?\s*$/i,
    float8: /^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?\s*$/i,
    bool: /^(t|f|true|false|yes|no|on|off|1|0)$/i,
    date: /^\d{4}-\d{2}-\d{2}/,
    timestamp: /^\d{4}-\d{2}-\d{2}/,
    timestamptz: /^\d{4}-\d{2}-\d{2}/,
    interval: /\d/,
  };
  const pattern = patterns[type];
  if (pattern !== undefined && !pattern.test(text)) {
    const sqlstate = ['date', 'timestamp', 'timestamptz', 'interval'].includes(type) ? '22007' : '22P02';
    const name = type === 'timestamp' ? type : displayType(type);
    throw invalid(sqlstate, `invalid input syntax for type ${name}: "${text}"`);
  }
  return text;
}

/** The catalog of these tables and views (name → query). */
export function makeCatalog(
  tables: string = TABLES,
  views: Readonly<Record<string, string>> = {},
): CatalogReader {
  const relations: CatalogRelation[] = [];
  const catalog: CatalogReader = {
    under: (_path, work) => work(),
    version: 1,
    database: 'tidewire',
    user: 'tidewire',
    searchPath: ['pg_catalog', 'public'],
    implicitSchemas: ['pg_catalog'],
    findRelation: (schema, name) =>
      relations.find(
        (relation) => relation.name === name && (schema === null || relation.schema === schema),
      ) ?? null,
    relation: (id) => relations.find((relation) => relation.id === id)!,
    findType: () => null,
    findDomain: () => null,
    domain: () => {
      throw new Error('there are no domains');
    },
    ownTypes: () => [],
    findFunctions: () => [],
    useFunction: () => undefined,
    meaning: () => null,
    temporarySchema: null,
    hasSchema: (name) => name === 'public' || name === 'pg_catalog',
    findClass: () => null,
    classNamed: () => null,
    schemaId: () => null,
    visibility: () => ({ schemas: [11, 2200], shadowed: [] }),
    relationNames: () => relations.map((relation) => relation.name),
    arrangements: () => [],
    viewsOver: () => [],
  };
  const add = (relation: Partial<CatalogRelation> & Pick<CatalogRelation, 'name' | 'columns'>): void => {
    relations.push({
      id: 16384 + relations.length,
      schema: 'public',
      kind: 'table' as RelationKind,
      keys: [],
      primaryKeyName: null,
      estimatedRows: null,
      ...relation,
    });
  };
  const environment: BindEnvironment = { catalog, evaluate, source: new SourceText(tables) };
  for (const { statement } of parse(tables)) {
    const create = statement.kind === 'postgres' ? nodeAs(statement.node, 'CreateStmt') : undefined;
    if (create === undefined) throw new Error('not a CREATE TABLE');
    const bound = bindColumnDefinitions(create.relation!.relname!, create.tableElts ?? [], environment);
    add({
      schema: create.relation!.schemaname ?? 'public',
      name: create.relation!.relname!,
      columns: bound.columns,
      keys: bound.primaryKey === null ? [] : [bound.primaryKey.columns],
      primaryKeyName: bound.primaryKey?.name ?? null,
    });
  }
  for (const [name, query] of Object.entries(views)) {
    const bound = bindQuery(statementOf(query).node, { ...environmentFor(query, catalog), inView: true });
    add({
      name,
      kind: 'view',
      columns: bound.columns.map((column) => ({ ...column, defaultText: null })),
      boundView: () => bound.relation,
    });
  }
  return catalog;
}

export function environmentFor(
  text: string,
  catalog: CatalogReader,
  parameterTypes: readonly (SqlType | null)[] = [],
): BindEnvironment {
  return { catalog, evaluate, source: new SourceText(text), parameterTypes };
}

/** The one statement of a text, which must be PostgreSQL's. */
export function statementOf(text: string) {
  const [parsed] = parse(text);
  if (parsed?.statement.kind !== 'postgres') throw new Error(`not PostgreSQL's: ${text}`);
  return { node: parsed.statement.node, extensions: parsed.extensions };
}
