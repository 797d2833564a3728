-- How a bar is told, and what was told of a series. Stands before every command that announces.

local SOURCE_NAMES = { 'stream', 'rest', 'derived', 'no-trades', 'snapshot', 'stand-in' }
local STANDING_NAMES = { 'unwitnessed', 'once', 'settled', 'final' }
-- Of what was missed, no more bars than this are remembered.
local MAX_UNTOLD = 100

-- A script that fails half way leaves what it wrote: so nothing is written where a key holds a value of another type than
-- the step needs, and what it was about to tell is told when it is run again. `found`: what TYPE says of the keys in order.
local KINDS = { 'zset', 'zset', 'zset', 'hash', 'stream', 'stream' }
local function foreign_among(found)
  for at, kind in ipairs(KINDS) do
    local held = found[at].ok or found[at]
    if held ~= 'none' and held ~= kind then return 'WRONGTYPE key ' .. at .. ' of the step holds a ' .. held end
  end
  return nil
end

-- The shortest decimals that are read back as the same float64.
local function decimal(number)
  for digits = 15, 16 do
    local text = string.format('%.' .. digits .. 'g', number)
    if tonumber(text) == number then return text end
  end
  return string.format('%.17g', number)
end

-- A bar as its announcement says it: the JSON of UnifiedCandle with its label and its id in the log. `series` is
-- `symbol timeframe`: neither it nor the exchange's name needs an escape.
local function told_as(member, score, series, exchange, label, id)
  local symbol, timeframe = string.match(series, '^(.*) (.*)$')
  local open, high, low, close, volume_said = struct.unpack('>ddddd', values(member))
  local source, standing, was_corrected = origin(member)
  local parts = {
    '"timestamp":' .. score, '"open":' .. decimal(open), '"high":' .. decimal(high), '"low":' .. decimal(low),
    '"close":' .. decimal(close), '"volume":' .. decimal(volume_said), '"symbol":' .. cjson.encode(symbol),
    '"timeframe":"' .. timeframe .. '"', '"exchange":' .. cjson.encode(exchange)
  }
  local function say(field, text) parts[#parts + 1] = '"' .. field .. '":' .. text end
  if as_of(member) then say('sequenceNum', string.format('%.0f', as_of(member))) end
  if SOURCE_NAMES[source] then say('source', '"' .. SOURCE_NAMES[source] .. '"') end
  if STANDING_NAMES[standing] then say('standing', '"' .. STANDING_NAMES[standing] .. '"') end
  if was_corrected then say('corrected', 'true') end
  if packed_layout(member) == 2 then
    local quote, taker_base, taker_quote = struct.unpack('>d', member, 54), struct.unpack('>dd', member, 66)
    local trades = struct.unpack('>I4', member, 62)
    if quote == quote then say('quoteVolume', decimal(quote)) end
    if trades ~= 4294967295 then say('trades', string.format('%.0f', trades)) end
    if taker_base == taker_base then say('takerBaseVolume', decimal(taker_base)) end
    if taker_quote == taker_quote then say('takerQuoteVolume', decimal(taker_quote)) end
  end
  return '{' .. table.concat(parts, ',') .. ',"label":"' .. label .. '","id":"' .. id .. '"}'
end

-- What was told of a series: `first:last` open time, and the bars between them that nobody could tell, which are told
-- late if they come: `first:last:one,another`. What cannot be read was never written here: nothing was told.
local function told_in(text)
  local first, last, rest = string.match(text or '', '^(%d+):(%d+):?([%d,]*)$')
  if not first then return nil end
  local untold = {}
  for each in string.gmatch(rest, '%d+') do untold[#untold + 1] = tonumber(each) end
  return { first = tonumber(first), last = tonumber(last), untold = untold }
end

local function told_text(told)
  local text = string.format('%.0f:%.0f', told.first, told.last)
  local untold = {}
  for at, each in ipairs(told.untold) do untold[at] = string.format('%.0f', each) end
  return #untold == 0 and text or text .. ':' .. table.concat(untold, ',')
end

-- Notes bars from one open time to another (ms, both included) as untold, the newest of all that are known.
local function note_untold(told, from, to, length)
  local least = math.max(from, to - (MAX_UNTOLD - 1) * length)
  for open_time = least, to, length do told.untold[#told.untold + 1] = open_time end
  table.sort(told.untold)
  while #told.untold > MAX_UNTOLD do table.remove(told.untold, 1) end
end

-- Whether a bar was told, and is not one of those that were missed.
local function was_told(told, open_time)
  if not told or open_time < told.first or open_time > told.last then return false end
  for _, each in ipairs(told.untold) do
    if each == open_time then return false end
  end
  return true
end

-- Takes a bar off those that were missed. Returns whether it was one of them.
local function take_untold(told, open_time)
  for at, each in ipairs(told.untold) do
    if each == open_time then
      table.remove(told.untold, at)
      return true
    end
  end
  return false
end
