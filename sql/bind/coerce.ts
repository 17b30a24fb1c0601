/** Conversions that bind puts in: PostgreSQL's parse_coerce. */
import { functionByOid, rowConstructor } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { castPath, lengthCoercion, sameRepresentation } from '../types/casts.ts';
import type { CastContext } from '../types/casts.ts';
import { commonType, commonTypmod } from '../types/common.ts';
import { displayType } from '../types/format.ts';
import {
  compositeName,
  hasConditions,
  recordFields,
  recordType,
  withoutConditions,
} from '../types/record.ts';
import type { RecordField } from '../types/record.ts';
import { elementType, isRegistered, plain, typeRow } from '../types/table.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import { evaluate, readLiteral, truncateName } from './literal.ts';
import { asDomain } from './domain.ts';
import { castRelativeTime } from './relative-time.ts';
import { fieldsOf } from './record.ts';
import { call, int4, literal, relabel, truth, typeOf } from './scalar.ts';
import type { Bound, Statement } from './statement.ts';

/** The value as type `target` (no modifier applied), or null if this context does not allow it. */
export function coerce(
  statement: Statement,
  bound: Bound,
  target: TypeName,
  context: CastContext,
  typmod = -1,
): HirScalar | null {
  const { scalar, at } = bound;
  const source = typeOf(scalar).name;
  if (source === target) return scalar;
  if (source === 'unknown') return coerceUnknown(statement, scalar, target, typmod, at);
  if (target === 'unknown') return null;
  const path = castPath(source, target, context);
  if (path === null) return null;
  const constant = convertConstant(scalar, source, target);
  if (constant !== null) return constant;
  switch (path.kind) {
    case 'relabel':
      return sameRepresentation(source, target)
        ? statement.sameOrigin(scalar, relabel(scalar, plain(target)))
        : throughInt8(scalar, source, target);
    case 'function':
      return castCall(statement, path.proc, scalar, { name: target, typmod }, context === 'explicit');
    case 'io':
      return throughText(statement, bound, source, target);
    case 'fields':
      return sameRepresentation(source, target) && !hasConditions(target)
        ? statement.sameOrigin(scalar, relabel(scalar, plain(target)))
        : castFields(statement, bound, target, context);
    case 'elements':
      return sameRepresentation(source, target) && !hasConditions(target)
        ? statement.sameOrigin(scalar, relabel(scalar, plain(target)))
        : castElements(statement, bound, target, context);
  }
}

/** Element 0 of a mapArray over an array of this type. */
export function elementOf(array: TypeName, index = 0): HirScalar {
  return { kind: 'element', index, type: { ...plain(elementType(array)!), nullable: true } };
}

function castElements(statement: Statement, bound: Bound, target: TypeName, context: CastContext): HirScalar {
  const { scalar, at } = bound;
  const element: Bound = { scalar: elementOf(typeOf(scalar).name), at };
  const body = coerce(statement, element, elementType(target)!, context)!;
  return { kind: 'mapArray', array: scalar, body, type: plain(target) };
}

/** A record whose fields are of other types, or of domains; NULL stays NULL. */
function castFields(statement: Statement, bound: Bound, target: TypeName, context: CastContext): HirScalar {
  const { scalar, at } = bound;
  const wanted = recordFields(target)!;
  const places = statement.fieldPlaces.get(scalar);
  const values = fieldsOf(scalar).map((field, i) => {
    const { type, domain } = wanted[i]!;
    const value = coerceToType(statement, { scalar: field.scalar, at: places?.[i] ?? at }, type, context)!;
    if (domain === undefined) return value;
    return asDomain(statement.environment.catalog.domain(domain), value, {
      statement,
      ctes: [],
      outer: null,
    });
  });
  const made = call(rowConstructor, values, 'ROW', plain(target));
  if (scalar.kind === 'call' && scalar.opcode === 'row') return made;
  return {
    kind: 'case',
    branches: [{ condition: { kind: 'isNull', operand: scalar }, result: literal(target, null) }],
    otherwise: made,
    type: plain(target),
  };
}

