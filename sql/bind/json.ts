/** Values as json and jsonb: rows with the names of their fields, which the engine does not know. */
import { resolveFunction } from '../functions/resolve.ts';
import { rowToJson, rowToJsonLines, variadicFunctions } from '../functions/table.ts';
import type { FunctionEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { recordFields } from '../types/record.ts';
import { arrayType, elementType, plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { elementOf } from './coerce.ts';
import { fieldsOf } from './record.ts';
import { call, isNull, literal, typeOf } from './scalar.ts';

export type JsonType = 'json' | 'jsonb';

/** The value with its rows, and rows in its arrays, as objects of their fields. What has no rows stays. */
export function withObjects(scalar: HirScalar, to: JsonType, lines = false): HirScalar {
  const type = typeOf(scalar).name;
  const element = elementType(type);
  if (element !== null) {
    if (!hasRows(element)) return scalar;
    const body = withObjects(elementOf(type), to);
    return { kind: 'mapArray', array: scalar, body, type: plain(arrayType(to)!) };
  }
  // What the engine has of a value does not say which of cidr and inet it is.
  if (type === 'cidr') return { kind: 'output', argument: scalar, type: plain('text') };
  if (recordFields(type) === null) return scalar;
  const pairs = fieldsOf(scalar).flatMap((field) => [
    literal('text', field.name),
    withObjects(field.scalar, to),
  ]);
  const asJson = lines ? rowToJsonLines : rowToJson;
  const builder = to === 'jsonb' ? variadicFunctions['jsonb_build_object']!.each : asJson;
  const object = call(builder, pairs);
  if (scalar.kind === 'call' && scalar.opcode === 'row') return object;
  return {
    kind: 'case',
    branches: [{ condition: isNull(scalar), result: literal(to, null) }],
    otherwise: object,
    type: plain(to),
  };
}

/** to_json, to_jsonb. */
export function toJson(scalar: HirScalar, to: JsonType): HirScalar {
  const made = withObjects(scalar, to);
  const { name } = typeOf(made);
  if (name === to) return made;
  return call(resolveFunction(`to_${to}`, [name]) as FunctionEntry, [made]);
}

function hasRows(type: TypeName): boolean {
  return recordFields(elementType(type) ?? type) !== null;
}
