import type { TableElement } from '../../ast/table-element.ts';
import type { Cursor } from '../cursor.ts';
import { parseColumnDefinition, parseExpression, type Span } from '../fragment.ts';

/** `( column | PRIMARY KEY (…) [NOT ENFORCED] | WATERMARK FOR column AS expr, … )`. */
export function parseTableElements(cursor: Cursor): TableElement[] {
  const open = cursor.at;
  cursor.expectMark('(');
  const close = cursor.closing(open);
  const elements = cursor.commaSeparated(close).map(({ from, to }) => parseElement(cursor.slice(from, to)));
  cursor.at = close + 1;
  return elements;
}

function parseElement(cursor: Cursor): TableElement {
  const { context } = cursor;
  const location = cursor.location;
  if (cursor.eat('watermark', 'for')) {
    const column = cursor.identifier('a column');
    cursor.expect('as');
    if (cursor.done) throw cursor.error('an expression');
    const span = cursor.span(cursor.at, cursor.end);
    const expression = parseExpression(context, span);
    return {
      kind: 'watermark',
      column,
      expression,
      text: context.source.text.slice(span.start, span.end),
      location,
    };
  }
  if (cursor.eat('primary', 'key')) {
    const columns = cursor.nameList();
    const enforced = !cursor.eat('not', 'enforced');
    cursor.expectEnd();
    return { kind: 'primary_key', columns, enforced, location };
  }
  if (cursor.done) throw cursor.error('a column');
  // `name type AS expr`: GENERATED ALWAYS AS is PostgreSQL's own.
  const as = cursor.find(
    (i) => cursor.isAt(i, 'as') && !cursor.isAt(i - 1, 'always') && !cursor.isAt(i - 1, 'default'),
  );
  const path = parsePath(cursor, as);
  const node = parseColumnDefinition(context, cursor.span(cursor.at, as), path ? [path.cut] : []);
  if (as === cursor.end) {
    return path
      ? { kind: 'column', node, path: { text: path.text, location: path.location }, location }
      : { kind: 'column', node, location };
  }
  if (as + 1 === cursor.end) throw cursor.slice(cursor.end, cursor.end).error('an expression');
  return {
    kind: 'column',
    node,
    computed: parseExpression(context, cursor.span(as + 1, cursor.end)),
    location,
  };
}

/** `PATH '…'` behind a column's type, as SQL's JSON_TABLE has it. */
function parsePath(
  cursor: Cursor,
  end: number,
): { readonly cut: Span; readonly text: string; readonly location: number } | undefined {
  const isPath = (i: number): boolean =>
    i > cursor.at + 1 && i < end && cursor.isAt(i, 'path') && cursor.tokens[i + 1]?.kind === 'string';
  const at = cursor.find(isPath);
  if (!isPath(at)) return undefined;
  const value = cursor.slice(at + 1, at + 2);
  const { location } = value;
  return { cut: cursor.span(at, at + 2), text: value.string("the value's path"), location };
}