function coerceUnknown(
  statement: Statement,
  scalar: HirScalar,
  target: TypeName,
  typmod: number,
  at: number | undefined,
): HirScalar {
  // What the fields' modifiers and domains say is looked at when the rows have been read.
  const bare = hasConditions(target) ? withoutConditions(target) : target;
  const conditioned = (read: HirScalar): HirScalar =>
    bare === target ? read : coerce(statement, { scalar: read, at }, target, 'assignment')!;
  if (scalar.kind === 'literal') {
    return conditioned(readLiteral(statement, scalar.text, bare, typmod, at));
  }
  if (scalar.kind === 'parameter') {
    statement.settleParameter(scalar.index, target, at);
    return conditioned({ kind: 'parameter', index: scalar.index, type: plain(bare) });
  }
  // A column of unknown type: an untyped literal of a subquery, text by now.
  return target === 'text'
    ? relabel(scalar, plain('text'))
    : conditioned({ kind: 'input', argument: scalar, type: plain(bare) });
}

/** int4 and oid count as one representation in PostgreSQL, not here: through int8, which has room for both. */
function throughInt8(scalar: HirScalar, source: TypeName, target: TypeName): HirScalar {
  const toInt8: Record<string, number> = { int2: 754, int4: 481, oid: 1288 };
  const fromInt8: Record<string, number> = { int2: 714, int4: 480, oid: 1287 };
  const from = isRegistered(source) ? 'oid' : source;
  const to = isRegistered(target) ? 'oid' : target;
  const wide = from === 'int8' ? scalar : call(functionByOid(toInt8[from]!), [scalar]);
  return call(functionByOid(fromInt8[to]!), [wide], target, plain(target));
}

function castCall(
  statement: Statement,
  proc: number,
  scalar: HirScalar,
  target: SqlType,
  explicit: boolean,
): HirScalar {
  const entry = functionByOid(proc);
  const args = [scalar];
  // A function that takes the modifier has applied it.
  const takesModifier = entry.arguments.length > 1;
  if (takesModifier) args.push(int4(target.typmod));
  if (entry.arguments.length > 2) args.push(truth(explicit));
  if (!entry.native) throw statement.unsupported(`the cast to ${displayType(target.name)}`);
  // What casts int2 to oid gives int4.
  const made = entry.result as TypeName;
  if (made === 'int4' && !sameRepresentation(made, target.name)) {
    return throughInt8(call(entry, args), made, target.name);
  }
  return call(entry, args, entry.name, takesModifier ? target : plain(target.name));
}

function throughText(statement: Statement, bound: Bound, source: TypeName, target: TypeName): HirScalar {
  const { scalar, at } = bound;
  if (isRegistered(source))
    throw statement.unsupported(`the cast of a value of type ${source} to its name`, at);
  if (isRegistered(target))
    throw statement.unsupported(`the cast of a text that is not a literal to ${target}`, at);
  const text: HirScalar =
    typeRow(source).category === 'S' && source !== 'bpchar'
      ? relabel(scalar, plain('text'))
      : { kind: 'output', argument: scalar, type: plain('text') };
  if (target === 'text' || target === 'varchar') return relabel(text, plain(target));
  const relative =
    scalar.kind === 'literal' && scalar.text !== null && typeRow(source).category === 'S'
      ? castRelativeTime(statement, scalar.text, target, at)
      : null;
  if (relative !== null) return relative;
  if (!hasConditions(target)) return { kind: 'input', argument: text, type: plain(target) };
  const read: HirScalar = { kind: 'input', argument: text, type: plain(withoutConditions(target)) };
  return coerce(statement, { scalar: read, at }, target, 'assignment')!;
}

