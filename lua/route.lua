-- route: exact choices on the pot itself, for a worker that holds no credit, and for big packets.
--
-- GUARANTEES
--   Atomic; one step of smooth weighted round robin, by messages, per packet, in the order given. A
--   repeated call number gets the recorded answer and changes nothing. With 'behind' nothing was changed.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH
-- ARGV
--   1 worker (node/index), 2 instance token, 3 call number, 4 epoch the worker knows,
--   5 sizes in messages (packed 32-bit unsigned, at most 2048 packets),
--   6 slots that cannot be chosen now ("1,4"), 7 most credit an analyzer may be owed (messages)
-- RETURNS
--   {'ok', epoch, shortest window (us), longest (us), choices (packed 16-bit slots, 65535: none can
--   be chosen), price of a route call (us), of a packet in it (us)} or {'behind', epoch}
--   or {'stale', last call number} for a number below the last one
-- COST
--   O(slots * packets); for one packet about 60 us with 3 analyzers, 75 us with 20, 200 us with 200;
--   each further one 0.5 us and 0.06 us for each slot.
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
--@include call
local sizes, out_of_reach, catchup_max = ARGV[5], ARGV[6], tonumber(ARGV[7])
local NONE = 65535

local now = now_ms()
local epoch = epoch_now()
if epoch < known_epoch then return {'behind', epoch} end
local h = hot_open(now)
local record = record_open(h)
local answer = answered(record, epoch)
if answer then return answer end

local out = {}
for slot in string.gmatch(out_of_reach, '%d+') do out[slot + 1] = true end
local slots, share, credit = {}, {}, {} -- of those within reach
local n_slots, reach_share, sum = 0, 0, 0
for i = 1, S do
  local s = h[SHARE + i]
  if s > 0 and not out[i] then
    n_slots, reach_share, sum = n_slots + 1, reach_share + s, sum + h[CREDIT + i]
    slots[n_slots], share[n_slots], credit[n_slots] = i, s, h[CREDIT + i]
  end
end

-- The greatest credit among those within reach. What accrues is added once, at the end; what is owed to
-- one out of reach is borne by the others by their weights. Both are in `level`, with which those within
-- reach sum to n.
local function choose(n)
  local level, best, best_value = (n - sum) / reach_share, 1, credit[1] + share[1] * (n - sum) / reach_share
  for k = 2, n_slots do
    local value = credit[k] + share[k] * level
    if value > best_value then best, best_value = k, value end
  end
  credit[best], sum = credit[best] - n, sum - n
  local i = slots[best]
  h[ROUTED + i] = h[ROUTED + i] + n
  return i - 1
end

local choices, n_packets, accrued = {}, #sizes / 4, 0
for k, n in ipairs({struct.unpack('<' .. string.rep('I4', n_packets), sizes)}) do
  if k > n_packets then break end -- struct.unpack ends with the position
  if n_slots > 0 then
    choices[k], accrued = choose(n), accrued + n
  else
    choices[k] = NONE
  end
end
for k = 1, n_slots do h[CREDIT + slots[k]] = credit[k] end
for i = 1, S do h[CREDIT + i] = h[CREDIT + i] + h[SHARE + i] * accrued end
tidy(h, catchup_max)
hot_save(h)

epoch = epoch_now()
answer = answer_with(h, epoch, struct.pack('<' .. string.rep('I2', #choices), unpack(choices)))
record_save(record, answer)
return answer
