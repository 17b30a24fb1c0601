/**
 * Rows from JSON: `json_to_record` and `json_populate_record`, their `…recordset` and those of jsonb. The columns are those of
 * a column definition list or of the composite type of the first argument; the engine is told them as a constant.
 */
import type { ColumnDef, FuncCall, Node, RangeFunction } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import { populateFunctions } from '../functions/table.ts';
import type { ObjectId } from '../catalog.ts';
import type { HirColumn, HirRelation, HirScalar, HirTableCall } from '../hir.ts';
import { canCoerce } from '../types/casts.ts';
import { toScalarType } from '../types/column-type.ts';
import { compositeName, hasConditions, recordFields, withoutConditions } from '../types/record.ts';
import { elementType, plain } from '../types/table.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import { bindArguments, callText } from './call-arguments.ts';
import type { CallArguments } from './call-arguments.ts';
import { expressionContext } from './context.ts';
import type { ExpressionContext, QueryContext } from './context.ts';
import { coerce } from './coerce.ts';
import { asDomain, bindTypeOrDomain } from './domain.ts';
import type { DeclaredType } from './domain.ts';
import { aliased } from './from.ts';
import type { BoundFrom } from './from.ts';
import { operand } from './operator.ts';
import { refusePseudoColumn } from './pseudo-type.ts';
import { makeRecord } from './record.ts';
import { call, literal, relabel, typeOf } from './scalar.ts';
import { registerSet, tableFunction } from './set-returning.ts';
import { checkDefinitions } from './table-function.ts';

interface RecordFunction {
  readonly json: 'json' | 'jsonb';
  /** It has a first argument whose type says what the columns are. */
  readonly hasBase: boolean;
  readonly isSet: boolean;
}

const FUNCTIONS: ReadonlyMap<string, RecordFunction> = new Map(
  (['json', 'jsonb'] as const).flatMap((json) =>
    [true, false].flatMap((hasBase) =>
      [true, false].map((isSet) => {
        const name = `${json}_${hasBase ? 'populate' : 'to'}_record${isSet ? 'set' : ''}`;
        return [name, { json, hasBase, isSet }] as const;
      }),
    ),
  ),
);

/** Whether a call is of one of these functions. */
export function isRecordFunction(node: FuncCall): boolean {
  const parts = nameParts(node.funcname);
  return FUNCTIONS.has(parts.pop()!) && (parts.length === 0 || parts.pop() === 'pg_catalog');
}

interface Column {
  readonly name: string;
  readonly declared: DeclaredType;
}

interface BoundArguments {
  /** NULL where there is none. */
  readonly base: HirScalar;
  readonly json: HirScalar;
  /** The base's type. */
  readonly type: TypeName | null;
  readonly domain: ObjectId | undefined;
}

/** A call in FROM as one of the engine's. */
interface RecordRows {
  readonly call: HirTableCall;
  readonly columns: readonly Column[];
}

/** The columns as the engine gives them. */
export function columnsOfRows({ columns }: RecordRows): HirColumn[] {
  return columns.map(({ name, declared }) => ({ name, type: { ...declared.type, nullable: true } }));
}

/** A call that stands alone in FROM; `definitions`: its column definition list. */
export function bindRecordFunction(
  node: FuncCall,
  definitions: readonly Node[] | undefined,
  range: RangeFunction,
  context: QueryContext,
): BoundFrom {
  const name = nameParts(node.funcname).pop()!;
  const made = recordRows(node, definitions, range, context);
  const rows = tableFunction([made.call], [columnsOfRows(made)], range.ordinality === true);
  return aliased(
    withDomains(rows, made.columns, context),
    ...([name, null, range.alias, context, undefined, undefined] as const),
  );
}

/** A call among others of ROWS FROM. */
export function recordRowsInStep(
  node: FuncCall,
  definitions: readonly Node[] | undefined,
  range: RangeFunction,
  context: QueryContext,
): RecordRows {
  const made = recordRows(node, definitions, range, context);
  // Of what is behind the last row nothing is demanded.
  if (made.columns.some(({ declared }) => declared.domain !== null)) {
    throw context.statement.unsupported(
      'a column of a domain in ROWS FROM of several functions',
      locationOf(node),
    );
  }
  return made;
}

