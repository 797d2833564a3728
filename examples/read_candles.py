#!/usr/bin/env python3
"""Reads the newest candles of a series from Redis with the standard library alone (Python 3.8 or newer): only the
documented keys and bytes (docs/redis-layout.md).

  REDIS_URL=$(npx livermore redis-url) python3 examples/read_candles.py [EXCHANGE_ID] [SYMBOL] [TIMEFRAME] [COUNT]

The address holds a password, so it comes by REDIS_URL: arguments can be seen by everyone on the machine. One without a
password may also be the first argument.

Ids of exchanges: 1 coinbase, 2 binance, 3 binance_us, 90 sandbox.
"""
import json
import os
import re
import socket
import struct
import sys
from datetime import datetime, timezone
from urllib.parse import unquote, urlsplit

MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}
SOURCES = ("-", "stream", "rest", "derived", "no-trades", "snapshot", "stand-in")
STANDINGS = (None, "unwitnessed", "once", "settled", "final")


class Redis:
    """As much of a Redis client as reading takes."""

    def __init__(self, url):
        where = urlsplit(url)
        self.socket = socket.create_connection((where.hostname or "127.0.0.1", where.port or 6379), timeout=5)
        self.file = self.socket.makefile("rb")
        if where.password:
            user = [unquote(where.username)] if where.username else []
            self("AUTH", *user, unquote(where.password))
        if where.path.strip("/"):
            self("SELECT", where.path.strip("/"))

    def __call__(self, *words):
        encoded = [str(word).encode() for word in words]
        body = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
        self.socket.sendall(b"*%d\r\n" % len(encoded) + body)
        return self.answer()

    def answer(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        size = int(rest)
        if size < 0:
            return None
        if kind == b"*":
            return [self.answer() for _ in range(size)]
        return self.file.read(size + 2)[:-2]


def decode(member, timeframe):
    """A candle of layout 2 (81 bytes), of layout 1 (its first 53), or as JSON; numbers are big-endian."""
    if member[:1] == b"{":
        candle = json.loads(member)
        prices = [candle[field] for field in ("open", "high", "low", "close", "volume")]
        state = state_of(candle["timestamp"], candle.get("sequenceNum"), None, timeframe)
        return candle["timestamp"] // 1000, prices, state, candle.get("source", "-")
    if (member[0], len(member)) not in ((1, 53), (2, 81)):
        raise ValueError("not a candle of layout 1 or 2")
    as_of = None if member[2] == 0xFF else int.from_bytes(member[2:9], "big")
    minutes, *prices = struct.unpack(">I5d", member[9:53])
    state = state_of(minutes * 60_000, as_of, STANDINGS[member[1] >> 4 & 7], timeframe)
    return minutes * 60, prices, state, SOURCES[member[1] & 15]


def state_of(open_time, as_of, standing, timeframe):
    """One rule says whether a bar is closed; its standing, how sure that is."""
    if as_of is None or as_of < (open_time + MS[timeframe]) * 1000:
        return "forming"
    return standing if standing in ("settled", "final") else "provisional"


def main(url, exchange="90", symbol="BTCUSDT", timeframe="1m", count="5"):
    if timeframe not in MS:
        sys.exit('There is no timeframe "%s": use one of %s.' % (timeframe, ", ".join(MS)))
    key = "candles:%s:%s:%s" % (exchange, symbol, timeframe)
    try:
        members = Redis(url)("ZRANGE", key, -int(count), -1)
    except (OSError, RuntimeError) as error:
        # Without user and password.
        sys.exit("No Redis at %s: %s" % (re.sub("//.*@", "//", url), error))
    for member in members:
        try:
            opened, prices, state, source = decode(member, timeframe)
        except (ValueError, LookupError, TypeError) as error:
            # Somebody else's member: it costs itself, not the candles beside it.
            print("left out: %s" % error, file=sys.stderr)
            continue
        time = datetime.fromtimestamp(opened, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(time, *prices, state, source, sep="  ")
    if not members:
        print("%s is empty: is that exchange running, and the symbol on it?" % key, file=sys.stderr)


if __name__ == "__main__":
    args = sys.argv[1:]
    given = args.pop(0) if args and "://" in args[0] else os.environ.get("REDIS_URL")
    main(given or "redis://127.0.0.1:6390", *args)
