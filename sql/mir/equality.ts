/**
 * SQL equality as keys: which comparisons are equalities, and what must be arranged on both sides so that identity of
 * the keys is the comparison.
 */
import type { MirKeyPair, MirScalar, MirType } from '../mir.ts';
import { hasWideEquality } from '../physical/layout.ts';
import { elementType, isRegistered, plain } from '../types/table.ts';
import { toScalarType } from '../types/column-type.ts';
import { recordFields } from '../types/record.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import { call, canFail, canonical, columnsRead, not, isNull, notDistinct, shiftColumns } from './scalar.ts';

/** Equality functions of one type on both sides (`pg_proc.prosrc`). */
const EQUALITY = new Set([
  'booleq',
  'int2eq',
  'int4eq',
  'int8eq',
  'oideq',
  'float4eq',
  'float8eq',
  'numeric_eq',
  'texteq',
  'nameeq',
  'nameeqtext',
  'texteqname',
  'chareq',
  'bpchareq',
  'byteaeq',
  'date_eq',
  'time_eq',
  'timestamp_eq',
  'timestamptz_eq',
  'interval_eq',
  'uuid_eq',
  'network_eq',
  'macaddr_eq',
  'macaddr8_eq',
  'biteq',
  'jsonb_eq',
  'array_eq',
  'record_eq',
  'enum_eq',
  'range_eq',
  'multirange_eq',
]);

/** Equality functions of two integer or float types: both sides are widened, which cannot fail. */
const MIXED: Readonly<Record<string, { left: TypeName; right: TypeName; common: TypeName }>> = {
  int24eq: { left: 'int2', right: 'int4', common: 'int4' },
  int42eq: { left: 'int4', right: 'int2', common: 'int4' },
  int28eq: { left: 'int2', right: 'int8', common: 'int8' },
  int82eq: { left: 'int8', right: 'int2', common: 'int8' },
  int48eq: { left: 'int4', right: 'int8', common: 'int8' },
  int84eq: { left: 'int8', right: 'int4', common: 'int8' },
  float48eq: { left: 'float4', right: 'float8', common: 'float8' },
  float84eq: { left: 'float8', right: 'float4', common: 'float8' },
};

/** The functions that widen; none can fail. */
const WIDEN: Readonly<Record<string, string>> = {
  'int2 int4': 'i2toi4',
  'int2 int8': 'int28',
  'int4 int8': 'int48',
  'float4 float8': 'ftod',
};

/** Widens an integer or float; the identity if it has the type already. */
export function widen(scalar: MirScalar, to: TypeName): MirScalar | null {
  const from = scalar.type.name;
  if (from === to) return scalar;
  const opcode = WIDEN[`${from} ${to}`];
  if (opcode === undefined) return null;
  return call(opcode, to, [scalar], { name: to, typmod: -1 }, { strict: true, canError: false });
}

/** text, varchar and name hold the same bytes; so do cidr and inet, varbit and bit, oid and the reg types. */
export function representation(type: SqlType): string {
  switch (type.name) {
    case 'varchar':
    case 'name':
    case 'char':
      return 'text';
    case 'cidr':
      return 'inet';
    case 'varbit':
      return 'bit';
    default: {
      if (isRegistered(type.name)) return 'oid';
      if (recordFields(type.name) !== null) return toScalarType(type.name);
      const element = elementType(type.name);
      return element === null ? type.name : `_${representation(plain(element))}`;
    }
  }
}

function isWide(type: SqlType): boolean {
  return hasWideEquality(toScalarType(type.name));
}

/** A key for SQL equality: canonical where equality is wider than identity. */
export function equalityKey(scalar: MirScalar): MirScalar {
  return isWide(scalar.type) && scalar.kind !== 'canonical' ? canonical(scalar) : scalar;
}

/**
 * Whether values of one column of this type can be equal without being the same. A numeric(p, s) has one scale and a
 * char(n) one length, so there equality is identity.
 */
export function needsCanonical(type: SqlType): boolean {
  if ((type.name === 'numeric' || type.name === 'bpchar') && type.typmod !== -1) return false;
  return isWide(type);
}

/** A key for grouping values of one column: canonical only where two of its values can be equal and differ. */
export function groupingKey(scalar: MirScalar): MirScalar {
  return needsCanonical(scalar.type) ? equalityKey(scalar) : scalar;
}

/** The sides of an equality as keys of one type, or null if the comparison is not such an equality. */
export function equalitySides(
  condition: MirScalar,
): { readonly left: MirScalar; readonly right: MirScalar; readonly nullSafe: boolean } | null {
  if (condition.kind === 'notDistinct') {
    if (representation(condition.left.type) !== representation(condition.right.type)) return null;
    return { left: equalityKey(condition.left), right: equalityKey(condition.right), nullSafe: true };
  }
  if (condition.kind !== 'call' || condition.arguments.length !== 2) return null;
  const [left, right] = condition.arguments as readonly [MirScalar, MirScalar];
  if (EQUALITY.has(condition.opcode)) {
    if (representation(left.type) !== representation(right.type)) return null;
    return { left: equalityKey(left), right: equalityKey(right), nullSafe: false };
  }
  const mixed = MIXED[condition.opcode];
  if (mixed === undefined) return null;
  const wideLeft = widen(left, mixed.common);
  const wideRight = widen(right, mixed.common);
  if (wideLeft === null || wideRight === null) return null;
  return { left: equalityKey(wideLeft), right: equalityKey(wideRight), nullSafe: false };
}

/**
 * A conjunct over the columns of a left input of `arity` columns followed by a right one, as a key pair: one side reads
 * only the left, the other only the right, and neither can fail (a key is computed for rows without a partner, for
 * which the written condition is never evaluated). Right keys count from 0.
 */
export function keyPair(condition: MirScalar, arity: number): MirKeyPair | null {
  const sides = equalitySides(condition);
  if (sides === null || canFail(sides.left) || canFail(sides.right)) return null;
  const sideOf = (scalar: MirScalar): 'left' | 'right' | null => {
    const read = [...columnsRead(scalar)];
    if (read.length === 0) return null;
    if (read.every((index) => index < arity)) return 'left';
    return read.every((index) => index >= arity) ? 'right' : null;
  };
  const first = sideOf(sides.left);
  const second = sideOf(sides.right);
  if (first === null || second === null || first === second) return null;
  const [left, right] = first === 'left' ? [sides.left, sides.right] : [sides.right, sides.left];
  return { left, right: shiftColumns(right, -arity), nullSafe: sides.nullSafe };
}

/** Predicates that say that two key scalars are equal. */
export function keyEquality(left: MirScalar, right: MirScalar, nullSafe: boolean): MirScalar[] {
  const equal = notDistinct(left, right);
  return nullSafe || !left.type.nullable ? [equal] : [not(isNull(left)), equal];
}

/** Keys that match a row with itself: by identity, NULLs equal. */
export function identityKeys(columns: readonly MirType[]): MirKeyPair[] {
  return columns.map((type, index) => ({
    left: { kind: 'column', index, type },
    right: { kind: 'column', index, type },
    nullSafe: true,
  }));
}
