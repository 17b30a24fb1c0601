/**
 * TPC-H: every query binds, lowers and is planned, for a client and as a view, and no plan multiplies what has no key
 * in common. `UPDATE_GOLDEN=1` rewrites the optimized relations.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Expr } from '../../../engine/plan.generated.ts';
import { bindQuery } from '../../../sql/bind/bind.ts';
import type { CatalogReader } from '../../../sql/catalog.ts';
import type { Purpose } from '../../../sql/compile.ts';
import { compileQuery } from '../../../sql/compile.ts';
import { printMir } from '../../../sql/explain/mir.ts';
import { lowerQuery } from '../../../sql/lower/lower.ts';
import type { MirRelation } from '../../../sql/mir.ts';
import { columnsRead } from '../../../sql/mir/scalar.ts';
import { visitRelation } from '../../../sql/mir/traverse.ts';
import { layoutByColumns } from '../../../sql/physical/layout.ts';
import { optimize } from '../../../sql/optimize/pipeline.ts';
import { uniqueKeys } from '../../../sql/optimize/analysis/keys.ts';
import type { Keys } from '../../../sql/optimize/analysis/keys.ts';
import { toColumnType } from '../../../sql/types/column-type.ts';
import { evaluate, environmentFor, makeCatalog, statementOf } from '../../bind/fixture.ts';
import { TPCH } from './queries.ts';

const tables = makeCatalog(`
  CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25), r_comment varchar(152));
  CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name char(25), n_regionkey int NOT NULL, n_comment varchar(152));
  CREATE TABLE part (p_partkey int PRIMARY KEY, p_name varchar(55), p_mfgr char(25), p_brand char(10), p_type varchar(25), p_size int, p_container char(10), p_retailprice numeric(15,2), p_comment varchar(23));
  CREATE TABLE supplier (s_suppkey int PRIMARY KEY, s_name char(25), s_address varchar(40), s_nationkey int NOT NULL, s_phone char(15), s_acctbal numeric(15,2), s_comment varchar(101));
  CREATE TABLE partsupp (ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric(15,2), ps_comment varchar(199), PRIMARY KEY (ps_partkey, ps_suppkey));
  CREATE TABLE customer (c_custkey int PRIMARY KEY, c_name varchar(25), c_address varchar(40), c_nationkey int NOT NULL, c_phone char(15), c_acctbal numeric(15,2), c_mktsegment char(10), c_comment varchar(117));
  CREATE TABLE orders (o_orderkey int PRIMARY KEY, o_custkey int NOT NULL, o_orderstatus char(1), o_totalprice numeric(15,2), o_orderdate date, o_orderpriority char(15), o_clerk char(15), o_shippriority int, o_comment varchar(79));
  CREATE TABLE lineitem (l_orderkey int NOT NULL, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int NOT NULL, l_quantity numeric(15,2), l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag char(1), l_linestatus char(1), l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10), l_comment varchar(44), PRIMARY KEY (l_orderkey, l_linenumber));
`);
const catalog: CatalogReader = {
  ...tables,
  arrangements: (id) => {
    const { columns, keys } = tables.relation(id);
    const layout = layoutByColumns(
      columns.map((column) => toColumnType(column.type)),
      keys[0] ?? null,
    );
    return [{ id, relation: id, layout, primary: true, name: null }];
  },
};

/** Reads literals; what would be computed stays as it is written. */
function literals(expression: Expr): string | null {
  if (expression.kind !== 'input') throw new Error('not a literal');
  return evaluate(expression);
}

const keysOfObject = (object: number): Keys => catalog.relation(object).keys;
const golden = new URL('./golden/', import.meta.url);

const bind = (text: string, inView: boolean) =>
  bindQuery(statementOf(text).node, { ...environmentFor(text, catalog), inView });

function optimized(text: string, maintained: boolean): MirRelation {
  const lowered = lowerQuery(bind(text, maintained), { keysOfObject, maintained });
  return optimize(lowered, { fold: () => null, keysOfObject, strict: true }).relation;
}

/** Inputs of joins that nothing ties to the others, of more than one row. */
function crossProducts(relation: MirRelation): string[] {
  const bindings = new Map<number, Keys>();
  const found: string[] = [];
  visitRelation(relation, (node) => {
    if (node.kind === 'let') bindings.set(node.binding, uniqueKeys(node.value, keysOfObject, bindings));
    if (node.kind !== 'join') return;
    const starts: number[] = [];
    let arity = 0;
    for (const input of node.inputs) {
      starts.push(arity);
      arity += input.columns.length;
    }
    const inputOf = (column: number): number => starts.findLastIndex((start) => start <= column);
    const group = node.inputs.map((_, index) => index);
    for (const { scalars } of node.equivalences) {
      const [first, ...rest] = scalars.flatMap((scalar) => [...columnsRead(scalar)].map(inputOf));
      for (const other of rest) {
        const [from, to] = [group[other]!, group[first!]!];
        group.forEach((id, at) => id === from && (group[at] = to));
      }
    }
    const many = node.inputs.filter(
      (input) => !uniqueKeys(input, keysOfObject, bindings).some((key) => key.length === 0),
    );
    const groups = new Set(many.map((input) => group[node.inputs.indexOf(input)]));
    if (groups.size > 1) found.push(printMir(node, catalog));
  });
  return found;
}

describe('TPC-H', () => {
  test.each(Object.entries(TPCH))('%s', (name, text) => {
    const relation = optimized(text, false);
    expect(crossProducts(relation)).toEqual([]);
    const environment = {
      catalog,
      evaluate: literals,
      fold: literals,
      timeZone: 'UTC',
      allocateArrangement: () => 9000,
    };
    const rows: Purpose = { kind: 'rows' };
    expect(compileQuery(bind(text, false), rows, environment).plan.nodes.length).toBeGreaterThan(0);
    const named = text.replace(
      'o_totalprice, sum(l_quantity) from',
      'o_totalprice, sum(l_quantity) as q from',
    );
    const view: Purpose = { kind: 'maintain', arrangement: 1, name };
    expect(compileQuery(bind(named, true), view, environment).plan.nodes.length).toBeGreaterThan(0);

    const file = new URL(`${name}.txt`, golden);
    const printed = `${text};\n\n${printMir(relation, catalog)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(golden, { recursive: true });
      writeFileSync(file, printed);
    }
    if (!existsSync(file)) throw new Error(`no golden plan ${name}: run with UPDATE_GOLDEN=1`);
    expect(printed).toBe(readFileSync(file, 'utf8'));
  });
});
