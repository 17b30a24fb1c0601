/** tw_internal.functions: PostgreSQL's own, which are the same for all servers, and those that users make. */
import { typeFunctionRows } from '../../../sql/functions/catalog.generated.ts';
import { type FunctionEntry, functions as functionEntries } from '../../../sql/functions/table.ts';
import { typeOid } from '../../../sql/types/table.ts';
import { variadicElement } from '../../../sql/types/polymorphic.ts';
import { argumentsText, resultText } from '../function-text.ts';
import { pseudoTypes, signatureOid, signatureType } from './pseudo-types.ts';
import type { RawTable, RawValue } from './raw.ts';
import { textArray, vectorText } from './array-text.ts';

/** PostgreSQL's oids of its languages. */
const INTERNAL = 12;
const SQL = 14;
const PG_CATALOG = 11;

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
    ...[argumentNames && textArray(argumentNames), signatureType(entry.result)],
    ...[entry.arguments.map(signatureType).join(', '), body ?? opcode, null, description],
  ];
}

/** An input or output function, which types name. */
function typeFunction([oid, name]: (typeof typeFunctionRows)[number]): RawValue[] {
  const { cstring } = pseudoTypes;
  return [
    ...[oid, name, PG_CATALOG, 'f', INTERNAL, cstring!, false, true, 'i', 1, 0, 0],
    ...[vectorText([cstring!]), null, 'cstring', 'cstring', name, null, 'I/O'],
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
    ['source', 'text'],
    ['statement', 'text'],
    ['description', 'text'],
  ],
  fixed: () => [
    ...functionEntries.map(ownFunction),
    ...typeFunctionRows
      .filter(([oid]) => !functionEntries.some((entry) => entry.oid === oid))
      .map(typeFunction),
  ],
  ofObject: (object, catalog) => {
    if (object.kind !== 'function') return [];
    const { parameters, result, strict, volatility } = object;
    const variadic = variadicElement(object);
    const defaults = parameters.filter(({ defaultValue }) => defaultValue !== null).length;
    const named = parameters.some(({ name }) => name !== '');
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
        ...[named ? textArray(parameters.map(({ name }) => name)) : null],
        ...[resultText(object, catalog), argumentsText(object, catalog), object.source, object.statement, ''],
      ],
    ];
  },
};
