/** The functions and operators, by name and oid. */
import { ownAggregates } from './aggregates.ts';
import { catalogEntries } from './catalog-entries.ts';
import { families } from './families.ts';
import { ownFunctions } from './own-functions.ts';
import { argumentRows, boundRows, operatorRows, procRows } from './catalog.generated.ts';
import type { TypeName } from '../types/type.ts';

/** A function or aggregate, as pg_proc has it and with what the optimizer wants to know. */
export interface FunctionEntry {
  readonly oid: number;
  readonly name: string;
  /** Type names; `any` and `anynonarray` accept what their names say. */
  readonly arguments: readonly string[];
  readonly result: TypeName;
  /** `pg_proc.prosrc`; empty for a SQL-language function. */
  readonly opcode: string;
  readonly strict: boolean;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly kind: 'function' | 'aggregate';
  /** Can raise an error for some arguments. */
  readonly canError: boolean;
  /** Can be NULL though no argument is. */
  readonly canBeNull: boolean;
  /** The engine evaluates it. Others are expressions (`body`) or the binder's own matter. */
  readonly native: boolean;
  /** An expression over $1, $2… that it stands for, or null. */
  readonly body: string | null;
  readonly description: string;
  /** The arguments' names, if they have any. */
  readonly argumentNames?: readonly string[];
  /** Expressions for the last arguments, where a call leaves them out. */
  readonly defaults?: readonly string[];
  /** The type of an element of the last argument, where it is VARIADIC. */
  readonly variadic?: string;
}

/** An operator, as pg_operator has it. */
export interface OperatorEntry {
  readonly oid: number;
  readonly name: string;
  /** null: a prefix operator. */
  readonly left: string | null;
  readonly right: string;
  readonly result: TypeName;
  readonly function: FunctionEntry;
  /** oids, 0 for none. */
  readonly commutator: number;
  readonly negator: number;
}

const total = new Set(families.flatMap((family) => family.total));
const native = new Set(families.flatMap((family) => [...family.total, ...family.fallible]));
/** What is wrong with a text is NULL where nothing is. */
const INPUT_ERROR = 'input_error';
const nullable = new Set([INPUT_ERROR, ...families.flatMap((family) => family.nullable ?? [])]);

const argumentsOf = new Map(
  argumentRows.map(([oid, names, defaults, variadic]) => [
    oid,
    {
      ...(variadic === '' ? {} : { variadic }),
      ...(names === '' ? {} : { argumentNames: names.split(' ') }),
      ...(defaults === '' ? {} : { defaults: defaults.split(', ') }),
    },
  ]),
);

const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const;

/** All of them; aggregates too. */
export const functions: readonly FunctionEntry[] = procRows.map(
  ([
    oid,
    name,
    argumentTypes,
    result,
    opcode,
    strict,
    volatility,
    kind,
    body,
    description,
  ]): FunctionEntry => ({
    oid,
    name,
    arguments: argumentTypes === '' ? [] : argumentTypes.split(' '),
    result: result as TypeName,
    opcode,
    strict: strict === 1,
    volatility: volatilities[volatility],
    kind: kind === 'a' ? 'aggregate' : 'function',
    canError: !total.has(opcode),
    canBeNull: strict === 0 || nullable.has(opcode),
    native: kind === 'f' && native.has(opcode),
    body: body === '' ? null : body,
    description,
    ...argumentsOf.get(oid),
  }),
);

/** A function of any number of arguments; the binder knows their types. */
function variadic(opcode: string, canError: boolean, result: TypeName = 'text'): FunctionEntry {
  return {
    oid: 0,
    name: opcode,
    arguments: [],
    result,
    opcode,
    strict: false,
    volatility: 'immutable',
    kind: 'function',
    canError,
    canBeNull: result !== 'jsonb' && result !== 'json',
    native: true,
    body: null,
    description: '',
  };
}

/** A function declared VARIADIC "any", and the same of an array (`VARIADIC array`) in the place of its last arguments. */
interface VariadicEntries {
  readonly each: FunctionEntry;
  readonly spread: FunctionEntry;
  /** How many arguments come before. */
  readonly before: number;
  readonly result: TypeName;
}

function variadicAny(opcode: string, canError: boolean, result: TypeName, before = 0): VariadicEntries {
  const spread = { ...variadic(`${opcode}_spread`, canError, result), canBeNull: true };
  return { each: variadic(opcode, canError, result), spread, before, result };
}

/** Records of a JSON value's members; the binder says of what type. */
export const populateFunctions: Readonly<Record<'json' | 'jsonb', FunctionEntry>> = {
  json: { ...variadic('json_populate_record', true, 'record'), volatility: 'stable' },
  jsonb: { ...variadic('jsonb_populate_record', true, 'record'), volatility: 'stable' },
};

const sqlJson = (opcode: string, result: TypeName): FunctionEntry => ({
  ...variadic(opcode, true, result),
  canBeNull: true,
  volatility: 'stable',
});

/** What SQL/JSON's own syntax becomes; the binder says of what type. */
export const sqlJsonFunctions = {
  json_exists: sqlJson('json_exists', 'bool'),
  json_value: sqlJson('json_value', 'text'),
  json_query: sqlJson('json_query', 'jsonb'),
  json_is: { ...variadic('json_is', true, 'bool'), strict: true },
  json_object_constructor: sqlJson('json_object_constructor', 'json'),
  json_array_constructor: sqlJson('json_array_constructor', 'json'),
} as const;

