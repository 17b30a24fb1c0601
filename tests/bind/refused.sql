select t from t
select x'1f'
select j['a'] from v
select array[1,2]
select row(1,2)
select a::regclass from t
select array_agg(a) from t
select a from t where (a, b) < any (select a, b from u)
select b::int[] from t
select (select a from u limit t.a) from t
select unnest('{1}')
select jsonb_each(j) from v
select a, generate_series(1, 2) as g from t group by a, g
