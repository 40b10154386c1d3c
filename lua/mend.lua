-- mend: notices what the registry has lost, and puts it right from what is still there.
--
-- GUARANTEES
--   Atomic. A key of another type than its own is deleted, because every script would fail. Fields that an
--   analyzer's hashes have lost come back from its info, and what workers reported from their records. An
--   analyzer whose info is gone is named: a node that knows it brings it back, or its next heartbeat does.
--   Counters that are gone start again, and vectors without an analyzer's slot get it. Where nothing is lost, nothing is changed.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH, 17 credit HASH, 18 routed HASH, 19 delivered HASH,
--   20 delivered_packets HASH, 21 forgiven HASH, 22 accounts HASH, 23 flaps HASH,
--   24 spill_seen HASH, 25 kept HASH
-- ARGV
--   1 epoch the caller knows, 2 how many analyzers it knows of that epoch, 3 "1": it wants to know when the journal
--   began, 4 where the spill is, if on a server of its own, 5 how long ago the caller saw it there (ms; absent:
--   never), 6 packets, 7 messages, 8 bytes in it, 9 dead letters
-- RETURNS
--   {keys that were lost ("slot weight", "" = none), analyzers to bring back ("a1 a2"; "*": all that the
--   caller knows), when the journal began in ms ("": there is none, "0": it was trimmed, "-": the caller did not want
--   to know, and nothing was lost), Redis TIME in ms}
-- COST
--   O(1), about 25 us; O(analyzers) when something is lost, and for a second of every ten
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
local K_CREDIT, K_ROUTED, K_DELIVERED, K_DELIVERED_PACKETS = KEYS[17], KEYS[18], KEYS[19], KEYS[20]
local K_FORGIVEN, K_ACCOUNTS, K_FLAPS = KEYS[21], KEYS[22], KEYS[23]
local K_SPILL_SEEN, K_KEPT = KEYS[24], KEYS[25]
local known_epoch, n_known, wants_journal = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
-- Those that is_whole and has_all_reports read, and all others.
local READ = {
  string = {K_HOT},
  zset = {K_EXPIRES, K_NODES},
  hash = {K_SLOT, K_URL, K_WEIGHT, K_STATE, K_INFO, K_NODE_INFO, K_HELD, K_UNREACHABLE},
}
local UNREAD = {
  string = {K_EPOCH},
  stream = {K_JOURNAL},
  hash = {K_PROCESSED, K_REPORT, K_CREDIT, K_ROUTED, K_DELIVERED, K_DELIVERED_PACKETS, K_FORGIVEN, K_ACCOUNTS,
    K_FLAPS, K_SPILL_SEEN, K_KEPT},
}
local SPILL_SEEN_MOST_MS = 10000
local now = now_ms()
local lost, is_lost, forgotten = {}, {}, {}
local n_slots = 0 -- that the vectors must have, as far as it was looked for

