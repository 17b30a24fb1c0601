/** CREATE SCHEMA with elements: the schema, and then what is in it, all or nothing. */
import type { CreateSchemaStmt, Node, RangeVar } from '@pgsql/types';
import { nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { tokenize } from '../../../sql/parse/lexer.ts';
import { parse } from '../../../sql/parse/parse.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { roleName } from '../../catalog/roles.ts';
import { compound, runInner } from './inner-statement.ts';

/** As PostgreSQL makes them: each kind after what it may need. */
const ORDER = ['CreateSeqStmt', 'CreateStmt', 'ViewStmt', 'IndexStmt', 'CreateTrigStmt', 'GrantStmt'];

/** Null: there are no elements. */
export function prepareCreateSchemaElements(
  session: Session,
  parsed: ParsedStatement,
  statement: CreateSchemaStmt,
): Prepared | null {
  const { schemaElts: elements = [], authrole } = statement;
  const name = statement.schemaname ?? roleName(session, authrole);
  if (elements.length === 0) return null;
  return compound(parsed, async () => {
    const bare: Node = { CreateSchemaStmt: { ...statement, schemaElts: [] } };
    await runInner(session, { ...parsed, statement: { kind: 'postgres', node: bare } });
    const texts = elementTexts(parsed);
    const kindAt = (index: number) => ORDER.indexOf(Object.keys(elements[index]!)[0]!);
    const order = texts.map((_, index) => index).toSorted((a, b) => kindAt(a) - kindAt(b) || a - b);
    const before = session.settings.snapshot();
    const path = [quoteIdentifier(name), session.settings.get('search_path')].filter((part) => part !== '');
    session.settings.setForTransaction('search_path', path.join(', '));
    try {
      for (const index of order) {
        refuseOtherSchema(elements[index]!, name);
        for (const element of parse(texts[index]!)) await runInner(session, element);
      }
    } finally {
      session.settings.restore(before);
    }
    return 'CREATE SCHEMA';
  });
}

/** Each element at its place in the text, so that errors are told where they are. CREATE and GRANT are reserved words. */
function elementTexts({ source, offset, text }: ParsedStatement): string[] {
  let depth = 0;
  const starts: number[] = [];
  for (const token of tokenize(source, offset, offset + text.length).slice(1)) {
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    if (depth === 0 && token.kind === 'word' && ['create', 'grant'].includes(token.text))
      starts.push(token.start);
  }
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? offset + text.length;
    return source.text.slice(0, start).replaceAll(/[^]/gu, ' ') + source.text.slice(start, end);
  });
}

function refuseOtherSchema(element: Node, name: string): void {
  const made: RangeVar | undefined =
    nodeAs(element, 'CreateStmt')?.relation ??
    nodeAs(element, 'ViewStmt')?.view ??
    nodeAs(element, 'CreateSeqStmt')?.sequence ??
    nodeAs(element, 'IndexStmt')?.relation ??
    nodeAs(element, 'CreateTrigStmt')?.relation;
  if (made?.relpersistence === 't') {
    const message = 'cannot create temporary relation in non-temporary schema';
    throw new SqlError({ sqlstate: '42P16', message });
  }
  if (made?.schemaname === undefined || made.schemaname === name) return;
  const message = `CREATE specifies a schema (${made.schemaname}) different from the one being created (${name})`;
  throw new SqlError({ sqlstate: '42P15', message });
}
