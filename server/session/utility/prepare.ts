/** PREPARE name [(types)] AS statement. */
import type { PrepareStmt } from '@pgsql/types';
import { nodeAs, typeReference } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { findType, plain } from '../../../sql/types/table.ts';
import type { SqlType } from '../../../sql/types/type.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
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
      const types = (statement.argtypes ?? []).map((node) => parameterType(parsed, node));
      const inner: ParsedStatement = {
        ...parsed,
        text: parsed.text.replace(/^prepare\s+\S+?\s*(?:\([^)]*\))?\s+as\s+/i, ''),
        statement: { kind: 'postgres', node: query },
        notices: [],
      };
      session.statements.set(name, session.prepare(inner, types));
      return 'PREPARE';
    },
    { managesTransaction: false },
  );
}

function parameterType(
  parsed: ParsedStatement,
  node: NonNullable<PrepareStmt['argtypes']>[number],
): SqlType | null {
  const typeName = nodeAs(node, 'TypeName');
  if (!typeName) return null;
  const { names, arrayBounds, location } = typeReference(typeName);
  const name = names.at(-1) ?? '';
  const found = findType(name);
  if (found === 'unknown') return null;
  if (found !== undefined && arrayBounds.length === 0) return plain(found);
  throw new SqlError({
    sqlstate: found === undefined ? '42704' : '0A000',
    message: found === undefined ? `type "${name}" does not exist` : 'array parameters are not supported yet',
    position: location === undefined ? undefined : parsed.source.positionOfByte(location),
  });
}
