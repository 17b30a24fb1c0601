/**
 * Nexmark's queries q0 to q23, as RisingWave's benchmark writes them but for what PostgreSQL's grammar refuses. Time windows
 * and sessions are not PostgreSQL's: it is asked in its own words.
 */
import type { ViewQuery } from '../beside-postgres.ts';

export const SCHEMA = [
  `CREATE TABLE person (id bigint PRIMARY KEY, name varchar, email_address varchar, credit_card varchar, city varchar,
    state varchar, date_time timestamp, extra varchar)`,
  `CREATE TABLE auction (id bigint PRIMARY KEY, item_name varchar, description varchar, initial_bid bigint, reserve bigint,
    date_time timestamp, expires timestamp, seller bigint, category bigint, extra varchar)`,
  // p_time: when the bid came, which is q12's processing time.
  `CREATE TABLE bid (auction bigint, bidder bigint, price bigint, channel varchar, url varchar, date_time timestamp,
    extra varchar, p_time timestamp)`,
  'CREATE TABLE side_input (key bigint PRIMARY KEY, value varchar)',
];

const tumbled = (table: string, column = 'date_time'): string =>
  `(SELECT *, date_bin('10 s', ${column}, '1970-01-01') AS window_start,
    date_bin('10 s', ${column}, '1970-01-01') + interval '10 s' AS window_end FROM ${table}) AS ${table}`;

const hopped = `(SELECT b.*, w AS window_start, w + interval '10 s' AS window_end FROM bid AS b,
  generate_series(date_bin('2 s', date_time, '1970-01-01') - interval '8 s', date_bin('2 s', date_time, '1970-01-01'),
    interval '2 s') AS w) AS bid`;

/** The query with each time window in PostgreSQL's words. */
function inPostgres(sql: string): string {
  return sql
    .replaceAll(/TUMBLE\((\w+), (\w+), INTERVAL '10' SECOND\)/g, (_, table: string, column: string) =>
      tumbled(table, column),
    )
    .replaceAll("HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND)", hopped);
}

const RANKS = ['price < 10000', 'price >= 10000 AND price < 1000000', 'price >= 1000000'];

const ranked = (call: string, name: string): string =>
  RANKS.map((rank, index) => `${call} FILTER (WHERE ${rank}) AS rank${index + 1}_${name}`).join(', ');

/** q15 and q16: how many bids, bidders and auctions, of all prices and of three ranges. */
const statistics = [
  `count(*) AS total_bids, ${ranked('count(*)', 'bids')}`,
  `count(DISTINCT bidder) AS total_bidders, ${ranked('count(DISTINCT bidder)', 'bidders')}`,
  `count(DISTINCT auction) AS total_auctions, ${ranked('count(DISTINCT auction)', 'auctions')}`,
].join(', ');

const numberedBids = `SELECT bidder, date_time, sum(starts) OVER (PARTITION BY bidder ORDER BY date_time) AS session FROM (
  SELECT bidder, date_time, CASE WHEN date_time <= lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time)
    + interval '10 s' THEN 0 ELSE 1 END AS starts FROM bid) AS marked`;

