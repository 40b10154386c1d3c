-- register: an analyzer joins, or comes back; also how nodes bring back what an emptied Redis lost.
--
-- GUARANTEES
--   Atomic. The last to register an id owns it: the former instance can neither renew nor remove it.
--   With ARGV 12 "1", an id is not taken from another instance whose lease runs and whose URL names another
--   host or port: the answer is 'in_use'. It is taken all the same when that instance has sent no heartbeat
--   for two thirds of its lease, or when no live worker reaches it.
--   A new id starts without credit. It gets the slot of one gone for an hour. When all slots are given
--   away, it also gets that of one that never got a message and is gone for 10 s, or of any that is gone
--   for a minute.
--   A weight that an operator set stays unless the analyzer declares another one than it declared
--   before. A restore (slot >= 0) never touches what is there already.
--   A registration that comes late does no harm: the same instance twice is one, and an older process
--   than the one that is alive, or one that has left, is told 'taken'.
--   An analyzer that restarts again and again is held back: from the third instance in a row that
--   comes less than 30 s after the one before had become eligible, it is not eligible for 1 s, then
--   2 s, and so on to 60 s. One that was eligible for 60 s begins anew.
--   An analyzer that a node lists (see keep) does not replace one that registered itself and is alive, nor one
--   that an operator removed: 'taken'. One that registers itself is no longer removed.
--   Its revision is the epoch that last changed its weight, state or fault: it grows, also for one that
--   left and came back.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH, 17 credit HASH, 18 routed HASH, 19 delivered HASH,
--   20 delivered_packets HASH, 21 forgiven HASH, 22 flaps HASH, 23 kept HASH
-- ARGV
--   1 id, 2 delivery URL, 3 weight it declares, 4 lease (ms), 5 instance token,
--   6 info (JSON object: accepts, batch limits, slow_start_ms, version, delivery_token and headers: secrets, encoding, source and
--   spec of one that a node lists,
--   started_ms: when its process started, by its own clock),
--   7 slot to restore (-1: a registration), 8 epoch to reach at least, 9 weight set by an operator
--   ("" = as declared), 10 state ("" = as it is, or active),
--   11 with a slot to restore: how much longer it is held back at most (ms; it may be missing),
--   12 "1": do not replace, see above, 13 who does it, for the journal ("" or missing: not said)
-- RETURNS
--   {'created' or 'updated' or 'kept' or 'taken', epoch}, or {'in_use', epoch, its URL}, or
--   {'full', epoch, ms until a slot can be reused}
-- COST
--   O(slots), about 200 us with 3 analyzers.
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
local K_CREDIT, K_ROUTED, K_DELIVERED, K_DELIVERED_PACKETS = KEYS[17], KEYS[18], KEYS[19], KEYS[20]
local K_FORGIVEN, K_FLAPS, K_KEPT = KEYS[21], KEYS[22], KEYS[23]
local PER_ANALYZER = {K_SLOT, K_URL, K_WEIGHT, K_STATE, K_INFO, K_PROCESSED, K_CREDIT, K_ROUTED, K_DELIVERED,
  K_DELIVERED_PACKETS, K_FORGIVEN, K_FLAPS} -- hashes with a field for each
local FLAP_MS, CALM_MS = 30000, 60000
local IDLE_MS = 10000 -- after that nobody has anything to say of one that never got a message
local CROWDED_MS = 60000 -- nor of any other one
local LATE_MS = 10000 -- how long a call may be on its way
local HELD_FROM, HELD_FIRST_MS = 3, 1000
local id, url, declared, ttl_ms, instance = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local restore_slot, epoch_floor = tonumber(ARGV[7]), tonumber(ARGV[8])
local set_weight, set_state, spares_others, by = ARGV[9], ARGV[10], ARGV[12] == '1', ARGV[13] or ''
local info = cjson.decode(ARGV[6]) -- first of all: it may raise an error

local now = now_ms()
local h = hot_open(now)
if epoch_now() < epoch_floor then
  note_loss('epoch')
  redis.call('SET', K_EPOCH, string.format('%.0f', epoch_floor))
  current_epoch = epoch_floor
end