/** Constants whose text stays the same: `1` as int8, numeric or float8 needs no call. */
function convertConstant(scalar: HirScalar, source: TypeName, target: TypeName): HirScalar | null {
  if (scalar.kind !== 'literal') return null;
  if (scalar.text === null) return literal(target, null);
  const { text } = scalar;
  const integer = source === 'int2' || source === 'int4' || source === 'int8';
  if (integer) {
    const value = Number(text);
    switch (target) {
      case 'int8':
      case 'numeric':
        return literal(target, text);
      case 'int4':
        return value >= -2147483648 && value <= 2147483647 ? literal(target, text) : null;
      case 'int2':
        return value >= -32768 && value <= 32767 ? literal(target, text) : null;
      case 'float8':
        return Math.abs(value) <= 1e15 ? literal(target, text) : null;
      case 'oid':
      case 'regclass':
      case 'regtype':
      case 'regproc':
      case 'regnamespace':
      case 'regrole':
        return value >= 0 && value <= 4294967295 ? literal(target, text) : null;
      default:
        return null;
    }
  }
  if (source === 'text' || source === 'varchar') {
    if (target === 'text' || target === 'varchar' || target === 'bpchar') return literal(target, text);
    if (target === 'name') return literal(target, truncateName(text));
  }
  return null;
}

/** The value, which is of the type already, with the type's modifier applied (coerce_type_typmod). */
export function applyModifier(
  statement: Statement,
  scalar: HirScalar,
  type: SqlType,
  explicit: boolean,
  at?: number,
): HirScalar {
  const now = typeOf(scalar);
  if (now.typmod === type.typmod) return scalar;
  // No value changes, but `n::numeric` is of no precision that `n` has.
  if (type.typmod < 0) {
    return explicit ? statement.sameOrigin(scalar, relabel(scalar, { ...now, typmod: -1 })) : scalar;
  }
  const inner = elementType(type.name);
  if (inner !== null) {
    if (scalar.kind === 'literal' && scalar.text === null) return literal(type.name, null, type.typmod);
    if (lengthCoercion(inner) === null) return relabel(scalar, type);
    const body = applyModifier(
      statement,
      elementOf(type.name),
      { name: inner, typmod: type.typmod },
      explicit,
      at,
    );
    return { kind: 'mapArray', array: scalar, body, type };
  }
  const proc = lengthCoercion(type.name);
  if (proc === null) return relabel(scalar, type);
  const entry = functionByOid(proc);
  const args: HirScalar[] = [scalar, int4(type.typmod)];
  if (entry.arguments.length > 2) args.push(truth(explicit));
  if (scalar.kind === 'literal') {
    if (scalar.text === null) return literal(type.name, null, type.typmod);
    return { kind: 'literal', type, text: evaluateLength(statement, entry.opcode, args, type, at) };
  }
  return call(entry, args, entry.name, type);
}

function evaluateLength(
  statement: Statement,
  opcode: string,
  args: readonly HirScalar[],
  type: SqlType,
  at: number | undefined,
): string | null {
  const scalar = type.name as 'varchar';
  return evaluate(
    statement,
    {
      kind: 'call',
      opcode,
      arguments: args.map((argument) => ({
        kind: 'literal',
        scalar: typeOf(argument).name as 'int4',
        text: (argument as { text: string | null }).text,
      })),
      scalar,
    },
    at,
  );
}

/** coerce_to_target_type: the conversion and the modifier. Null: this context does not allow it. */
export function coerceToType(
  statement: Statement,
  bound: Bound,
  type: SqlType,
  context: CastContext,
): HirScalar | null {
  const scalar = coerce(statement, bound, type.name, context, type.typmod);
  if (scalar === null) return null;
  return applyModifier(statement, scalar, type, context === 'explicit', bound.at);
}

/** A value for a place that wants one type, implicitly: a condition, LIMIT. */
export function coerceToSpecific(
  statement: Statement,
  bound: Bound,
  target: TypeName,
  construct: string,
): HirScalar {
  const scalar = coerce(statement, bound, target, 'assignment');
  if (scalar === null) {
    throw statement.error(
      '42804',
      `argument of ${construct} must be type ${displayType(target)}, not type ${statement.shownType(bound.scalar)}`,
      bound.at,
    );
  }
  return scalar;
}

/** A value for a condition: WHERE, ON, AND… */
export function coerceToBoolean(statement: Statement, bound: Bound, construct: string): HirScalar {
  const source = typeOf(bound.scalar).name;
  if (source === 'bool') return bound.scalar;
  if (source !== 'unknown') {
    throw statement.error(
      '42804',
      `argument of ${construct} must be type boolean, not type ${statement.shownType(bound.scalar)}`,
      bound.at,
    );
  }
  return coerceToSpecific(statement, bound, 'bool', construct);
}

