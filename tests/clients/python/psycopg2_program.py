"""psycopg2, unmodified, against a server: the port is the argument."""

import datetime as dt
import decimal
import io
import sys
import threading

import psycopg2
import psycopg2.errors
import psycopg2.extras

from steps import raises, run, step


def connect(port, autocommit=False):
    connection = psycopg2.connect(host="127.0.0.1", port=port, user="tidewire", dbname="tidewire")
    connection.autocommit = autocommit
    return connection


@step
def values_of_every_type(port):
    connection = connect(port)
    cursor = connection.cursor()
    values = {
        "bool": False,
        "int2": 7,
        "int4": -5,
        "int8": 2**62,
        "float8": 0.1,
        "numeric": decimal.Decimal("1.50"),
        "text": "it's",
        "bytea": b"\x00\xff",
        "date": dt.date(2024, 2, 29),
        "time": dt.time(1, 2, 3),
        "timestamp": dt.datetime(2024, 2, 29, 1, 2, 3, 4),
        "timestamptz": dt.datetime(2024, 2, 29, 1, 2, 3, 4, dt.timezone.utc),
        "interval": dt.timedelta(days=1, seconds=2),
        "jsonb": {"a": [1, None]},
    }
    for name, value in values.items():
        sent = psycopg2.extras.Json(value) if name == "jsonb" else value
        cursor.execute(f"SELECT %s::{name}, NULL::{name}", (sent,))
        row = cursor.fetchone()
        got = bytes(row[0]) if name == "bytea" else row[0]
        assert (got, row[1]) == (value, None), (name, row)
    connection.close()


@step
def transactions_and_errors(port):
    connection = connect(port, autocommit=True)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE old (id int PRIMARY KEY, note text)")
    connection.autocommit = False
    psycopg2.extras.execute_values(cursor, "INSERT INTO old VALUES %s", [(i, f"n{i}") for i in range(250)])
    connection.commit()
    error = raises(psycopg2.errors.UniqueViolation, lambda: cursor.execute("INSERT INTO old VALUES (1, '')"))
    assert error.pgcode == "23505"
    raises(psycopg2.errors.InFailedSqlTransaction, lambda: cursor.execute("SELECT 1"))
    connection.rollback()
    with connection:
        cursor.execute("DELETE FROM old WHERE id >= 200")
        assert cursor.rowcount == 50
    connection.close()


@step
def named_cursors_and_copy(port):
    connection = connect(port)
    with connection.cursor("named") as cursor:
        cursor.itersize = 30
        cursor.execute("SELECT id FROM old ORDER BY id")
        assert [row[0] for row in cursor] == list(range(200))
    cursor = connection.cursor()
    cursor.copy_expert("COPY old FROM STDIN WITH (FORMAT csv)", io.StringIO('500,"a ""quoted"" one"\n501,\n'))
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT * FROM old WHERE id >= 500 ORDER BY id) TO STDOUT", out)
    assert out.getvalue() == '500\ta "quoted" one\n501\t\\N\n', out.getvalue()
    connection.rollback()
    connection.close()


@step
def cancel(port):
    connection = connect(port)
    cursor = connection.cursor()
    threading.Timer(0.3, connection.cancel).start()
    raises(psycopg2.errors.QueryCanceled, lambda: cursor.execute("SUBSCRIBE old"))
    connection.rollback()
    connection.close()


run(int(sys.argv[1]))
