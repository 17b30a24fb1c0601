/**
 * SQL text to a compiled query over the tests' catalog, by the real parser and binder.
 */
import { nodeAs } from '../../sql/ast/accessors.ts';
import { bindQuery, bindWrite } from '../../sql/bind/bind.ts';
import type { CatalogReader } from '../../sql/catalog.ts';
import type { Compiled, PlanningEnvironment, Purpose } from '../../sql/compile.ts';
import { compileQuery, compileWrite } from '../../sql/compile.ts';
import type { HirQuery } from '../../sql/hir.ts';
import { parse } from '../../sql/parse/parse.ts';
import { SourceText } from '../../sql/parse/source-text.ts';
import type { Expr } from '../../engine/plan.generated.ts';
import { evaluate } from './evaluate.ts';
import { fakeCatalog } from './fake-catalog.ts';

export const catalog = fakeCatalog();

/** Folds with the reference evaluator, printing booleans as the engine does. */
function fold(expression: Expr): string | null {
  const value = evaluate(expression, []);
  return value === 'true' ? 't' : value === 'false' ? 'f' : value;
}

export function planningEnvironment(): PlanningEnvironment {
  let next = 9000;
  return {
    catalog,
    fold,
    timeZone: 'UTC',
    allocateArrangement: () => {
      next += 1;
      return next;
    },
  };
}

function bindEnvironment(text: string, reader: CatalogReader, inView: boolean) {
  return { catalog: reader, evaluate: fold, source: new SourceText(text), inView };
}

function nodeOf(text: string) {
  const [parsed] = parse(text);
  if (parsed?.statement.kind !== 'postgres') throw new Error(`not a PostgreSQL statement: ${text}`);
  return parsed.statement.node;
}

export function bindText(text: string, inView = false): HirQuery {
  return bindQuery(nodeOf(text), bindEnvironment(text, catalog, inView));
}

/** Compiles a SELECT. */
export function compileText(text: string, purpose: Purpose = { kind: 'rows' }): Compiled {
  return compileQuery(bindText(text, purpose.kind !== 'rows'), purpose, planningEnvironment());
}

/** Compiles INSERT, UPDATE or DELETE. */
export function compileWriteText(text: string): Compiled {
  const node = nodeOf(text);
  const environment = bindEnvironment(text, catalog, false);
  if (nodeAs(node, 'SelectStmt') !== undefined) throw new Error('a query');
  return compileWrite(bindWrite(node, environment), planningEnvironment());
}
