/** SELECT … INTO: the clause stands in the first SELECT of a set operation. */
import type { CreateTableAsStmt, IntoClause, SelectStmt } from '@pgsql/types';

export function intoClauseOf(select: SelectStmt): IntoClause | undefined {
  return select.larg ? intoClauseOf(select.larg) : select.intoClause;
}

function withoutInto(select: SelectStmt): SelectStmt {
  if (select.larg) return { ...select, larg: withoutInto(select.larg) };
  return { ...select, intoClause: undefined };
}

/** The same as CREATE TABLE … AS. */
export function selectIntoAsCreate(select: SelectStmt): CreateTableAsStmt {
  return { query: { SelectStmt: withoutInto(select) }, into: intoClauseOf(select), objtype: 'OBJECT_TABLE' };
}
