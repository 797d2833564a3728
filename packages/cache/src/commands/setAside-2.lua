--[[
  Moves a value out of the way whose type is not the one that its key promises: nobody can work with it, and it may be
  somebody's.

  KEYS[1]  the key
  KEYS[2]  where its value goes, in the place of what was put there before
  ARGV[1]  the type that the key promises
  ARGV[2]  how long the value is kept, in seconds

  Returns the type that was found where it was another one, else an empty text.
]]
local found = redis.call('TYPE', KEYS[1])
local kind = found.ok or found
if kind == 'none' or kind == ARGV[1] then return '' end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return kind
