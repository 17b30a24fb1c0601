/** to_regclass, to_regtype and their kin: the object of a name, or NULL where there is none. */
import type { CatalogReader } from '../catalog.ts';
import { functionByOid } from '../functions/table.ts';
import { quoteLiteral } from '../functions/quote.ts';
import { allTypes, typeRow } from '../types/table.ts';
import type { HirScalar } from '../hir.ts';
import type { TypeName } from '../types/type.ts';
import { bindBody } from './body.ts';
import { coerce } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindRegistered, isMissing } from './registered.ts';
import { literal, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** format_type(oid, int4), which gives a text. */
const FORMAT_TYPE = 1081;

const looksFor: Readonly<Record<string, TypeName>> = {
  to_regclass: 'regclass',
  to_regtype: 'regtype',
  to_regproc: 'regproc',
  to_regprocedure: 'regprocedure',
  to_regoper: 'regoper',
  to_regoperator: 'regoperator',
  to_regcollation: 'regcollation',
  to_regnamespace: 'regnamespace',
  to_regrole: 'regrole',
};

/** The type whose values such a function gives; undefined for another function. */
export function lookedForBy(name: string): TypeName | undefined {
  return looksFor[name];
}

/** The value of a call. Null where a view would follow no name. */
export function bindToRegistered(
  context: ExpressionContext,
  type: TypeName,
  argument: Bound,
): HirScalar | null {
  const { statement } = context;
  const { scalar } = argument;
  const { catalog, inView } = statement.environment;
  // What types are called is known; a view would keep the number that another name had.
  if (inView === true && (type !== 'regtype' || scalar.kind === 'literal')) return null;
  if (scalar.kind !== 'literal') {
    const text = coerce(statement, argument, 'text', 'implicit');
    return text && bindLookUp(context, type, text, lookUp(type, catalog, inView === true));
  }
  if (scalar.text === null) return literal(type, null);
  try {
    // It is looked for when the statement runs: errors are about the text, not about where it stands.
    return bindRegistered(statement, type, scalar.text, undefined);
  } catch (error) {
    if (isMissing(error)) return literal(type, null);
    throw error;
  }
}

/** What is raised where there is no object of a name: before the name, and after it. */
const missing: Partial<Record<TypeName, readonly [sqlstate: string, before: string, after: string]>> = {
  regclass: ['42P01', 'relation "', '" does not exist'],
  regtype: ['42704', 'type "', '" does not exist'],
  regproc: ['42883', 'function "', '" does not exist'],
  regprocedure: ['42883', 'function "', '" does not exist'],
  regoper: ['42883', 'operator does not exist: ', ''],
  regoperator: ['42883', 'operator does not exist: ', ''],
  regcollation: ['42704', 'collation "', '" for encoding "UTF8" does not exist'],
  regnamespace: ['3F000', 'schema "', '" does not exist'],
  regrole: ['42704', 'role "', '" does not exist'],
};

/** Those whose text is a name that may have parts, and nothing else. */
const ofParts: ReadonlySet<TypeName> = new Set(['regclass', 'regnamespace', 'regrole', 'regcollation']);

/** The object that a text names, which is there or an error is raised; null where a view would follow no name. */
export function bindExisting(context: ExpressionContext, type: TypeName, argument: Bound): HirScalar | null {
  const { scalar } = argument;
  // PostgreSQL has a function for these casts, to which a number is a name like others.
  const source = typeOf(scalar).name;
  const numbers = type !== 'regclass' || (source !== 'text' && source !== 'varchar');
  if (scalar.kind === 'literal' && (numbers || scalar.text === null || !NUMBER.test(scalar.text))) {
    const found = bindToRegistered(context, type, argument);
    const isThere = found?.kind === 'literal' && found.text !== null;
    if (isThere || found === null || scalar.text === null) return found;
  }
  const { catalog, inView } = context.statement.environment;
  const text = coerce(context.statement, argument, 'text', 'implicit');
  const error = missing[type];
  if ((inView === true && type !== 'regtype') || text === null || error === undefined) return null;
  const [sqlstate, before, after] = error;
  const named = `${quoteLiteral(before)} || ${ofParts.has(type) ? SHOWN : '$1'} || ${quoteLiteral(after)}`;
  // A signature is read otherwise.
  const orInvalid = (valid: string, invalid: string): string =>
    ofParts.has(type) ? `CASE WHEN $1 ~ ${ANY_NAME} THEN ${valid} ELSE ${quoteLiteral(invalid)} END` : valid;
  const state = orInvalid(quoteLiteral(sqlstate), '42602');
  const message = orInvalid(named, 'invalid name syntax');
  const found = lookUp(type, catalog, inView === true, numbers);
  const raises = `CASE WHEN tw_raise(${state}, ${message}) THEN 0::oid END::${type}`;
  const body = `CASE WHEN $1 IS NOT NULL THEN coalesce(${found}, ${raises}) END`;
  return bindLookUp(context, type, text, body);
}

/** A body that has its argument many times, of a value that is computed once. */
function bindLookUp(context: ExpressionContext, type: TypeName, text: HirScalar, body: string): HirScalar {
  const isSimple = text.kind === 'column' || text.kind === 'literal' || text.kind === 'parameter';
  const once = isSimple
    ? body
    : `(SELECT ${body.replaceAll('$1', 'asked.t')} FROM (SELECT $1 AS t) AS asked)`;
  return bindBody(context, { ...functionByOid(FORMAT_TYPE), result: type }, [text], once);
}

/** A name, or one with its schema, or with the database and that, as `$1`. */
const PART = '("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)';
const ANY_PART = '("([^"]|"")+"|[^".[:space:]]+)';
const NAME = quoteLiteral(`^\\s*${PART}\\s*(\\.\\s*${PART}\\s*){0,2}$`);
const PARTS = 'parse_ident($1, true)';
const COUNT = `array_length(${PARTS}, 1)`;
const LAST = `(${PARTS})[${COUNT}]`;
/** The schema, where one is said; of another database there is nothing. */
const SCHEMA = `CASE ${COUNT} WHEN 2 THEN (${PARTS})[1] WHEN 3 THEN CASE (${PARTS})[1] WHEN current_database() THEN (${PARTS})[2] END END`;

/** What is a name, whether there can be an object of it or not, and as messages show it. */
const ANY_NAME = quoteLiteral(`^\\s*${ANY_PART}(\\s*\\.\\s*${ANY_PART})*\\s*$`);
const SHOWN = `CASE WHEN $1 ~ ${NAME} THEN array_to_string(${PARTS}, '.') ELSE $1 END`;

/** A name with types in parentheses, and its parts. */
const SIGNATURE = quoteLiteral('^[^()]+\\(.*\\)\\s*$');
const BEFORE = `trim(substring($1 from '^[^(]*'))`;
const WITHIN = `substring($1 from '\\((.*)\\)\\s*$')`;
/** All operators are of one schema. */
const OPERATOR = `regexp_replace(trim($1), '^pg_catalog\\.', '')`;

/** The type that an expression's text names, as an oid. */
function typeIn(text: string, catalog: CatalogReader): string {
  return typeNamed(catalog, false).replaceAll('$1', () => text);
}

/** An operand of the operator whose signature `$1` is. */
function operand(place: 1 | 2, catalog: CatalogReader): string {
  const text = `split_part(${WITHIN}, ',', ${place})`;
  return `CASE WHEN lower(trim(${text})) = 'none' THEN 0::oid ELSE ${typeIn(text, catalog)}::oid END`;
}

/** Texts that are an object's number. */
const NUMBER = /^(-|[0-9]+)$/;

/** The expression that finds the object whose name `$1` is, or its number. */
function lookUp(type: TypeName, catalog: CatalogReader, inView: boolean, numbers = true): string {
  const numbered = numbers ? `WHEN $1 = '-' THEN 0::oid WHEN $1 ~ '^[0-9]{1,9}$' THEN $1::oid` : '';
  if (type === 'regtype') return `CASE ${numbered} ELSE ${typeNamed(catalog, inView)} END::regtype`;
  const path = pathOf(catalog);
  const from = (relation: string): string => fromNamed(relation, catalog);
  const unqualified = (relation: string): string =>
    `SELECT oid FROM tw_internal.${relation} WHERE name = ${LAST} AND ${COUNT} = 1`;
  const queries: Partial<Record<TypeName, string>> = {
    regclass: `SELECT o.oid ${from('relations')} ORDER BY array_position(${path}, s.name::text) LIMIT 1`,
    regproc: `SELECT min(o.oid) ${from('functions')} HAVING count(*) = 1`,
    regnamespace: unqualified('schemas'),
    regrole: unqualified('roles'),
    regcollation: `SELECT oid FROM pg_catalog.pg_collation WHERE collname = ${LAST} AND ${COUNT} = 1`,
    regoper: `SELECT min(oid) FROM tw_internal.operators WHERE name = ${OPERATOR} HAVING count(*) = 1`,
    regprocedure: `SELECT min(o.oid) ${from('functions').replaceAll('$1', () => BEFORE)}
      AND array_to_string(o.argument_oids, ' ') = (SELECT coalesce(string_agg(coalesce(${typeIn('a.type', catalog)}::oid::text, '?'), ' ' ORDER BY a.place), '')
        FROM unnest(string_to_array(${WITHIN}, ',')) WITH ORDINALITY AS a (type, place) WHERE trim(${WITHIN}) <> '')`,
    regoperator: `SELECT min(oid) FROM tw_internal.operators WHERE name = ${OPERATOR.replaceAll('$1', () => BEFORE)}
      AND left_oid = ${operand(1, catalog)} AND right_oid = ${operand(2, catalog)}`,
  };
  const shape = { regoper: "'.'", regprocedure: SIGNATURE, regoperator: SIGNATURE }[type as string] ?? NAME;
  return `CASE ${numbered}
    WHEN $1 ~ ${shape} THEN (${queries[type]!}) END::${type}`;
}

/** The schemas in which a name is looked for. */
function pathOf(catalog: CatalogReader): string {
  return `ARRAY[${catalog.searchPath.map(quoteLiteral).join(', ')}]::text[]`;
}

/** The rows of the name `$1`, in the schema that it says or along the search path. */
function fromNamed(relation: string, catalog: CatalogReader): string {
  const { temporarySchema: own } = catalog;
  const said =
    own === null ? SCHEMA : `CASE ${SCHEMA} WHEN 'pg_temp' THEN ${quoteLiteral(own)} ELSE ${SCHEMA} END`;
  return `FROM tw_internal.${relation} o JOIN tw_internal.schemas s ON s.oid = o.schema_oid WHERE o.name = ${LAST}
    AND CASE WHEN ${COUNT} = 1 THEN s.name::text = ANY (${pathOf(catalog)}) ELSE s.name = ${said} END`;
}

/** A type's text without a modifier and brackets. */
const BARE = `regexp_replace($1, '\\s*\\([^)]*\\)|\\s*\\[[0-9]*\\]', '', 'g')`;
/** What PostgreSQL's own types are known by: a name, or words as in `timestamp with time zone`. */
const KNOWN_AS = `CASE WHEN $1 !~ ${NAME} THEN lower(trim($1)) WHEN lower(trim($1)) = 'char' THEN 'character'
  WHEN ${COUNT} = 1 OR ${SCHEMA} = 'pg_catalog' THEN ${LAST} END`;
const SPELLED: Readonly<Record<string, TypeName>> = { int: 'int4', decimal: 'numeric', float: 'float8' };

/** Built-in types by their names, as one value; `oid` gives what is shown for one. */
function builtIn(oid: (row: (typeof allTypes)[number]) => number): string {
  const named = allTypes.flatMap((row) =>
    [...new Set([row.name, row.display])].map((text) => [text, oid(row)] as const),
  );
  const spelled = Object.entries(SPELLED).map(([text, name]) => [text, oid(typeRow(name))] as const);
  return quoteLiteral(JSON.stringify(Object.fromEntries([...named, ...spelled])));
}

const BUILT_IN_TYPES = builtIn(({ oid }) => oid);
// Arrays of arrays are arrays.
const BUILT_IN_ARRAYS = builtIn(({ oid, array }) => (array === 0 ? oid : array));

/** Types of one's own and of relations' rows are looked up, where that is not for good. */
function typeNamed(catalog: CatalogReader, inView: boolean): string {
  const found = (builtIn: string, column: string): string => {
    const known = `(${builtIn}::jsonb ->> ${KNOWN_AS})::oid`;
    if (inView) return known;
    return `coalesce(${known}, CASE WHEN $1 ~ ${NAME} THEN (SELECT o.${column} ${fromNamed('types', catalog)}
      ORDER BY array_position(${pathOf(catalog)}, s.name::text) LIMIT 1) END)`;
  };
  const bare = (text: string): string => text.replaceAll('$1', () => BARE);
  return `(CASE WHEN $1 ~ '\\]\\s*$' THEN ${bare(found(BUILT_IN_ARRAYS, 'array_oid'))}
    ELSE ${bare(found(BUILT_IN_TYPES, 'oid'))} END)::regtype`;
}
