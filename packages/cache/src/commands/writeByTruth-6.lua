--[[
  Writes candles of a series that everybody shares, each as the order of truth says: by class first, then by as-of. One
  step judges, writes, keeps doubts and looks, logs what changed, and announces what is news: nobody hears of a bar that is
  not there, and nothing that became news can be lost on the way to those who resume from the log.

  KEYS[1]  the series, a sorted set scored by open time (ms)
  KEYS[2]  its doubts: readings that differ from a bar, in the same layout and by the same score
  KEYS[3]  looks of the exchange: `symbol timeframe openTime`, scored by the venue's time (ms) when it is due
  KEYS[4]  told of the exchange: a hash, `symbol timeframe` -> what was announced of it (candle-told.lua)
  KEYS[5]  corrections of the exchange, a stream
  KEYS[6]  closes of the exchange, a stream: everything that is announced
  ARGV[1]  life of the series after a write, in seconds
  ARGV[2]  how many of the newest members are kept
  ARGV[3]  length of a bar in ms
  ARGV[4]  `symbol timeframe`
  ARGV[5]  the venue's time now, ms
  ARGV[6]  a reading settles a bar from so long after its close on, ms
  ARGV[7]  two readings that settle a bar are at least so far apart, ms
  ARGV[8]  a close that opened before this (ms) is not news
  ARGV[9]  a bar that closed before this (ms) is history: it does not begin the telling of its series; empty: all is
  ARGV[10] who brings it: stands in the log of corrections
  ARGV[11] a bar that was read so soon after its close (ms) rests on little, and is looked at soon
  ARGV[12] name of the exchange, as it is announced
  ARGV[13] the candles in a row: members of 81 bytes each, layout 2
  ARGV[14] and what follows it: channels on which a close is announced

  Refuses what is not 81 bytes of layout 2 each, before anything is written.
  Returns one number per candle, a sum of
       1  it was written
       2  something was cached at that open time
       4  open, high, low, close or volume differ from what was cached
       8  what was cached was closed (its as-of had reached its close time)
      16  told live: a close in its turn     32  told late: behind a later one, or closed before ARGV[9]
      64  told as a correction: a bar that was told before has other values now
     128  the bar became settled by this
     256  this differs from the bar, which stands until a second reading decides
     512  the bar that is cached now was once closed with other values
    1024  this agrees with the bar that is cached
    4096 × source code of what was cached

  The rules for a candle that is closed, by what is cached (its class: 0 forming, 1 weak, 2 read once, 3 the stream's own
  final, 4 settled):

    new \ cached     | 0       | 1           | 2                     | 3                     | 4
    forming          | newer   | –           | –                     | –                     | –
    weak (1)         | written | more volume | –                     | –                     | –
    made, once (2)   | written | written     | over made: newer      | –                     | –
    reading (2)      | written | written     | equal: settles;       | equal: settles;       | equal: final late in
                     |         |             | goes on: written;     | else a doubt          | its life;
                     |         |             | else a doubt          |                       | else a doubt
    made, final (3)  | written | written     | written               | over made: newer      | –
    streamed (3)     | written | written     | written;              | over made: written;   | newer and other
                     |         |             | equal to a reading:   | newer, less volume: a | values: a doubt
                     |         |             | settles               | doubt; else newer and |
                     |         |             |                       | other, or as new and  |
                     |         |             |                       | more volume           |

  Goes on: more volume, and else what a later state of the same bar can be: the same open, no lower high, no higher low.

  Newer compares as-ofs. Weak over weak: more volume, or as much and newer. A forming candle without an as-of gives way to
  anything. A reading that differs and is not newer than the bar is nothing. An equal reading settles a bar of class 2 when it
  is ARGV[7] newer than the bar and ARGV[6] after the close; a bar of class 3 whenever it is. Late in its life: a day after the
  close, or when nine tenths of the series lie behind the bar.

  A reading that a final puts aside stays as a doubt if it is newer; one that a reading with more volume puts aside stays
  all the same: where the newer one was wrong, the next agrees with it.
  There is one doubt a bar, the newest. It replaces the bar when a second reading equals it, at least ARGV[7] newer than it and
  ARGV[6] after the close; ten minutes newer where it has less volume or the bar is settled. Only a newer reading takes its
  place, whether it says what the bar says or anything else: what is older and comes late may settle the bar, and the doubt
  stands. Readings of two kinds in turn never agree, and the bar stands. Nor do they settle it: a bar of class 2 that was
  contradicted since it was read is read twice more.
]]
local series, doubts, looks, told, corrections, closes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local ttl, keep, length, name, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local settles_from, apart, tell_from = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local live_since, cause, young_for, exchange = tonumber(ARGV[9]), ARGV[10], tonumber(ARGV[11]), ARGV[12]

