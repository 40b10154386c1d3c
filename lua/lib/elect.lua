-- Elects who is eligible and with what share, and tells everybody when that changed.
local GRACE_MS = 5000 -- what a lease gets that ended while the registry was away
local FORGET_MS = 3600000 -- how long the traces of those that are gone are kept

-- A dead worker's credit goes back to the pot, and its reports are void; `leaver` has said that it goes.
-- True if there was one. Its last answer stays on record for an hour (it may only have been cut off, and
-- repeat its call): in the nodes ZSET a negative score is when it was reaped.
local function reap(h, now, leaver)
  local dead = redis.call('ZRANGEBYSCORE', K_NODES, '(0', now, 'LIMIT', 0, 64)
  for _, worker in ipairs(dead) do
    local packed = redis.call('HGET', K_HELD, worker)
    if packed then
      local record = record_unpack(packed)
      if record then
        give_back(h, record)
        record.unreachable, record.absent, record.lease_end = '', true, nil
        redis.call('HSET', K_HELD, worker, cmsgpack.pack(record))
      else
        redis.call('HDEL', K_HELD, worker)
      end
    end
    redis.call('HDEL', K_NODE_INFO, worker)
    redis.call('HDEL', K_UNREACHABLE, worker)
    redis.call('HDEL', K_REPORT, string.match(worker, '^(.*)/') or worker)
    redis.call('ZADD', K_NODES, -now, worker)
    journal(worker == leaver and 'node_left' or 'node_lost', 'node', worker)
  end
  for _, worker in ipairs(redis.call('ZRANGEBYSCORE', K_NODES, -(now - FORGET_MS), 0, 'LIMIT', 0, 16)) do
    redis.call('HDEL', K_HELD, worker)
    redis.call('ZREM', K_NODES, worker)
  end
  return #dead > 0
end

local function count_workers(now)
  return redis.call('ZCOUNT', K_NODES, '(' .. now, '+inf')
end

-- Writes the shares of h. `why` goes out with the new epoch; `force`: a new epoch even if no share changed.
-- What it needs is made in here: most calls of most scripts do without.
local function elect(h, now, why, force)
  local RAMP_STEPS = 20 -- a slow start goes up in steps of slow_start_ms / RAMP_STEPS

  local function hash(key)
    local flat, t = redis.call('HGETALL', key), {}
    for i = 1, #flat, 2 do t[flat[i]] = flat[i + 1] end
    return t
  end

  -- slot -> true for what every live worker reports as out of its reach. What is tried again (~) is
  -- not: without a share there would be nothing to try it with.
  local function cut_off(now)
    local reports, count, cut = redis.call('HVALS', K_UNREACHABLE), {}, {}
    if #reports == 0 then return cut end
    local live = count_workers(now)
    if #reports < live then return cut end
    for _, list in ipairs(reports) do
      for trial, slot in string.gmatch(list, '(~?)(%d+)') do
        slot = tonumber(slot)
        count[slot] = (count[slot] or 0) + (trial == '' and 1 or 0)
        if count[slot] >= live then cut[slot] = true end
      end
    end
    return cut
  end

  -- The part of its weight that a starting analyzer has already, and until when that holds: none while
  -- it is held back, that is before since_ms.
  local function ramp(info_json, now)
    local info = decode(info_json)
    local slow, since = finite(info.slow_start_ms), finite(info.since_ms)
    local age = now - since
    if age < 0 then return 0, since end
    if slow <= 0 or age >= slow then return 1, math.huge end
    local step = math.floor(age * RAMP_STEPS / slow) + 1
    return step / RAMP_STEPS, since + math.ceil(step * slow / RAMP_STEPS)
  end

  -- Those whom anything could go to, {slot, weight, can be reached, is not held back}, and until when that
  -- holds.
  local function candidates(now)
    local slots, weights, states, infos = hash(K_SLOT), hash(K_WEIGHT), hash(K_STATE), hash(K_INFO)
    local leases = redis.call('ZRANGEBYSCORE', K_EXPIRES, '(' .. now, '+inf', 'WITHSCORES')
    local cut, list, valid_ms = cut_off(now), {}, now + 60000
    for k = 1, #leases, 2 do
      local id = leases[k]
      local slot = slot_of(slots[id])
      valid_ms = math.min(valid_ms, tonumber(leases[k + 1]))
      if slot and slot < S and (states[id] or 'active') == 'active' then
        local weight, part, until_ms = math.min(1e6, math.max(0, tonumber(weights[id]) or 0)), ramp(infos[id], now)
        valid_ms = math.min(valid_ms, until_ms)
        list[#list + 1] = {slot, part > 0 and weight * part or weight, not cut[slot], part > 0}
      end
    end
    return list, valid_ms
  end

  -- Those of a list of which a property holds; where there are none all of it, as better one that is hard
  -- to reach, or restarts again and again, than nobody.
  local function prefer(list, property)
    local preferred = {}
    for _, c in ipairs(list) do
      if c[property] then preferred[#preferred + 1] = c end
    end
    return #preferred > 0 and preferred or list
  end

  reap(h, now)
  local list, valid_ms = candidates(now)
  h[VALID_UNTIL], h[WORKERS] = valid_ms, count_workers(now)
  h[REPORTS] = redis.call('HLEN', K_UNREACHABLE)
  local eligible, total, share = prefer(prefer(list, 3), 4), 0, {}
  for _, c in ipairs(eligible) do total = total + c[2] end
  for _, c in ipairs(eligible) do share[c[1] + 1] = total > 0 and c[2] / total or 1 / #eligible end
  local changed = force
  for i = 1, S do
    local s = share[i] or 0
    if math.abs(s - h[SHARE + i]) > 1e-12 then changed = true end
    h[SHARE + i] = s
  end
  if changed then
    current_epoch = redis.call('INCR', K_EPOCH)
    -- who may not publish loses only the hint: nodes look at the epoch every 2 s
    redis.pcall('PUBLISH', K_EVENTS, 'epoch ' .. string.format('%.0f', current_epoch) .. ' ' .. why)
  end
  tidy(h)
end

-- Loads the vectors, with shares that hold now. What an election changes is saved at once, as it may
-- have emptied what dead workers held: a script may end without a word about the vectors after this.
local function hot_open(now)
  -- Leases do not run while the registry is away: after a gap this long in which no script ran (a
  -- live worker settles every second), leases that ended in the gap get one more heartbeat.
  local GAP_MS = 3000

  local h = hot_load()
  if not hot_packed and S > 0 then note_loss('hot') end
  local seen = h[SEEN]
  h[SEEN] = now
  if seen > now then clock_went_back(h, now, seen - now) end
  if seen > 0 and now - seen > GAP_MS then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', K_EXPIRES, '(' .. seen, now)) do
      redis.call('ZADD', K_EXPIRES, now + GRACE_MS, id)
    end
    elect(h, now, 'registry was away')
    journal('registry_away', 'now', string.format('%.0f', now - seen))
    hot_save(h)
  elseif now >= h[VALID_UNTIL] then
    elect(h, now, 'lease or ramp')
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', K_EXPIRES, '(' .. seen, now)) do
      journal('lost', 'analyzer', id, 'cause', 'no heartbeat', 'epoch', epoch_now())
    end
    hot_save(h)
  end
  return h
end
