-- How a candle lies in a member: the table is in candle-layout.ts. Stands before every command that looks into one.

local str_byte = string.byte
local MEMBER_BYTES = 81
local AS_OF_UNSAID = 255
local SOURCES = { STREAM = 1, REST = 2, DERIVED = 3, NO_TRADES = 4, SNAPSHOT = 5, STAND_IN = 6 }
local STANDINGS = { UNWITNESSED = 1, ONCE = 2, SETTLED = 3, FINAL = 4 }
local CLASS_OF_SOURCE = { 3, 2, 3, 1, 1, 1 }

local SOURCE_OF_NAME = {
  stream = 1, rest = 2, derived = 3, ['no-trades'] = 4, snapshot = 5, ['stand-in'] = 6
}
local OHLCV = { 'open', 'high', 'low', 'close', 'volume' }

-- A candle an older writer left as JSON, as a table; nil for what is none.
local function json_of(member)
  if string.byte(member, 1) ~= 123 then return nil end
  local ok, candle = pcall(cjson.decode, member)
  if not ok or type(candle) ~= 'table' then return nil end
  for _, field in ipairs(OHLCV) do
    if type(candle[field]) ~= 'number' then return nil end
  end
  return candle
end

-- The layout of a packed member: 2, 1, or nil. A source or standing that is not known makes it no candle of ours: readers
-- refuse it, so it must count for nothing here.
local function packed_layout(member)
  local first, byte = str_byte(member, 1, 2)
  if first == 2 and #member == MEMBER_BYTES then
    local is_known = byte % 16 <= SOURCES.STAND_IN and byte % 128 < 16 * (STANDINGS.FINAL + 1)
    return is_known and 2 or nil
  end
  return first == 1 and #member == 53 and byte <= SOURCES.NO_TRADES and 1 or nil
end

-- The layout of a member: 2, 1, 'json', or nil for what is no candle of ours.
local function layout_of(member)
  return packed_layout(member) or (json_of(member) and 'json') or nil
end

-- As-of in µs, or nil where it says none. Exact: a Lua number holds integers up to 2^53.
local function as_of(member)
  if not packed_layout(member) then
    local candle = json_of(member)
    local said = candle and candle.sequenceNum
    return type(said) == 'number' and said or nil
  end
  local a, b, c, d, e, f, g = str_byte(member, 3, 9)
  if a == AS_OF_UNSAID then return nil end
  return ((((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f) * 256) + g
end

-- Source code, standing code and whether it was corrected. What is older than layout 2 cannot tell whether a reading was
-- witnessed.
local function origin(member)
  local layout, byte = layout_of(member), str_byte(member, 2)
  if layout == 2 then
    local was_corrected = byte >= 128
    local low = was_corrected and byte - 128 or byte
    local source = low % 16
    return source, (low - source) / 16, was_corrected
  end
  if layout == nil then return 0, 0, false end
  local source = layout == 1 and byte or SOURCE_OF_NAME[json_of(member).source] or 0
  local is_read = source == SOURCES.REST or source == SOURCES.DERIVED
  return source, is_read and STANDINGS.UNWITNESSED or 0, false
end

-- Class of a closed member: see candleClassOf in schemas/candle.ts.
local function closed_class(member)
  local source, standing = origin(member)
  if standing == STANDINGS.UNWITNESSED or source == 0 or source == SOURCES.NO_TRADES then return 1 end
  if standing == STANDINGS.ONCE then return 2 end
  if standing >= STANDINGS.SETTLED then return 4 end
  return CLASS_OF_SOURCE[source] or 1
end

-- Open, high, low, close and volume, as comparable bytes; nil for what is no candle.
local function values(member)
  if packed_layout(member) then return string.sub(member, 14, 53) end
  local candle, packed = json_of(member), {}
  if candle == nil then return nil end
  -- Adding zero makes one zero of the two there are.
  for at, field in ipairs(OHLCV) do packed[at] = struct.pack('>d', candle[field] + 0) end
  return table.concat(packed)
end

-- Volume as a number. Bytes are not compared for order: Lua would ask the locale of the server how they sort.
local function volume(member)
  if packed_layout(member) then return (struct.unpack('>d', member, 46)) end
  return (struct.unpack('>d', values(member), 33))
end

-- Whether a text is as long as members in a row are, and each of them begins as one of layout 2 does.
local function are_members(packed)
  for at = 1, #packed, MEMBER_BYTES do
    if str_byte(packed, at) ~= 2 then return false end
  end
  return #packed % MEMBER_BYTES == 0
end

-- The member that begins at a byte of many in a row, and its score: the open time in ms, which stands in it.
local function member_at(packed, at)
  local member = string.sub(packed, at, at + MEMBER_BYTES - 1)
  local a, b, c, d = str_byte(member, 10, 13)
  return string.format('%.0f', (((a * 256 + b) * 256 + c) * 256 + d) * 60000), member
end