local SLOW_MS = 600000
local FINAL_MS = math.min(86400000, keep * length * 0.9)
local MAX_LOOKS, MAX_DOUBTS, MAX_CORRECTIONS, MAX_CLOSES = 20000, 200, 100000, 1000000

local wrote = false

-- With another standing, and the mark of a bar that had other values once.
local function marked(member, standing, corrected)
  local source, own, was = origin(member)
  local byte = source + 16 * (standing or own) + ((corrected or was) and 128 or 0)
  return string.sub(member, 1, 1) .. string.char(byte) .. string.sub(member, 3)
end

-- A reading that says less than was known keeps what was known beyond its values.
local function with_figures(member, old)
  if packed_layout(old) == 2 and string.sub(member, 62, 65) == '\255\255\255\255' then
    return string.sub(member, 1, 53) .. string.sub(old, 54)
  end
  return member
end

-- A look that is to come anyway is not put off.
local function look_at(score, due)
  local member = name .. ' ' .. score
  local known = tonumber(redis.call('ZSCORE', looks, member) or 0)
  if known > now and known <= due then return end
  redis.call('ZADD', looks, due, member)
  if redis.call('ZCARD', looks) > MAX_LOOKS then redis.call('ZREMRANGEBYRANK', looks, MAX_LOOKS, -1) end
end

local function let_go(score, has_doubt)
  redis.call('ZREM', looks, name .. ' ' .. score)
  if has_doubt then redis.call('ZREMRANGEBYSCORE', doubts, score, score) end
end

-- What rests on little is looked at soon; what was read long after its close waits for the regular reading.
local function look_soon(score, member, close)
  local source, standing = origin(member)
  local class = closed_class(member)
  if class > 2 or source == SOURCES.NO_TRADES or source == SOURCES.DERIVED then return end
  if class == 2 and now > close + young_for then return end
  local least = math.max(now + apart, close + settles_from)
  if standing == STANDINGS.UNWITNESSED and source == SOURCES.REST then least = math.max(least, now + (now - close) / 2) end
  look_at(score, least)
end

local function put(score, member, old)
  if old then redis.call('ZREMRANGEBYSCORE', series, score, score) end
  redis.call('ZADD', series, score, member)
  wrote = true
end

local function log(score, old, member)
  redis.call('XADD', corrections, 'MAXLEN', '~', MAX_CORRECTIONS, '*',
    'series', name, 'openTime', score, 'old', old, 'new', member, 'cause', cause)
end

-- What was told of the series. Asked for once: nobody else can write meanwhile.
local is_known, is_told_anew, said = false, false, nil
local function know()
  if not is_known then is_known, said = true, told_in(redis.call('HGET', told, name)) end
  return said
end

local refused = nil
local function announce(score, member, label)
  local id = redis.call('XADD', closes, 'MAXLEN', '~', MAX_CLOSES, '*', 'series', name, 'label', label, 'candle', member)
  local text
  for at = 14, #ARGV do
    local channel = ARGV[at]
    text = text or told_as(member, score, name, exchange, label, id)
    -- Who may not publish is told so when all is written: the log has it.
    local heard = redis.pcall('PUBLISH', channel, text)
    if type(heard) == 'table' and heard.err then refused = heard end
  end
end

-- Bars that came without being told one by one: they are history, or were told before they were lost.
local refilled, refilled_from, refilled_to = 0, nil, nil
local function refill(open_time)
  refilled = refilled + 1
  refilled_from = math.min(refilled_from or open_time, open_time)
  refilled_to = math.max(refilled_to or open_time, open_time)