-- Whose lease ends until then, and when: who left has minus the time it left as its score, who went silent its lease end.
-- First those that never got a message, then the rest, those gone for longest first.
local function list_gone(until_ms)
  local list, scores = {}, redis.call('ZRANGEBYSCORE', K_EXPIRES, '-inf', until_ms, 'WITHSCORES')
  for k = 1, #scores, 2 do
    local slot = slot_of(redis.call('HGET', K_SLOT, scores[k]))
    if slot and slot < S then
      list[#list + 1] = {id = scores[k], since = math.abs(tonumber(scores[k + 1])), got = h[ROUTED + slot + 1] > 0}
    end
  end
  table.sort(list, function(a, b)
    if a.got ~= b.got then return not a.got end
    return a.since < b.since
  end)
  return list
end

-- The slot of one gone: its counters move to the header, its name is forgotten. Workers may still have
-- something to say of one that got messages a moment ago.
local function reuse_slot()
  local gone
  for _, g in ipairs(list_gone(now)) do
    local age = now - g.since
    if age >= FORGET_MS or S >= MAX_SLOTS and age >= (g.got and CROWDED_MS or IDLE_MS) then gone = gone or g.id end
  end
  if not gone then return nil end
  local slot = tonumber(redis.call('HGET', K_SLOT, gone))
  hot_widen(h)
  for k = 0, 3 do
    local at = HEADER + (2 + k) * S + slot + 1
    h[RETIRED + k] = h[RETIRED + k] + h[at]
    h[at] = 0
  end
  for _, key in ipairs(PER_ANALYZER) do redis.call('HDEL', key, gone) end
  redis.call('ZREM', K_EXPIRES, gone)
  return slot
end

local function taken_slots()
  local taken = {}
  for _, slot in ipairs(redis.call('HVALS', K_SLOT)) do taken[tonumber(slot) or -1] = true end
  return taken
end

-- `former`: the slot that it had, or -1.
local function find_slot(former)
  local taken = taken_slots()
  if former >= 0 and former < MAX_SLOTS and not taken[former] then return former end
  for slot = 0, S - 1 do if not taken[slot] then return slot end end
  local slot = reuse_slot()
  if slot then return slot end
  for more = S, MAX_SLOTS - 1 do if not taken[more] then return more end end
end

-- When the first of all slots can be reused, at the latest; all of them are taken.
local function free_in_ms()
  local first = math.huge
  for _, g in ipairs(list_gone('+inf')) do first = math.min(first, g.since + (g.got and CROWDED_MS or IDLE_MS)) end
  return math.max(1, first - now)
end

-- When an instance that comes now is eligible. `flaps` has the restarts in a row, and when the last
-- instance was eligible.
local function eligible_ms()
  local count, since = string.match(redis.call('HGET', K_FLAPS, id) or '', '^(%d+) (%d+)$')
  local age, held = now - (since or 0), 0
  if age < -HELD_MOST_MS then age = CALM_MS end -- the clock went back
  count = age < CALM_MS and tonumber(count) or 0
  if age < FLAP_MS then
    count = count + 1
    if count >= HELD_FROM then held = math.min(HELD_MOST_MS, HELD_FIRST_MS * 2 ^ (count - HELD_FROM)) end
  end
  redis.call('HSET', K_FLAPS, id, string.format('%d %.0f', count, now + held))
  return now + held
end

-- Whether the registry has all that belongs to an analyzer.
local function is_complete()
  local info = redis.call('HGET', K_INFO, id)
  if not info or not string.find(info, '"instance"', 1, true) then return false end
  for _, key in ipairs({K_SLOT, K_URL, K_WEIGHT, K_STATE}) do
    if redis.call('HEXISTS', key, id) == 0 then return false end
  end
  return true
end

local lease_end = tonumber(redis.call('ZSCORE', K_EXPIRES, id))
if restore_slot >= 0 and lease_end then
  if lease_end < 0 or (lease_end > now and is_complete()) then
    hot_save(h)
    return {'kept', epoch_now()}
  end
end

local before_json = redis.call('HGET', K_INFO, id)
local before = decode(before_json)

-- Clocks of hosts differ: who only seems to be older is refused for as long as the other one is alive,
-- or has just left.
local function is_late()
  local started_ms, before_ms = tonumber(info.started_ms), tonumber(before.started_ms)
  if restore_slot >= 0 or not started_ms or not before_ms then return false end
  if before.left and started_ms == before_ms then return true end
  local until_ms = before.left and LATE_MS - (lease_end or 0) or lease_end or 0
  until_ms = math.min(until_ms, now + (before.left and LATE_MS or tonumber(before.ttl_ms) or 0))
  return started_ms < before_ms and until_ms > now
end
if is_late() then
  hot_save(h)
  return {'taken', epoch_now()}
end

-- A node that lists it asked keep before, but something may have happened since.
local is_removed = redis.call('HEXISTS', K_KEPT, 'removed/' .. id) == 1
local is_own = before.instance and not before.left and not before.source and lease_end and lease_end > now
if info.source and restore_slot < 0 and (is_removed or is_own and before.instance ~= instance) then
  hot_save(h)
  return {'taken', epoch_now()}
end
if is_removed and restore_slot < 0 then redis.call('HDEL', K_KEPT, 'removed/' .. id) end

if before.instance and not before.left then
  for name, key in pairs({slot = K_SLOT, url = K_URL, weight = K_WEIGHT, state = K_STATE}) do
    if redis.call('HEXISTS', key, id) == 0 then
      note_loss(name)
      if name ~= 'slot' and before[name] then redis.call('HSET', key, id, before[name]) end
    end
  end
elseif not before.left and redis.call('HEXISTS', K_URL, id) == 1 then
  note_loss('info')
end

-- Of SCHEME://host:port/path.
local function authority(text)
  return string.lower(string.match(text, '^%w+://([^/?#]*)') or text)
end
local other_url = redis.call('HGET', K_URL, id)
local is_elsewhere = restore_slot < 0 and other_url and lease_end and lease_end > now and not before.left
  and before.instance ~= instance and authority(other_url) ~= authority(url)

-- Whether it may still be there: its last heartbeat came within two thirds of its lease, and some worker reaches it.
local function may_live()
  if lease_end - now <= (tonumber(before.ttl_ms) or 0) / 3 then return false end
  local workers, slot = redis.call('ZRANGEBYSCORE', K_NODES, '(' .. now, '+inf'), redis.call('HGET', K_SLOT, id)
  for _, worker in ipairs(workers) do
    local reports = ',' .. (redis.call('HGET', K_UNREACHABLE, worker) or '') .. ','
    if not slot or not string.find(reports, ',' .. slot .. ',', 1, true) then return true end
  end
  return #workers == 0
end
if is_elsewhere and spares_others and may_live() then
  hot_save(h)
  return {'in_use', epoch_now(), other_url}
end

local slot = slot_of(redis.call('HGET', K_SLOT, id))
local created = not lease_end or lease_end <= now
if not slot then
  slot = find_slot(restore_slot >= 0 and restore_slot or tonumber(before.slot) or -1)
  if not slot then
    hot_save(h)
    return {'full', epoch_now(), free_in_ms()}
  end
  redis.call('HSET', K_SLOT, id, slot)
end
h = hot_grow(h, slot + 1) -- it may have a slot that vectors which began again are without

local old_weight = redis.call('HGET', K_WEIGHT, id)
local has_lost_info = not before.instance and old_weight -- the weight may be an operator's
-- It is registered already: its answer was lost, or the registry had forgotten it.
local is_known = before.instance == instance
info.instance, info.ttl_ms, info.declared = instance, ttl_ms, declared
if restore_slot >= 0 then
  local held_ms = math.min(tonumber(ARGV[11]) or HELD_MOST_MS, HELD_MOST_MS)
  info.since_ms = math.min(tonumber(info.since_ms) or now, now + held_ms) -- as it was
elseif is_known and before.since_ms then
  info.since_ms = before.since_ms
elseif has_lost_info then
  info.since_ms = now -- nobody knows whether it is another process
else
  info.since_ms = eligible_ms()
end
if is_known then
  info.processed_base = before.processed_base -- its own count goes on
else
  info.processed_base = exact(finite(redis.call('HGET', K_PROCESSED, id)))
end
-- a simulated fault outlives the process, as an operator wants
if before_json or restore_slot < 0 then info.fault = before.fault end
local takes_declared = set_weight == '' and not has_lost_info
  and (before.declared ~= declared or not old_weight)
if takes_declared then
  info.revision = epoch_now() + 1 -- that the election makes
else
  info.revision = math.max(finite(before.revision), finite(info.revision))
end
redis.call('HSET', K_URL, id, url)
if set_weight ~= '' then
  redis.call('HSET', K_WEIGHT, id, set_weight)
elseif takes_declared then
  redis.call('HSET', K_WEIGHT, id, declared)
end
if set_state ~= '' then
  redis.call('HSET', K_STATE, id, set_state)
else
  redis.call('HSETNX', K_STATE, id, 'active')
end
-- a second copy, for mend
info.slot, info.url, info.weight, info.state = slot, url, redis.call('HGET', K_WEIGHT, id), redis.call('HGET', K_STATE, id)
info.lost = nil
info.restored = restore_slot >= 0 or nil -- the node may have known an earlier instance
redis.call('HSET', K_INFO, id, cjson.encode(info))
redis.call('ZADD', K_EXPIRES, now + ttl_ms, id)
elect(h, now, (restore_slot >= 0 and 'restore ' or 'register ') .. id, true)
hot_save(h)

local function tell(kind, cause)
  journal(kind, 'analyzer', id, 'cause', cause, 'epoch', epoch_now(), 'by', by)
end
if restore_slot >= 0 then
  tell('joined', 'restored by a node')
elseif created then
  tell(lease_end and 'back' or 'joined', info.source and 'listed: ' .. info.source or 'it registered')
elseif is_elsewhere then
  journal('replaced', 'analyzer', id, 'was', other_url, 'now', url, 'cause', 'another process registered', 'epoch', epoch_now(),
    'by', by)
elseif not is_known then
  tell('back', 'another process registered')
end
local weight = redis.call('HGET', K_WEIGHT, id)
if old_weight and old_weight ~= weight then
  journal('weight', 'analyzer', id, 'was', old_weight, 'now', weight, 'cause', 'it declared so', 'epoch', epoch_now(),
    'by', by)
end
return {created and 'created' or 'updated', epoch_now()}
