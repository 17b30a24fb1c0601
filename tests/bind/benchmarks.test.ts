/** TPC-H and Nexmark: they bind, to these columns. */
import { expect, test } from 'vitest';
import { bindQuery } from '../../sql/bind/bind.ts';
import { environmentFor, makeCatalog, statementOf } from './fixture.ts';

const catalog = makeCatalog(`
  CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25), r_comment varchar(152));
  CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name char(25), n_regionkey int, n_comment varchar(152));
  CREATE TABLE part (p_partkey int PRIMARY KEY, p_name varchar(55), p_mfgr char(25), p_brand char(10), p_type varchar(25), p_size int, p_container char(10), p_retailprice numeric(15,2), p_comment varchar(23));
  CREATE TABLE supplier (s_suppkey int PRIMARY KEY, s_name char(25), s_address varchar(40), s_nationkey int, s_phone char(15), s_acctbal numeric(15,2), s_comment varchar(101));
  CREATE TABLE partsupp (ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric(15,2), ps_comment varchar(199), PRIMARY KEY (ps_partkey, ps_suppkey));
  CREATE TABLE customer (c_custkey int PRIMARY KEY, c_name varchar(25), c_address varchar(40), c_nationkey int, c_phone char(15), c_acctbal numeric(15,2), c_mktsegment char(10), c_comment varchar(117));
  CREATE TABLE orders (o_orderkey int PRIMARY KEY, o_custkey int, o_orderstatus char(1), o_totalprice numeric(15,2), o_orderdate date, o_orderpriority char(15), o_clerk char(15), o_shippriority int, o_comment varchar(79));
  CREATE TABLE lineitem (l_orderkey int, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric(15,2), l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag char(1), l_linestatus char(1), l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10), l_comment varchar(44));
  CREATE TABLE person (id bigint, name varchar, email_address varchar, credit_card varchar, city varchar, state varchar, date_time timestamp, extra varchar);
  CREATE TABLE auction (id bigint, item_name varchar, description varchar, initial_bid bigint, reserve bigint, date_time timestamp, expires timestamp, seller bigint, category bigint, extra varchar);
  CREATE TABLE bid (auction bigint, bidder bigint, price bigint, channel varchar, url varchar, date_time timestamp, extra varchar);
`);

function columns(text: string): string {
  const bound = bindQuery(statementOf(text).node, environmentFor(text, catalog));
  return bound.columns.map(({ name, type }) => `${name} ${type.name}`).join(', ');
}