end

-- The doubt about a bar. What is no candle of ours is none, and goes: it would be compared with for ever.
local function doubt_about(score)
  local doubt = redis.call('ZRANGEBYSCORE', doubts, score, score)[1]
  if not doubt or as_of(doubt) then return doubt end
  redis.call('ZREMRANGEBYSCORE', doubts, score, score)
  return nil
end

-- A bar that was not known to be closed, by its open time: 'live', 'late', or nil where it is not told by itself.
local function label_of_close(open_time)
  local before = know()
  local is_live = live_since ~= nil and open_time + length >= live_since
  if not before then
    if not is_live then return nil end
    -- Those before it that closed live, and that nobody could tell yet, are told when they come.
    local live_from = math.max(0, math.ceil(live_since / length - 1) * length)
    said, is_told_anew = { first = math.min(open_time, live_from), last = open_time, untold = {} }, true
    note_untold(said, said.first, open_time - length, length)
    return 'live'
  end
  local is_recent = open_time >= tell_from
  if open_time > before.last then
    local recent_from = math.ceil(tell_from / length) * length
    note_untold(before, math.max(before.last + length, recent_from), open_time - length, length)
    before.last, is_told_anew = open_time, true
    return is_recent and (is_live and 'live' or 'late') or nil
  end
  local was_missed = take_untold(before, open_time)
  is_told_anew = is_told_anew or was_missed
  return was_missed and is_recent and 'late' or nil
end

local NEWS = { live = 16, late = 32 }

local function news_of_close(score, member)
  local open_time = tonumber(score)
  local label = label_of_close(open_time)
  if label then announce(score, member, label) else refill(open_time) end
  return NEWS[label] or 0
end

local function news_of_change(score, member)
  if not was_told(know(), tonumber(score)) then return 0 end
  announce(score, member, 'correction')
  return 64
end

-- Whether a reading can be a later state of what another one said: begun alike, no less of anything.
local function goes_on_from(old, member)
  local open, high, low, _, volume_old = struct.unpack('>ddddd', values(old))
  local new_open, new_high, new_low, _, volume_new = struct.unpack('>ddddd', values(member))
  return volume_new > volume_old and new_open == open and new_high >= high and new_low <= low
end

-- There is one doubt a bar.
local function keep_doubt(score, member)
  redis.call('ZREMRANGEBYSCORE', doubts, score, score)
  redis.call('ZADD', doubts, score, member)
  redis.call('ZREMRANGEBYRANK', doubts, 0, -(MAX_DOUBTS + 1))
  redis.call('EXPIRE', doubts, ttl)
end

-- A reading of a bar of class 2 to 4 that says something else: what becomes of it. Returns the member to write, or nil.
local function doubted(score, old, member, class, close_us)
  local known = doubt_about(score)
  local as_of_new = as_of(member)
  local is_slow = class == 4 or volume(member) < volume(old)
  local wait = is_slow and math.max(SLOW_MS, apart) or apart
  if known then
    local since = as_of(known)
    if as_of_new <= since then return nil end
    if values(known) == values(member) then
      local is_reading = origin(member) == SOURCES.REST
      if is_reading and as_of_new - since >= wait * 1000 and as_of_new >= close_us + settles_from * 1000 then
        return marked(member, STANDINGS.SETTLED)
      end
      look_at(score, math.max(since / 1000 + wait, close_us / 1000 + settles_from, now + 1000))
      return nil
    end
  end
  keep_doubt(score, member)
  -- Soon, although a slow doubt decides nothing then: a reading in between that agrees with the bar ends it.
  look_at(score, math.max(as_of_new / 1000 + apart, close_us / 1000 + settles_from, now + 1000))
  return nil
end

