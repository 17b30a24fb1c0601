/** PREPARE name [(types)] AS statement. */
import type { Node, PrepareStmt } from '@pgsql/types';
import { nodeAs, typeReference } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { plain } from '../../../sql/types/table.ts';
import type { DeclaredParameter, Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { namedNow } from '../session-objects.ts';
import { utility } from './utility.ts';

export function preparePrepare(session: Session, parsed: ParsedStatement, statement: PrepareStmt): Prepared {
  const name = statement.name ?? '';
  const { query } = statement;
  return utility(
    parsed,
    () => {
      if (session.statements.has(name)) {
        throw new SqlError({ sqlstate: '42P05', message: `prepared statement "${name}" already exists` });
      }
      if (!query) throw new SqlError({ sqlstate: '42601', message: 'PREPARE needs a statement' });
      const declared = (statement.argtypes ?? []).map((node) => declaredParameter(session, parsed, node));
      const inner: ParsedStatement = {
        ...parsed,
        text: parsed.text.replace(/^prepare\s+\S+?\s*(?:\([^)]*\))?\s+as\s+/i, ''),
        statement: { kind: 'postgres', node: query },
        notices: [],
      };
      const types = declared.map((parameter) => parameter?.type ?? null);
      const named = namedNow(parsed.text, true);
      session.statements.set(name, { ...session.prepare(inner, types), declared, named });
      return 'PREPARE';
    },
    { managesTransaction: false },
  );
}

/** What PREPARE says of a parameter; null: `unknown`, which is to be inferred. */
function declaredParameter(session: Session, parsed: ParsedStatement, node: Node): DeclaredParameter | null {
  const written = nodeAs(node, 'TypeName')!;
  if (typeReference(written).names.at(-1) === 'unknown') return null;
  // A modifier is checked, and has no effect, as in PostgreSQL.
  const { type, isDomain } = session.executor.declaredType(session, parsed, written);
  return { type: isDomain ? type : plain(type.name), isDomain, written: { ...written, typmods: [] } };
}