local function lose(key)
  local name = string.match(key, '[^:]*$')
  if is_lost[name] then return end
  is_lost[name] = true
  lost[#lost + 1] = name
end

-- What other scripts have put in place already.
local function tell_noted()
  local names = redis.call('HGET', K_HELD, LOST)
  if not names then return end
  redis.call('HDEL', K_HELD, LOST)
  for name in string.gmatch(names, '%S+') do lose(name) end
end

local function delete_strangers(keys_by_type)
  for kind, keys in pairs(keys_by_type) do
    for _, key in ipairs(keys) do
      local found = redis.call('TYPE', key).ok
      if found ~= kind and found ~= 'none' then
        redis.call('DEL', key)
        lose(key)
      end
    end
  end
end

-- Every analyzer that has not left has a field in each of its hashes, and a lease end above 0.
local function is_whole()
  local n = redis.call('HLEN', K_URL)
  return n == redis.call('HLEN', K_WEIGHT) and n == redis.call('HLEN', K_STATE)
    and n == redis.call('ZCOUNT', K_EXPIRES, '(0', '+inf') and n <= redis.call('HLEN', K_SLOT)
    and n <= redis.call('HLEN', K_INFO) and (n == 0 or redis.call('EXISTS', K_HOT) == 1)
end

-- The number of workers that had a report at the last election.
local function has_all_reports()
  local n_live, header = count_workers(now), redis.call('GETRANGE', K_HOT, 8 * (REPORTS - 1), 8 * REPORTS - 1)
  return redis.call('HLEN', K_HELD) == redis.call('ZCARD', K_NODES) and redis.call('HLEN', K_NODE_INFO) >= n_live
    and (#header < 8 or redis.call('HLEN', K_UNREACHABLE) >= struct.unpack('<d', header))
end

local function bring(key, id, value)
  if value and redis.call('HSETNX', key, id, value) == 1 then lose(key) end
end

-- A slot that is none, another one's, or not what the analyzer's info says, is lost.
local function bring_slots(infos)
  local taken, flat = {}, redis.call('HGETALL', K_SLOT)
  for k = 1, #flat, 2 do
    local slot, info = slot_of(flat[k + 1]), infos[flat[k]]
    if slot and not taken[slot] and (not info or slot == (slot_of(info.slot) or slot)) then
      taken[slot] = true
    else
      redis.call('HDEL', K_SLOT, flat[k])
      lose(K_SLOT)
    end
  end
  for id, info in pairs(infos) do
    local slot = slot_of(info.slot)
    if slot and not taken[slot] and redis.call('HSETNX', K_SLOT, id, string.format('%d', slot)) == 1 then
      taken[slot] = true
      lose(K_SLOT)
    end
  end
end

-- Slots that the vectors must have at least.
local function count_slots(infos)
  local n = 0
  for id in pairs(infos) do n = math.max(n, (slot_of(redis.call('HGET', K_SLOT, id)) or -1) + 1) end
  return n
end

-- Those whose info is gone keep a mark in its place, so that the loss is told once.
local function forget_those_without_info(infos)
  for _, key in ipairs({K_URL, K_WEIGHT, K_STATE}) do
    for _, id in ipairs(redis.call('HKEYS', key)) do
      if not infos[id] then
        forgotten[#forgotten + 1], infos[id] = id, {}
        local json = redis.call('HGET', K_INFO, id)
        if not json or not string.find(json, '"lost":true', 1, true) then
          redis.call('HSET', K_INFO, id, '{"lost":true}')
          lose(K_INFO)
        end
      end
    end
  end
end

-- Where a number is infinite, or none. What the other scripts load of the vectors they look at themselves.
local function delete_damaged_hot()
  local packed, sum = redis.call('GET', K_HOT) or '', 0
  for at = 1, #packed - 7, 8 do sum = sum + struct.unpack('<d', packed, at) end
  if sum - sum ~= 0 and not newer_layout(packed) then redis.call('DEL', K_HOT) end
end

local function mend_analyzers()
  local flat, infos = redis.call('HGETALL', K_INFO), {}
  for k = 1, #flat, 2 do
    local ok, info = pcall(cjson.decode, flat[k + 1])
    if ok and type(info) == 'table' and info.instance and not info.left then infos[flat[k]] = info end
  end
  for id, info in pairs(infos) do
    bring(K_URL, id, info.url)
    if not tonumber(redis.call('HGET', K_WEIGHT, id)) then redis.call('HDEL', K_WEIGHT, id) end
    bring(K_WEIGHT, id, info.weight)
    bring(K_STATE, id, info.state)
    if not redis.call('ZSCORE', K_EXPIRES, id) then
      redis.call('ZADD', K_EXPIRES, now + (tonumber(info.ttl_ms) or GRACE_MS), id)
      lose(K_EXPIRES)
    end
  end
  bring_slots(infos)
  forget_those_without_info(infos)
  n_slots = count_slots(infos)
  delete_damaged_hot()
  if redis.call('HLEN', K_SLOT) > 0 and #(redis.call('GET', K_HOT) or '') < 8 * (HEADER + 6 * n_slots) then lose(K_HOT) end
end

local function mend_workers()
  local flat = redis.call('HGETALL', K_HELD)
  for k = 1, #flat, 2 do
    local worker, record = flat[k], record_unpack(flat[k + 1])
    if not record then
      redis.call('HDEL', K_HELD, worker)
      lose(K_HELD)
    else
      local is_live = (record.lease_end or 0) > now
      if record.lease_end and not redis.call('ZSCORE', K_NODES, worker) then
        redis.call('ZADD', K_NODES, is_live and record.lease_end or -now, worker)
        if is_live then lose(K_NODES) end
      end
      if is_live then
        bring(K_NODE_INFO, worker, record.info)
        if record.unreachable ~= '' then bring(K_UNREACHABLE, worker, record.unreachable) end
      end
    end
  end
  for _, worker in ipairs(redis.call('ZRANGE', K_NODES, 0, -1)) do
    if redis.call('HEXISTS', K_HELD, worker) == 0 then
      if tonumber(redis.call('ZSCORE', K_NODES, worker)) <= 0 then redis.call('ZREM', K_NODES, worker) end
      lose(K_HELD)
    end
  end
end

-- What is in a spill on another server, as the node that looked there last saw it. It is forgotten when no node
-- has its spill elsewhere any more.
local function note_spill()
  local seen_ms = tonumber(redis.call('HGET', K_SPILL_SEEN, 'seen_ms')) or 0
  if not ARGV[4] then
    if math.abs(now - seen_ms) > SPILL_SEEN_MOST_MS then redis.call('DEL', K_SPILL_SEEN) end
    return
  end
  redis.call('HSET', K_SPILL_SEEN, 'server', ARGV[4])
  local saw_ms = ARGV[5] and now - ARGV[5]
  if saw_ms and (saw_ms >= seen_ms or seen_ms > now) then
    redis.call('HSET', K_SPILL_SEEN, 'seen_ms', saw_ms, 'packets', ARGV[6], 'messages', ARGV[7], 'bytes', ARGV[8],
      'dead', ARGV[9])
  end
end

-- By its oldest entry. All data are younger than that, unless earlier entries were trimmed.
local function journal_began()
  if not wants_journal and #lost == 0 and #forgotten == 0 then return '-' end
  if redis.call('XLEN', K_JOURNAL) >= JOURNAL_MOST / 2 then return '0' end
  local oldest = redis.call('XRANGE', K_JOURNAL, '-', '+', 'COUNT', 1)[1]
  return oldest and string.match(oldest[1], '^%d+') or ''
end

-- Each key that these read has its own type, or there is an error. Mostly that spares asking for the type of each.
local looked, all_reports, whole = pcall(function()
  redis.call('HLEN', K_UNREACHABLE)
  return has_all_reports(), is_whole()
end)
delete_strangers(UNREAD)
if not (looked and all_reports and whole) then
  delete_strangers(READ)
  all_reports, whole = has_all_reports(), is_whole()
end
tell_noted()
if not string.match(redis.call('GET', K_EPOCH) or '0', '^%d+$') then
  redis.call('DEL', K_EPOCH)
  lose(K_EPOCH)
end
-- damage within a field is looked for every ten seconds: that looks at each analyzer
if not whole or now % 10000 < 1000 then mend_analyzers() end
if not all_reports then mend_workers() end
note_spill()
if is_lost.hot or is_lost.accounts or is_lost.epoch or is_lost.held then redis.call('HSET', K_ACCOUNTS, '~lost', '{}') end
if #lost > 0 then
  table.sort(lost)
  if #forgotten == 0 then
    local h = hot_grow(hot_open(now), n_slots)
    elect(h, now, 'data were lost', true)
    hot_save(h)
  end
  journal('data_lost', 'cause', table.concat(lost, ' '), 'epoch', epoch_now())
end
if #forgotten == 0 and known_epoch == epoch_now() and redis.call('HLEN', K_URL) ~= n_known then forgotten = {'*'} end
return {table.concat(lost, ' '), table.concat(forgotten, ' '), journal_began(), string.format('%.0f', now)}
