--[[
  Writes candles of one private series, each only if it is newer than what is cached at its open time.

  KEYS[1]  the series, a sorted set scored by open time (ms)
  ARGV[1]  life of the series after a write, in seconds
  ARGV[2]  how many of the newest members are kept
  ARGV[3]  the candles in a row: members of 81 bytes each, layout 2

  Refuses what is not 81 bytes of layout 2 each, before anything is written.
  Returns one number per candle: 1 it was written, 0 it was not.

  By what is cached for that open time: nothing -> written; a lower as-of -> replaced; an equal or higher one ->
  skipped; no as-of -> replaced, whether or not the new candle has one; an as-of, while the new candle has
  none -> skipped. There is one member per open time before and after, and no reader sees it missing.

  A candle older than all that are kept is written and, in the same step, trimmed: 1 says written. Such a write
  still renews the life of the series. A cached member that is no candle of ours counts as one without an as-of.
]]
local key, ttl, keep = KEYS[1], ARGV[1], tonumber(ARGV[2])
if not are_members(ARGV[3]) then return redis.error_reply('ERR candles come in a row, 81 bytes of layout 2 each') end
local outcomes, wrote = {}, false
for at = 1, #ARGV[3], MEMBER_BYTES do
  local score, member = member_at(ARGV[3], at)
  local old = redis.call('ZRANGEBYSCORE', key, score, score)[1]
  local old_as_of, new_as_of = old and as_of(old), as_of(member)
  local outcome = 0
  if not old_as_of or (new_as_of and new_as_of > old_as_of) then
    if old then redis.call('ZREMRANGEBYSCORE', key, score, score) end
    redis.call('ZADD', key, score, member)
    outcome, wrote = 1, true
  end
  outcomes[#outcomes + 1] = outcome
end

if wrote then
  redis.call('ZREMRANGEBYRANK', key, 0, -(keep + 1))
  redis.call('EXPIRE', key, ttl)
end
return outcomes
