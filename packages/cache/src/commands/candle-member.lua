-- How a candle lies in a member: the table is in candle-layout.ts. Stands before every command that looks into one.

local AS_OF_UNSAID = 255
local SOURCES = { STREAM = 1, REST = 2, DERIVED = 3, NO_TRADES = 4, SNAPSHOT = 5, STAND_IN = 6 }
local STANDINGS = { UNWITNESSED = 1, ONCE = 2, SETTLED = 3, FINAL = 4 }
local CLASS_OF_SOURCE = { 3, 2, 3, 1, 1, 1 }

-- The layout of a member: 2, 1, 'json', or nil for what is no candle of ours.
local function layout_of(member)
  local first = string.byte(member, 1)
  if first == 2 and #member == 81 then return 2 end
  if first == 1 and #member == 53 then return 1 end
  if first == 123 then return 'json' end
  return nil
end

-- As-of in µs, or nil where it says none. Exact: a Lua number holds integers up to 2^53.
local function as_of(member)
  local layout = layout_of(member)
  if layout == nil then return nil end
  if layout == 'json' then
    local ok, candle = pcall(cjson.decode, member)
    local said = ok and type(candle) == 'table' and candle.sequenceNum
    return type(said) == 'number' and said or nil
  end
  local a, b, c, d, e, f, g = string.byte(member, 3, 9)
  if a == AS_OF_UNSAID then return nil end
  return ((((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f) * 256) + g
end

-- Source code, standing code and whether it was corrected. Layout 1 cannot tell whether a reading was witnessed.
local function origin(member)
  local layout = layout_of(member)
  if layout ~= 1 and layout ~= 2 then return 0, 0, false end
  local byte = string.byte(member, 2)
  local source, standing = byte % 16, math.floor(byte / 16) % 8
  if layout == 1 and (source == SOURCES.REST or source == SOURCES.DERIVED) then standing = STANDINGS.UNWITNESSED end
  return source, standing, byte >= 128
end

-- Class of a closed member: see candleClassOf in schemas/candle.ts.
local function closed_class(member)
  local source, standing = origin(member)
  if standing == STANDINGS.UNWITNESSED or source == 0 or source == SOURCES.NO_TRADES then return 1 end
  if standing == STANDINGS.ONCE then return 2 end
  if standing >= STANDINGS.SETTLED then return 4 end
  return CLASS_OF_SOURCE[source] or 1
end

-- Open, high, low, close and volume, as comparable bytes; nil where the layout does not hold them so.
local function values(member)
  if layout_of(member) == 'json' then return nil end
  return string.sub(member, 14, 53)
end

-- Volume as bytes whose order is that of the numbers: it is never negative.
local function volume(member)
  return string.sub(member, 46, 53)
end

local NOTHING_TRADED = string.rep('\0', 8)
