/** tw_internal.functions: PostgreSQL's own, which are the same for all servers, and those that users make. */
import { boundRows, signatureRows, typeFunctionRows } from '../../../sql/functions/catalog.generated.ts';
import { type FunctionEntry, functions as functionEntries } from '../../../sql/functions/table.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { typeOid } from '../../../sql/types/table.ts';
import { variadicElement } from '../../../sql/types/polymorphic.ts';
import { argumentDefault, argumentsOf, argumentsText, resultText, settingsText } from '../function-text.ts';
import { pseudoTypes, signatureOid, signatureType } from './pseudo-types.ts';
import { markedExpression } from '../stored-expressions.ts';
import type { RawTable, RawValue } from './raw-table.ts';
import { textArray, vectorText } from './array-text.ts';

/** PostgreSQL's oids of its languages. */
const INTERNAL = 12;
const SQL = 14;
const PG_CATALOG = 11;

const signatures = new Map(
  signatureRows.map(([oid, given, identity, result]) => [oid, { given, identity, result }]),
);

/** What is shown of a function: the result, the arguments, these without defaults, and their types alone. */
function shown(oid: number, types: readonly string[], result: string): [string, string, string, string] {
  const known = signatures.get(oid);
  const displayed = types.map(signatureType);
  const listed = displayed.join(', ');
  return [
    known?.result ?? signatureType(result),
    known?.given ?? listed,
    known?.identity ?? listed,
    displayed.join(','),
  ];
}

function ownFunction(entry: FunctionEntry): RawValue[] {
  const { oid, name, kind, body, strict, volatility, opcode, description, argumentNames = null } = entry;
  return [
    ...[oid, name, PG_CATALOG, kind === 'aggregate' ? 'a' : 'f', body === null ? INTERNAL : SQL],
    ...[signatureOid(entry.result), false, strict, volatility[0]!, entry.arguments.length],
    ...[
      entry.defaults?.length ?? 0,
      signatureOid(entry.variadic ?? ''),
      vectorText(entry.arguments.map(signatureOid)),
    ],
    argumentNames && textArray(argumentNames),
    ...[...shown(oid, entry.arguments, entry.result), body ?? opcode, null, description],
  ];
}

/** A function that the binder makes something of itself. */
function boundFunction(row: (typeof boundRows)[number]): RawValue[] {
  const [oid, name, kind, result, returnsSet, strict, volatility, defaults, variadic, ...rest] = row;
  const [argumentTypes, argumentNames, opcode, description] = rest;
  const types = argumentTypes === '' ? [] : argumentTypes.split(' ');
  return [
    ...[oid, name, PG_CATALOG, kind, INTERNAL, signatureOid(result), returnsSet === 1, strict === 1],
    ...[volatility, types.length, defaults, signatureOid(variadic), vectorText(types.map(signatureOid))],
    argumentNames === '' ? null : textArray(argumentNames.split(' ')),
    ...[...shown(oid, types, result), opcode, null, description],
  ];
}

/** An input or output function, which types name. */
function typeFunction([oid, name]: (typeof typeFunctionRows)[number]): RawValue[] {
  const { cstring } = pseudoTypes;
  return [
    ...[oid, name, PG_CATALOG, 'f', INTERNAL, cstring!, false, true, 'i', 1, 0, 0],
    ...[vectorText([cstring!]), null, ...shown(oid, ['cstring'], 'cstring'), name, null, 'I/O'],
  ];
}

export const functions: RawTable = {
  name: 'functions',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['kind', 'char'],
    ['language_oid', 'oid'],
    ['result_oid', 'oid'],
    ['returns_set', 'bool'],
    ['is_strict', 'bool'],
    ['volatility', 'char'],
    ['argument_count', 'int2'],
    ['default_count', 'int2'],
    ['variadic_oid', 'oid'],
    ['argument_oids', 'oidvector'],
    ['argument_names', '_text'],
    ['result_type', 'text'],
    ['argument_types', 'text'],
    ['identity_types', 'text'],
    // Of PostgreSQL's own; those of users' functions follow the names of types.
    ['type_names', 'text'],
    ['source', 'text'],
    ['statement', 'text'],
    ['description', 'text'],
    // What SET says, as `pg_proc.proconfig` has it.
    ['settings', '_text'],
    // With marked names.
    ['sql_body', 'text'],
    // With marked names; NULL where there is none.
    ['argument_defaults', '_text'],
    // With those that the function gives; NULL: all are IN.
    ['all_argument_oids', '_oid'],
    // A letter for each of these.
    ['argument_modes', 'text'],
    // The clauses that SET what `settings` has.
    ['set_clauses', 'text'],
  ],
  fixed: () =>
    [
      ...functionEntries.map(ownFunction),
      ...boundRows.map(boundFunction),
      ...typeFunctionRows
        .filter(([oid]) => !functionEntries.some((entry) => entry.oid === oid))
        .map(typeFunction),
    ].map((row) => [...row, null, null, null, null, null, '']),
  ofObject: (object, catalog) => {
    if (object.kind !== 'function') return [];
    const { parameters, result, strict, volatility, searchPath } = object;
    const variadic = variadicElement(object);
    const defaults = parameters.filter(({ defaultValue }) => defaultValue !== null).length;
    const given = (withDefaults: boolean): string => argumentsText(object, catalog, withDefaults);
    const all = argumentsOf(object);
    const names = all.map(({ name }) => name);
    const oids = all.map(({ type, domain }) => domain ?? typeOid(type));
    const modes = all.map(({ mode }) => mode).join('');
    const isPlain = /^i*$/.test(modes);
    return [
      [
        ...[object.id, object.name, catalog.schema(object.schema)?.id ?? 0, 'f', SQL],
        ...[
          result.kind === 'value' ? (result.domain ?? typeOid(result.type)) : pseudoTypes.record!,
          result.set,
          strict,
        ],
        ...[volatility[0]!, parameters.length, defaults, variadic === null ? 0 : typeOid(variadic)],
        ...[vectorText(parameters.map(({ type, domain }) => domain ?? typeOid(type)))],
        ...[names.some((name) => name !== '') ? textArray(names) : null],
        ...[
          resultText(object, catalog),
          given(true),
          given(false),
          null,
          object.source,
          object.statement,
          '',
        ],
        searchPath === undefined
          ? null
          : textArray([`search_path=${searchPath.map(quoteIdentifier).join(', ')}`]),
        markedExpression(object.texts.body, catalog),
        textArray(all.map(({ input }) => (input === null ? null : argumentDefault(object, input, catalog)))),
        isPlain ? null : `{${oids.join(',')}}`,
        isPlain ? null : modes,
        settingsText(object),
      ],
    ];
  },
};
