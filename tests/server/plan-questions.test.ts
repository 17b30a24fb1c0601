/** Which changes of the catalog concern a plan: all that could make it another, and no others. */
import { beforeEach, expect, test } from 'vitest';
import { Catalog, type CatalogChange } from '../../server/catalog/catalog.ts';
import type { IndexObject, TableObject, ViewObject } from '../../server/catalog/objects.ts';
import { type Questions, recording } from '../../server/catalog/questions.ts';
import { StatementCatalog } from '../../server/catalog/reader.ts';

const layout = { key: [], value: [0] } as unknown as TableObject['layout'];

let catalog: Catalog;
let rows: number;
let shared: boolean;

beforeEach(() => {
  rows = 2000;
  shared = false;
  catalog = new Catalog();
  for (const [id, name] of ['pg_catalog', 'a', 'b'].entries())
    change({ kind: 'addSchema', schema: { id, name } });
});

function change(...changes: CatalogChange[]): void {
  catalog.apply(changes);
}

function table(schema: string, name: string, more: Partial<TableObject> = {}): TableObject {
  const int4 = { name: 'int4', typmod: -1, nullable: true } as const;
  const object: TableObject = {
    kind: 'table',
    id: catalog.allocateObject(),
    schema,
    name,
    dependsOn: [],
    statement: null,
    columns: [{ name: 'x', type: int4, defaultText: null }],
    arrangement: catalog.allocateArrangement(),
    layout,
    keys: [],
    primaryKeyName: null,
    checks: [],
    foreignKeys: [],
    ...more,
  };
  change({ kind: 'add', object });
  return object;
}

function reader(): StatementCatalog {
  return new StatementCatalog({
    catalog,
    shared: {
      *of() {
        if (shared) yield { id: 999, layout };
      },
      hydrates: () => false,
    },
    bindView: () => {
      throw new Error('there is no view');
    },
    estimate: () => rows,
    searchPath: ['a', 'b'],
    user: 'u',
    database: 'd',
    ownWrites: false,
  });
}

/** What is asked for a plan that reads `t`. */
function planned(): Questions {
  const { questions } = recording(catalog, () => {
    const known = reader();
    const found = known.findRelation(null, 't')!;
    known.findFunctions(null, 'f');
    known.visibility();
    known.arrangements(found.id);
    return found.estimatedRows;
  });
  expect(catalog.holds(questions)).toBe(true);
  return questions;
}

/** One change each; whether a plan that reads `b.t` goes for it. */
const changes: [what: string, concerns: boolean, make: (t: TableObject) => void][] = [
  ['another table', false, () => void table('b', 'u')],
  ['another schema', false, () => change({ kind: 'addSchema', schema: { id: 9, name: 'c' } })],
  ['a table of that name in a schema that is not searched', false, () => void table('c', 't')],
  ['a view of the table', false, (t) => view(t)],
  ['a table that hides the table', true, () => void table('a', 't')],
  ['the table changed', true, (t) => change({ kind: 'replace', object: { ...t, primaryKeyName: 'p' } })],
  ['the table renamed', true, (t) => change({ kind: 'replace', object: { ...t, name: 'other' } })],
  ['the table dropped', true, (t) => change({ kind: 'drop', id: t.id })],
  ['a schema of the path renamed', true, () => change({ kind: 'renameSchema', id: 1, name: 'c' })],
  ['an index of the table', true, (t) => index(t)],
  ['a function of that name', true, () => addFunction('f')],
  ['another function', false, () => addFunction('g')],
  ['any type', true, () => addType()],
  ['ten times as many rows', true, () => void ((rows = 20_000), table('b', 'u'))],
  ['a few more rows', false, () => void ((rows = 2500), table('b', 'u'))],
  ['an arrangement that others share, of a large table', true, () => void (shared = true)],
];

test.each(changes)('%s: %s', (_what, concerns, make) => {
  const t = table('b', 't');
  const questions = planned();
  make(t);
  expect(catalog.holds(questions)).toBe(!concerns);
});

test('an arrangement that others share, of a small table, is nothing to plan anew for', () => {
  rows = 5;
  table('b', 't');
  const questions = planned();
  shared = true;
  expect(catalog.holds(questions)).toBe(true);
});

test('what is dropped and made again is another', () => {
  const t = table('b', 't');
  const questions = planned();
  change({ kind: 'drop', id: t.id });
  table('b', 't');
  expect(catalog.holds(questions)).toBe(false);
});

test('in a catalog of a transaction, only its own changes are others', () => {
  table('b', 't');
  const questions = planned();
  const mine = catalog.after([{ kind: 'addSchema', schema: { id: 9, name: 'c' } }]);
  expect(mine.holds(questions)).toBe(true);
  expect(catalog.after([{ kind: 'renameSchema', id: 2, name: 'c' }]).holds(questions)).toBe(false);
});

function view(of: TableObject): void {
  const object: ViewObject = {
    ...{ kind: 'view', id: catalog.allocateObject(), schema: 'b', name: 'v', dependsOn: [of.id] },
    ...{ statement: null, query: '', references: [], queryColumns: [], searchPath: [], timeZone: 'UTC' },
    columns: [],
  };
  change({ kind: 'add', object });
}

function index(of: TableObject): void {
  const object: IndexObject = {
    ...{ kind: 'index', id: catalog.allocateObject(), schema: 'b', name: 'i', dependsOn: [of.id] },
    ...{ statement: null, table: of.id, arrangement: catalog.allocateArrangement(), layout, unique: false },
    ...{ primary: false, constraint: false, nullsEqual: false, columns: [1], partial: false, uses: [] },
  };
  change({ kind: 'add', object });
}

function addFunction(name: string): void {
  change({
    kind: 'add',
    object: {
      ...{
        kind: 'function',
        id: catalog.allocateObject(),
        schema: 'b',
        name,
        dependsOn: [],
        statement: null,
      },
      ...{ parameters: [], result: { kind: 'value', set: false, type: 'int4' }, strict: false },
      ...{
        volatility: 'immutable',
        body: { SelectStmt: {} },
        texts: { defaults: [], body: null },
        source: '',
      },
    },
  });
}

function addType(): void {
  change({
    kind: 'add',
    object: {
      ...{ kind: 'type', form: 'enum', id: catalog.allocateObject(), arrayId: catalog.allocateObject() },
      ...{ schema: 'b', name: 'e', dependsOn: [], statement: null, labels: [] },
    },
  });
}
