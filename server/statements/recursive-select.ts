/**
 * WITH RECURSIVE of a statement that is a SELECT: the recursive term runs again and again, at one snapshot, over the rows that it gave
 * last, until it gives none. The rows of each round are constants of the next one's plan.
 */
import type { CommonTableExpr, Node, SelectStmt } from '@pgsql/types';
import { nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { WorkingTable, WorkingTables } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { formatType } from '../../sql/types/format.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { positionOf } from '../catalog/names.ts';
import { rowFields } from '../results/messages.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { Execution, Runnable } from './prepared.ts';
import { leftmost, referencesIn, refuseIllFormed } from './recursive-terms.ts';
import { CompiledSelect } from './select.ts';
import { readTimestamp } from './snapshot.ts';

/** All rows are kept until the statement ends: one that would go on for ever ends here. */
const MOST_ROWS = 1_000_000;

/** The name under which a round knows what was there before it; no user can write it. */
const BEFORE = '\u0001before';

interface Terms {
  readonly cte: CommonTableExpr;
  readonly base: Node;
  readonly recursive: Node;
  readonly keepsDuplicates: boolean;
}

/** The WITH items that read themselves. */
export function recursiveItems({ withClause }: SelectStmt): CommonTableExpr[] {
  if (withClause?.recursive !== true) return [];
  return (withClause.ctes ?? [])
    .map((node) => nodeAs(node, 'CommonTableExpr')!)
    .filter((cte) => referencesIn(cte.ctequery, cte.ctename!).length > 0);
}

export function prepareRecursiveSelect(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  select: SelectStmt,
  parameterTypes: readonly (SqlType | null)[],
): Runnable {
  const items = recursiveItems(select);
  const terms = items.map((cte) => termsOf(cte, parsed));
  const compile = (node: Node, tables: WorkingTables, types: readonly (SqlType | null)[]): CompiledSelect =>
    new CompiledSelect(system, session, parsed, node, types, {
      registeredAsNumbers: true,
      workingTables: tables,
    });
  const tables = new Map<CommonTableExpr, WorkingTable>();
  let types = parameterTypes;
  const bases = terms.map((each) => {
    const base = compile(baseOf(select, each), tables, types);
    types = merged(types, base.compiled.parameters);
    tables.set(each.cte, { columns: base.compiled.columns, rows: [] });
    const round = compile(roundOf(select, each), tables, types);
    types = merged(types, round.compiled.parameters);
    checkTypes(each, base, round, parsed);
    return base;
  });
  const whole = new CompiledSelect(system, session, parsed, { SelectStmt: select }, types, {
    workingTables: tables,
  });

  const run = async (session: SessionContext, execution: Execution): Promise<CompiledSelect> => {
    const found = new Map<CommonTableExpr, WorkingTable>();
    const rowsOf = async (one: CompiledSelect): Promise<WorkingTable['rows']> => {
      const rows: (string | null)[][] = [];
      const formats = one.compiled.columns.map(() => 0);
      const cursor = await one.run(session, execution, { kind: 'dataRow', formats, canonical: true });
      try {
        for (;;) {
          const filling = cursor.fill();
          if (filling) await filling;
          const { chunk, done } = cursor.next(0);
          for (let at = 0; at < chunk.length; at += 1 + chunk.readInt32BE(at + 1)) {
            rows.push(rowFields(chunk.subarray(at)).map((value) => value && value.toString()));
          }
          if (done) return rows;
        }
      } finally {
        cursor.close();
      }
    };
    for (const [index, each] of terms.entries()) {
      const { columns } = bases[index]!.compiled;
      const all: (readonly (string | null)[])[] = [];
      found.set(each.cte, { columns, rows: [] });
      const base = compile(baseOf(select, each), found, types);
      let rows = await rowsOf(base);
      base.close();
      while (rows.length > 0) {
        if (all.length + rows.length > MOST_ROWS) throw tooMany(each.cte);
        for (const row of rows) all.push(row);
        const before = beforeItem();
        const tables = new Map(found).set(each.cte, { columns, rows }).set(before, { columns, rows: all });
        const round = compile(roundOf(select, each, before), tables, types);
        rows = await rowsOf(round);
        round.close();
      }
      found.set(each.cte, { columns, rows: all });
    }
    return new CompiledSelect(system, session, parsed, { SelectStmt: select }, types, {
      workingTables: found,
    });
  };
  const { columns } = whole.compiled;
  return {
    parameterTypes: merged(types, whole.compiled.parameters).filter((type) => type !== null),
    columns,
    run: async (session, execution) => {
      const { formats } = execution;
      // However many rounds there are, the last one finds what the first one read.
      const hold = parsed.extensions.asOf ? null : system.engine.hold(await readTimestamp(system, session));
      try {
        const made = await run(session, execution);
        const cursor = await made.run(session, execution, { kind: 'dataRow', formats });
        return { kind: 'rows', columns, cursor, tag: 'SELECT' };
      } finally {
        hold?.release();
      }
    },
  };
}

function tooMany({ ctename }: CommonTableExpr): SqlError {
  return new SqlError({
    sqlstate: '54000',
    message: `recursive query "${ctename}" gives more than ${MOST_ROWS} rows`,
    hint: 'Rows are not computed as they are read: a condition in the recursive term must end it.',
  });
}

function termsOf(cte: CommonTableExpr, parsed: ParsedStatement): Terms {
  refuseIllFormed(cte, (location) => positionOf(parsed, location));
  const { larg, rarg, all } = nodeAs(cte.ctequery, 'SelectStmt')!;
  return {
    cte,
    base: { SelectStmt: larg! },
    recursive: { SelectStmt: rarg! },
    keepsDuplicates: all === true,
  };
}

/** `SELECT * FROM (term)` under the WITH items that stand before, and the item itself. */
function under(select: SelectStmt, { cte }: Terms, body: SelectStmt, more: readonly CommonTableExpr[]): Node {
  const nodes = select.withClause?.ctes ?? [];
  const last = nodes.findIndex((node) => nodeAs(node, 'CommonTableExpr') === cte);
  const inner = nodeAs(cte.ctequery, 'SelectStmt')?.withClause?.ctes ?? [];
  const ctes = [
    ...nodes.slice(0, last + 1),
    ...more.map((each): Node => ({ CommonTableExpr: each })),
    ...inner,
  ];
  return { SelectStmt: { ...body, withClause: { ctes, recursive: true } } };
}

const STAR: Node = { ResTarget: { val: { ColumnRef: { fields: [{ A_Star: {} }] } } } };

function allOf(from: Node, distinct = false): SelectStmt {
  return {
    targetList: [STAR],
    fromClause: [from],
    ...(distinct ? { distinctClause: [{}] as Node[] } : {}),
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
  };
}

function inner(term: Node): Node {
  return { RangeSubselect: { subquery: term, alias: { aliasname: 'term' } } };
}

function named(relname: string): Node {
  return { RangeVar: { relname, inh: true, relpersistence: 'p' } };
}

/** The rows to begin with. The item itself is not seen there: that is refused before. */
function baseOf(select: SelectStmt, terms: Terms): Node {
  const body = allOf(inner(terms.base), !terms.keepsDuplicates);
  const { withClause } = select;
  const before = (withClause?.ctes ?? []).findIndex((node) => nodeAs(node, 'CommonTableExpr') === terms.cte);
  const ctes = [
    ...(withClause?.ctes ?? []).slice(0, before),
    ...(nodeAs(terms.cte.ctequery, 'SelectStmt')?.withClause?.ctes ?? []),
  ];
  return { SelectStmt: ctes.length === 0 ? body : { ...body, withClause: { ctes, recursive: true } } };
}

/** A round: of the types that the item has, and without what was there before if duplicates are not kept. */
function roundOf(select: SelectStmt, terms: Terms, before?: CommonTableExpr): Node {
  const { cte, recursive, keepsDuplicates } = terms;
  const none: SelectStmt = {
    ...allOf(named(cte.ctename!)),
    whereClause: { A_Const: { boolval: { boolval: false } } },
  };
  const combined: SelectStmt = {
    op: 'SETOP_UNION',
    all: keepsDuplicates,
    larg: none,
    rarg: nodeAs(recursive, 'SelectStmt')!,
    limitOption: 'LIMIT_OPTION_DEFAULT',
  };
  if (keepsDuplicates || before === undefined) return under(select, terms, combined, []);
  const fresh: SelectStmt = {
    op: 'SETOP_EXCEPT',
    larg: combined,
    rarg: allOf(named(BEFORE)),
    limitOption: 'LIMIT_OPTION_DEFAULT',
  };
  return under(select, terms, fresh, [before]);
}

function beforeItem(): CommonTableExpr {
  return { ctename: BEFORE, ctematerialized: 'CTEMaterializeDefault' };
}

function merged(given: readonly (SqlType | null)[], found: readonly SqlType[]): readonly (SqlType | null)[] {
  const length = Math.max(given.length, found.length);
  return Array.from({ length }, (_, index) => given[index] ?? found[index] ?? null);
}

/** The rows to begin with decide the types of all. */
function checkTypes(
  { cte }: Terms,
  base: CompiledSelect,
  round: CompiledSelect,
  parsed: ParsedStatement,
): void {
  const { targetList: targets = [] } = nodeAs(cte.ctequery, 'SelectStmt')?.larg ?? {};
  base.compiled.columns.forEach(({ type }, index) => {
    const overall = round.compiled.columns[index]!.type;
    if (overall.name === type.name) return;
    throw new SqlError({
      sqlstate: '42804',
      message: `recursive query "${cte.ctename}" column ${index + 1} has type ${formatType(type)} in non-recursive term but type ${formatType(overall)} overall`,
      hint: 'Cast the output of the non-recursive term to the correct type.',
      position: positionOf(parsed, leftmost(targets[index] ?? {})),
    });
  });
}
