--[[
  Takes back a bar that the venue does not have, if it is still the one that was judged.

  KEYS[1]  the series, and KEYS[2] to KEYS[5]: as of writeByTruth
  ARGV[1]  `symbol timeframe`
  ARGV[2]  open time, ms
  ARGV[3]  as-of (µs) the judgement was made against
  ARGV[4]  code of the source it had then
  ARGV[5]  who takes it back: stands in the log of corrections

  Returns { 0 } when something else is cached there by now, { 1, 1 if it had been told or else 0 } when it was removed.
]]
local series, doubts, looks, told, corrections = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local name, score, judged_against, source, cause = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local old = redis.call('ZRANGEBYSCORE', series, score, score)[1]
if not old or as_of(old) ~= judged_against or origin(old) ~= source then return { 0 } end
redis.call('ZREMRANGEBYSCORE', series, score, score)
redis.call('ZREMRANGEBYSCORE', doubts, score, score)
redis.call('ZREM', looks, name .. ' ' .. score)
redis.call('XADD', corrections, 'MAXLEN', '~', 100000, '*',
  'series', name, 'openTime', score, 'old', old, 'new', '', 'cause', cause)
local said = redis.call('HGET', told, name)
local first = said and tonumber(string.match(said, '^(%d+):'))
return { 1, first and tonumber(score) >= first and 1 or 0 }
