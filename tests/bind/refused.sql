select a from t where exists (select 1 from u where u.a = t.a)
select t from t
select x'1f'
select j['a'] from v
select array[1,2]
select row(1,2)
select generate_series(1, 2)
select row_number() over () from t
select a from t group by grouping sets ((a))
select a::regclass from t
select sum(a) over (order by a) from t
select string_agg(b, ',') from t
select array_agg(a) from t
select stddev(a) from t
select a from t where (a, b) in (select a, b from u)
select * from t, lateral (select 1) x
select * from t join lateral (select t.a) x on true
select b::int[] from t
