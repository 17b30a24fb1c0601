select a from t tablesample bernoulli (10)
