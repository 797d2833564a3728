--[[
  What a series holds between two open times, without moving its candles.

  KEYS[1]  the series, a sorted set scored by open time (ms)
  ARGV[1]  first open time (ms)
  ARGV[2]  last open time (ms), included
  ARGV[3]  length of a bar in ms

  Returns { closed, no-trades, newest as-of (µs), open, run start, run end, run start, run end, … }:
  how many bars are closed, how many of them are proven empty, the greatest as-of, how many are present but not
  closed, then the open times (ms) of the first and last bar of each unbroken run of closed bars, ascending.
  A member of another layout is as good as missing.
]]
local length = tonumber(ARGV[3])
local members = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2])
local closed, empty, newest, open = 0, 0, 0, 0
local reply = { 0, 0, 0, 0 }
local start, last
for i = 1, #members do
  local member = members[i]
  if #member == 53 and string.byte(member, 1) == 1 then
    local code, a, b, c, d, e, f, g, h, j, k, l = string.byte(member, 2, 13)
    local open_time = (((h * 256 + j) * 256 + k) * 256 + l) * 60000
    local as_of = a == 255 and 0 or ((((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f) * 256) + g
    if as_of > newest then newest = as_of end
    if as_of >= (open_time + length) * 1000 then
      closed = closed + 1
      if code == 4 then empty = empty + 1 end
      if last ~= open_time - length then
        if start then
          reply[#reply + 1] = start
          reply[#reply + 1] = last
        end
        start = open_time
      end
      last = open_time
    else
      open = open + 1
    end
  end
end
if start then
  reply[#reply + 1] = start
  reply[#reply + 1] = last
end
reply[1], reply[2], reply[3], reply[4] = closed, empty, newest, open
return reply
