"""psycopg 3, unmodified, against a server: the port is the argument."""

import asyncio
import datetime as dt
import decimal
import sys
import threading
import time
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from steps import raises, run, step

UTC = dt.timezone.utc
VALUES = {
    "bool": True,
    "int2": -7,
    "int4": 123456,
    "int8": -9007199254740993,
    "float4": 1.5,
    "float8": -2.25e300,
    "numeric": decimal.Decimal("12345678901234567890.1230"),
    "text": "čaj 茶 \\ ' \"",
    "varchar": "v",
    "bytea": bytes(range(256)),
    "date": dt.date(1999, 12, 31),
    "time": dt.time(23, 59, 59, 999999),
    "timestamp": dt.datetime(2024, 2, 29, 12, 0, 0, 123456),
    "timestamptz": dt.datetime(2024, 2, 29, 12, 0, 0, 123456, UTC),
    "interval": dt.timedelta(days=-3, seconds=7, microseconds=8),
    "uuid": uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
}


def connect(port, **options):
    return psycopg.connect(host="127.0.0.1", port=port, user="tidewire", dbname="tidewire", **options)


def create(port, statement):
    """DDL commits by itself, and is refused in the transactions that psycopg begins."""
    with connect(port, autocommit=True) as connection:
        connection.execute(statement)


@step
def parameters_and_results_of_every_type_in_text_and_binary(port):
    with connect(port) as connection:
        for binary in (False, True):
            for place in ("%s", "%b", "%t"):
                cursor = connection.cursor(binary=binary)
                for name, value in VALUES.items():
                    row = cursor.execute(f"SELECT {place}::{name}, NULL::{name}", [value]).fetchone()
                    assert row == (value, None), (name, binary, place, row)
                    assert type(row[0]) is type(value), (name, row)
                document = {"a": [1, None, "x"], "b": {"c": 1.5}}
                row = cursor.execute(f"SELECT {place}::jsonb", [Jsonb(document)]).fetchone()
                assert row == (document,), row


@step
def prepared_statements_are_reused(port):
    create(port, "CREATE TABLE prepared (id int PRIMARY KEY, note text)")
    with connect(port, prepare_threshold=0) as connection:
        for i in range(50):
            connection.execute("INSERT INTO prepared VALUES (%s, %s)", [i, f"note {i}"])
        connection.commit()
        for i in range(50):
            row = connection.execute("SELECT note FROM prepared WHERE id = %s", [i]).fetchone()
            assert row == (f"note {i}",), row


@step
def many_at_once_and_pipelines(port):
    with connect(port) as connection:
        cursor = connection.cursor()
        cursor.executemany("INSERT INTO prepared VALUES (%s, %s)", [(100 + i, None) for i in range(100)])
        assert cursor.rowcount == 100, cursor.rowcount
        cursor.executemany(
            "INSERT INTO prepared VALUES (%s, %s) RETURNING id", [(300, "a"), (301, "b")], returning=True
        )
        returned = [cursor.fetchone()]
        while cursor.nextset():
            returned.append(cursor.fetchone())
        assert returned == [(300,), (301,)], returned
        connection.commit()
        with connection.pipeline():
            first = connection.execute("SELECT count(*) FROM prepared")
            second = connection.execute("SELECT %s::int + 1", [41])
        assert first.fetchone() == (152,) and second.fetchone() == (42,)


@step
def transactions_savepoints_and_autocommit(port):
    with connect(port) as connection:
        with connection.transaction():
            connection.execute("INSERT INTO prepared VALUES (400, 'kept')")
            raises(psycopg.errors.UniqueViolation, lambda: nested(connection))
        assert connection.execute("SELECT id FROM prepared WHERE id >= 400").fetchall() == [(400,)]
        connection.rollback()
        connection.execute("DELETE FROM prepared")
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM prepared WHERE id < 400").fetchone() == (152,)
    with connect(port, autocommit=True) as connection:
        connection.execute("DELETE FROM prepared WHERE id = 400")
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def nested(connection):
    with connection.transaction():
        connection.execute("INSERT INTO prepared VALUES (401, 'gone')")
        connection.execute("INSERT INTO prepared VALUES (400, 'again')")


@step
def errors_have_their_class_fields_and_place(port):
    with connect(port, autocommit=True) as connection:
        error = raises(psycopg.errors.UndefinedColumn, lambda: connection.execute("SELECT nothing FROM prepared"))
        assert error.sqlstate == "42703" and error.diag.statement_position == "8", error.diag
        raises(psycopg.errors.DivisionByZero, lambda: connection.execute("SELECT 1 / %s::int", [0]))
        raises(psycopg.errors.SyntaxError, lambda: connection.execute("SELEC 1"))
        raises(psycopg.errors.NotNullViolation, lambda: connection.execute("INSERT INTO prepared VALUES (NULL, '')"))
        error = raises(psycopg.errors.UniqueViolation, lambda: connection.execute("INSERT INTO prepared VALUES (1, '')"))
        assert error.diag.constraint_name == "prepared_pkey" or "prepared_pkey" in str(error), error.diag
        connection.execute("BEGIN")
        raises(psycopg.errors.UndefinedTable, lambda: connection.execute("SELECT * FROM nowhere"))
        raises(psycopg.errors.InFailedSqlTransaction, lambda: connection.execute("SELECT 1"))
        connection.execute("ROLLBACK")


