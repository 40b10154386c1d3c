-- roster: everything that is known of the pool, for nodes, the API and weirctl.
--
-- GUARANTEES
--   Read-only: runs on a replica too. Counters come from the vectors, not from the readable hashes.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH, 17 spill STREAM, 18 dead STREAM, 19 spill_total HASH,
--   20 accounts HASH, 21 spill_seen HASH
-- ARGV
--   1 epoch the caller knows (optional; who knows one gets no accounts)
-- RETURNS
--   "" if that is still the epoch, else JSON: {"epoch","now_ms","slots","analyzers":[{"id","slot","url","weight","share","state","health",
--   "lease_ms","info":"JSON","credit","routed","delivered","delivered_packets","forgiven","processed"}],
--   "gone":[the same counters of those that left],"workers":[{"worker","lease_ms","info":"JSON",
--   "unreachable":"1,~4"}],"retired":[routed,delivered,packets,forgiven],"spill":{"packets","messages","bytes"; on
--   a server of its own: "server","age_ms"},"dead":entries,
--   "accounts":{"received":[packets,messages],"taken":[..],"delivered":[..],"spilled":[..],"dead":[..],
--   "refused":[..],"lost":[..],"in_flight":[..],"ended_in_flight":[.., of runs that are not live],
--   "has_lost":once, counters or accounts were lost},"n_left_out":fields of accounts that nobody can read,
--   "left_out":"the first of them"}. Counters of 1e14 and more are text, so that they are exact
-- COST
--   O(slots + workers), about 95 us with 3 analyzers, 500 us with 20, some ms with 200, and for the
--   accounts 20 us for each run of a worker; O(1) for "".
--@include keys
--@include hot
local K_SPILL, K_DEAD, K_SPILL_TOTAL, K_ACCOUNTS = KEYS[17], KEYS[18], KEYS[19], KEYS[20]
local K_SPILL_SEEN = KEYS[21]
--@include accounts
if ARGV[1] and tonumber(ARGV[1]) == epoch_now() then return '' end

local function hash(key)
  local flat, t = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do t[flat[i]] = flat[i + 1] end
  return t
end

-- cjson refuses what is infinite, as somebody may have written a time.
local now = now_ms()
local function ms_until(at) return math.max(-2 ^ 53, math.min(at - now, 2 ^ 53)) end

local h = hot_load()
hot_widen(h)
local urls, weights, states = hash(K_URL), hash(K_WEIGHT), hash(K_STATE)
local infos, processed, reports = hash(K_INFO), hash(K_PROCESSED), hash(K_UNREACHABLE)

local workers, node_infos, n_reports, n_cut, n_live = {}, hash(K_NODE_INFO), {}, {}, 0
local nodes = redis.call('ZRANGEBYSCORE', K_NODES, '(' .. now, '+inf', 'WITHSCORES')
for k = 1, #nodes, 2 do
  local worker = nodes[k]
  n_live = n_live + 1
  workers[n_live] = {worker = worker, lease_ms = ms_until(nodes[k + 1]),
                     info = node_infos[worker] or '{}', unreachable = reports[worker] or ''}
  for trial, slot in string.gmatch(reports[worker] or '', '(~?)(%d+)') do
    slot = tonumber(slot)
    n_reports[slot] = (n_reports[slot] or 0) + 1
    n_cut[slot] = (n_cut[slot] or 0) + (trial == '' and 1 or 0)
  end
end

local function health(lease_end, slot)
  local n, cut = n_reports[slot] or 0, n_cut[slot] or 0
  if lease_end <= now or (cut > 0 and cut >= n_live) then return 'down' end
  return n > 0 and 'suspect' or 'up'
end

local function count(value) return exact(finite(value)) end

local leases = {}
local flat = redis.call('ZRANGE', K_EXPIRES, 0, -1, 'WITHSCORES')
for k = 1, #flat, 2 do leases[flat[k]] = tonumber(flat[k + 1]) end

local analyzers, gone = {}, {}
local slots = redis.call('HGETALL', K_SLOT)
for k = 1, #slots, 2 do
  local id, slot = slots[k], slot_of(slots[k + 1]) or MAX_SLOTS -- none
  local i = slot + 1
  if i <= S then
    local entry = {
      id = id, slot = slot, credit = h[CREDIT + i], routed = count(h[ROUTED + i]), delivered = count(h[DELIVERED + i]),
      delivered_packets = count(h[PACKETS + i]), forgiven = count(h[FORGIVEN + i]), processed = count(processed[id]),
    }
    if urls[id] then
      local lease_end = leases[id] or 0
      entry.url, entry.weight, entry.info = urls[id], finite(weights[id]), infos[id] or '{}'
      entry.share, entry.state = h[SHARE + i], states[id] or 'active'
      entry.health, entry.lease_ms = health(lease_end, slot), ms_until(lease_end)
      analyzers[#analyzers + 1] = entry
    else
      gone[#gone + 1] = entry
    end
  end
end

local n_left_out, left_out = 0, nil
local function all_accounts()
  local accounts = open_accounts()
  local sums, ended = accounts.zero(), {0, 0}
  sums.has_lost = redis.call('HEXISTS', K_ACCOUNTS, accounts.HAS_LOST) == 1 or redis.call('HEXISTS', K_HELD, '!lost') == 1
  local runs = redis.call('HGETALL', K_ACCOUNTS)
  for k = 1, #runs, 2 do
    local is_counted = string.sub(runs[k], 1, 1) ~= accounts.ADDED_UP
    local told = is_counted and accounts.add(sums, runs[k + 1])
    local left = told and told.in_flight
    if is_counted and not told then
      n_left_out, left_out = n_left_out + 1, left_out or runs[k]
    elseif left and left[1] ~= 0 and accounts.run_state(runs[k], now) ~= 'live' then
      ended[1], ended[2] = ended[1] + left[1], ended[2] + left[2]
    end
  end
  local in_flight = sums.in_flight
  in_flight[1], in_flight[2] = in_flight[1] - ended[1], in_flight[2] - ended[2]
  sums.ended_in_flight = ended
  for _, pair in pairs(sums) do
    if type(pair) == 'table' then pair[1], pair[2] = exact(pair[1]), exact(pair[2]) end
  end
  return sums
end

-- What is in the spill, and how many dead letters there are: as a node saw it last, where they are elsewhere.
local function stored()
  local seen = redis.call('HMGET', K_SPILL_SEEN, 'server', 'seen_ms', 'packets', 'messages', 'bytes', 'dead')
  if seen[1] then
    return {packets = finite(seen[3]), messages = finite(seen[4]), bytes = finite(seen[5]), server = seen[1],
            age_ms = seen[2] and math.max(0, now - finite(seen[2])) or -1}, finite(seen[6])
  end
  local total = redis.call('HMGET', K_SPILL_TOTAL, 'messages', 'bytes')
  return {packets = redis.call('XLEN', K_SPILL), messages = finite(total[1]), bytes = finite(total[2])},
    redis.call('XLEN', K_DEAD)
end

local spill, n_dead = stored()
local retired = {}
for k = 0, 3 do retired[k + 1] = count(h[RETIRED + k]) end
local accounts = not ARGV[1] and all_accounts() or nil
return cjson.encode({
  epoch = finite(epoch_now()), now_ms = now, slots = S,
  analyzers = analyzers, gone = gone, workers = workers, retired = retired,
  spill = spill, dead = n_dead, accounts = accounts, n_left_out = n_left_out, left_out = left_out,
})