-- A bar took the place of another one: lets go of what is decided by that, and keeps the newest that still contradicts it.
local function clear_up(score, old, decided, close)
  local class, said = closed_class(decided), values(decided)
  local is_same = values(old) == said
  local agreed_at = math.max(as_of(decided), is_same and as_of(old) or 0)
  local doubt = doubt_about(score)
  if doubt and values(doubt) == said then
    agreed_at, doubt = math.max(agreed_at, as_of(doubt)), nil
  end
  local stays = doubt and as_of(doubt) >= agreed_at
  local was_read = closed_class(old) == 2 and origin(old) == SOURCES.REST
  -- Where a reading put it aside by more volume, it is older: if the newer one was wrong, the next agrees with it.
  local contradicts = was_read and not is_same and (class == 2 or as_of(old) > agreed_at)
  -- A quiet bar with another price is as little proven as before: its look stays.
  local is_quiet = origin(decided) == SOURCES.NO_TRADES
  if not stays and (class >= 3 or not (is_same or is_quiet)) then let_go(score, true) end
  look_soon(score, decided, close)
  if contradicts and not (stays and as_of(doubt) >= as_of(old)) then
    keep_doubt(score, old)
    look_at(score, math.max(now + apart, close + settles_from))
  end
end

-- A reading that agrees with the bar. Returns the member to write, or nil where the bar is as sure as it can be. Where
-- another reading said something else in between, the two of the bar are no agreement: counting begins anew with this one.
local function agreed(score, old, member, class, close_us)
  local old_as_of, new_as_of = as_of(old), as_of(member)
  local standing
  local doubt = class == 2 and doubt_about(score)
  if doubt and as_of(doubt) > old_as_of and as_of(doubt) < new_as_of then
    return with_figures(member, old)
  end
  if class == 3 then
    standing = STANDINGS.SETTLED
  elseif class == 2 then
    local is_apart = new_as_of - old_as_of >= apart * 1000
    if is_apart and new_as_of >= close_us + settles_from * 1000 then standing = STANDINGS.SETTLED end
  elseif select(2, origin(old)) ~= STANDINGS.FINAL and new_as_of >= close_us + FINAL_MS * 1000 then
    standing = STANDINGS.FINAL
  end
  if not standing or (new_as_of < old_as_of and class ~= 3) then return nil end
  return marked(with_figures(member, old), standing)
end

-- The rules for a closed candle over a closed one. Returns the member to write or nil, and whether a doubt stands.
local function judged(score, old, member, close_us)
  local class, new_class = closed_class(old), closed_class(member)
  local source, standing = origin(member)
  local is_same = values(old) == values(member)
  local old_as_of, new_as_of = as_of(old) or -1, as_of(member)
  if new_class == 1 then
    if class > 1 then return nil, false end
    local less, more = volume(old), volume(member)
    return (more > less or (more == less and new_as_of > old_as_of)) and member or nil, false
  end
  if class == 1 then return member, false end
  if source == SOURCES.REST then
    if is_same then
      if new_as_of > (class == 3 and 0 or old_as_of) then return agreed(score, old, member, class, close_us), false end
      return nil, false
    end
    if new_as_of <= old_as_of then return nil, false end
    if class == 2 and goes_on_from(old, member) then return member, false end
    local decided = doubted(score, old, member, class, close_us)
    return decided, decided == nil
  end
  if new_class == 3 and source == SOURCES.STREAM then
    if class == 2 then
      local settles = is_same and origin(old) == SOURCES.REST
      return settles and marked(with_figures(member, old), STANDINGS.SETTLED) or member, false
    end
    if class == 3 then
      -- A bar that has closed gains late trades; one that lost some is told by somebody who missed them, or corrected.
      local is_less = origin(old) == SOURCES.STREAM and new_as_of > old_as_of and volume(member) < volume(old)
      if is_less then
        doubted(score, old, member, class, close_us)
        return nil, true
      end
      local is_newer = new_as_of > old_as_of
        or (new_as_of == old_as_of and volume(member) > volume(old))
        or (origin(old) == SOURCES.DERIVED)
      return is_newer and not (is_same and origin(old) == SOURCES.STREAM) and member or nil, false
    end
    if is_same or new_as_of <= old_as_of then return nil, false end
    doubted(score, old, member, class, close_us)
    return nil, true
  end
  -- Made of shorter bars: it gives way to what the venue says itself.
  if class > new_class then return nil, false end
  if class < new_class then return member, false end
  return origin(old) == SOURCES.DERIVED and new_as_of > old_as_of and member or nil, false
