/** What a session has made for itself: cursors and prepared statements, by the columns of PostgreSQL's views of them. */
import { mayNameSecret } from '../../sql/parse/parse.ts';
import { typeOid } from '../../sql/types/table.ts';
import type { NamedStatement, Prepared } from './prepared.ts';
import type { Session } from './session.ts';

/** A statement that gets its name now. */
export function namedNow(text: string, bySql: boolean): NamedStatement {
  return { text, since: Date.now(), bySql };
}

/** A json text with an array of objects for each. */
export function describeObjects({ cursors, statements }: Pick<Session, 'cursors' | 'statements'>): string {
  return JSON.stringify({
    cursors: cursors.all().map(({ name, statement, hold, binary, isScrollable, since }) => ({
      name,
      statement: shown(statement),
      is_holdable: hold,
      is_binary: binary,
      is_scrollable: isScrollable,
      creation_time: timestamp(since),
    })),
    statements: [...statements].flatMap(([name, prepared]) => describeStatement(name, prepared)),
  });
}

function describeStatement(name: string, { named, parameterTypes, columns }: Prepared): object[] {
  if (named === undefined) return [];
  return [
    {
      name,
      statement: shown(named.text),
      prepare_time: timestamp(named.since),
      parameter_types: parameterTypes.map((type) => typeOid(type.name)),
      result_types: columns?.map((column) => typeOid(column.type.name)) ?? null,
      from_sql: named.bySql,
    },
  ];
}

function shown(text: string): string {
  return mayNameSecret(text) ? '[secret]' : text;
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