test.each([
  [
    'q1',
    `select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge, avg(l_quantity) as avg_qty, count(*) as count_order
     from lineitem where l_shipdate <= date '1998-12-01' - interval '90' day group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus`,
    'l_returnflag bpchar, l_linestatus bpchar, sum_qty numeric, sum_charge numeric, avg_qty numeric, count_order int8',
  ],
  [
    'q3',
    `select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate, o_shippriority from customer, orders, lineitem
     where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15' and l_shipdate > date '1995-03-15'
     group by l_orderkey, o_orderdate, o_shippriority order by revenue desc, o_orderdate limit 10`,
    'l_orderkey int4, revenue numeric, o_orderdate date, o_shippriority int4',
  ],
  [
    'q5',
    `select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue from customer, orders, lineitem, supplier, nation, region
     where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey and c_nationkey = s_nationkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey
     and r_name = 'ASIA' and o_orderdate >= date '1994-01-01' and o_orderdate < date '1994-01-01' + interval '1' year group by n_name order by revenue desc`,
    'n_name bpchar, revenue numeric',
  ],
  [
    'q6',
    `select sum(l_extendedprice * l_discount) as revenue from lineitem where l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '1' year and l_discount between .06 - 0.01 and .06 + 0.01 and l_quantity < 24`,
    'revenue numeric',
  ],
  [
    'q7',
    `select supp_nation, cust_nation, l_year, sum(volume) as revenue from (select n1.n_name as supp_nation, n2.n_name as cust_nation, extract(year from l_shipdate) as l_year, l_extendedprice * (1 - l_discount) as volume
     from supplier, lineitem, orders, customer, nation n1, nation n2 where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey and s_nationkey = n1.n_nationkey and c_nationkey = n2.n_nationkey
     and ((n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') or (n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE')) and l_shipdate between date '1995-01-01' and date '1996-12-31') as shipping
     group by supp_nation, cust_nation, l_year order by supp_nation, cust_nation, l_year`,
    'supp_nation bpchar, cust_nation bpchar, l_year numeric, revenue numeric',
  ],
  [
    'q8',
    `select o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) as mkt_share from (select extract(year from o_orderdate) as o_year, l_extendedprice * (1 - l_discount) as volume, n2.n_name as nation
     from part, supplier, lineitem, orders, customer, nation n1, nation n2, region where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey and c_nationkey = n1.n_nationkey
     and n1.n_regionkey = r_regionkey and r_name = 'AMERICA' and s_nationkey = n2.n_nationkey and p_type = 'ECONOMY ANODIZED STEEL') as all_nations group by o_year order by o_year`,
    'o_year numeric, mkt_share numeric',
  ],
  [
    'q11',
    `select ps_partkey, sum(ps_supplycost * ps_availqty) as value from partsupp, supplier where ps_suppkey = s_suppkey group by ps_partkey
     having sum(ps_supplycost * ps_availqty) > (select sum(ps_supplycost * ps_availqty) * 0.0001 from partsupp, supplier where ps_suppkey = s_suppkey) order by value desc`,
    'ps_partkey int4, value numeric',
  ],
  [
    'q12',
    `select l_shipmode, sum(case when o_orderpriority = '1-URGENT' or o_orderpriority = '2-HIGH' then 1 else 0 end) as high_line_count from orders, lineitem
     where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate group by l_shipmode order by l_shipmode`,
    'l_shipmode bpchar, high_line_count int8',
  ],
  [
    'q13',
    `select c_count, count(*) as custdist from (select c_custkey, count(o_orderkey) from customer left outer join orders on c_custkey = o_custkey and o_comment not like '%special%requests%' group by c_custkey) as c_orders (c_custkey, c_count)
     group by c_count order by custdist desc, c_count desc`,
    'c_count int8, custdist int8',
  ],
  [
    'q14',
    `select 100.00 * sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end) / sum(l_extendedprice * (1 - l_discount)) as promo_revenue from lineitem, part where l_partkey = p_partkey`,
    'promo_revenue numeric',
  ],
  [
    'q15',
    `with revenue (supplier_no, total_revenue) as (select l_suppkey, sum(l_extendedprice * (1 - l_discount)) from lineitem group by l_suppkey)
     select s_suppkey, s_name, total_revenue from supplier, revenue where s_suppkey = supplier_no and total_revenue = (select max(total_revenue) from revenue) order by s_suppkey`,
    's_suppkey int4, s_name bpchar, total_revenue numeric',
  ],
  [
    'q16',
    `select p_brand, p_type, p_size, count(distinct ps_suppkey) as supplier_cnt from partsupp, part where p_partkey = ps_partkey and p_brand <> 'Brand#45' and p_type not like 'MEDIUM POLISHED%' and p_size in (49, 14, 23)
     and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%Customer%Complaints%') group by p_brand, p_type, p_size order by supplier_cnt desc, p_brand`,
    'p_brand bpchar, p_type varchar, p_size int4, supplier_cnt int8',
  ],
  [
    'q18',
    `select c_name, c_custkey, o_orderkey, o_totalprice, sum(l_quantity) from customer, orders, lineitem where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 300)
     and c_custkey = o_custkey and o_orderkey = l_orderkey group by c_name, c_custkey, o_orderkey, o_totalprice order by o_totalprice desc, o_orderdate limit 100`,
    'c_name varchar, c_custkey int4, o_orderkey int4, o_totalprice numeric, sum numeric',
  ],
  [
    'q4',
    `select o_orderpriority, count(*) from orders where exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate) group by o_orderpriority`,
    'o_orderpriority bpchar, count int8',
  ],
  [
    'q17',
    `select sum(l_extendedprice) / 7.0 from lineitem, part where p_partkey = l_partkey and l_quantity < (select 0.2 * avg(l_quantity) from lineitem where l_partkey = p_partkey)`,
    '?column? numeric',
  ],
  [
    'nexmark q1',
    'SELECT auction, bidder, 0.908 * price AS price, date_time FROM bid',
    'auction int8, bidder int8, price numeric, date_time timestamp',
  ],
  [
    'nexmark q4',
    `SELECT q.category, AVG(q.final) AS avg FROM (SELECT MAX(b.price) AS final, a.category FROM auction a, bid b WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires GROUP BY a.id, a.category) q GROUP BY q.category`,
    'category int8, avg numeric',
  ],
  [
    'nexmark q5',
    `SELECT bidsperauction.auction, num FROM (SELECT bid.auction, count(*) AS num, window_start AS starttime FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND) GROUP BY window_start, bid.auction) AS bidsperauction
     JOIN (SELECT max(countbids.num) AS maxn, countbids.starttime_c FROM (SELECT count(*) AS num, window_start AS starttime_c FROM HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND) GROUP BY bid.auction, window_start) AS countbids GROUP BY countbids.starttime_c) AS maxbids
     ON bidsperauction.starttime = maxbids.starttime_c AND bidsperauction.num >= maxbids.maxn`,
    'auction int8, num int8',
  ],
  [
    'nexmark q7',
    `SELECT b.auction, b.price FROM bid b JOIN (SELECT max(price) AS maxprice, window_end AS date_time FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) GROUP BY window_end) b1 ON b.price = b1.maxprice
     WHERE b.date_time BETWEEN b1.date_time - INTERVAL '10' SECOND AND b1.date_time`,
    'auction int8, price int8',
  ],
  [
    'nexmark q8',
    `SELECT p.id, p.name, p.starttime FROM (SELECT id, name, window_start AS starttime, window_end AS endtime FROM TUMBLE(person, date_time, INTERVAL '10' SECOND) GROUP BY id, name, window_start, window_end) p
     JOIN (SELECT seller, window_start AS starttime, window_end AS endtime FROM TUMBLE(auction, date_time, INTERVAL '10' SECOND) GROUP BY seller, window_start, window_end) a ON p.id = a.seller AND p.starttime = a.starttime AND p.endtime = a.endtime`,
    'id int8, name varchar, starttime timestamp',
  ],
  [
    'nexmark q16',
    `SELECT channel, to_char(date_time, 'YYYY-MM-DD') AS day, max(to_char(date_time, 'HH:mm')) AS minute, count(*) AS total_bids, count(*) filter (where price < 10000) AS rank1_bids, count(distinct auction) filter (where price >= 1000000) AS rank3_auctions
     FROM bid GROUP BY channel, to_char(date_time, 'YYYY-MM-DD')`,
    'channel varchar, day text, minute text, total_bids int8, rank1_bids int8, rank3_auctions int8',
  ],
  [
    'nexmark q21',
    `SELECT auction, CASE WHEN LOWER(channel) = 'apple' THEN '0' ELSE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] END AS channel_id FROM bid
     WHERE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] IS NOT NULL OR LOWER(channel) IN ('apple', 'google', 'facebook', 'baidu')`,
    'auction int8, channel_id text',
  ],
  [
    'nexmark q9',
    `SELECT id FROM (SELECT a.id, ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC) AS rownum FROM auction a, bid b WHERE a.id = b.auction) q WHERE rownum <= 1`,
    'id int8',
  ],
])('%s', (_, text, expected) => {
  expect(columns(text)).toBe(expected);
});
