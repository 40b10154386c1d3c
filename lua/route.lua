-- route: exact choices on the pot itself, for a worker that holds no credit, and for big packets.
--
-- GUARANTEES
--   Atomic; one step of smooth weighted round robin, by messages, per packet, in the order given. A
--   repeated call number gets the recorded answer and changes nothing. With 'behind' nothing was changed.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL
-- ARGV
--   1 worker (node/index), 2 instance token, 3 call number, 4 epoch the worker knows,
--   5 sizes in messages (packed 32-bit unsigned, at most 2048 packets),
--   6 slots that cannot be chosen now ("1,4"), 7 most credit an analyzer may be owed (messages)
-- RETURNS
--   {'ok', epoch, shortest window (us), longest (us), choices (packed 16-bit slots, 65535: none can
--   be chosen)} or {'behind', epoch}
--   or {'stale', last call number} for a number below the last one
-- COST
--   O(slots * packets); for one packet about 60 us with 3 analyzers, 85 us with 20, 400 us with 200.
--@include keys
--@include hot
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

local reach, reach_share = {}, 0
for i = 1, S do reach[i] = h[SHARE + i] > 0 end
for slot in string.gmatch(out_of_reach, '%d+') do reach[slot + 1] = false end
for i = 1, S do if reach[i] then reach_share = reach_share + h[SHARE + i] end end

-- Accrue, then the greatest credit among the reachable ones. What is owed to one out of reach is
-- borne by the others by their weights (the last term; it is 0 while all can be reached).
local function choose(n)
  if reach_share <= 0 then return nil end
  local sum = 0
  for i = 1, S do
    h[CREDIT + i] = h[CREDIT + i] + h[SHARE + i] * n
    if reach[i] then sum = sum + h[CREDIT + i] end
  end
  local k, best, best_value = (n - sum) / reach_share, nil, nil
  for i = 1, S do
    if reach[i] then
      local value = h[CREDIT + i] + h[SHARE + i] * k
      if not best or value > best_value then best, best_value = i, value end
    end
  end
  h[CREDIT + best] = h[CREDIT + best] - n
  h[ROUTED + best] = h[ROUTED + best] + n
  return best - 1
end

local choices = {}
local n_packets = #sizes / 4
for k, n in ipairs({struct.unpack('<' .. string.rep('I4', n_packets), sizes)}) do
  if k > n_packets then break end -- struct.unpack ends with the position
  choices[k] = choose(n) or NONE
end
tidy(h, catchup_max)
hot_save(h)

epoch = epoch_now()
local least, most = window_us(h)
answer = {'ok', epoch, least, most, struct.pack('<' .. string.rep('I2', #choices), unpack(choices))}
record_save(record, answer)
return answer