function recordRows(
  node: FuncCall,
  definitions: readonly Node[] | undefined,
  range: RangeFunction,
  context: QueryContext,
): RecordRows {
  const { statement } = context;
  const at = locationOf(node);
  const name = nameParts(node.funcname).pop()!;
  const called = FUNCTIONS.get(name)!;
  const scope = { items: [], outer: context.outer };
  const { base, json, type } = bound(node, called, expressionContext(context, scope, 'functions in FROM'));
  if (definitions !== undefined && type !== null && compositeName(type) === null) {
    checkDefinitions(type, definitions, context);
  }
  if (definitions !== undefined && type !== null && compositeName(type) !== null) {
    const message = 'a column definition list is redundant for a function returning a named composite type';
    throw statement.error('42601', message, locationOf(nodeAs(definitions[0], 'ColumnDef') ?? node));
  }
  if (definitions === undefined && type === null) {
    const message = 'a column definition list is required for functions returning "record"';
    throw statement.error('42601', message, at);
  }
  const inside = range.coldeflist === undefined;
  if (range.ordinality === true && !inside) {
    const first = locationOf(nodeAs(definitions![0], 'ColumnDef')!);
    throw statement.error('42601', 'WITH ORDINALITY cannot be used with a column definition list', first, {
      hint: 'Put the column definition list inside ROWS FROM().',
    });
  }
  const columns =
    type !== null
      ? recordFields(type)!.map((field) => ({
          name: field.name,
          declared: {
            type: field.type,
            domain: field.domain === undefined ? null : statement.environment.catalog.domain(field.domain),
          },
        }))
      : definedColumns(definitions!, context);
  const shape = shapeOf(columns.map(({ name: column, declared }) => ({ name: column, type: declared.type })));
  return {
    call: {
      function: called.isSet ? 'jsonPopulateRecordset' : 'jsonPopulateRecord',
      arguments: [base, json, literal('text', shape), literal('text', name)],
      canError: true,
    },
    columns,
  };
}

/** `json_populate_record(base, json)` as a value. */
export function recordFunctionValue(node: FuncCall, context: ExpressionContext): HirScalar {
  const { statement } = context;
  const name = nameParts(node.funcname).pop()!;
  const called = FUNCTIONS.get(name)!;
  const { base, json, type, domain } = bound(node, called, context);
  if (type === null) {
    const message = `could not determine row type for result of ${name}`;
    const hint =
      'Provide a non-null record argument, or call the function in the FROM clause using a column definition list.';
    throw statement.error('0A000', message, undefined, { hint });
  }
  const shape = literal('text', shapeOf(recordFields(type)!));
  const read = plain(hasConditions(type) ? withoutConditions(type) : type);
  if (called.isSet) {
    const rows = { function: 'jsonPopulateRecordset', canError: true } as const;
    const columns = recordFields(read.name)!.map((field): HirColumn => ({
      name: field.name,
      type: { ...field.type, nullable: true },
    }));
    const set = { ...rows, arguments: [base, json, shape, literal('text', name)] };
    const values = registerSet(set, columns, context, locationOf(node));
    const row = makeRecord(columns.map((column, i) => ({ name: column.name, scalar: values[i]! })));
    return ofBase(relabel(row, read), type, domain, context);
  }
  const row = call(populateFunctions[called.json], [base, json, shape], name, read);
  return ofBase(row, type, domain, context);
}

/** A row as one of the base's type, and of its domain. */
function ofBase(
  row: HirScalar,
  type: TypeName,
  domain: ObjectId | undefined,
  { statement, query }: ExpressionContext,
): HirScalar {
  const value = coerce(statement, { scalar: row, at: undefined }, type, 'assignment')!;
  if (domain === undefined) return value;
  const { catalog } = statement.environment;
  return statement.ofDomain({ ...asDomain(catalog.domain(domain), value, query) }, domain);
}

