--[[
  What a series holds between two open times, without moving its candles.

  KEYS[1]  the series, a sorted set scored by open time (ms)
  ARGV[1]  first open time (ms)
  ARGV[2]  last open time (ms), included
  ARGV[3]  length of a bar in ms

  Returns { closed, quiet, newest as-of (µs), open, settled, final, run start, run end, run start, run end, … }:
  how many bars are closed, in how many of them nothing traded, the greatest as-of, how many are present but not
  closed, how many of the closed are settled and how many of these are final, then the open times (ms) of the first and last
  bar of each unbroken run of closed bars, ascending. A member that is no candle of ours is as good as missing.
]]
local length = tonumber(ARGV[3])
local SETTLED, FINAL = STANDINGS.SETTLED, STANDINGS.FINAL
local members = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')
local closed, quiet, newest, open, settled, final = 0, 0, 0, 0, 0, 0
local reply = { 0, 0, 0, 0, 0, 0 }
local start, last
for i = 1, #members, 2 do
  local member = members[i]
  if layout_of(member) then
    local open_time = tonumber(members[i + 1])
    local said = as_of(member) or 0
    if said > newest then newest = said end
    if said >= (open_time + length) * 1000 then
      closed = closed + 1
      if volume(member) == 0 then quiet = quiet + 1 end
      local _, standing = origin(member)
      if standing == SETTLED then
        settled = settled + 1
      elseif standing == FINAL then
        final = final + 1
      end
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
reply[1], reply[2], reply[3], reply[4], reply[5], reply[6] = closed, quiet, newest, open, settled + final, final
return reply
