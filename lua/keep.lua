-- keep: a node says which analyzers it lists, by its options, a file or DNS. Prolongs their leases.
--
-- GUARANTEES
--   Atomic. Any number of nodes may list an analyzer: it is registered once. An analyzer that came from a list and
--   that no node lists any more leaves. A list counts for 30 s after its node's last call. While a node
--   cannot read a source, whatever came from that source stays, and this call prolongs its lease.
--   An analyzer that registered itself is left alone for as long as its lease runs. One that an operator removed
--   stays away until no node lists it, or until it registers itself.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH, 17 kept HASH
-- ARGV
--   1 node, 2 JSON: {"instance":a token for those that have none,"entries":[[id, spec, is news],...],
--   "unknown":[sources that cannot be read]}. The spec stands for what the list says of the analyzer. With "is
--   news" 1 the analyzer registers again where it has another spec
-- RETURNS
--   JSON: {"register":[[id, instance],...],"removed":[ids that an operator removed],"others":[ids that
--   registered themselves]}; what is to be registered gets its source and spec with register
-- COST
--   O(slots + entries of all nodes), about 100 us with 3 of them; O(analyzers) while a source is unknown, and after a
--   list has changed or ended
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
--@include leave
local K_KEPT = KEYS[17]
--@include kept
local node, asked = ARGV[1], cjson.decode(ARGV[2]) -- first of all: it may raise an error
local now = now_ms()
local h = hot_open(now)
local answer = {register = {}, removed = {}, others = {}}
local ids, unknown = {}, type(asked.unknown) == 'table' and asked.unknown or {}
for k, entry in ipairs(asked.entries) do ids[k] = entry[1] end

-- All nodes give the same instance to an analyzer, so that two registrations are one.
local function instance_for_new()
  redis.call('HSETNX', K_KEPT, INSTANCE, asked.instance)
  return redis.call('HGET', K_KEPT, INSTANCE)
end

local function is_whole(id)
  for _, key in ipairs({K_SLOT, K_URL, K_WEIGHT, K_STATE}) do
    if redis.call('HEXISTS', key, id) == 0 then return false end
  end
  return true
end

local back = {}
local function prolong(id, info)
  local lease_end = tonumber(redis.call('ZSCORE', K_EXPIRES, id)) or 0
  redis.call('ZADD', K_EXPIRES, now + (tonumber(info.ttl_ms) or GRACE_MS), id)
  if lease_end <= now then back[#back + 1] = id end
end

local function look_at(id, spec, is_news)
  local info = decode(redis.call('HGET', K_INFO, id) or '{}')
  local is_there = info.instance and not info.left
  local list = answer.register
  if redis.call('HEXISTS', K_KEPT, REMOVED .. id) == 1 then
    list = answer.removed
  elseif is_there and not info.source and (tonumber(redis.call('ZSCORE', K_EXPIRES, id)) or 0) > now then
    list = answer.others
  elseif is_there and info.source and is_whole(id) then
    prolong(id, info)
    if is_news ~= 1 or info.spec == spec then return end
  end
  if list == answer.register then
    list[#list + 1] = {id, is_there and info.source and info.instance or instance_for_new()}
  else
    list[#list + 1] = id
  end
end

-- Calls fn with the id and the info of each analyzer that came from a list.
local function each_kept(fn)
  local flat = redis.call('HGETALL', K_INFO)
  for k = 1, #flat, 2 do
    local ok, info = pcall(cjson.decode, flat[k + 1])
    if ok and type(info) == 'table' and info.source and not info.left then fn(flat[k], info) end
  end
end

local function leave_unlisted(lists)
  local gone = {}
  each_kept(function(id, info)
    if is_listed(lists, id, info.source) then return end
    leave(id, info, now)
    gone[#gone + 1] = id
  end)
  for _, field in ipairs(redis.call('HKEYS', K_KEPT)) do
    local id = string.match(field, '^' .. REMOVED .. '(.*)$')
    if id and not is_listed(lists, id) then redis.call('HDEL', K_KEPT, field) end
  end
  return gone
end

local before = redis.call('HGET', K_KEPT, node)
local lists, ended = kept_lists(now)
for _, field in ipairs(ended) do redis.call('HDEL', K_KEPT, field) end
redis.call('HSET', K_KEPT, node, cjson.encode({until_ms = now + LIST_MS, ids = ids, unknown = unknown}))
lists[node] = {ids = set_of(ids), unknown = set_of(unknown)}
for _, entry in ipairs(asked.entries) do look_at(entry[1], entry[2], entry[3]) end
if #unknown > 0 then
  each_kept(function(id, info)
    if lists[node].unknown[info.source] and is_whole(id) then prolong(id, info) end
  end)
end

local function text_of(json)
  local ok, list = pcall(cjson.decode, json)
  list = ok and type(list) == 'table' and list or {}
  return cjson.encode({list.ids or {}, list.unknown or {}})
end
local gone = {}
if #ended > 0 or before and text_of(before) ~= text_of(redis.call('HGET', K_KEPT, node)) then
  gone = leave_unlisted(lists)
end
if #back + #gone > 0 then elect(h, now, 'keep ' .. node, true) end
hot_save(h)
for _, id in ipairs(back) do journal('back', 'analyzer', id, 'cause', 'a node lists it', 'epoch', epoch_now()) end
for _, id in ipairs(gone) do
  journal('left', 'analyzer', id, 'cause', 'no node lists it any more', 'epoch', epoch_now())
end
return cjson.encode(answer)
