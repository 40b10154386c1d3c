-- The packed vectors: a header of HEADER doubles, then six columns of one double per slot.
--
--   | header | share | credit | routed | delivered | delivered packets | forgiven |
--
-- In a script they are one flat table h; a column's name is the index before its first slot, so
-- slot i (from 0) has its credit at h[CREDIT + i + 1]. share > 0 means eligible.
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

-- Vectors of zeros for all slots that were given away: none in an empty Redis.
local function hot_new()
  local n, h = 0, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
  for _, slot in ipairs(redis.call('HVALS', K_SLOT)) do n = math.max(n, slot + 1) end
  h[SLOTS] = n
  for i = HEADER + 1, HEADER + 6 * n do h[i] = 0 end
  layout(n)
  return h
end

local current_epoch
local function epoch_now()
  current_epoch = current_epoch or tonumber(redis.call('GET', K_EPOCH) or 0)
  return current_epoch
end

local function hot_load()
  local packed = redis.call('GET', K_HOT)
  if not packed then return hot_new() end
  local n = #packed / 8
  local h = {struct.unpack('<' .. string.rep('d', n), packed)}
  h[n + 1] = nil -- struct.unpack ends with the position
  layout(h[SLOTS])
  return h
end

local function hot_save(h)
  redis.call('SET', K_HOT, struct.pack('<' .. string.rep('d', #h), unpack(h)))
end

-- One more slot in each column; returns the new table.
local function hot_grow(h)
  local g = {}
  for i = 1, HEADER do g[i] = h[i] end
  for column = 0, 5 do
    for i = 1, S do g[HEADER + column * (S + 1) + i] = h[HEADER + column * S + i] end
    g[HEADER + (column + 1) * (S + 1)] = 0
  end
  g[SLOTS] = S + 1
  layout(S + 1)
  return g
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

-- Who is not eligible keeps no credit; who is owed more than catchup_max is forgiven the rest.
local function tidy(h, catchup_max)
  for i = 1, S do
    local credit = h[CREDIT + i]
    if h[SHARE + i] <= 0 then
      if credit ~= 0 then spread(h, i, credit) end
    elseif catchup_max and credit > catchup_max then
      if spread(h, i, credit - catchup_max) then
        h[FORGIVEN + i] = h[FORGIVEN + i] + credit - catchup_max
      end
    end
  end
end
