-- An analyzer leaves the pool. Its counters and its slot stay, and so does who it was.
local function leave(id, info, now)
  for _, key in ipairs({K_URL, K_WEIGHT, K_STATE}) do redis.call('HDEL', key, id) end
  redis.call('HSET', K_INFO, id, cjson.encode({instance = info.instance, processed_base = info.processed_base,
    started_ms = info.started_ms, left = true}))
  redis.call('ZADD', K_EXPIRES, -now, id) -- negative: it left, at that time
end
