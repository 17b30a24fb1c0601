/**
 * TUMBLE and HOP: window_start and window_end computed per row, without state. A row without a time is in no window.
 */
import type { HirRelation } from '../hir.ts';
import type { MirRelation, MirScalar } from '../mir.ts';
import { SqlError } from '../error.ts';
import { filter, flatMap, map, project } from '../mir/relation.ts';
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
  const offset = hir.offset === null ? null : lowerPlainScalar(context, NO_ROW, hir.offset);
  const time = column(place, { ...type, nullable: false });
  const windowType = { name: type.name, typmod: -1, nullable: false };
  const never = { strict: true, canError: false };
  const moved = (operator: '+' | '-', point: MirScalar, by: MirScalar): MirScalar =>
    scalarCall(
      `${type.name}_${operator === '+' ? 'pl' : 'mi'}_interval`,
      operator,
      [point, by],
      windowType,
      never,
    );
  const arity = input.columns.length;
  if (!sameScalar(slide, size)) {
    const hop = (point: MirScalar): MirRelation =>
      flatMap(input, [{ function: 'hop', arguments: [point, slide, size] }], false, [windowType, windowType]);
    if (offset === null) return hop(time);
    // The windows of the times before the offset, moved by it.
    const bounds = [arity, arity + 1].map((index) => moved('+', column(index, windowType), offset));
    const windows = map(hop(moved('-', time, offset)), bounds);
    return project(windows, [...input.columns.keys(), arity + 2, arity + 3]);
  }
  const epoch = literal(type, type.name === 'timestamp' ? '1970-01-01 00:00:00' : '1970-01-01 00:00:00+00');
  const origin = offset === null ? epoch : moved('+', epoch, offset);
  const start = scalarCall(`${type.name}_bin`, 'date_bin', [size, time, origin], windowType, never);
  return map(input, [start, moved('+', column(arity, windowType), size)]);
}