/** PostgreSQL's functions of values of any types; concat and concat_ws, which are expressions, are not among them. */
export const variadicFunctions: Readonly<Record<string, VariadicEntries>> = {
  num_nulls: variadicAny('pg_num_nulls', false, 'int4'),
  num_nonnulls: variadicAny('pg_num_nonnulls', false, 'int4'),
  format: variadicAny('text_format', true, 'text', 1),
  json_build_array: variadicAny('json_build_array', false, 'json'),
  json_build_object: variadicAny('json_build_object', true, 'json'),
  jsonb_build_array: variadicAny('jsonb_build_array', false, 'jsonb'),
  jsonb_build_object: variadicAny('jsonb_build_object', true, 'jsonb'),
};

/** A row as json: the names of its fields and their values in turn; `lines`: each in a line of its own. */
export const rowToJson: FunctionEntry = variadic('row_to_json', false, 'json');
export const rowToJsonLines: FunctionEntry = variadic('row_to_json_pretty', false, 'json');

/** `array[i][j]`: of any number of subscripts; the binder knows the type. */
export const arraySubscript = variadic('array_subscript', false);
/** An array with another element: the array, the element, its subscripts. */
export const arrayAssignment: FunctionEntry = { ...variadic('array_set', true), canBeNull: false };
/** An array with others in the place of a slice: the array, the others, and the bounds as `array_slice` has them. */
export const arraySliceAssignment = variadic('array_set_slice', true);
/** A jsonb value with another part: the value, the part, the steps to it, each a text or an int4. */
export const jsonbAssignment: FunctionEntry = {
  ...variadic('jsonb_set_element', true, 'jsonb'),
  canBeNull: false,
};
/** What is wrong with a text as the input of a type, whose shape is the second argument; NULL: nothing. */
export const inputError: FunctionEntry = {
  ...variadic(INPUT_ERROR, false, '_text'),
  strict: true,
  volatility: 'stable',
};
/** Raises the error of this SQLSTATE and message, and with a third argument this detail. */
export const raised: FunctionEntry = { ...variadic('raise', true), strict: true };
/** ROW(…). */
export const rowConstructor: FunctionEntry = { ...variadic('row', false), canBeNull: false };
/** `(record).field`, by its number from 0. */
export const fieldSelection = variadic('record_field', false);
/** `record IS NULL`, `record IS NOT NULL`. */
export const recordIsNull = variadic('record_is_null', false, 'bool');
export const recordIsNotNull = variadic('record_is_not_null', false, 'bool');

const recordComparisons: Readonly<Record<string, string>> = {
  '=': 'record_eq',
  '<>': 'record_ne',
  '<': 'record_lt',
  '<=': 'record_le',
  '>': 'record_gt',
  '>=': 'record_ge',
};

/** The comparison of two records of one type. */
export function recordOperator(name: string, type: TypeName): OperatorEntry | null {
  const opcode = recordComparisons[name];
  if (opcode === undefined) return null;
  const compared = {
    ...variadic(opcode, false, 'bool'),
    arguments: [type, type],
    strict: true,
    canBeNull: false,
  };
  return {
    oid: 0,
    name,
    left: type,
    right: type,
    result: 'bool',
    function: compared,
    commutator: 0,
    negator: 0,
  };
}

/** `array[a:b][c:d]`. */
export const arraySlice = variadic('array_slice', false);

const functionsByName = groupBy(
  [...functions, ...ownAggregates, ...ownFunctions, ...catalogEntries],
  (entry) => entry.name,
);
const functionsByOid = new Map(functions.map((entry) => [entry.oid, entry]));

/** All operators. */
export const operators: readonly OperatorEntry[] = operatorRows.map(
  ([oid, name, left, right, result, proc, commutator, negator]): OperatorEntry => ({
    oid,
    name,
    left: left === '' ? null : left,
    right,
    result: result as TypeName,
    function: functionByOid(proc),
    commutator,
    negator,
  }),
);

const operatorsByName = groupBy(operators, (entry) => entry.name);

/** What the binder makes of a call itself: oids and argument types by name. */
const boundByName = groupBy(
  boundRows.map(([oid, name, , , , , , , , types]) => ({
    oid,
    name,
    arguments: types === '' ? [] : types.split(' '),
  })),
  (entry) => entry.name,
);

/** The oids and argument types of all that pg_proc has of this name. */
export function signaturesNamed(name: string): readonly Pick<FunctionEntry, 'oid' | 'arguments'>[] {
  return [...functionsNamed(name), ...(boundByName.get(name) ?? [])];
}

/** Functions and aggregates of this name. */
export function functionsNamed(name: string): readonly FunctionEntry[] {
  return functionsByName.get(name) ?? [];
}

/** The function of this oid. */
export function functionByOid(oid: number): FunctionEntry {
  const entry = functionsByOid.get(oid);
  if (entry === undefined) throw new Error(`no function ${oid}`);
  return entry;
}

/** Operators of this name. */
export function operatorsNamed(name: string): readonly OperatorEntry[] {
  return operatorsByName.get(name) ?? [];
}

/** Names of all functions, for hints. */
export function functionNames(): Iterable<string> {
  return functionsByName.keys();
}

/** Every opcode that a bound query can contain: the engine must have them all. */
export function usedOpcodes(): readonly string[] {
  return [...native].sort();
}

/** Whether the call of an opcode can be NULL though no argument is. */
export function opcodeCanBeNull(opcode: string, strict: boolean): boolean {
  return !strict || nullable.has(opcode);
}

function groupBy<T>(entries: readonly T[], key: (entry: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const group = groups.get(key(entry));
    if (group === undefined) groups.set(key(entry), [entry]);
    else group.push(entry);
  }
  return groups;
}
