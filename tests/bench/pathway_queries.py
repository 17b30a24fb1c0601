"""The compared queries in Pathway: pathway_queries.py QUERY csv|jsonl FOLDER THREADS [RESULT]

Reads the files in static mode, which is Pathway's fastest, and computes the query; with RESULT its rows are written
there as CSV, else they go nowhere. Prints one line of JSON: seconds and CPU seconds since the graph was built
(imports are not counted), and the process's peak memory.
"""
import json
import os
import resource
import sys
import time

query, file_format, folder, threads = sys.argv[1:5]
result_file = sys.argv[5] if len(sys.argv) > 5 else None
os.environ["PATHWAY_THREADS"] = threads

import pathway as pw  # noqa: E402  (reads PATHWAY_THREADS)


class Person(pw.Schema):
    key: int  # the data's id, a name that Pathway keeps for itself
    name: str
    email_address: str
    credit_card: str
    city: str
    state: str
    date_time: int
    extra: str


class Auction(pw.Schema):
    key: int
    item_name: str
    description: str
    initial_bid: int
    reserve: int
    date_time: int
    expires: int
    seller: int
    category: int
    extra: str


class Bid(pw.Schema):
    auction: int
    bidder: int
    price: int
    channel: str
    url: str
    date_time: int
    extra: str


class Word(pw.Schema):
    word: str


class Edge(pw.Schema):
    u: int
    v: int


def relation(name, schema, renamed=False):
    if file_format == "jsonl":
        paths = {"key": "/id"} if renamed else None
        return pw.io.jsonlines.read(f"{folder}/{name}.jsonl", schema=schema, mode="static", json_field_paths=paths)
    suffix = ".pathway.csv" if renamed else ".csv"
    return pw.io.csv.read(f"{folder}/{name}{suffix}", schema=schema, mode="static")


def persons():
    return relation("persons", Person, renamed=True)


def auctions():
    return relation("auctions", Auction, renamed=True)


def bids():
    return relation("bids", Bid)


def q1():
    b = bids()
    return b.select(b.auction, b.bidder, price=0.908 * b.price, date_time=b.date_time, extra=b.extra)


def q2():
    b = bids()
    return b.filter(b.auction % 123 == 0).select(pw.this.auction, pw.this.price)


def q3():
    a, p = auctions(), persons()
    a = a.filter(a.category == 10)
    p = p.filter((p.state == "OR") | (p.state == "ID") | (p.state == "CA"))
    return a.join(p, a.seller == p.key).select(p.name, p.city, p.state, a.key)


def q4():
    a, b = auctions(), bids()
    joined = b.join(a, b.auction == a.key).select(
        a.key, a.category, b.price, at=b.date_time, opens=a.date_time, closes=a.expires
    )
    valid = joined.filter((joined.at >= joined.opens) & (joined.at <= joined.closes))
    winning = valid.groupby(valid.key, valid.category).reduce(valid.category, final=pw.reducers.max(valid.price))
    return winning.groupby(winning.category).reduce(winning.category, final=pw.reducers.avg(winning.final))


def q5():
    b = bids()
    sliding = pw.temporal.sliding(hop=2000, duration=10000)
    counts = b.windowby(b.date_time, window=sliding, instance=b.auction).reduce(
        auction=pw.this._pw_instance, num=pw.reducers.count(), w=pw.this._pw_window_start // 2000
    )
    highest = counts.groupby(counts.w).reduce(counts.w, num=pw.reducers.max(counts.num))
    return counts.join(highest, counts.w == highest.w, counts.num == highest.num).select(
        counts.auction, counts.num, counts.w
    )


def q7():
    b = bids()
    b = b.with_columns(w=b.date_time // 10000)
    highest = b.groupby(b.w).reduce(b.w, price=pw.reducers.max(b.price))
    return b.join(highest, b.w == highest.w, b.price == highest.price).select(
        b.auction, b.price, b.bidder, b.date_time
    )


def q8():
    a, p = auctions(), persons()
    p = p.select(p.key, p.name, w=p.date_time // 10000)
    p = p.groupby(p.key, p.name, p.w).reduce(p.key, p.name, p.w)
    a = a.select(a.seller, w=a.date_time // 10000)
    a = a.groupby(a.seller, a.w).reduce(a.seller, a.w)
    return p.join(a, p.key == a.seller, p.w == a.w).select(p.key, p.name, p.w)


def words():
    w = relation("words", Word)
    return w.groupby(w.word).reduce(w.word, n=pw.reducers.count())


def hops():
    a = relation("edges", Edge)
    b = a.copy()
    pairs = a.join(b, a.v == b.u).select(a.u, w=b.v)
    pairs = pairs.groupby(pairs.u, pairs.w).reduce(pairs.u, pairs.w)
    return pairs.groupby(pairs.u).reduce(pairs.u, n=pw.reducers.count())


result = globals()[query]()
if result_file is None:
    pw.io.null.write(result)
else:
    pw.io.csv.write(result, result_file)
cpu, start = time.process_time(), time.perf_counter()
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
print(
    json.dumps(
        {
            "seconds": time.perf_counter() - start,
            "cpu": time.process_time() - cpu,
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
