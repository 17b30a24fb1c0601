"""asyncpg, unmodified, against a server: the port is the argument. It speaks the binary format throughout."""

import asyncio
import datetime as dt
import decimal
import sys
import uuid

import asyncpg

from steps import run, step

UTC = dt.timezone.utc


def connect(port):
    return asyncpg.connect(host="127.0.0.1", port=port, user="tidewire", database="tidewire")


@step
async def parameters_and_results_of_every_type_in_binary(port):
    connection = await connect(port)
    values = {
        "bool": True,
        "int2": -32768,
        "int4": 2**31 - 1,
        "int8": -(2**63),
        "float4": 0.5,
        "float8": 1e-300,
        "numeric": decimal.Decimal("-0.00001230"),
        "text": "ä",
        "varchar": "v",
        "bytea": b"\x00\x01",
        "date": dt.date(1, 1, 1),
        "time": dt.time(0, 0, 0, 1),
        "timestamp": dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
        "timestamptz": dt.datetime(2024, 2, 29, 1, 2, 3, 4, UTC),
        "interval": dt.timedelta(days=40, seconds=1),
        "uuid": uuid.UUID(int=5),
        "jsonb": '{"a": 1}',
    }
    for name, value in values.items():
        row = await connection.fetchrow(f"SELECT $1::{name} AS v, NULL::{name} AS n", value)
        assert (row["v"], row["n"]) == (value, None), (name, row)
    await connection.close()


@step
async def prepared_statements_transactions_and_cursors(port):
    connection = await connect(port)
    await connection.execute("CREATE TABLE a (id int PRIMARY KEY, note text)")
    await connection.executemany("INSERT INTO a VALUES ($1, $2)", [(i, str(i)) for i in range(120)])
    statement = await connection.prepare("SELECT note FROM a WHERE id = $1")
    for i in range(120):
        assert await statement.fetchval(i) == str(i)
    async with connection.transaction():
        try:
            async with connection.transaction():
                await connection.execute("DELETE FROM a")
                await connection.execute("INSERT INTO a VALUES (1, 'x'), (1, 'y')")
            raise AssertionError("no duplicate key")
        except asyncpg.UniqueViolationError as error:
            assert error.sqlstate == "23505"
        assert await connection.fetchval("SELECT count(*) FROM a") == 120
        seen = [row["id"] async for row in connection.cursor("SELECT id FROM a ORDER BY id", prefetch=50)]
        assert seen == list(range(120))
    await connection.close()


@step
async def copy_in_and_out(port):
    connection = await connect(port)
    result = await connection.copy_to_table("a", source=as_file(b"900\tnine\n901\t\\N\n"))
    assert result == "COPY 2", result
    chunks = []

    async def keep(data):
        chunks.append(data)

    await connection.copy_from_query("SELECT * FROM a WHERE id >= 900 ORDER BY id", output=keep)
    assert b"".join(chunks) == b"900\tnine\n901\t\\N\n", chunks
    await connection.close()


def as_file(data):
    import io

    return io.BytesIO(data)


@step
async def timeouts_cancel_what_runs(port):
    connection = await connect(port)
    try:
        await connection.fetch("SUBSCRIBE a", timeout=0.3)
        raise AssertionError("it ended")
    except asyncio.TimeoutError:
        pass
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


@step
async def pools(port):
    async with asyncpg.create_pool(
        host="127.0.0.1", port=port, user="tidewire", database="tidewire", min_size=2, max_size=3
    ) as pool:
        results = await asyncio.gather(*(pool.fetchval("SELECT $1::int * 2", i) for i in range(20)))
        assert results == [2 * i for i in range(20)], results


run(int(sys.argv[1]))
