select x'1f'
select (select a from u limit t.a) from t
select a, generate_series(1, 2) as g from t group by a, g
