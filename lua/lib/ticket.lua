-- Tickets: who stores packets numbers its calls, so that one whose answer never came can be taken back, be it that it
-- ran, or that it is still to run. The field of `who` has when it was written (ms), the number of its last call, and
-- what that stored ("entry messages cost ..."), or "void". Whoever includes this has set K_PUSHES before.
local TICKET_KEPT_MS = 3600000

-- The number of the last call, which ran or was taken back, and what it stored.
local function ticket_read(who)
  local last, text = string.match(redis.call('HGET', K_PUSHES, who) or '', '^%d+ (%d+) (.*)$')
  return tonumber(last) or -1, text
end

-- A number is given once, and numbers grow: a call that is not behind the last one has been taken back, be it that
-- it comes from a connection that its caller has given up.
local function ticket_is_void(who, number) return tonumber(number) <= ticket_read(who) end

local function ticket_forget_old(now_ms)
  local flat = redis.call('HGETALL', K_PUSHES)
  for k = 1, #flat, 2 do
    local ms = tonumber(string.match(flat[k + 1], '^%d+')) or 0
    if math.abs(now_ms - ms) > TICKET_KEPT_MS then redis.call('HDEL', K_PUSHES, flat[k]) end
  end
end

local function ticket_write(who, number, text)
  local t = redis.call('TIME')
  local now_ms = t[1] * 1000 + math.floor(t[2] / 1000)
  if redis.call('HSET', K_PUSHES, who, string.format('%.0f %.0f %s', now_ms, number, text)) == 1 then
    ticket_forget_old(now_ms)
  end
end
