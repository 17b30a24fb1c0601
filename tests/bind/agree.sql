select 1, 'a', 1.5, true, null, 1::int, 'x'::text, a, b as bb from t
select * from t
select t.*, u.a from t, u
select a from t, u
select t.a + u.a from t join u on t.a = u.a
select nope from t
select t.nope from t
select aa from t
select x.a from t
select * from nope
select * from nosch.nope
select a from t where b = 1
select a from t where a = '1'
select a from t where a = 'x'
select a from t where a
select a from t where 'x'
select a + 'x' from t
select 1 + true
select - b from t
select foo(1)
select lower(1)
select lower('A'), upper(b), length(b) from t
select substring(b from 1 for 2), position('a' in b), trim(b), trim(leading 'x' from b), overlay(b placing 'x' from 1) from t
select extract(year from d), extract(hour from h) from t, u
select date_trunc('day', d), d + interval '1 day', d - d from t
select h + interval '3' month, h + 1, h - h, h + '1 day' from u
select count(*), sum(a), avg(a), min(b), max(c), sum(c), avg(c) from t
select b, count(*) from t group by b
select b, count(*) from t
select a, b, count(*) from t group by b
select a, b, count(*) from t group by a
select b, count(*) from t group by 1 order by 2 desc
select count(*) from t where count(*) > 1
select count(count(*)) from t
select sum(b) from t
select b from t group by b having count(*) > 1
select b as x from t group by x
select b as x from t order by x
select b as x from t order by a
select distinct b from t order by a
select distinct b from t order by b
select distinct on (b) a from t order by b, a
select distinct on (b) a from t order by a
select a from t union select a from u
select a from t union select b from u
select a, b from t union select a from u
select 'a' union select 'b'
select null union select 1
select a from t union select a from u order by a
select a from t union select a from u order by a + 1
values (1, 'a'), (2.5, 'b')
values (1), ('x')
values (1), (true)
values (1, 2), (3)
select * from (values (1, 'a'), (2, 'b')) as w (x, y)
select * from (values (1, 'a'), (2, 'b')) as w (x, y, z)
with w as (select a from t) select * from w
with w(x) as (select a from t) select x from w, w as w2
with w(x) as (select a from t) select w.x from w, w as w2
select * from t join u using (a)
select * from t left join u using (a, b)
select * from t full join u using (a)
select * from t natural join u
select * from t natural left join v
select * from t join u using (nope)
select a from t join u using (a)
select b from t join u using (a)
select * from t, t
select * from t join t on true
select t.a from t as x
select case when a = 1 then 'a' else 'b' end from t
select case a when 1 then 1 else 2.5 end from t
select case when a then 1 end from t
select case when true then 1 else 'x' end
select case when true then 1 else true end
select coalesce(a, 1), coalesce(null, 'x'), nullif(a, 1), greatest(a, 2.5), least(b, 'x') from t
select a between 1 and 2, a not between 1 and 2, b in ('a', 'b'), a in (1, 2, 3), a not in (1, 2) from t
select a in (1, 'x') from t
select a is null, a is not null, a is distinct from 1, g is true, g is not false from t, u
select a is true from t
select b like 'a%', b ilike 'a%', b not like 'a%' escape 'x', b ~ 'x', b !~* 'y', b similar to 'x' from t
select e || 'x', 1 || 'a', b || a, 'a' || 'b' from t
select c * 2, c / 3, c + a, a * 1.5, a / 2, a % 2, a::float8 ^ 2 from t
select a::bigint, a::text, c::int, b::int, d::date, e::text, a::varchar(3), c::numeric(5,1), a::boolean from t
select d::int from t
select true::date
select cast(b as nope) from t
select '1'::int, 'x'::int
select '2020-01-01'::date, date '2020-01-01', interval '1 day', timestamp '2020-01-01'
select interval '10' second, interval '3' month, '1 day'::interval
select exists (select 1 from u), (select max(a) from u), a in (select a from u), a = any (select a from u), a <> all (select a from u), a > any (select a from u) from t
select (select a, b from u) from t
select a in (select a, b from u) from t
select a from t limit 'x'
select a from t limit a
select a from t limit 1 offset 2
select a from t order by 3
select a from t order by 1.5
select a, a + 1 from t group by 3
select $1 + 1
select $1::int, a = $2 from t
select $1
select a from t where a = $1 and b = $1
select now(), current_date, current_timestamp, current_user, localtimestamp, current_schema, current_database()
select concat(a, b, 1), split_part(b, 'x', 1), to_char(d, 'YYYY'), round(c, 1), round(c), mod(a, 2), abs(a) from t
select y = 'a', x + 1, z * 2, w at time zone 'UTC', j -> 'a', j ->> 'b', k = '00000000-0000-0000-0000-000000000000', n + 1, o = 1, p = 'x', q = 'r' from v
select d at time zone 'UTC' from t
select x + a, x * c, n * c from v, t
select b collate "C" from t
select a collate "C" from t
select count(distinct b), count(*) filter (where a > 1), bool_and(a > 1), every(a > 2) from t
select max(g) from u
select lower(b) from t group by b
select lower(b) from t group by lower(b)
select lower(b) || 'x' from t group by lower(b)
select b from t group by lower(b)
insert into t values (1, 'a')
insert into t values (1, 'a', 2, '2020-01-01', 'abc', 6)
insert into t (a, nope) values (1, 2)
insert into t (a, b) values (1)
insert into t (a) values (1, 2)
insert into t (a, a) values (1, 2)
insert into t (a, b) select a, b from u
insert into t (a, c) select a, b from u
insert into t values ('x')
insert into t values (true)
insert into u default values
insert into u values (1, default, 2.5, default)
insert into t values (1) returning a, b as bb, *
insert into nope values (1)
update t set b = 'x' where a = 1
update t set a = true
update t set nope = 1
update t set b = 'x', b = 'y'
update t set a = a + 1 returning a, b
update t set (a, b) = (1, 'x')
delete from t where a = 1 returning *
delete from t where b
select avg(f), sum(f), sum(n), sum(x), avg(z), sum(z) from u, v
select max(e), min(y), max(h), max(w) from t, u, v
select to_timestamp(1), to_date('x','y'), make_date(1,2,3), age(d) from t
select bit_length(b), octet_length(b), char_length(b), ascii(b), chr(65), repeat(b, 2), replace(b, 'a', 'b'), lpad(b, 3), reverse(b) from t
select sqrt(a), sqrt(c), power(a, 2), power(c, 2), ln(a), exp(c), floor(c), ceil(f), trunc(f), sign(a), pi() from t, u
select float8('1'), int4(c), text(5), date(d), numeric(5) from t
select 1 as a, 2 as a order by a
select a x, b x from t order by x
select from t
select *
select 1 where 1
select 1 having true
select a from t having true
select 1 from t having count(*) > 1 order by a
select sum(a) from t order by sum(a)
select a from t group by a order by count(*)
select a from t order by count(*)
select 12345678901, 123456789012345678901234567890, 1e5, .5, -1, - 1, +1
select '{a,b}'
select b = any (array['a','b']), b = any('{a,b}'), a = any(array[1,2]), a <> all('{1,2}') from t
select (a, b) = (1, 'x') from t
select (a, b) in ((1, 'x'), (2, 'y')) from t
select a from t as x (p, q)
select p from t as x (p, q)
select x.* from t as x (p, q)
select public.t.a from t
select other.t.a from t
select pg_catalog.lower('A'), pg_catalog.int4(1.5)
select nosch.lower('A')
select a operator(pg_catalog.+) 1 from t
select not a from t
select a and true from t
select 1 = 1 = true
select t1.a from (select a from t) t1
select a from (select a from t) t1 left join u on t1.a = u.a
select t1.a from (select a from t) t1 left join u on t1.a = u.a where u.g
select * from t cross join u
select * from t x join u y on x.a = y.a join v z on z.x = x.a
select * from t right join u on t.a = u.a
select * from (t join u on t.a = u.a) as j
select j.b from (t join u on t.a = u.a) as j
select * from t join u on t.a
select * from t join u on count(*) > 1
select sum(a) filter (where sum(a) > 1) from t
select count() from t
select sum(*) from t
select lower(distinct b) from t
select 'abc'::varchar(2), 'abc'::char(2), 1.234::numeric(3,1)
select 1::numeric(0)
select 'a'::varchar(0)
select 'a'::text(5)
select extract(foo from b) from t
select date_part('year', d), date_part('year', h) from t, u
select a from t fetch first 1 row with ties
select a from t order by a fetch first 1 row with ties
select a from t order by a using >
select a from t order by a desc nulls last, b nulls first
select 1 from t group by ()
select to_char(1.5, '9'), to_number('1', '9'), 1.5::text, md5('a'), initcap(b), left(b, 1), right(b, 1), strpos(b, 'a'), starts_with(b, 'a') from t
select 't'::regclass::oid
select c::bigint + 1, (c + 1)::int from t
select count(t.a) from t join u using (a) group by a
select distinct on (b, a) a from t order by b, a, c
select distinct on (lower(b)) a from t
select auction, bidder, 0.908 * price as price, date_time from bid
select auction, price from bid where mod(auction, 123) = 0
select auction, price from bid where auction = 1007 or auction = 1020 or auction = 2001
select auction % 123, price / 2 from bid
select auction, bidder, price, case when extract(hour from date_time) >= 8 and extract(hour from date_time) <= 18 then 'dayTime' when extract(hour from date_time) <= 6 or extract(hour from date_time) >= 20 then 'nightTime' else 'otherTime' end as bidtimetype from bid where 0.908 * price > 1000000 and 0.908 * price < 50000000
select channel, to_char(date_time, 'YYYY-MM-DD') as day, max(to_char(date_time, 'HH:mm')) as minute, count(*) as total_bids, count(*) filter (where price < 10000) as rank1_bids, count(distinct bidder) as total_bidders, count(distinct bidder) filter (where price < 10000) as rank1_bidders from bid group by channel, to_char(date_time, 'YYYY-MM-DD')
select auction, bidder, price, channel, split_part(url, '/', 4) as dir1 from bid
select b.auction, b.bidder from bid b join (select max(price) as maxprice, date_trunc('minute', date_time) as dt from bid group by 2) b1 on b.price = b1.maxprice where b.date_time between b1.dt - interval '10' second and b1.dt
select auction, bidder, price, channel, case lower(channel) when 'apple' then '0' when 'google' then '1' end as channel_id from bid where lower(channel) in ('apple', 'google', 'facebook', 'baidu')
select count(*) from bid where date_time + interval '1' hour > '2020-01-01' and price between 1 and 10
select avg(price), max(price), min(price), sum(price) from bid where channel like '%apple%' group by auction, bidder having count(*) >= 2
select a from (select max(a) as a from t) x union all select 1
select sum(c * (1 - c)) as revenue, avg(c), count(*) as n from t where d <= date '1998-12-01' - interval '90' day group by b, e order by b, e
select t.a, sum(c) from t, u where t.a = u.a and u.h < date '1995-03-15' and t.d > date '1995-03-15' group by t.a order by 2 desc, 1 limit 10
select 100.00 * sum(case when b like 'PROMO%' then c * (1 - c) else 0 end) / sum(c * (1 - c)) as promo from t
select substring(b from 1 for 2) as cntrycode, c from t where substring(b from 1 for 2) in ('13', '31', '23') and c > (select avg(c) from t where c > 0.00 and substring(b from 1 for 2) in ('13', '31'))
select count, count(*) from (select t.a, count(u.b) from t left outer join u on t.a = u.a and u.b not like '%special%requests%' group by t.a) as x (a, count) group by count order by 2 desc, 1 desc
select b, sum(c) from t where a in (select a from u group by a having sum(f) > 300) group by b
select b from t where a not in (select a from u where b like '%x%')
with revenue (no, total) as (select a, sum(c) from t group by a) select a, b, total from t, revenue where a = no and total = (select max(total) from revenue) order by a
select extract(year from h) as y, sum(f) from u group by y order by y
select l.a from t l, t r where (l.b = 'x' and r.b in ('SM CASE', 'SM BOX') and l.c >= 1 and l.c <= 1 + 10) or (l.b = 'y' and r.c between 1 and 10)
select g, not g, g and true, g or null, g = true, g is unknown from u
select null is null, null = null, null + 1, null || 'x', coalesce(null, null), nullif(null, null), greatest(null, null)
select a::smallint, a::real, a::numeric, a::oid, f::int, f::numeric, n::float8, x::int4, o::int8, o::int4 from t, u, v
select 'a'::name || 'b', p || 'x', q || 'x', y || 'x', p = q::text from v
select y || y, y = y, y < 'b', length(y), upper(y), y like 'a%', y ~ 'a', y in ('a', 'b'), coalesce(y, 'x'), y::text from v
select e = b, e = e, e in ('a'), max(e), length(e), e || e, e like b, lower(e), coalesce(e, 'x'), coalesce(e, b) from t group by e, b
select l || l, length(l), l = '\x00', substring(l from 1 for 1), encode(l, 'hex'), decode('00', 'hex'), md5(l), l < l from v
select z + z, z - z, z * 2, z / 2, -z, z = z, extract(epoch from z), to_char(z, 'HH'), justify_days(z), m + z, m - m, d + m, z + d from t, v
select w + z, w - w, w - z, w::date, w::timestamp, w::time, w > d, w > h, d > h, w at time zone 'UTC', date_trunc('day', w), date_trunc('day', w, 'UTC'), extract(epoch from w) from t, u, v
select h - 1, h + 1, h - h, h + m, h + z, h - z, h = d, h::timestamp, h::timestamptz, h > '2020-01-01', date_trunc('month', h), to_char(h, 'YYYY') from u, v
select make_interval(1, 2), make_timestamp(1,2,3,4,5,6), make_time(1,2,3), age(d, d), isfinite(d), isfinite(h), to_timestamp('x', 'y') from t, u
select j -> 'a' -> 0, j ->> 0, j @> '{}', j ? 'a', j || '{}', j - 'a', j - 1, jsonb_typeof(j), jsonb_array_length(j), (j -> 'a')::int, (j ->> 'a')::int, j = '{}', '{}'::jsonb, j::text, jsonb_pretty(j) from v
select j -> b from t, v
select k = k, k::text, 'x' = b, k < k from t, v
select a << 1, a >> 1, a & 1, a | 1, a # 1, ~a, @a, |/ f, a ^ 2, f ^ 2, c ^ 2, -c, +c, @c, c % 2 from t, u
select x + 1, x + x, x * 1::bigint, x / 2.0, x + n, x = a, x < f, n = f, a = c, c = f, a / 0.5, x % 2, x::text || 'a' from t, u, v
select 1 / 2, 1 / 2.0, 1.0 / 3, 2 ^ 3, 5 % 3, -5 / 2, 1e10, 1::float8 / 3, 10 / 3::numeric
select abs(x), abs(a), abs(c), abs(f), round(f), round(c, 2), round(a), round(a, 2), trunc(c, 1), ceil(a), floor(c), sign(c), sqrt(a), mod(a, x), gcd(a, 2), power(2, 3), log(c), log(2, c), exp(1), ln(2.0), cbrt(f), degrees(f), atan2(f, f), width_bucket(c, 1, 2, 3), div(c, 2) from t, u, v
select upper(b), lower(e), initcap(b), btrim(b), ltrim(b, 'x'), rtrim(b), lpad(b, 5, 'x'), rpad(b, 5), strpos(b, 'x'), translate(b, 'a', 'b'), to_hex(a), ascii(b), chr(a), quote_literal(b), quote_ident(b), regexp_replace(b, 'a', 'b'), regexp_replace(b, 'a', 'b', 'g'), regexp_like(b, 'a'), regexp_count(b, 'a'), regexp_substr(b, 'a'), substr(b, 2), substr(b, 2, 3), substring(b from 'a'), substring(b similar 'a' escape '#'), left(b, 2), split_part(b, ',', 1), repeat(b, 2), reverse(b), overlay(b placing 'x' from 2 for 1), concat(b, a, null), length(b), bit_length(b), octet_length(b), md5(b) from t
select to_char(a, '999'), to_char(c, '9.9'), to_char(f, '9'), to_char(d, 'YYYY'), to_char(w, 'YYYY'), to_char(1, '9') from t, u, v
select sum(x), sum(a), sum(u.a), sum(c), sum(f), sum(n), avg(x), avg(a), avg(u.a), avg(n), min(q::text), max(o), min(p), max(l), min(k::text) from t, u, v
select min(q), max(k) from v
select max(j) from v
select bool_and(a) from t
select count(*), count(distinct a), count(all a), count(distinct b) filter (where a > 1) from t
select count(distinct a, b) from t
select avg(distinct a), sum(distinct c), min(distinct a) from t
select count(*) c from t order by c
select a as "A b", b as "select" from t
select a aa, (select max(a) from u), (select a as q from u limit 1), exists(select 1), case when true then a end, case when true then 1 else a end, (a), (a)::text, -a, a::int4, cast(a as numeric(5)), now(), current_date, interval '1 day', date '2020-01-01', row_number from (select 1 as a, 2 as row_number) x
select * from (select 1, 2) as x
select * from (select 1 as a, 2 as a) as x
select a from (select 1 as a, 2 as a) as x
select x.* , 1 from (values (1)) x
select * from (values (1, 2), (3, null)) x (a, b) where b is null order by a desc limit 1 offset 1
(select a from t order by a limit 1) union all (select a from t order by a desc limit 1) order by 1
select a from t intersect select a from u
select a from t except all select x from v order by 1
select a, c from t union all select a, f from u
select 1 union select 2.5 union select '3'
select 1 union select 'x'
select null union select null
select '1' union select 2 order by 1
values (1, null), (null, 'x') order by 1
select 1 order by 1 limit 1
select a from t order by b collate "C" desc nulls last
select a from t order by b || 'x'
select a + 1 as x from t order by x + 1
select a from t group by a having sum(c) > 10 and a > 1
select a, sum(c) from t group by t.a
select t.a, u.b from t join u on t.a = u.a group by t.a
select t.*, count(*) from t join u on t.a = u.a group by t.a
select a + 1 from t group by a + 1
select a + 1 + 1 from t group by a + 1
select a + 2 from t group by a + 1
select case when a = 1 then b end from t group by a
select case when b = 'x' then 1 end, count(*) from t group by 1
select b, 'x', 1 + 1 from t group by b
select count(*) from t group by b, b
select sum(a) + b from t
select sum(a + (select 1)) from t
select (select sum(a) from u) from t
select max(a) from t where a > (select avg(a) from t)
select a from t where a = any (array[1, 2, a])
select a from t where a = any (null)
select a from t where a in (b)
select a from t where b in (a)
select a from t where a in (1.5, 2)
select a from t where c in (1, 2.5, '3')
select a from t where a in (null, 1)
select a from t where a in (a, 1, 2)
select a from t where a between '1' and 5
select a from t where a between b and 5
select a from t where b between 'a' and 'z'
select a from t where a = 1.5
select a from t where a = '1.5'
select a from t where d > '2020-01-01' and h > '2020-01-01'
select a from t where d > 'yesterdayish'
select a from t where d > 5
select a from t where b > 5
select a from t where a like '1'
select a from t where a ~ b
select a from t where not b
select a from t where g
select t.a from t, u where g
select a is null or b is not null from t
select a isnull, b notnull from t
select t.a from public.t
select public.t.a from public.t
select t.a from pg_catalog.t
select tt.a from t as tt, u as t
select * from t as a join t as b on a.a = b.a
select * from t as a join t as a on true
select a.a from t as a join t as b using (a)
select j.a from t join u using (a) as j
select a, t.a, u.a from t full join u using (a)
select * from t left join u on t.a = u.a and u.g where u.a is null
select * from t join u on t.x = 1
select * from t join u on a = 1
select cast('5' as int), cast(5 as text), cast(null as int), null::text, '5'::int::text
select 'abc'::int
select '99999999999'::int
select 5::bool, true::int, 1::bigint::int, 'true'::bool, 't'::text::bool
select 5::date
select b::jsonb, b::uuid, b::date, b::interval, b::bytea from t
select a::uuid from t
select j::int, j::bool, j::text from v
select j::date from v
select '1 day'::interval day to hour, '1'::interval second(3), interval '1' year to month
select '2020-01-01 00:00'::timestamp(3), current_timestamp(2), localtimestamp(1)
select 1.5::numeric(3), 'a'::char, 'ab'::"char", 'abc'::name, 1::"char"
select b::numeric(2000) from t
select b::varchar(0) from t
select b::nope.text from t
select b::pg_catalog.text from t
select $1::text, $2::int + 1, lower($3), $1
select a from t where a = $1 and b like $2 and d > $3
select a from t limit $1 offset $2
select coalesce($1, 1), case when $2 then 1 else $3 end
select $1 = $2
select $1 || $2
select $1 in (1, 2), $2 between 1 and 2.5
select f($1)
insert into u (a, h) values (1, 5)
insert into u (a, b) select a, b from t union select 1, 'x'
insert into u (a, b) select 1, '2' order by 1 limit 1
insert into u (f) select '1.5'
insert into u (a) select 'x'
insert into u values (1, 'x') , (2, 'y', 3)
insert into u (a, b) values (1, 'x') , (2, default)
insert into u (a, b) values (1, 'x') returning a + 1, b || 'x' as y, *
insert into u (a, b) values (1, 'x') returning count(*)
insert into u (a, b) values (count(*), 'x')
insert into u (a, b) values ((select max(a) from t), 'x')
insert into u as z (a) values (1) returning z.a
insert into u as z (a) values (1) returning u.a
insert into u (u.a) values (1)
with w as (select 5 as a) insert into u (a) select a from w returning a
update u set a = (select max(a) from t), b = default where a in (select a from t)
update u set a = 'x'
update u set (a, b) = (1, 2)
update u set (a, b) = (1, 'x', 3)
update u as z set a = z.a + 1 where z.b = 'x' returning z.*
update u as z set a = u.a
update u set z.a = 1
update u set a = count(*)
update u set a = 1 where count(*) > 1
delete from u as z where z.a = 1 returning a, b
delete from u where nope = 1
delete from nope
select concat_ws(',', a, b, null), concat_ws(b, c) from t
select concat_ws(null, 1)
update t set b = u.b from u where u.a = t.a
update t set b = b from u where u.a = t.a
update t as z set b = u.b from u join v on true where u.a = z.a
update t set b = u.b from u, t where u.a = t.a
delete from t using u where u.a = t.a and nope = 1
delete from t using t where true
delete from t using t as t2 where t.a = t2.a
select a from t where exists (select 1 from u where u.a = t.a)
select a from t where exists (select 1 from u where u.a = t.nope)
select a from t where exists (select 1 from u where u.a = nope.a)
select a, (select max(u.a) from u where u.a = b) from t group by a
select a, (select t.b from u) from t group by a
select a, (select sum(t.a) from u) from t
select (select sum(t.a) from u) from t
select (select sum(t.a + u.a) from u) from t
select a from t where (select sum(t.a) from u) > 1
select sum((select sum(t.a) from u)) from t
select * from t, lateral (select t.a as x) s
select * from t, (select t.a as x) s
select * from t, (select a as x from u where u.a = b) s
select * from t join lateral (select t.a) x on true
select * from t left join lateral (select t.a as q) x on x.q = t.a
select * from t right join lateral (select t.a) x on true
select * from t full join lateral (select t.a) x on true
select * from lateral (select 1 as a) s
select * from t, lateral (select sum(t.a) from u) s
select t.a from t, lateral (select * from u where u.a = t.a) s group by t.a having count(*) > (select count(*) from u where u.a = t.a)
select a from t order by (select max(u.a) from u where u.a = t.a)
select x.a from t x where exists (select 1 from t y where y.a = x.a and exists (select 1 from t z where z.a = y.a and z.b = x.b))
select generate_series(1, 3)
select generate_series(1, 3) + 1 as x
select generate_series(1, 3, 2), a from t
select generate_series(1::bigint, 3)
select generate_series(1, 3.5)
select generate_series('2024-01-01'::timestamp, '2024-01-02', '1 hour')
select generate_series(date '2024-01-01', date '2024-01-02', '1 hour')
select generate_series(1)
select generate_series('x', 1)
select generate_series(true, false)
select * from generate_series(1, 3)
select * from generate_series(1, 3) g
select * from generate_series(1, 3) as g(x)
select * from generate_series(1, 3) as g(x, y)
select * from generate_series(1, 3) with ordinality
select * from generate_series(1, 3) with ordinality as g(x, n)
select * from rows from (generate_series(1, 3), string_to_table('a,b', ',')) with ordinality
select * from rows from (generate_series(1, 3), string_to_table('a,b', ',')) as x
select generate_series.generate_series from generate_series(1, 2)
select * from jsonb_each('{"a": 1}')
select * from jsonb_each_text('{"a": 1}') e
select * from jsonb_array_elements('[1, 2]') e
select e from jsonb_object_keys('{"a": 1}') e
select value from jsonb_array_elements_text('[1, 2]')
select * from upper('x')
select * from upper('x') as y
select * from t, generate_series(1, t.a) g
select * from generate_series(1, t.a) g, t
select * from t right join generate_series(1, t.a) g on true
select a from t where generate_series(1, 2) = 1
select a from t group by a having generate_series(1, 2) = 1
select case when a = 1 then generate_series(1, 2) end from t
select coalesce(generate_series(1, 2), 1) from t
select sum(generate_series(1, 2)) from t
select generate_series(1, a) from t group by b
select * from generate_series(1, generate_series(1, 2))
values (generate_series(1, 2))
select a from t limit generate_series(1, 2)
select a from t order by generate_series(1, 2)
update t set a = generate_series(1, 2)
select a, b, count(*) from t group by grouping sets ((a), (b))
select a, grouping(a) from t group by rollup (a, b)
select a, grouping(a + 1) from t group by rollup (a, b)
select grouping(a) from t
select a from t where grouping(a) = 0 group by a
select a, b from t group by grouping sets ((a), ())
select c, count(*) from t group by rollup (a, b)
select a from t where (a, b) in (select a, b from u)
select a from t where (a, b) not in (select a, b from u)
select a from t where (a, b) in (select a from u)
select a from t where (a, b) in (select a, b, f from u)
select a from t where (a, b) in (select b, a from u)
select row_number() over () from t
select sum(a) over (order by a) from t
select lag(a, 1, 1.5) over w as x from t window w as (order by b)
select rank() over (order by a), first_value(b) over (partition by a) from t
select array[a, 1], array[b], array[[a], [2]] from t
select b::int[], array[a]::text[], array[]::numeric[] from t
select (array[a])[1], (array[a])[1:2] from t
select a = any(array[1, 2]), a <> all('{1,2}'::int[]), a || array[1] from t
select array_agg(a), array_agg(b order by a), string_agg(b, ',') from t
select array(select a from t)
select unnest(array[a]), cardinality(array[a]) from t
select array[]
select array[1, 'x']
select a[1] from t
select 1 = any(5)
select (a, b) < (1, 'x'), (a, b) in ((1, 'x')) from t
select (a, b) < (1, 2, 3) from t
select array_append('{1}', 2), array_append(array[1], 2.5), array_position(array[1], 'x')
select stddev(a), corr(a, a), bit_and(a), any_value(b) from t
select percentile_cont(0.5) within group (order by a), mode() within group (order by b) from t
select a, generate_series(1, 2) as g from t group by a, g
select x'1f', b'101' || '1', b'11'::int, a::bit(8), b'1'::varbit(3), bit_or(b'1'), length(b'1') from t group by a
select inet '10.0.0.1' + a, a + inet '::1', '10.0.0.0/8'::cidr = '10.0.0.0/8'::inet, cidr '10.0.0.0/8' >>= '10.0.0.1', min(cidr '::/0'), host('1.2.3.4'::cidr), b::inet, abbrev(cidr '10.0.0.0/8') from t group by a, b
select macaddr '08:00:2b:01:02:03' = macaddr8 '08:00:2b:01:02:03:04:05', macaddr '08:00:2b:01:02:03'::macaddr8, trunc(macaddr '08:00:2b:01:02:03') from t
select (select * from u limit 1), (select t.* from (select a) t), (select x from (select a as x) q)::text from t
select (values (1)), (select a union select 2), (table u limit 1), (select 1)::text, coalesce((select 1)) from t
select case when true then 1 else (select a + 1) end, case when true then 1 else (select a) end from t
select (select a from u limit t.a) from t
