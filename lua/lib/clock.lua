-- The clock of Redis can go back: NTP sets it, a virtual machine is restored, another host is the primary now.
-- What was written before then lies ahead. Each such time is moved by as much, so that a lease has left what it
-- had left; and none may be further ahead than its own length. Whoever includes this has included hot.
local HELD_MOST_MS = 60000 -- how long an analyzer that restarts again and again is held back at most

-- Something is gone that this script puts in place again. The next mend tells it; no worker has this name.
local LOST = '!lost'
local function note_loss(name)
  local names = redis.call('HGET', K_HELD, LOST)
  redis.call('HSET', K_HELD, LOST, names and names .. ' ' .. name or name)
end

-- The clock is `by` ms behind what it was when a script last looked at it.
local function clock_went_back(h, now, by)
  local WORKER_LEASE_MOST_MS = 60000

  -- Lease ends are positive scores, the time at which somebody left or was reaped is a negative one.
  local function move_scores(key, most_ms)
    local flat = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for k = 1, #flat, 2 do
      local score = tonumber(flat[k + 1])
      if score > 0 then
        score = math.max(1, math.min(score - by, now + (most_ms[flat[k]] or most_ms.any)))
      else
        score = math.max(score + by, -now)
      end
      redis.call('ZADD', key, score, flat[k])
    end
  end

  -- Moves since when analyzers are eligible. Returns how long the lease of each is.
  local function move_infos()
    local leases, flat = {any = math.huge}, redis.call('HGETALL', K_INFO)
    for k = 1, #flat, 2 do
      local ok, info = pcall(cjson.decode, flat[k + 1])
      if ok and type(info) == 'table' then
        leases[flat[k]] = tonumber(info.ttl_ms)
        if tonumber(info.since_ms) then
          info.since_ms = math.min(info.since_ms - by, now + HELD_MOST_MS)
          local is_json, json = pcall(cjson.encode, info) -- not where somebody wrote what is not a number
          if is_json then redis.call('HSET', K_INFO, flat[k], json) end
        end
      end
    end
    return leases
  end

  move_scores(K_EXPIRES, move_infos())
  move_scores(K_NODES, {any = WORKER_LEASE_MOST_MS})
  h[VALID_UNTIL], h[SHOWN] = 0, math.min(h[SHOWN], now)
  if by >= 1000 then journal('clock_back', 'now', string.format('%.0f', by)) end
end
