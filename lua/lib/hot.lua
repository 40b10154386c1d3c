-- The packed vectors: a header of HEADER doubles, then six columns of one double per slot.
--
--   | header | share | credit | routed | delivered | delivered packets | forgiven |
--
-- In a script they are one flat table h; a column's name is the index before its first slot, so
-- slot i (from 0) has its credit at h[CREDIT + i + 1]. share > 0 means eligible. To pack a number costs
-- as much as ten additions, so h ends with the column `routed` unless hot_widen was called.
local VERSION = 1      -- h[VERSION]: of this layout
local SLOTS = 2        -- h[SLOTS]: slots in each column
local VALID_UNTIL = 3  -- ms: the shares must be elected anew from then on (a lease ends, a ramp steps)
local SEEN = 4         -- ms: when a script last opened this; a gap means that the registry was away
local SHOWN = 5        -- ms: when the readable hashes were last written
local RETIRED = 6      -- h[RETIRED .. RETIRED + 3]: routed, delivered, packets, forgiven of reused slots
local WORKERS = 10     -- live workers, as of the last housekeeping
local REPORTS = 11     -- workers that cannot reach somebody, as of the last election
local HEADER = 11

local MAX_SLOTS = 1024
local S, SHARE, CREDIT, ROUTED, DELIVERED, PACKETS, FORGIVEN

local function layout(n_slots)
  S = n_slots
  SHARE = HEADER
  CREDIT, ROUTED = HEADER + S, HEADER + 2 * S
  DELIVERED, PACKETS, FORGIVEN = HEADER + 3 * S, HEADER + 4 * S, HEADER + 5 * S
end

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function pack_doubles(list, n)
  return struct.pack('<' .. string.rep('d', n), unpack(list, 1, n))
end

-- n numbers; the one after them is where struct.unpack stopped.
local function unpack_doubles(packed, n)
  return {struct.unpack('<' .. string.rep('d', n), packed)}
end

-- What a worker holds, and its last answer (call.lua); nil: it is damaged.
local function record_unpack(packed)
  local ok, record = pcall(cmsgpack.unpack, packed)
  local is_record = ok and type(record) == 'table' and type(record.token) == 'string'
    and type(record.taken) == 'string' and type(record.unreachable) == 'string' and tonumber(record.number)
  return is_record and record or nil
end

-- A number, whatever somebody wrote: 0 for what is none, not a number, or infinite.
local function finite(value)
  local n = tonumber(value) or 0
  return n - n == 0 and n or 0
end

-- A whole number for cjson, which writes 14 digits: a larger one as text.
local function exact(n) return math.abs(n) < 1e14 and n or string.format('%.0f', n) end

-- A JSON object; an empty one where there is none, or it is damaged.
local function decode(json)
  local ok, object = pcall(cjson.decode, json or '{}')
  return ok and type(object) == 'table' and object or {}
end

local current_epoch
local function epoch_now()
  current_epoch = current_epoch or tonumber(redis.call('GET', K_EPOCH) or 0)
  return current_epoch
end

local LAYOUT = 1

-- The layout of the vectors in Redis where a newer program wrote them, else nil. Junk is no whole number in this range.
local function newer_layout(packed)
  local LAYOUTS = 1000
  local version = packed and #packed >= 8 and struct.unpack('<d', packed)
  return version and version > LAYOUT and version <= LAYOUTS and version == math.floor(version) and version or nil
end

-- A slot as the hash has it; nil where it is none, as anybody may have written it.
local function slot_of(text)
  local slot = tonumber(text)
  return slot and slot >= 0 and slot < MAX_SLOTS and slot == math.floor(slot) and slot or nil
end

local hot_packed -- as it was loaded; nil: there is none, or it is damaged
local function hot_load()
  hot_packed = redis.call('GET', K_HOT) or nil
  local newer = newer_layout(hot_packed)
  if newer then
    error(string.format('the registry has layout %d, and this program knows layout %d: update this program', newer, LAYOUT))
  end
  local n_slots = hot_packed and (#hot_packed / 8 - HEADER) / 6
  if n_slots and n_slots >= 0 and n_slots <= MAX_SLOTS and n_slots == math.floor(n_slots) then
    layout(n_slots)
    local h = unpack_doubles(hot_packed, DELIVERED)
    h[DELIVERED + 1] = nil
    local sum = 0
    for i = 1, DELIVERED do sum = sum + h[i] end
    if sum - sum == 0 then return h end -- each is finite
  end
  -- vectors of zeros for all slots that were given away: none in an empty Redis
  hot_packed = nil
  local n, h = 0, {LAYOUT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
  for _, slot in ipairs(redis.call('HVALS', K_SLOT)) do
    n = math.max(n, (slot_of(slot) or -1) + 1)
  end
  h[SLOTS] = n
  for i = HEADER + 1, HEADER + 6 * n do h[i] = 0 end
  layout(n)
  return h
end

-- Brings the columns from `delivered` on.
local function hot_widen(h)
  if #h > DELIVERED or S == 0 then return end
  local rest = unpack_doubles(string.sub(hot_packed, 8 * DELIVERED + 1), 3 * S)
  for k = 1, 3 * S do h[DELIVERED + k] = rest[k] end
end

-- At least n slots in each column; returns the table that has them.
local function hot_grow(h, n)
  if n <= S then return h end
  hot_widen(h)
  local g = {}
  for i = 1, HEADER do g[i] = h[i] end
  for column = 0, 5 do
    for i = 1, n do g[HEADER + column * n + i] = i <= S and h[HEADER + column * S + i] or 0 end
  end
  g[SLOTS] = n
  layout(n)
  return g
end

local function hot_save(h)
  local n = #h
  if n > DELIVERED then
    redis.call('SET', K_HOT, pack_doubles(h, n))
  else
    redis.call('SETRANGE', K_HOT, 0, pack_doubles(h, n))
  end
end

-- Takes x out of slot i (from 1) and spreads it over the other eligible ones by share: sums stay 0.
local function spread(h, i, x)
  local others = 0
  for j = 1, S do if j ~= i then others = others + h[SHARE + j] end end
  if others <= 0 then return false end
  for j = 1, S do
    if j ~= i and h[SHARE + j] > 0 then
      h[CREDIT + j] = h[CREDIT + j] + x * h[SHARE + j] / others
    end
  end
  h[CREDIT + i] = h[CREDIT + i] - x
  return true
end

-- What was lent to a worker (its record is in call.lua) goes back to the pot.
local function give_back(h, record)
  local n = math.min(S, #record.taken / 8)
  if n == 0 then return end
  local taken = unpack_doubles(record.taken, n)
  for i = 1, n do h[CREDIT + i] = h[CREDIT + i] + taken[i] end
  record.taken = ''
end

-- Who is not eligible keeps no credit; who is owed more than catchup_max is forgiven the rest. What chance
-- alone makes up grows with the square root of the number of workers: beyond 16 of them, so does the most.
local function tidy(h, catchup_max)
  local most = (catchup_max or math.huge) * math.max(1, math.sqrt(h[WORKERS]) / 4)
  for i = CREDIT + 1, CREDIT + S do
    local credit = h[i]
    if credit ~= 0 and h[i - S] <= 0 then
      spread(h, i - CREDIT, credit)
    elseif credit > most and spread(h, i - CREDIT, credit - most) then
      hot_widen(h)
      h[i - CREDIT + FORGIVEN] = h[i - CREDIT + FORGIVEN] + credit - most
    end
  end
end
