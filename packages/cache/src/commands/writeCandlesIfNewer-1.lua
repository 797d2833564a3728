--[[
  Writes candles of one series, each only if it is newer than what is cached at its open time.

  KEYS[1]  the series, a sorted set scored by open time (ms)
  ARGV[1]  life of the series after a write, in seconds
  ARGV[2]  how many of the newest members are kept
  ARGV[3]  length of a bar in ms
  ARGV[4…] pairs: score (open time, ms), member (53 bytes, layout 1)

  Returns one number per candle, a sum of
     1  it was written
     2  something was cached at that open time
     4  open, high, low, close or volume differ from what was cached
     8  what was cached was closed (its as-of had reached its close time)
    16 × source code of what was cached

  By what is cached for that open time: nothing -> written; a lower as-of -> replaced; an equal or higher one ->
  skipped; no as-of -> replaced, whether or not the new candle has one; an as-of, while the new candle has
  none -> skipped. There is one member per open time before and after, and no reader sees it missing.

  A candle older than all that are kept is written and, in the same step, trimmed: bit 1 says written. Such a write
  still renews the life of the series. A cached member of another layout counts as one without an as-of.
]]
local key, ttl, keep, length = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function is_known(member)
  return #member == 53 and string.byte(member, 1) == 1
end

-- As-of of a member in µs, or nil where it says none. Exact: a Lua number holds integers up to 2^53.
local function as_of(member)
  if not is_known(member) then return nil end
  local a, b, c, d, e, f, g = string.byte(member, 3, 9)
  if a == 255 then return nil end
  return ((((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f) * 256) + g
end

local outcomes, wrote = {}, false
for at = 4, #ARGV, 2 do
  local score, member = ARGV[at], ARGV[at + 1]
  local cached = redis.call('ZRANGEBYSCORE', key, score, score)
  local old = cached[1]
  local outcome = 0
  if old == nil then
    redis.call('ZADD', key, score, member)
    outcome, wrote = 1, true
  else
    local old_as_of, new_as_of = as_of(old), as_of(member)
    outcome = 2
    if string.sub(old, 14) ~= string.sub(member, 14) then outcome = outcome + 4 end
    if old_as_of and old_as_of >= (tonumber(score) + length) * 1000 then outcome = outcome + 8 end
    if is_known(old) then outcome = outcome + 16 * string.byte(old, 2) end
    if old_as_of == nil or (new_as_of ~= nil and new_as_of > old_as_of) then
      redis.call('ZREMRANGEBYSCORE', key, score, score)
      redis.call('ZADD', key, score, member)
      outcome, wrote = outcome + 1, true
    end
  end
  outcomes[#outcomes + 1] = outcome
end

if wrote then
  redis.call('ZREMRANGEBYRANK', key, 0, -(keep + 1))
  redis.call('EXPIRE', key, ttl)
end
return outcomes
