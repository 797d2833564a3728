#!/usr/bin/env python3
"""Hears every close of an exchange, also those that happened while it was not running: it begins with the history of a
series, follows the log of closes, and keeps the id of what it has dealt with in a file. The standard library alone
(Python 3.8 or newer): only the documented keys and bytes (docs/redis-layout.md).

  python3 examples/follow_closes.py [REDIS_URL] [EXCHANGE_ID] [SYMBOL] [TIMEFRAME] [STATE_FILE]
  python3 examples/follow_closes.py redis://127.0.0.1:6390 90 BTCUSDT 1m /tmp/closes.id

At least once: whoever is killed between dealing with a close and keeping its id hears it again. So what a close sets off
is keyed by series, open time and label, as here by what is printed.
"""
import os
import sys
import time
from datetime import datetime, timezone

from read_candles import Redis, decode


def history(redis, exchange, series):
    """The closed candles of a series, oldest first: (open time in seconds, [open, high, low, close, volume])."""
    symbol, timeframe = series.split(" ")
    members = redis("ZRANGE", "candles:%s:%s:%s" % (exchange, symbol, timeframe), 0, -1)
    decoded = (decode(member, timeframe) for member in members)
    return [(opened, prices) for opened, prices, state, _ in decoded if state != "forming"]


def closes(redis, exchange, after):
    """What is announced after an id, for ever: (id, label, series, fields). The label `reset` comes where the log no
    longer reaches back to the id: read the history anew."""
    log = "exchange:%s:closes" % exchange
    while True:
        # With the entry of the id itself: a log that does not have it any more is another one, or begins later.
        found = redis("XRANGE", log, after, "+", "COUNT", 500)
        # Asked for after the page: what is the first now was there when the page was read.
        first = redis("XRANGE", log, "-", "+", "COUNT", 1)
        is_there = found and found[0][0].decode() == after and first and parts(first[0][0]) <= parts(after)
        if after != "0-0" and not is_there:
            after = "0-0"
            yield after, "reset", None, {}
            continue
        found = found[1:] if is_there else found
        for entry, flat in found:
            fields = {name.decode(): value for name, value in zip(flat[::2], flat[1::2])}
            after = entry.decode()
            yield after, fields["label"].decode(), fields["series"].decode(), fields
        if not found:
            redis("XREAD", "BLOCK", 2000, "STREAMS", log, after)


def parts(entry):
    """Ids are `ms-count`."""
    text = entry.decode() if isinstance(entry, bytes) else entry
    return tuple(int(part) for part in text.split("-"))


def keep_id(state_file, entry):
    with open(state_file + ".new", "w") as file:
        file.write(entry)
    os.replace(state_file + ".new", state_file)


def moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def follow(redis, exchange, wanted, state_file):
    if os.path.exists(state_file):
        with open(state_file) as file:
            after = file.read().strip()
    else:
        # The id first, then the history: what closes between the two is heard, and perhaps known already.
        newest = redis("XREVRANGE", "exchange:%s:closes" % exchange, "+", "-", "COUNT", 1)
        after = newest[0][0].decode() if newest else "0-0"
        bars = history(redis, exchange, wanted)
        print("history", wanted, len(bars), "bars, the newest of", moment(bars[-1][0]) if bars else "none", flush=True)
        keep_id(state_file, after)
    timeframe = wanted.split(" ")[1]
    for entry, label, series, fields in closes(redis, exchange, after):
        if label == "reset":
            print("reset", wanted, len(history(redis, exchange, wanted)), "bars", flush=True)
        elif series == wanted and label == "refill":
            print(label, series, *(moment(int(fields[edge]) // 1000) for edge in ("from", "to")), flush=True)
        elif series == wanted:
            opened, prices, _, _ = decode(fields["candle"], timeframe)
            print(label, series, moment(opened), *prices, flush=True)
        keep_id(state_file, entry)


def main(url=None, exchange="90", symbol="BTCUSDT", timeframe="1m", state_file="closes.id"):
    url = url or os.environ.get("REDIS_URL", "redis://127.0.0.1:6390")
    while True:
        try:
            follow(Redis(url), exchange, symbol + " " + timeframe, state_file)
        except (OSError, RuntimeError) as error:
            # A Redis that restarts or is full is waited for: the id is kept, so nothing is missed.
            print("Redis:", error, file=sys.stderr, flush=True)
            time.sleep(1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
