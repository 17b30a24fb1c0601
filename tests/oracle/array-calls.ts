/** Calls of the registered functions and operators over arrays, for some element types in place of polymorphic ones. */
import { functions, operators, type FunctionEntry } from '../../sql/functions/table.ts';
import { valuesOf, type Type } from './schema.ts';

/** A type of the domains' tables: an element type, or an array's by its `typname`. */
export type ArrayDomain = Type | `_${Type}`;

/** As `Registered`, over arrays too. */
export interface ArrayCall {
  readonly signature: string;
  readonly arguments: readonly ArrayDomain[];
  readonly texts: readonly string[];
  readonly literals: readonly (readonly string[] | null)[];
}

/** Elements whose equality is identity, and such whose equality is wider. */
const ELEMENTS: readonly Type[] = ['int4', 'text', 'numeric', 'float8'];

/** The arrays that domains' tables hold, as SQL. */
export function arraysOf(element: Type): string[] {
  const [a, b, c] = [...valuesOf(element), ...valuesOf(element)].slice(0, 3);
  const of = (text: string): string => `(${text})::${element}[]`;
  return [
    of('array[]'),
    of(`array[${a}]`),
    of(`array[${a}, ${b}, null]`),
    of(`array[${b}, ${a}, ${b}, ${c}]`),
    of(`array[[${a}, ${b}], [${c}, ${a}]]`),
    of(`array_fill((${b})::${element}, array[2], array[-1])`),
  ];
}

/** The tables that the calls read besides those of single values. */
export function arrayDomainTables(): string[] {
  return ELEMENTS.flatMap((element) => [
    `CREATE TABLE d__${element} (v ${element}[])`,
    `INSERT INTO d__${element} VALUES (NULL), ${arraysOf(element)
      .map((value) => `(${value})`)
      .join(', ')}`,
  ]);
}

/** Arguments of which most values are errors, or too many. */
const LITERALS: Readonly<Record<string, readonly (readonly string[] | null)[]>> = {
  array_fill: [null, ['array[2]', 'array[2,1]', 'array[]::int[]'], ['array[1]', 'array[0,-1]']],
  array_length: [null, ['1', '2', '0']],
  array_upper: [null, ['1', '2', '7']],
  array_lower: [null, ['1', '2', '-1']],
  array_position: [null, null, ['1', '2', '-5']],
  trim_array: [null, ['0', '1', '2']],
  array_to_string: [null, [`','`, `''`], [`'*'`, `'null'`]],
  string_to_array: [null, [`'a'`, `''`, `' '`], [`'b'`, `''`]],
  regexp_match: [null, [`'a'`, `'(a)(b)?'`, `'^$'`], [`''`, `'i'`]],
  regexp_split_to_array: [null, [`'a'`, `'\\s'`, `''`], [`''`, `'i'`]],
  jsonb_set: [null, [`'{a}'::text[]`, `'{0}'::text[]`, `'{a,b}'::text[]`], [`'1'::jsonb`]],
  jsonb_insert: [null, [`'{x}'::text[]`, `'{0}'::text[]`], [`'1'::jsonb`]],
  '#>': [null, [`'{a}'::text[]`, `'{a,0}'::text[]`, `'{}'::text[]`]],
  '#>>': [null, [`'{a}'::text[]`, `'{a,0}'::text[]`, `'{}'::text[]`]],
  '#-': [null, [`'{a}'::text[]`, `'{0}'::text[]`, `'{a,b}'::text[]`]],
};

/** Every call that has an array among its arguments or for a result. */
export function arrayCalls(): ArrayCall[] {
  const calls = new Map<string, ArrayCall>();
  const add = (call: ArrayCall): void => void calls.set(call.signature, call);
  for (const element of ELEMENTS) {
    const actual = (type: string): string => {
      if (type === 'anyarray' || type === 'anycompatiblearray') return `_${element}`;
      return type.startsWith('any') ? element : type;
    };
    const usable = (entry: FunctionEntry, types: readonly string[]): boolean =>
      entry.kind === 'function' &&
      entry.native &&
      entry.volatility !== 'volatile' &&
      [...types, actual(entry.result)].some((type) => type.startsWith('_')) &&
      types.every(
        (type) => ELEMENTS.includes(type.replace(/^_/, '') as Type) || type === 'jsonb' || type === 'bool',
      );
    const ofOperators = new Set(operators.map((operator) => operator.function.oid));
    for (const entry of functions) {
      const types = entry.arguments.map(actual);
      if (ofOperators.has(entry.oid) || types.length === 0 || !usable(entry, types)) continue;
      const texts = types.map((_, index) => (index === 0 ? `${entry.name}(` : ', '));
      add({
        signature: `${entry.name}(${types.join(',')})`,
        arguments: types as ArrayDomain[],
        texts: [...texts, ')'],
        literals: types.map((_, index) => LITERALS[entry.name]?.[index] ?? null),
      });
    }
    for (const { name, left, right, function: entry } of operators) {
      if (left === null) continue;
      const types = [actual(left), actual(right)];
      if (!usable(entry, types)) continue;
      add({
        signature: `${types[0]}${name}${types[1]}`,
        arguments: types as ArrayDomain[],
        texts: ['(', ` ${name} `, ')'],
        literals: types.map((_, index) => LITERALS[name]?.[index] ?? null),
      });
    }
  }
  return [...calls.values()];
}
