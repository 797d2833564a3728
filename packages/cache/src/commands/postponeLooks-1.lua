--[[
  Moves looks that are due to a later time. One that was noted for a sooner time meanwhile stays where it is, and one that
  was let go does not come back.

  KEYS[1]  looks of an exchange, a sorted set scored by the venue's time (ms) when each is due
  ARGV[1]  due is what has at most this score (ms)
  ARGV[2…] pairs: when it is due next (ms), member

  Returns how many were moved.
]]
local due_by = tonumber(ARGV[1])
local moved = 0
for at = 2, #ARGV, 2 do
  local due = redis.call('ZSCORE', KEYS[1], ARGV[at + 1])
  if due and tonumber(due) <= due_by then
    redis.call('ZADD', KEYS[1], ARGV[at], ARGV[at + 1])
    moved = moved + 1
  end
end
return moved
