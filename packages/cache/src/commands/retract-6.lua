--[[
  Takes back a bar that the venue does not have, if it is still the one that was judged, and announces that where it had been
  told.

  KEYS[1]  the series, and KEYS[2] to KEYS[6]: as of writeByTruth
  ARGV[1]  `symbol timeframe`
  ARGV[2]  open time, ms
  ARGV[3]  as-of (µs) the judgement was made against
  ARGV[4]  code of the source it had then
  ARGV[5]  who takes it back: stands in the log of corrections
  ARGV[6]  name of the exchange, as it is announced
  ARGV[7]  and what follows it: channels on which that is announced

  Returns { 0 } when something else is cached there by now, { 1, 1 if it had been told or else 0 } when it was removed.
]]
local series, doubts, looks, told, corrections, closes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local name, score, judged_against, source, cause = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local foreign = foreign_among({
  redis.call('TYPE', series), redis.call('TYPE', doubts), redis.call('TYPE', looks), redis.call('TYPE', told),
  redis.call('TYPE', corrections), redis.call('TYPE', closes)
})
if foreign then return redis.error_reply(foreign) end
local old = redis.call('ZRANGEBYSCORE', series, score, score)[1]
if not old or as_of(old) ~= judged_against or origin(old) ~= source then return { 0 } end
redis.call('ZREMRANGEBYSCORE', series, score, score)
redis.call('ZREMRANGEBYSCORE', doubts, score, score)
redis.call('ZREM', looks, name .. ' ' .. score)
redis.call('XADD', corrections, 'MAXLEN', '~', 100000, '*',
  'series', name, 'openTime', score, 'old', old, 'new', '', 'cause', cause)
local said = told_in(redis.call('HGET', told, name))
if not was_told(said, tonumber(score)) then return { 1, 0 } end
-- If it comes back after all, it is told late.
note_untold(said, tonumber(score), tonumber(score), 1)
redis.call('HSET', told, name, told_text(said))
local id = redis.call('XADD', closes, 'MAXLEN', '~', 1000000, '*', 'series', name, 'label', 'retracted', 'candle', old)
local text = told_as(old, score, name, ARGV[6], 'retracted', id)
local refused = nil
for at = 7, #ARGV do
  local channel = ARGV[at]
  local heard = redis.pcall('PUBLISH', channel, text)
  if type(heard) == 'table' and heard.err then refused = heard end
end
return refused or { 1, 1 }
