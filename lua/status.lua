-- status: a table for people.
--   redis-cli --raw --eval lua/status.lua weir:{default}:{weight,state,expires,routed,delivered,processed}
--
-- GUARANTEES
--   Read-only; the readable hashes alone, which lag the truth by at most 500 ms.
-- KEYS
--   1 weight HASH, 2 state HASH, 3 expires ZSET, 4 routed HASH, 5 delivered HASH, 6 processed HASH
-- ARGV
--   none
-- RETURNS
--   lines
-- COST
--   O(analyzers), about 30 us with 3.
local K_WEIGHT, K_STATE, K_EXPIRES = KEYS[1], KEYS[2], KEYS[3]
local K_ROUTED, K_DELIVERED, K_PROCESSED = KEYS[4], KEYS[5], KEYS[6]

local function hash(key)
  local flat, t = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do t[flat[i]] = flat[i + 1] end
  return t
end

local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local weight, state = hash(K_WEIGHT), hash(K_STATE)
local routed, delivered, processed = hash(K_ROUTED), hash(K_DELIVERED), hash(K_PROCESSED)

local ids, total, weights, n_active = {}, 0, 0, 0
local known = redis.call('ZRANGE', K_EXPIRES, 0, -1, 'WITHSCORES')
local lease, active = {}, {}
for k = 1, #known, 2 do
  local id = known[k]
  ids[#ids + 1] = id
  lease[id] = tonumber(known[k + 1]) - now
  total = total + tonumber(routed[id] or 0)
  active[id] = lease[id] > 0 and state[id] == 'active'
  if active[id] then
    weights, n_active = weights + math.max(0, tonumber(weight[id]) or 0), n_active + 1
  end
end
table.sort(ids)

local function target(id)
  if not active[id] then return 0 end
  return weights > 0 and math.max(0, tonumber(weight[id]) or 0) / weights or 1 / n_active
end

local function lease_text(id)
  if not weight[id] then return 'left' end
  return lease[id] > 0 and string.format('%.1f s', lease[id] / 1000) or 'expired'
end

local lines = {string.format('%-20s %-9s %8s %8s %8s %12s %12s %12s %9s', 'analyzer', 'state', 'weight',
  'target', 'actual', 'routed', 'delivered', 'processed', 'lease')}
for _, id in ipairs(ids) do
  local n = tonumber(routed[id] or 0)
  lines[#lines + 1] = string.format('%-20s %-9s %8s %7.2f%% %7.2f%% %12s %12s %12s %9s', id, state[id] or '-',
    weight[id] or '-', 100 * target(id), total > 0 and 100 * n / total or 0, routed[id] or '0',
    delivered[id] or '0', processed[id] or '0', lease_text(id))
end
lines[#lines + 1] = string.format('%d analyzers, %.0f messages routed', #ids, total)
return lines