@step
def server_side_cursors_fetch_in_portions(port):
    with connect(port) as connection:
        for binary in (False, True):
            with connection.cursor("portions", binary=binary) as cursor:
                cursor.itersize = 40
                cursor.execute("SELECT id FROM prepared WHERE id < 200 ORDER BY id")
                assert len(cursor.fetchmany(10)) == 10
                assert len(cursor.fetchall()) == 140
        with connection.cursor(row_factory=dict_row) as cursor:
            streamed = list(cursor.stream("SELECT id, note FROM prepared WHERE id < %s ORDER BY id", [3]))
            assert streamed == [{"id": i, "note": f"note {i}"} for i in range(3)], streamed


@step
def copy_in_and_out_in_text(port):
    create(port, "CREATE TABLE copied (id int, note text, at timestamptz)")
    with connect(port) as connection:
        cursor = connection.cursor()
        rows = [(1, "tab\tnewline\n", dt.datetime(2024, 1, 1, tzinfo=UTC)), (2, None, None), (3, "\\N", None)]
        with cursor.copy("COPY copied FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        assert cursor.rowcount == 3
        connection.commit()
        with cursor.copy("COPY (SELECT id, note FROM copied) TO STDOUT") as copy:
            copy.set_types(["int4", "text"])
            assert sorted(copy.rows()) == [(row[0], row[1]) for row in rows]
        raises(psycopg.errors.InvalidTextRepresentation, lambda: broken_copy(cursor))
        connection.rollback()
        assert cursor.execute("SELECT count(*) FROM copied").fetchone() == (3,)


def broken_copy(cursor):
    with cursor.copy("COPY copied FROM STDIN") as copy:
        copy.write("x\ty\t\\N\n")


@step
def a_subscription_by_copy_and_by_cursor(port):
    with connect(port, autocommit=True) as connection, connect(port, autocommit=True) as writer:
        cursor = connection.cursor()
        with cursor.copy("COPY (SUBSCRIBE (SELECT id FROM copied WHERE id > 2)) TO STDOUT") as copy:
            rows = copy.rows()
            assert next(rows)[1:] == ("1", "3")
            writer.execute("INSERT INTO copied VALUES (4, NULL, NULL)")
            assert next(rows)[1:] == ("1", "4")
            connection.cancel_safe()
            raises(psycopg.errors.QueryCanceled, lambda: list(rows))
        connection.execute("BEGIN")
        connection.execute("DECLARE changes CURSOR FOR SUBSCRIBE (SELECT id FROM copied WHERE id > 2)")
        fetched = connection.execute("FETCH 2 FROM changes WITH (TIMEOUT = '10 s')").fetchall()
        assert sorted(row[1:] for row in fetched) == [(1, 3), (1, 4)], fetched
        connection.execute("COMMIT")


@step
def cancel_ends_what_runs(port):
    with connect(port, autocommit=True) as connection:
        timer = threading.Timer(0.3, connection.cancel_safe)
        timer.start()
        started = time.monotonic()
        raises(psycopg.errors.QueryCanceled, lambda: connection.execute("SUBSCRIBE copied").fetchall())
        assert time.monotonic() - started < 30
        assert connection.execute("SELECT 1").fetchone() == (1,)


@step
def notices_reach_their_handler_and_LISTEN_is_refused(port):
    with connect(port, autocommit=True) as connection:
        seen = []
        connection.add_notice_handler(lambda diagnostic: seen.append(diagnostic.message_primary))
        connection.execute("DROP TABLE IF EXISTS never_there")
        assert seen == ['table "never_there" does not exist, skipping'], seen
        raises(psycopg.errors.FeatureNotSupported, lambda: connection.execute("LISTEN news"))
        raises(psycopg.errors.FeatureNotSupported, lambda: connection.execute("NOTIFY news"))


@step
def asynchronous_connections(port):
    async def work():
        connection = await psycopg.AsyncConnection.connect(
            host="127.0.0.1", port=port, user="tidewire", dbname="tidewire"
        )
        async with connection, connection.cursor() as cursor:
            await cursor.execute("SELECT id FROM prepared WHERE id = %s", [7])
            assert await cursor.fetchone() == (7,)

    asyncio.run(work())


run(int(sys.argv[1]))
