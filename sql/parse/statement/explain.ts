import type { Node } from '@pgsql/types';
import { nodeAs } from '../../ast/accessors.ts';
import type { Explain, ExplainStage } from '../../ast/explain.ts';
import { errorAt } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseFragment } from '../fragment.ts';
import { eatObjectKind } from './object-kind.ts';
import { parseStatement } from './statement.ts';

const STAGES: readonly ExplainStage[] = [
  'raw',
  'decorrelated',
  'optimized',
  'physical',
  'timestamp',
  'memory',
  'lineage',
];

/** EXPLAIN …, from EXPLAIN. */
export function parseExplain(cursor: Cursor): Explain {
  const explainAt = cursor.at;
  cursor.expect('explain');
  let stage: ExplainStage | undefined;
  let options: Node[] = [];
  const afterKeyword = cursor.at;
  if (isOptionList(cursor)) {
    const close = cursor.closing(cursor.at);
    options = parsePostgresOptions(cursor, explainAt, close + 1);
    cursor.at = close + 1;
  } else {
    while (cursor.eat('analyze') || cursor.eat('verbose'));
    if (cursor.at > afterKeyword) options = parsePostgresOptions(cursor, explainAt, cursor.at);
  }
  const named = STAGES.find((candidate) => cursor.is(candidate));
  let isPlanFor = false;
  if (named !== undefined && (cursor.isAt(cursor.at + 1, 'plan') || cursor.isAt(cursor.at + 1, 'for'))) {
    cursor.at++;
    cursor.eat('plan');
    isPlanFor = true;
    stage = named;
  } else if (cursor.eat('plan')) {
    isPlanFor = true;
    stage = 'optimized';
  }
  options = [...options, ...parseWithOptions(cursor)];
  if (isPlanFor) cursor.expect('for');
  else cursor.eat('for');
  if (cursor.done) throw cursor.error('a statement');
  const start = cursor.at;
  const objectKind = eatObjectKind(cursor);
  if (objectKind !== undefined) {
    const name = cursor.qualifiedName();
    cursor.expectEnd();
    return { kind: 'explain', stage, options, target: { kind: 'object', objectKind, name } };
  }
  if (cursor.is('explain')) throw errorAt(cursor.context, cursor.offset, 'EXPLAIN cannot explain EXPLAIN');
  const span = cursor.span(start, cursor.end);
  const { source } = cursor.context;
  const statement = parseStatement(cursor.slice(start, cursor.end));
  return {
    kind: 'explain',
    stage,
    options,
    target: {
      kind: 'statement',
      statement,
      text: source.text.slice(span.start, span.end),
      location: source.byteOfUtf16(span.start),
    },
  };
}

/** `WITH (…)` and `AS TEXT | JSON`, as options in parentheses before them. */
function parseWithOptions(cursor: Cursor): Node[] {
  let options: Node[] = [];
  if (cursor.is('with') && cursor.isMark('(', 1)) {
    const close = cursor.closing(cursor.at + 1);
    const span = cursor.span(cursor.at + 1, close + 1);
    const statements = parseFragment(cursor.context, span, [], 'EXPLAIN ', ' SELECT 1');
    options = nodeAs(statements[0]?.stmt, 'ExplainStmt')?.options ?? [];
    cursor.at = close + 1;
  }
  if (!cursor.eat('as')) return options;
  const format: Node = { String: { sval: cursor.expectOneOf(['text', 'json']) } };
  return [...options, { DefElem: { defname: 'format', arg: format } }];
}

/** Whether the parenthesis opens options and not a query. */
function isOptionList(cursor: Cursor): boolean {
  if (!cursor.isMark('(')) return false;
  let i = cursor.at;
  while (i < cursor.end && cursor.tokens[i]!.text === '(') i++;
  return !['select', 'values', 'with', 'table'].some((word) => cursor.isAt(i, word));
}

/** PostgreSQL's own options, as its grammar reads them before any statement. */
function parsePostgresOptions(cursor: Cursor, from: number, to: number): Node[] {
  const statements = parseFragment(cursor.context, cursor.span(from, to), [], ' ', ' SELECT 1');
  return nodeAs(statements[0]?.stmt, 'ExplainStmt')?.options ?? [];
}