const TEXTS: Readonly<Record<string, string | { readonly sql: string; readonly postgres: string }>> = {
  q0: 'SELECT auction, bidder, price, date_time, extra FROM bid',
  q1: 'SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid',
  q2: 'SELECT auction, price FROM bid WHERE auction = 1007 OR auction = 1020 OR auction = 1001 OR auction = 1019 OR auction = 1087',
  q3: `SELECT p.name, p.city, p.state, a.id FROM auction AS a INNER JOIN person AS p ON a.seller = p.id
    WHERE a.category = 10 AND (p.state = 'or' OR p.state = 'id' OR p.state = 'ca')`,
  q4: `SELECT q.category, avg(q.final) AS avg FROM (SELECT max(b.price) AS final, a.category FROM auction a, bid b
      WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires GROUP BY a.id, a.category) q GROUP BY q.category`,
  q5: `SELECT auctionbids.auction, auctionbids.num FROM (SELECT bid.auction, count(*) AS num, window_start AS starttime
      FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND) GROUP BY window_start, bid.auction) AS auctionbids
    JOIN (SELECT max(countbids.num) AS maxn, countbids.starttime_c FROM (SELECT count(*) AS num, window_start AS starttime_c
        FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND) GROUP BY bid.auction, window_start) AS countbids
      GROUP BY countbids.starttime_c) AS maxbids
    ON auctionbids.starttime = maxbids.starttime_c AND auctionbids.num >= maxbids.maxn`,
  q6: `SELECT seller, id, avg(final) OVER (PARTITION BY seller ORDER BY date_time, id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS avg
    FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY final DESC, date_time) AS rownum FROM (
        SELECT a.id, a.seller, b.price AS final, b.date_time FROM auction a JOIN bid b
          ON a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires) AS bids) AS best WHERE rownum <= 1`,
  q7: `SELECT b.auction, b.price, b.bidder, b.date_time FROM bid b
    JOIN (SELECT max(price) AS maxprice, window_end AS date_time FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) GROUP BY window_end) b1
      ON b.price = b1.maxprice WHERE b.date_time BETWEEN b1.date_time - INTERVAL '10' SECOND AND b1.date_time`,
  q8: `SELECT p.id, p.name, p.starttime FROM (SELECT id, name, window_start AS starttime, window_end AS endtime
      FROM TUMBLE(person, date_time, INTERVAL '10' SECOND) GROUP BY id, name, window_start, window_end) p
    JOIN (SELECT seller, window_start AS starttime, window_end AS endtime FROM TUMBLE(auction, date_time, INTERVAL '10' SECOND)
      GROUP BY seller, window_start, window_end) a ON p.id = a.seller AND p.starttime = a.starttime AND p.endtime = a.endtime`,
  q9: `SELECT id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, auction, bidder, price, bid_date_time
    FROM (SELECT a.*, b.auction, b.bidder, b.price, b.date_time AS bid_date_time,
        row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time ASC, b.bidder) AS rownum FROM auction a, bid b
      WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires) q WHERE rownum <= 1`,
  q10: `SELECT auction, bidder, price, date_time, to_char(date_time, 'YYYY-MM-DD') AS date, to_char(date_time, 'HH:MI') AS time FROM bid`,
  q11: {
    sql: `SELECT bid.bidder, count(*) AS bid_count, window_start AS starttime, window_end AS endtime
      FROM SESSION(bid, date_time, INTERVAL '10' SECOND PARTITION BY bidder) GROUP BY bid.bidder, window_start, window_end`,
    postgres: `SELECT bidder, count(*) AS bid_count, min(date_time) AS starttime, max(date_time) + interval '10 s' AS endtime
      FROM (${numberedBids}) AS numbered GROUP BY bidder, session`,
  },
  q12: `SELECT bid.bidder, count(*) AS bid_count, window_start AS starttime, window_end AS endtime
    FROM TUMBLE(bid, p_time, INTERVAL '10' SECOND) GROUP BY bid.bidder, window_start, window_end`,
  q13: `SELECT b.auction, b.bidder, b.price, b.date_time, s.value FROM bid b JOIN side_input s ON mod(b.auction, 10) = s.key`,
  q14: `SELECT auction, bidder, 0.908 * price AS price,
      CASE WHEN extract(hour FROM date_time) >= 8 AND extract(hour FROM date_time) <= 18 THEN 'dayTime'
        WHEN extract(hour FROM date_time) <= 6 OR extract(hour FROM date_time) >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bidtimetype,
      date_time, length(extra) - length(replace(extra, 'c', '')) AS c_counts
    FROM bid WHERE 0.908 * price > 100000 AND 0.908 * price < 50000000`,
  q15: `SELECT to_char(date_time, 'YYYY-MM-DD') AS day, ${statistics} FROM bid GROUP BY to_char(date_time, 'YYYY-MM-DD')`,
  q16: `SELECT channel, to_char(date_time, 'YYYY-MM-DD') AS day, max(to_char(date_time, 'HH:MI')) AS minute, ${statistics}
    FROM bid GROUP BY channel, to_char(date_time, 'YYYY-MM-DD')`,
  q17: `SELECT auction, to_char(date_time, 'YYYY-MM-DD') AS day, count(*) AS total_bids, ${ranked('count(*)', 'bids')},
      min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price
    FROM bid GROUP BY auction, to_char(date_time, 'YYYY-MM-DD')`,
  q18: `SELECT auction, bidder, price, channel, url, date_time, extra FROM (SELECT *,
      row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC, price, extra) AS rank_number FROM bid) q WHERE rank_number <= 1`,
  q19: `SELECT auction, bidder, price, channel, rank_number FROM (SELECT *,
      row_number() OVER (PARTITION BY auction ORDER BY price DESC, date_time, bidder, extra) AS rank_number FROM bid) q WHERE rank_number <= 10`,
  q20: `SELECT b.auction, bidder, price, channel, url, b.date_time, b.extra, item_name, description, initial_bid, reserve,
      a.date_time AS auction_date_time, expires, seller, category, a.extra AS auction_extra
    FROM bid AS b INNER JOIN auction AS a ON b.auction = a.id WHERE a.category = 10`,
  q21: `SELECT auction, bidder, price, channel,
      CASE WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1' WHEN lower(channel) = 'facebook' THEN '2'
        WHEN lower(channel) = 'baidu' THEN '3' ELSE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] END AS channel_id
    FROM bid WHERE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] IS NOT NULL OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')`,
  q22: `SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2,
    split_part(url, '/', 6) AS dir3 FROM bid`,
  q23: `SELECT a.id, a.item_name, b.price, p.name FROM auction a JOIN bid b ON a.id = b.auction JOIN person p ON p.id = b.bidder
    WHERE a.reserve <= b.price AND p.state <> 'ca'`,
};

export const NEXMARK: readonly ViewQuery[] = Object.entries(TEXTS).map(([name, text]) =>
  typeof text === 'string' ? { name, sql: text, postgres: inPostgres(text) } : { name, ...text },
);
