import type { Subscribe } from '../../ast/subscribe.ts';
import { errorAt } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseAsOf, parseQuery } from '../extensions.ts';
import { parseExpression, parseSortList } from '../fragment.ts';
import { parseOptions } from '../options.ts';

/** SUBSCRIBE | TAIL …, from its first word to the cursor's end. */
export function parseSubscribe(cursor: Cursor): Subscribe {
  const location = cursor.location;
  cursor.expectOneOf(['subscribe', 'tail'] as const);
  cursor.eat('to');
  const target = parseTarget(cursor);
  const subscribe: Subscribe = { kind: 'subscribe', target, with: [], location };
  const { context } = cursor;
  if (context.extensions.asOf !== undefined) {
    // Written inside the parentheses, it means the same.
    subscribe.asOf = context.extensions.asOf;
    delete context.extensions.asOf;
  }
  const seen = new Set<string>();
  while (!cursor.done) {
    const clause = clauseAt(cursor, cursor.at);
    if (clause === undefined) throw cursor.error('WITH, AS OF, UP TO, ENVELOPE or WITHIN TIMESTAMP ORDER BY');
    if (seen.has(clause) || (clause === 'AS OF' && subscribe.asOf !== undefined)) {
      throw errorAt(context, cursor.offset, `${clause} is given more than once`);
    }
    seen.add(clause);
    parseClause(cursor, subscribe, clause);
  }
  return subscribe;
}

function parseTarget(cursor: Cursor): Subscribe['target'] {
  if (!cursor.isMark('('))
    return { kind: 'relation', name: cursor.qualifiedName('a relation or a query in parentheses') };
  const close = cursor.closing(cursor.at);
  const query = parseQuery(cursor.slice(cursor.at + 1, close));
  cursor.at = close + 1;
  return { kind: 'query', query };
}

type Clause = 'WITH' | 'AS OF' | 'UP TO' | 'ENVELOPE' | 'WITHIN TIMESTAMP ORDER BY';

function clauseAt(cursor: Cursor, index: number): Clause | undefined {
  if (cursor.isAt(index, 'with') && cursor.tokens[index + 1]?.text === '(') return 'WITH';
  if (cursor.isAt(index, 'as', 'of')) return 'AS OF';
  if (cursor.isAt(index, 'up', 'to')) return 'UP TO';
  if (cursor.isAt(index, 'envelope')) return 'ENVELOPE';
  if (cursor.isAt(index, 'within', 'timestamp')) return 'WITHIN TIMESTAMP ORDER BY';
  return undefined;
}

function parseClause(cursor: Cursor, subscribe: Subscribe, clause: Clause): void {
  const { context } = cursor;
  const start = cursor.at;
  const location = cursor.location;
  const end = cursor.find((i) => clauseAt(cursor, i) !== undefined, start + 1);
  switch (clause) {
    case 'WITH':
      cursor.at++;
      subscribe.with = parseOptions(cursor);
      return;
    case 'AS OF':
      parseAsOf(cursor, start, end);
      subscribe.asOf = context.extensions.asOf!;
      delete context.extensions.asOf;
      cursor.at = end;
      return;
    case 'UP TO':
      cursor.at += 2;
      if (cursor.at >= end) throw cursor.error('a timestamp');
      subscribe.upTo = { expression: parseExpression(context, cursor.span(cursor.at, end)), location };
      cursor.at = end;
      return;
    case 'ENVELOPE': {
      cursor.at++;
      const name = cursor.expectOneOf(['upsert', 'debezium'] as const);
      cursor.expectMark('(');
      cursor.expect('key');
      const key = cursor.nameList();
      cursor.expectMark(')');
      subscribe.envelope = { name, key, location };
      return;
    }
    case 'WITHIN TIMESTAMP ORDER BY':
      cursor.expect('within', 'timestamp', 'order', 'by');
      if (cursor.at >= end) throw cursor.error('an expression');
      subscribe.withinTimestampOrderBy = {
        sort: parseSortList(context, cursor.span(cursor.at, end)),
        location,
      };
      cursor.at = end;
      return;
  }
}
