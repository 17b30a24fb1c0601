/** Makes a failing case smaller while it fails in the same way: transactions, statements, then the query. */
import type { Case } from './case.ts';
import { runCase, type Failure, type Systems } from './harness.ts';
import { render, smaller } from './node.ts';

export async function shrink(
  systems: Systems,
  test: Case,
  first: Failure,
  attempts: number,
): Promise<{ test: Case; failure: Failure }> {
  let best = { test, failure: first };
  const budget = { left: attempts };
  const accept = async (candidate: Case): Promise<boolean> => {
    if (budget.left-- <= 0) return false;
    const { failure } = await runCase(systems, candidate);
    if (!failure || failure.kind !== first.kind || failure.sqlstate !== first.sqlstate) return false;
    best = { test: candidate, failure };
    return true;
  };
  if (first.view) {
    const { name } = first.view;
    await accept({ ...best.test, views: best.test.views.filter((view) => view.name === name) });
  } else await accept({ ...best.test, views: [] });
  await accept({ ...best.test, transactions: best.test.transactions.slice(0, best.failure.transaction + 1) });
  await accept({ ...best.test, views: best.test.views.map((view) => ({ ...view, madeBefore: 0 })) });
  await accept({ ...best.test, indexes: [] });
  for (let b = best.test.bases.length - 1; b >= 0; b--) {
    await accept({ ...best.test, bases: best.test.bases.filter((_, index) => index !== b) });
  }
  for (let t = best.test.transactions.length - 1; t >= 0 && budget.left > 0; t--) {
    const { transactions, views } = best.test;
    if (transactions.length === 1) break;
    await accept({
      ...best.test,
      transactions: transactions.filter((_, index) => index !== t),
      views: views.map((view) => ({
        ...view,
        madeBefore: view.madeBefore > t ? view.madeBefore - 1 : view.madeBefore,
        droppedBefore: view.droppedBefore > t ? view.droppedBefore - 1 : view.droppedBefore,
      })),
      indexes: best.test.indexes.map((event) => ({
        ...event,
        before: event.before > t ? event.before - 1 : event.before,
      })),
    });
  }
  for (let t = 0; t < best.test.transactions.length; t++) {
    for (let s = best.test.transactions[t]!.statements.length - 1; s >= 0 && budget.left > 0; s--) {
      await accept({
        ...best.test,
        transactions: best.test.transactions.map((transaction, index) =>
          index === t
            ? { ...transaction, statements: transaction.statements.filter((_, other) => other !== s) }
            : transaction,
        ),
      });
    }
  }
  await accept({ ...best.test, pages: [] });
  // Each accepted step starts anew from the smaller query.
  for (let found = true; found && budget.left > 0;) {
    found = false;
    const [view] = best.test.views;
    if (!view || best.test.views.length > 1) break;
    for (const tree of smaller(view.tree)) {
      if (budget.left <= 0) break;
      if (render(tree).length >= render(view.tree).length) continue;
      if (await accept({ ...best.test, views: [{ ...view, tree }] })) {
        found = true;
        break;
      }
    }
  }
  budget.left = Math.max(budget.left, 1);
  await accept(withoutUnnamed(best.test));
  return best;
}

/** The case without the types and functions that nothing in it names. */
function withoutUnnamed(test: Case): Case {
  const made = [...test.types, ...test.functions];
  const others = [
    ...test.tables,
    ...[...test.bases, ...test.views].map(({ tree }) => render(tree)),
    ...test.transactions.flatMap(({ statements }) => statements),
    ...test.pages,
  ];
  const nameOf = (statement: string): string =>
    /^(?:CREATE|ALTER) (?:TYPE|DOMAIN|FUNCTION) (\w+)/.exec(statement)![1]!;
  const isNamed = (statement: string): boolean => {
    const name = nameOf(statement);
    const texts = [...others, ...made.filter((other) => nameOf(other) !== name)];
    return texts.some((text) => new RegExp(`\\b${name}\\b`).test(text));
  };
  const smaller = { ...test, types: test.types.filter(isNamed), functions: test.functions.filter(isNamed) };
  return smaller.types.length + smaller.functions.length < made.length ? withoutUnnamed(smaller) : test;
}
