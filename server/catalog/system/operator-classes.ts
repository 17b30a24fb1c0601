/** PostgreSQL's operator families and classes of btree, whose order is that of all indexes. */
import type { TypeRow } from '../../../sql/functions/catalog-rows.ts';
import { isRegistered, typeOid } from '../../../sql/types/table.ts';

export const OPERATOR_FAMILIES: readonly (readonly [oid: number, name: string])[] = [
  [397, 'array_ops'],
  [424, 'bool_ops'],
  [426, 'bpchar_ops'],
  [428, 'bytea_ops'],
  [429, 'char_ops'],
  [434, 'datetime_ops'],
  [1970, 'float_ops'],
  [1974, 'network_ops'],
  [1976, 'integer_ops'],
  [1982, 'interval_ops'],
  [1984, 'macaddr_ops'],
  [3371, 'macaddr8_ops'],
  [423, 'bit_ops'],
  [2002, 'varbit_ops'],
  [1988, 'numeric_ops'],
  [1989, 'oid_ops'],
  [1994, 'text_ops'],
  [2095, 'text_pattern_ops'],
  [2097, 'bpchar_pattern_ops'],
  [1996, 'time_ops'],
  [2968, 'uuid_ops'],
  [4033, 'jsonb_ops'],
  [3901, 'range_ops'],
  [4199, 'multirange_ops'],
  [3522, 'enum_ops'],
  [2994, 'record_ops'],
];

export const OPERATOR_CLASSES: readonly (readonly [
  oid: number,
  name: string,
  family: number,
  type: number,
])[] = [
  [10000, 'array_ops', 397, 2277],
  [10002, 'bit_ops', 423, 1560],
  [10043, 'varbit_ops', 2002, 1562],
  [10003, 'bool_ops', 424, 16],
  [10004, 'bpchar_ops', 426, 1042],
  [10006, 'bytea_ops', 428, 17],
  [10007, 'char_ops', 429, 18],
  [3122, 'date_ops', 434, 1082],
  [10012, 'float4_ops', 1970, 700],
  [3123, 'float8_ops', 1970, 701],
  [10015, 'inet_ops', 1974, 869],
  [1979, 'int2_ops', 1976, 21],
  [1978, 'int4_ops', 1976, 23],
  [3124, 'int8_ops', 1976, 20],
  [10022, 'interval_ops', 1982, 1186],
  [10024, 'macaddr_ops', 1984, 829],
  [10026, 'macaddr8_ops', 3371, 774],
  [10028, 'name_ops', 1994, 19],
  [3125, 'numeric_ops', 1988, 1700],
  [1981, 'oid_ops', 1989, 26],
  [3126, 'text_ops', 1994, 25],
  [10038, 'time_ops', 1996, 1083],
  [3127, 'timestamptz_ops', 434, 1184],
  [3128, 'timestamp_ops', 434, 1114],
  [10065, 'uuid_ops', 2968, 2950],
  [10088, 'jsonb_ops', 4033, 3802],
  [10076, 'range_ops', 3901, 3831],
  [10080, 'multirange_ops', 4199, 4537],
  [10069, 'enum_ops', 3522, 3500],
  [10034, 'record_ops', 2994, 2249],
  [4217, 'text_pattern_ops', 2095, 25],
  [4218, 'varchar_pattern_ops', 2095, 25],
  [4219, 'bpchar_pattern_ops', 2097, 1042],
  [10044, 'varchar_ops', 1994, 25],
  [10009, 'cidr_ops', 1974, 869],
];

/** What types of a kind are compared as. */
const OF_KINDS: Readonly<Record<string, number>> = { e: 3500, r: 3831, m: 4537, c: 2249, p: 2249 };
/** Types whose values are compared as another type's. */
const COMPARED_AS: Readonly<Record<string, number>> = {
  varchar: typeOid('text'),
  cidr: typeOid('inet'),
};

/** Whether the class is that of its type where none is said. */
export function isUsual(oid: number): boolean {
  const type = OPERATOR_CLASSES.find(([known]) => known === oid)?.[3];
  return OPERATOR_CLASSES.find(([, , , other]) => other === type)?.[0] === oid;
}

/** The operator class of a name that an index of a column of a type may have; null: it does not take the type. */
export function namedOperatorClass(name: string, type: TypeRow): number | null {
  const usual = OPERATOR_CLASSES.find(([oid]) => oid === operatorClass(type));
  const named = OPERATOR_CLASSES.find(([, known]) => known === name);
  return named !== undefined && named[3] === usual?.[3] ? named[0] : null;
}

/** The operator class that an index of a column of a type has without saying one. */
export function operatorClass({ name, oid, kind, category }: TypeRow): number {
  const compared =
    category === 'A'
      ? 2277
      : (OF_KINDS[kind] ?? COMPARED_AS[name] ?? (isRegistered(name) ? typeOid('oid') : oid));
  return OPERATOR_CLASSES.find(([, , , type]) => type === compared)?.[0] ?? 0;
}