end

local function write_one(score, member)
  local close = tonumber(score) + length
  local close_us = close * 1000
  local old = redis.call('ZRANGEBYSCORE', series, score, score)[1]
  local new_as_of = as_of(member)
  local is_closed = new_as_of ~= nil and new_as_of >= close_us
  if old == nil then
    put(score, member)
    if not is_closed then return 1 end
    look_soon(score, member, close)
    return 1 + news_of_close(score, member)
  end
  local old_as_of = as_of(old)
  local was_closed = old_as_of ~= nil and old_as_of >= close_us
  local is_same = values(old) == values(member)
  local old_source, _, was_corrected = origin(old)
  local outcome = 2 + (is_same and 0 or 4) + (was_closed and 8 or 0) + 4096 * old_source
  if not was_closed then
    local is_newer = old_as_of == nil or (new_as_of ~= nil and new_as_of > old_as_of)
    if not (is_closed or is_newer) then return outcome end
    put(score, member, old)
    if not is_closed then return outcome + 1 end
    look_soon(score, member, close)
    return outcome + 1 + news_of_close(score, member)
  end
  if not is_closed then return outcome end
  local decided, has_doubt = judged(score, old, member, close_us)
  if is_same and (closed_class(member) >= 2) then
    outcome = outcome + 1024
    local doubt = doubt_about(score)
    local is_reading = origin(member) == SOURCES.REST and new_as_of ~= old_as_of
    if doubt and is_reading and new_as_of > as_of(doubt) then
      let_go(score, true)
      look_soon(score, old, close)
      if decided and closed_class(decided) == 2 then look_at(score, now + apart) end
    elseif not doubt and is_reading and closed_class(old) == 4 then
      -- It was asked for before the bar was settled, and noted again meanwhile: nothing is left to be seen.
      let_go(score, false)
    end
  end
  if has_doubt then outcome = outcome + 256 end
  if not decided then return outcome + (was_corrected and 512 or 0) end
  local corrected = was_corrected or not is_same
  decided = marked(decided, nil, corrected)
  put(score, decided, old)
  outcome = outcome + 1 + (corrected and 512 or 0)
  if closed_class(decided) == 4 and closed_class(old) < 4 then outcome = outcome + 128 end
  clear_up(score, old, decided, close)
  if not is_same then
    log(score, old, decided)
    outcome = outcome + news_of_change(score, decided)
  end
  return outcome
end

if not are_members(ARGV[13] or '?') then
  return redis.error_reply('ERR candles come in a row, 81 bytes of layout 2 each')
end
local function is_any_closed()
  for at = 1, #ARGV[13], MEMBER_BYTES do
    local score, member = member_at(ARGV[13], at)
    if (as_of(member) or 0) >= (tonumber(score) + length) * 1000 then return true end
  end
  return false
end

-- A forming bar touches its series alone.
if is_any_closed() then
  local foreign = foreign_among({
    redis.call('TYPE', series), redis.call('TYPE', doubts), redis.call('TYPE', looks), redis.call('TYPE', told),
    redis.call('TYPE', corrections), redis.call('TYPE', closes)
  })
  if foreign then return redis.error_reply(foreign) end
end
local outcomes = {}
for at = 1, #ARGV[13], MEMBER_BYTES do
  outcomes[#outcomes + 1] = write_one(member_at(ARGV[13], at))
end

if wrote then
  redis.call('ZREMRANGEBYRANK', series, 0, -(keep + 1))
  redis.call('EXPIRE', series, ttl)
end
if is_told_anew then redis.call('HSET', told, name, told_text(said)) end
if refilled > 0 then
  redis.call('XADD', closes, 'MAXLEN', '~', MAX_CLOSES, '*', 'series', name, 'label', 'refill',
    'from', string.format('%.0f', refilled_from), 'to', string.format('%.0f', refilled_to), 'bars', refilled)
end
return refused or outcomes
