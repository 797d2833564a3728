--[[
  Keeps the newest ticker of a symbol.

  KEYS[1]  the ticker
  ARGV[1]  its JSON
  ARGV[2]  its time (ms)
  ARGV[3]  its life in seconds

  Returns 1 when it was written, 0 when what is cached is as new or newer.
]]
local cached = redis.call('GET', KEYS[1])
if cached then
  local ok, ticker = pcall(cjson.decode, cached)
  local since = ok and type(ticker) == 'table' and tonumber(ticker.timestamp)
  if since and since >= tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
