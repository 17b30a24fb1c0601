/**
 * What is compared: Nexmark's queries, word count and a graph's over files. Timestamps are milliseconds (int8), so windows are
 * integer divisions and the same SQL runs in Tidewire and in PostgreSQL. tests/bench/pathway_queries.py says the same queries
 * in Pathway's Python.
 */
import type { Data } from './data.ts';

export type Table = 'person' | 'auction' | 'bid' | 'word' | 'edge';

export interface Relation {
  /** The data's file, without its ending. */
  readonly file: keyof Data['rows'];
  readonly columns: string;
}

export const RELATIONS: Readonly<Record<Table, Relation>> = {
  person: {
    file: 'persons',
    columns:
      'id int8, name text, email_address text, credit_card text, city text, state text, date_time int8, extra text',
  },
  auction: {
    file: 'auctions',
    columns:
      'id int8, item_name text, description text, initial_bid int8, reserve int8, date_time int8, expires int8, ' +
      'seller int8, category int8, extra text',
  },
  bid: {
    file: 'bids',
    columns: 'auction int8, bidder int8, price int8, channel text, url text, date_time int8, extra text',
  },
  word: { file: 'words', columns: 'word text' },
  edge: { file: 'edges', columns: 'u int8, v int8' },
};

export interface Query {
  readonly name: string;
  readonly about: string;
  readonly tables: readonly Table[];
  readonly sql: string;
}

export const QUERIES: readonly Query[] = [
  {
    name: 'q1',
    about: 'currency of every bid',
    tables: ['bid'],
    sql: 'SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid',
  },
  {
    name: 'q2',
    about: 'bids of some auctions',
    tables: ['bid'],
    sql: 'SELECT auction, price FROM bid WHERE auction % 123 = 0',
  },
  {
    name: 'q3',
    about: 'sellers of a category in three states',
    tables: ['auction', 'person'],
    sql: `SELECT p.name, p.city, p.state, a.id FROM auction a JOIN person p ON a.seller = p.id
      WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA')`,
  },
  {
    name: 'q4',
    about: 'average of the highest bids by category',
    tables: ['auction', 'bid'],
    sql: `SELECT category, avg(final) AS final FROM (
        SELECT max(b.price) AS final, a.category FROM auction a, bid b
        WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
        GROUP BY a.id, a.category) AS winning
      GROUP BY category`,
  },
  {
    name: 'q5',
    about: 'hottest auctions of sliding windows: 10 s every 2 s',
    tables: ['bid'],
    sql: `WITH counts AS (
        SELECT auction, w, count(*) AS num FROM bid, generate_series(date_time / 2000 - 4, date_time / 2000) AS w
        GROUP BY auction, w),
      highest AS (SELECT w, max(num) AS num FROM counts GROUP BY w)
      SELECT c.auction, c.num, c.w FROM counts c JOIN highest h ON c.w = h.w AND c.num >= h.num`,
  },
  {
    name: 'q7',
    about: 'highest bids of windows: 10 s',
    tables: ['bid'],
    sql: `SELECT b.auction, b.price, b.bidder, b.date_time FROM bid b
      JOIN (SELECT max(price) AS price, date_time / 10000 AS w FROM bid GROUP BY date_time / 10000) m
      ON b.price = m.price AND b.date_time / 10000 = m.w`,
  },
  {
    name: 'q8',
    about: 'new persons who open auctions in the same window: 10 s',
    tables: ['auction', 'person'],
    sql: `SELECT p.id, p.name, p.w FROM (SELECT DISTINCT id, name, date_time / 10000 AS w FROM person) p
      JOIN (SELECT DISTINCT seller, date_time / 10000 AS w FROM auction) a ON p.id = a.seller AND p.w = a.w`,
  },
  {
    name: 'words',
    about: 'word count',
    tables: ['word'],
    sql: 'SELECT word, count(*) AS n FROM word GROUP BY word',
  },
  {
    name: 'hops',
    about: 'how many vertices of a graph are two edges away',
    tables: ['edge'],
    sql: 'SELECT a.u, count(DISTINCT b.v) AS n FROM edge a JOIN edge b ON a.v = b.u GROUP BY a.u',
  },
];

/** Records that a query reads. */
export function inputRows(query: Query, data: Data): number {
  return query.tables.reduce((sum, table) => sum + data.rows[RELATIONS[table].file], 0);
}
