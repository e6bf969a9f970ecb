import pytest
def test_a(spark): assert spark.range(3).count()==3
def test_b(spark): assert spark.range(5).toPandas().shape==(5,1)
def test_pg(postgres_url):
    import psycopg
    with psycopg.connect(postgres_url) as c: assert c.execute("select 1").fetchone()==(1,)
def test_c(chromium): assert chromium
