import { nodeAs } from '../ast/accessors.ts';
import { SqlError } from '../error.ts';
import { grammarSqlstate, parseGrammar } from './grammar.ts';
import type { Token } from './lexer.ts';
import { SourceText } from './source-text.ts';

/** The value of a string token, or the name of a U&"…" token. Escapes are left to PostgreSQL's own parser. */
export function parseLiteral(token: Token, source: SourceText): string {
  if (/^'(?:[^']|'')*'$/.test(token.text)) return token.text.slice(1, -1).replaceAll("''", "'");
  const name = token.kind === 'quoted';
  const prefix = name ? 'SELECT 1 AS ' : 'SELECT ';
  const answer = parseGrammar(new SourceText(prefix + token.text));
  if (!Array.isArray(answer)) {
    throw new SqlError({
      sqlstate: grammarSqlstate(answer.message),
      message: answer.message,
      position: source.positionOfUtf16(token.start),
    });
  }
  const target = nodeAs(nodeAs(answer[0]?.stmt, 'SelectStmt')?.targetList?.[0], 'ResTarget');
  return (name ? target?.name : nodeAs(target?.val, 'A_Const')?.sval?.sval) ?? '';
}
