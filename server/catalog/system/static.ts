/**
 * Raw relations whose rows never change: operators and casts as the planner has them, and the settings.
 */
import { castRows, operatorRows } from '../../../sql/functions/catalog.generated.ts';
import { settings as definitions } from '../../session/settings/table.ts';
import type { RawTable, RawValue } from './raw-table.ts';
import { signatureOid } from './pseudo-types.ts';

export const operators: RawTable = {
  name: 'operators',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['left_oid', 'oid'],
    ['right_oid', 'oid'],
    ['result_oid', 'oid'],
    ['function_oid', 'oid'],
    ['commutator', 'oid'],
    ['negator', 'oid'],
    ['can_merge', 'bool'],
    ['can_hash', 'bool'],
  ],
  fixed: () =>
    operatorRows.map(([oid, name, left, right, result, proc, commutator, negator, canMerge, canHash]) => [
      ...[
        oid,
        name,
        signatureOid(left),
        signatureOid(right),
        signatureOid(result),
        proc,
        commutator,
        negator,
      ],
      ...[canMerge === 1, canHash === 1],
    ]),
};

export const casts: RawTable = {
  name: 'casts',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['source_oid', 'oid'],
    ['target_oid', 'oid'],
    ['function_oid', 'oid'],
    ['context', 'char'],
    ['method', 'char'],
  ],
  fixed: () =>
    castRows.map(([oid, source, target, proc, context, method]) => [
      ...[oid, signatureOid(source), signatureOid(target), proc, context, method],
    ]),
};

export const settings: RawTable = {
  name: 'settings',
  key: [0],
  columns: [
    ['name', 'text'],
    ['initial', 'text'],
    ['description', 'text'],
    ['is_fixed', 'bool'],
  ],
  fixed: () =>
    [...definitions.values()].map(({ name, initial, description, accept }): RawValue[] => [
      ...[name, initial, description, accept === undefined],
    ]),
};