function bound(node: FuncCall, called: RecordFunction, context: ExpressionContext): BoundArguments {
  const { statement } = context;
  const args = bindArguments(node, context);
  const { base, json } = placed(args, called);
  if (
    json === null ||
    (called.hasBase && base === null) ||
    !canCoerce(typeOf(json.scalar).name, called.json)
  ) {
    throw statement.error(
      '42883',
      `function ${callText(statement, node, args)} does not exist`,
      locationOf(node),
      {
        hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
      },
    );
  }
  const value = operand(context, json, called.json);
  if (base === null || isNullRecord(base.scalar)) {
    return { base: literal('text', null), json: value, type: null, domain: undefined };
  }
  const type = typeOf(base.scalar).name;
  if (type === 'unknown') {
    const message = 'could not determine polymorphic type because input has type unknown';
    throw statement.error('42804', message);
  }
  if (recordFields(type) === null) {
    const name = nameParts(node.funcname).pop()!;
    throw statement.error('42804', `first argument of ${name} must be a row type`);
  }
  return { base: base.scalar, json: value, type, domain: statement.domainOf(base.scalar) };
}

/** `NULL::record`, of which nobody knows the fields. */
function isNullRecord(scalar: HirScalar): boolean {
  return scalar.kind === 'literal' && scalar.text === null && recordFields(scalar.type.name)?.length === 0;
}

/** json_populate_record and json_populate_recordset have a third argument, which means nothing any more. */
function placed(
  { values, names, spreads }: CallArguments,
  { hasBase, json }: RecordFunction,
): {
  readonly base: CallArguments['values'][number] | null;
  readonly json: CallArguments['values'][number] | null;
} {
  const nothing = { base: null, json: null };
  const parameters = hasBase ? ['base', 'from_json', ...(json === 'json' ? ['use_json_as_text'] : [])] : [''];
  if (spreads || values.length > parameters.length) return nothing;
  const found = parameters.map((_, i) => (names[i] === null ? (values[i] ?? null) : null));
  for (const [i, name] of names.entries()) {
    if (name === null) continue;
    const at = name === '' ? -1 : parameters.indexOf(name);
    if (at < 0 || found[at] !== null || !hasBase) return nothing;
    found[at] = values[i]!;
  }
  return hasBase
    ? { base: found[0] ?? null, json: found[1] ?? null }
    : { base: null, json: found[0] ?? null };
}

/** The columns of a column definition list. */
export function definedColumns(definitions: readonly Node[], context: QueryContext): Column[] {
  const { statement } = context;
  const columns: Column[] = [];
  for (const definition of definitions) {
    const column: ColumnDef = nodeAs(definition, 'ColumnDef')!;
    const name = column.colname!;
    if (columns.some((other) => other.name === name)) {
      throw statement.error('42701', `column name "${name}" specified more than once`);
    }
    refusePseudoColumn(statement, name, column.typeName!);
    columns.push({ name, declared: bindTypeOrDomain(statement, column.typeName!) });
  }
  return columns;
}

/** What the engine reads as the shape of a row. */
export function shapeOf(fields: readonly { readonly name: string; readonly type: SqlType }[]): string {
  const shape = (of: readonly { readonly name: string; readonly type: SqlType }[]): unknown =>
    of.map(({ name, type }) => {
      const inner = recordFields(elementType(type.name) ?? type.name);
      const field = { name, type: toScalarType(type.name), typmod: type.typmod };
      return inner === null ? field : { ...field, fields: shape(inner) };
    });
  return JSON.stringify(shape(fields));
}

/** The columns that are of domains with what domains demand around them. */
function withDomains(rows: HirRelation, columns: readonly Column[], context: QueryContext): HirRelation {
  const checked = columns.flatMap(({ declared: { domain } }, index) =>
    domain === null ? [] : [{ domain, index }],
  );
  if (checked.length === 0) return rows;
  const scalars = checked.map(({ domain, index }) =>
    asDomain(domain, { kind: 'column', index, type: rows.columns[index]!.type }, context),
  );
  const map: HirRelation = {
    kind: 'map',
    columns: [...rows.columns, ...checked.map(({ index }) => rows.columns[index]!)],
    input: rows,
    scalars,
  };
  const indexes = rows.columns.map((_, index) => {
    const place = checked.findIndex((column) => column.index === index);
    return place < 0 ? index : rows.columns.length + place;
  });
  return { kind: 'project', columns: rows.columns, input: map, indexes };
}
