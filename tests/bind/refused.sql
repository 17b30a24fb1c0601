select (select a from u limit t.a) from t
