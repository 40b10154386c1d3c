-- Housekeeping, by whichever worker settles next: dead workers are reaped, the readable hashes are written,
-- the accounts of runs that ended are added up, and reports of nodes that are gone are dropped.
-- Whoever includes this has included elect and accounts, and has set K_CREDIT, K_ROUTED, K_DELIVERED,
-- K_DELIVERED_PACKETS, K_FORGIVEN and K_ACCOUNTS before.
local HOUSE_EVERY_MS = 500

-- A run that comes back after it was added up: its part of the sum is taken out again.
local function take_out(field, now)
  local accounts = open_accounts()
  local json = redis.call('HGET', K_ACCOUNTS, accounts.ADDED_UP .. field)
  if not json then return end
  local gone, part = accounts.zero(), accounts.zero()
  accounts.add(gone, redis.call('HGET', K_ACCOUNTS, accounts.GONE) or '{}')
  accounts.add(part, json)
  accounts.subtract(gone, part)
  redis.call('HDEL', K_ACCOUNTS, accounts.ADDED_UP .. field)
  accounts.save_gone(gone, now)
end

-- `leaver`: the worker that says with this call that it goes, or false.
local function keep_house(h, now, leaver)
  local FOLD_EVERY_MS = 10000
  local FOLD_MOST = 256 -- runs at a time
  local ADDED_UP_MS = 7 * 24 * 3600 * 1000
  local REPLACED_KEPT_MS = 3600 * 1000 -- of one whose worker another process is now
  local REPLACED_MS = 60000 -- how long the accounts of a run that another one replaced stay by themselves

  -- Writes the readable hashes.
  local function show()
    local credit, routed, delivered, packets, forgiven = {}, {}, {}, {}, {}
    local slots = redis.call('HGETALL', K_SLOT)
    for k = 1, #slots, 2 do
      local id, i = slots[k], math.min(slot_of(slots[k + 1]) or 0, S - 1) + 1
      credit[k], credit[k + 1] = id, string.format('%.3f', h[CREDIT + i])
      routed[k], routed[k + 1] = id, string.format('%.0f', h[ROUTED + i])
      delivered[k], delivered[k + 1] = id, string.format('%.0f', h[DELIVERED + i])
      packets[k], packets[k + 1] = id, string.format('%.0f', h[PACKETS + i])
      forgiven[k], forgiven[k + 1] = id, string.format('%.0f', h[FORGIVEN + i])
    end
    if #slots == 0 then return end
    redis.call('HSET', K_CREDIT, unpack(credit))
    redis.call('HSET', K_ROUTED, unpack(routed))
    redis.call('HSET', K_DELIVERED, unpack(delivered))
    redis.call('HSET', K_DELIVERED_PACKETS, unpack(packets))
    redis.call('HSET', K_FORGIVEN, unpack(forgiven))
  end

  -- Adds up the accounts of runs that have ended, so that there are never many.
  local function fold_accounts()
    local accounts = open_accounts()
    local gone, folded = accounts.zero(), {}
    local flat = redis.call('HGETALL', K_ACCOUNTS)
    for k = 1, #flat, 2 do
      local at_ms = tonumber(string.match(flat[k + 1], '"at_ms":(%d+)') or 0)
      local field, age = flat[k], math.abs(now - at_ms) -- it lies ahead where the clock went back
      if field == accounts.GONE then
        accounts.add(gone, flat[k + 1])
      elseif string.sub(field, 1, 1) == accounts.ADDED_UP then
        local is_replaced = string.find(flat[k + 1], '"replaced":true', 1, true)
        if field ~= accounts.HAS_LOST and age >= (is_replaced and REPLACED_KEPT_MS or ADDED_UP_MS) then redis.call('HDEL', K_ACCOUNTS, field) end
      elseif age >= REPLACED_MS and #folded < FOLD_MOST then
        local state = accounts.run_state(field, now)
        if state == 'replaced' or (state == 'ended' and age >= FORGET_MS) then
          accounts.add(gone, flat[k + 1])
          folded[#folded + 1] = field
          local mark = state == 'replaced' and '{"replaced":true,' or '{'
          redis.call('HSET', K_ACCOUNTS, accounts.ADDED_UP .. field, mark .. string.sub(flat[k + 1], 2))
        end
      end
    end
    if #folded == 0 then return end
    redis.call('HDEL', K_ACCOUNTS, unpack(folded))
    accounts.save_gone(gone, now)
  end

  -- A node may report once more when its workers have left. One that lives reports again within a second.
  local function drop_reports()
    local is_live = {}
    for _, worker in ipairs(redis.call('ZRANGEBYSCORE', K_NODES, '(' .. now, '+inf')) do
      is_live[string.match(worker, '^(.*)/') or worker] = true
    end
    for _, node in ipairs(redis.call('HKEYS', K_REPORT)) do
      if not is_live[node] then redis.call('HDEL', K_REPORT, node) end
    end
  end

  hot_widen(h)
  local fold = math.floor(now / FOLD_EVERY_MS) > math.floor(h[SHOWN] / FOLD_EVERY_MS)
  h[SHOWN] = now
  if reap(h, now, leaver) then elect(h, now, 'worker left') end
  h[WORKERS] = count_workers(now)
  show()
  if fold then drop_reports() end
  if fold and redis.call('HLEN', K_ACCOUNTS) > h[WORKERS] + 1 then fold_accounts() end
end
