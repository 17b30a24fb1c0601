/** tw_internal.sequences. */
import { typeOid } from '../../../sql/types/table.ts';
import type { RawTable } from './raw-table.ts';

export const sequences: RawTable = {
  name: 'sequences',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['type_oid', 'oid'],
    ['start', 'int8'],
    ['increment', 'int8'],
    ['maximum', 'int8'],
    ['minimum', 'int8'],
    ['cache', 'int8'],
    ['cycles', 'bool'],
    ['owner_table', 'oid'],
    ['owner_column', 'int2'],
    ['is_identity', 'bool'],
  ],
  ofObject: (object) => {
    if (object.kind !== 'sequence') return [];
    const { id, dataType, start, increment, greatest, least, cache, cycles, ownedBy, identity } = object;
    const owner = ownedBy === null ? [null, null] : [ownedBy.table, ownedBy.column + 1];
    return [[id, typeOid(dataType), start, increment, greatest, least, cache, cycles, ...owner, identity]];
  },
};
