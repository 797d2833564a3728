#!/usr/bin/env python3
"""Reads the newest candles of a series from Redis with the standard library alone (Python 3.8 or newer): only the
documented keys and bytes (docs/redis-layout.md).

  python3 examples/read_candles.py [REDIS_URL] [EXCHANGE_ID] [SYMBOL] [TIMEFRAME] [COUNT]
  python3 examples/read_candles.py redis://127.0.0.1:6390 90 BTCUSDT 1m 5

Ids of exchanges: 1 coinbase, 2 binance, 3 binance_us, 90 sandbox.
"""
import socket
import struct
import sys
from datetime import datetime, timezone
from urllib.parse import unquote, urlsplit

MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}
SOURCES = ("-", "stream", "rest", "derived", "no-trades")


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
    """The 53 bytes of a candle, all numbers big-endian."""
    if len(member) != 53 or member[0] != 1:
        raise ValueError("not a candle of layout 1")
    as_of = None if member[2] == 0xFF else int.from_bytes(member[2:9], "big")
    minutes, *prices = struct.unpack(">I5d", member[9:])
    closes = minutes * 60_000 + MS[timeframe]
    is_closed = as_of is not None and as_of >= closes * 1000
    return minutes * 60, prices, is_closed, SOURCES[member[1]]


def main(url="redis://127.0.0.1:6390", exchange="90", symbol="BTCUSDT", timeframe="1m", count="5"):
    if timeframe not in MS:
        sys.exit('There is no timeframe "%s": use one of %s.' % (timeframe, ", ".join(MS)))
    key = "candles:%s:%s:%s" % (exchange, symbol, timeframe)
    try:
        members = Redis(url)("ZRANGE", key, -int(count), -1)
    except OSError as error:
        sys.exit("No Redis at %s: %s" % (url, error))
    for member in members:
        opened, prices, is_closed, source = decode(member, timeframe)
        time = datetime.fromtimestamp(opened, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(time, *prices, "closed" if is_closed else "forming", source, sep="  ")
    if not members:
        print("%s is empty: is that exchange running, and the symbol on it?" % key, file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
