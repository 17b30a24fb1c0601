/**
 * TUMBLE and HOP: window_start and window_end computed per row, without state. A row without a time is in no window.
 */
import type { HirRelation } from '../hir.ts';
import type { MirRelation } from '../mir.ts';
import { SqlError } from '../error.ts';
import { filter, flatMap, map } from '../mir/relation.ts';
import { call as scalarCall, column, isNull, literal, not, sameScalar } from '../mir/scalar.ts';
import type { LoweringContext } from './context.ts';
import { NO_ROW, prefixOf } from './row.ts';
import type { Domain } from './row.ts';
import { lowerRelation } from './relation.ts';
import { lowerPlainScalar } from './scalar.ts';

export function lowerTimeWindow(
  context: LoweringContext,
  hir: Extract<HirRelation, { kind: 'timeWindow' }>,
  domain: Domain,
): MirRelation {
  const below = lowerRelation(context, hir.input, domain);
  const place = prefixOf(domain).width + hir.column;
  const type = below.columns[place]!;
  const input = type.nullable ? filter(below, [not(isNull(column(place, type)))]) : below;
  if (type.name !== 'timestamp' && type.name !== 'timestamptz') {
    throw new SqlError({
      sqlstate: '42804',
      message: `a time window needs a timestamp column, not one of type ${type.name}`,
    });
  }
  const slide = lowerPlainScalar(context, NO_ROW, hir.slide);
  const size = lowerPlainScalar(context, NO_ROW, hir.size);
  const time = column(place, { ...type, nullable: false });
  const windowType = { name: type.name, typmod: -1, nullable: false };
  if (!sameScalar(slide, size)) {
    const call = { function: 'hop' as const, arguments: [time, slide, size] };
    return flatMap(input, [call], false, [windowType, windowType]);
  }
  const arity = input.columns.length;
  const origin = literal(type, type.name === 'timestamp' ? '1970-01-01 00:00:00' : '1970-01-01 00:00:00+00');
  const never = { strict: true, canError: false };
  const start = scalarCall(`${type.name}_bin`, 'date_bin', [size, time, origin], windowType, never);
  const end = scalarCall(
    `${type.name}_pl_interval`,
    '+',
    [column(arity, windowType), size],
    windowType,
    never,
  );
  return map(input, [start, end]);
}