/** Values of one type. */
interface Common {
  readonly type: SqlType;
  readonly scalars: HirScalar[];
  /** What is made of them is of the domain that all were of (select_common_type): the same expression, known as such. */
  made(scalar: HirScalar): HirScalar;
}

/** All values as their common type (CASE, COALESCE, VALUES, UNION…). `context` and `part` stand in messages: `CASE`. */
export function coerceToCommon(
  statement: Statement,
  given: readonly Bound[],
  context: string,
  part: (index: number) => string = () => context,
): Common {
  const record = commonRecord(given.map((value) => typeOf(value.scalar).name));
  const values = given.map((value) => {
    if (recordFields(typeOf(value.scalar).name) === null) return value;
    const scalar = record && coerce(statement, value, record, 'implicit');
    return { ...value, scalar: scalar ?? unknownToText(statement, value) };
  });
  const outcome = commonType(values.map((value) => typeOf(value.scalar).name));
  if ('conflict' in outcome) {
    const [first, second] = outcome.conflict;
    throw statement.error(
      '42804',
      `${context} types ${displayType(first)} and ${displayType(second)} cannot be matched`,
      values[outcome.index]!.at,
    );
  }
  const scalars = values.map((value, i) => {
    const scalar = coerce(statement, value, outcome.type, 'implicit');
    if (scalar === null) {
      const source = typeOf(value.scalar).name;
      throw statement.error(
        '42846',
        `${part(i)} could not convert type ${displayType(source)} to ${displayType(outcome.type)}`,
        value.at,
      );
    }
    return scalar;
  });
  const domains = values.map(({ scalar }) => statement.domainOf(scalar));
  const [domain] = domains;
  const isOfDomain = domain !== undefined && domains.every((other) => other === domain);
  // A domain's modifier is its own, which the type beneath does not have.
  const typmod = commonTypmod(
    values.map(({ scalar }, i) =>
      domains[i] === undefined || isOfDomain ? typeOf(scalar) : plain(typeOf(scalar).name),
    ),
    outcome.type,
  );
  const type = typmod === -1 ? plain(outcome.type) : { name: outcome.type, typmod };
  const made = (scalar: HirScalar): HirScalar => (isOfDomain ? statement.ofDomain(scalar, domain) : scalar);
  return { type, scalars, made };
}

/** The record of no name that rows of one length are, of which some have fields that nothing has given a type; null: there is none. */
function commonRecord(types: readonly TypeName[]): TypeName | null {
  const rows = types.flatMap((type) => (compositeName(type) === null ? [recordFields(type) ?? []] : []));
  const [first] = rows.filter((fields) => fields.length > 0);
  if (first === undefined || !rows.flat().some(({ type }) => type.name === 'unknown')) return null;
  if (rows.some((fields) => fields.length !== 0 && fields.length !== first.length)) return null;
  const fields = first.map(({ name }, i): RecordField => {
    const known = rows.map((row) => row[i]?.type.name).find((type) => type !== undefined && !isOpen(type));
    return { name, type: plain(known ?? 'text') };
  });
  return recordType(fields);
}

/** Whether it is unknown, or a record with what is. */
function isOpen(name: TypeName): boolean {
  return name === 'unknown' || recordFields(name)?.some(({ type }) => isOpen(type.name)) === true;
}

/** A field whose type nothing has said is text. */
function closed({ name, type }: RecordField): RecordField {
  if (type.name === 'unknown') return { name, type: plain('text') };
  const fields = recordFields(type.name);
  return fields !== null && isOpen(type.name)
    ? { name, type: plain(recordType(fields.map(closed))) }
    : { name, type };
}

/** An untyped literal or parameter that nothing has given a type is text. */
export function unknownToText(statement: Statement, bound: Bound): HirScalar {
  const { name } = typeOf(bound.scalar);
  const fields = recordFields(name);
  if (fields?.some(({ type }) => isOpen(type.name)) === true) {
    return castFields(statement, bound, recordType(fields.map(closed)), 'implicit');
  }
  if (name !== 'unknown') return bound.scalar;
  return coerce(statement, bound, 'text', 'implicit')!;
}
