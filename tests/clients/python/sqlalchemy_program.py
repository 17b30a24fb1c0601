"""SQLAlchemy over psycopg 3, unmodified, against a server: the port is the argument."""

import datetime as dt
import decimal
import sys

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from steps import raises, run, step


def engine_for(port):
    return sa.create_engine(f"postgresql+psycopg://tidewire@127.0.0.1:{port}/tidewire")


class Base(DeclarativeBase):
    pass


class Sale(Base):
    __tablename__ = "sale"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    city: Mapped[str]
    amount: Mapped[decimal.Decimal] = mapped_column(sa.Numeric(10, 2))
    at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))


@step
def connects_and_queries(port):
    with engine_for(port).connect() as connection:
        assert connection.execute(sa.text("SELECT :a + 1"), {"a": 41}).scalar_one() == 42
        assert connection.dialect.server_version_info >= (15,)


@step
def the_mapper_writes_and_reads(port):
    engine = engine_for(port)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.schema.CreateTable(Sale.__table__))
    at = dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)
    with Session(engine) as session:
        session.add_all(
            Sale(id=i, city=["Lisbon", "Oslo"][i % 2], amount=decimal.Decimal(i), at=at) for i in range(100)
        )
        session.commit()
        session.get(Sale, 3).amount = decimal.Decimal("99.50")
        session.delete(session.get(Sale, 4))
        session.commit()
        statement = (
            sa.select(Sale.city, sa.func.count(), sa.func.sum(Sale.amount))
            .group_by(Sale.city)
            .having(sa.func.count() > 1)
            .order_by(Sale.city)
        )
        assert session.execute(statement).all() == [
            ("Lisbon", 49, decimal.Decimal("2446.00")),
            ("Oslo", 50, decimal.Decimal("2596.50")),
        ]
        assert session.scalars(sa.select(Sale).where(Sale.id.in_([1, 2])).order_by(Sale.id)).all()[1].city == "Lisbon"


@step
def savepoints_and_errors(port):
    with Session(engine_for(port)) as session:
        session.add(Sale(id=200, city="Rome", amount=decimal.Decimal(1), at=dt.datetime.now(dt.timezone.utc)))
        session.flush()
        raises(sa.exc.IntegrityError, lambda: duplicate(session))
        assert session.scalar(sa.select(sa.func.count()).where(Sale.id >= 200)) == 1
        session.rollback()
        error = raises(sa.exc.ProgrammingError, lambda: session.execute(sa.text("SELECT * FROM nowhere")))
        assert error.orig.sqlstate == "42P01"


def duplicate(session):
    with session.begin_nested():
        session.execute(sa.insert(Sale).values(id=1, city="x", amount=1, at=dt.datetime.now(dt.timezone.utc)))


@step
def what_is_there_is_read_back(port):
    engine = engine_for(port)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE TYPE mood AS ENUM ('sad', 'ok')")
        connection.exec_driver_sql(
            "CREATE TABLE author (id serial PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, feels mood DEFAULT 'ok')"
        )
        connection.exec_driver_sql(
            "CREATE TABLE book (author int REFERENCES author ON DELETE CASCADE, n int, title text, "
            "PRIMARY KEY (author, n), CONSTRAINT counted CHECK (n > 0))"
        )
        connection.exec_driver_sql("CREATE INDEX book_title ON book (title DESC)")
        connection.exec_driver_sql("COMMENT ON COLUMN book.title IS 'as printed'")
    metadata = sa.MetaData()
    metadata.reflect(engine, only=["author", "book"])
    author, book = metadata.tables["author"], metadata.tables["book"]
    assert [c.name for c in author.primary_key] == ["id"]
    assert [c.name for c in book.primary_key] == ["author", "n"]
    assert author.c.name.type.length == 40 and not author.c.name.nullable
    assert author.c.feels.type.enums == ["sad", "ok"]
    assert [(k.target_fullname, k.ondelete) for k in book.foreign_keys] == [("author.id", "CASCADE")]
    assert book.c.title.comment == "as printed"
    inspector = sa.inspect(engine)
    assert [u["column_names"] for u in inspector.get_unique_constraints("author")] == [["name"]]
    assert [(i["name"], i["column_names"]) for i in inspector.get_indexes("book")] == [("book_title", ["title"])]
    assert [c["name"] for c in inspector.get_check_constraints("book")] == ["counted"]
    domains = [d["name"] for d in inspector.get_domains(schema="information_schema")]
    assert domains == ["cardinal_number", "character_data", "sql_identifier", "time_stamp", "yes_or_no"]


run(int(sys.argv[1]))
