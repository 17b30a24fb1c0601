/** What PostgreSQL says of a time's precision that it does not have: there are six digits of a second. */
import type { CreateStmt, Node, TypeName } from '@pgsql/types';
import { constantOf, nodeAs, typeReference } from '../ast/accessors.ts';
import type { Notice } from '../error.ts';
import type { SourceText } from './source-text.ts';

const MOST = 6;

/** Whether a text may say such a precision; only then is it worth a look at the whole tree. */
export function maySayPrecision({ text }: SourceText): boolean {
  return /(?:time|timestamp|timestamptz|interval|second)"?\s*\(\s*(?:\d\d|[7-9])/i.test(text);
}

/** Types' names as warnings have them: before the precision, and behind it. */
const OF_TYPES: Readonly<Record<string, readonly [before: string, after: string]>> = {
  time: ['TIME', ''],
  timestamp: ['TIMESTAMP', ''],
  timestamptz: ['TIMESTAMP', ' WITH TIME ZONE'],
  interval: ['INTERVAL', ''],
};

const OF_VALUES: Readonly<Record<string, keyof typeof OF_TYPES>> = {
  SVFOP_LOCALTIME_N: 'time',
  SVFOP_LOCALTIMESTAMP_N: 'timestamp',
  SVFOP_CURRENT_TIMESTAMP_N: 'timestamptz',
};

/** The warnings of precisions that are reduced. */
export function precisionNotices(statement: Node, source: SourceText): Notice[] {
  const notices: Notice[] = [];
  const reduced = (type: string | undefined, precision: number, location: number | undefined): void => {
    const name = type === undefined ? undefined : OF_TYPES[type];
    if (name === undefined || precision <= MOST) return;
    notices.push({
      severity: 'WARNING',
      sqlstate: '22023',
      message: `${name[0]}(${precision})${name[1]} precision reduced to maximum allowed, ${MOST}`,
      ...(location === undefined ? {} : { position: source.positionOfByte(location) }),
    });
  };
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const element of value) walk(element);
      return;
    }
    if (value === null || typeof value !== 'object') return;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'typeName' || key === 'TypeName') {
        const { names, typmods, location } = typeReference(child as TypeName);
        const isOwn = names.length > 1 && names[0] !== 'pg_catalog';
        // Of an interval the fields come first.
        const last = nodeAs(typmods.at(-1), 'A_Const');
        const constant = last === undefined ? undefined : constantOf(last);
        const counts = names.at(-1) === 'interval' ? 2 : 1;
        if (!isOwn && typmods.length === counts && constant?.kind === 'integer') {
          reduced(names.at(-1), constant.value, location);
        }
      }
      if (key === 'SQLValueFunction') {
        const { op, typmod } = child as { op?: string; typmod?: number };
        reduced(OF_VALUES[op ?? ''], typmod ?? -1, undefined);
      }
      walk(child);
    }
  };
  walk(statement);
  const { CreateStmt: table } = statement as { CreateStmt?: CreateStmt };
  // Columns' types are looked at again as the table is made.
  const again = (table?.tableElts ?? []).flatMap((element) => {
    const from = notices.length;
    const typeName = nodeAs(element, 'ColumnDef')?.typeName;
    if (typeName !== undefined) walk({ typeName });
    return notices.splice(from).map(({ severity, sqlstate, message }) => ({ severity, sqlstate, message }));
  });
  return [...notices, ...again];
}
