"""SQLAlchemy over psycopg 3, unmodified, against a server: the port is the argument."""

import datetime as dt
import decimal
import sys

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from steps import raises, run, step


def engine_for(port):
    # Its look for the extension hstore casts a column from regtype to text, which is not there yet.
    url = f"postgresql+psycopg://tidewire@127.0.0.1:{port}/tidewire"
    return sa.create_engine(url, use_native_hstore=False)


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


run(int(sys.argv[1]))
