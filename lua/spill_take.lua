-- spill_take: packets out of the stream `spill`, for a worker that has room for them.
--
-- GUARANTEES
--   Atomic. First what dead workers had taken, then what nobody has; each oldest first. What is taken
--   stays in the stream until spill_done; while this worker lives nobody else gets it. A worker is dead when
--   it has not called for 8 s, in which others did: who comes back from a pause of Redis keeps what it has. The dead
--   are looked for once a second, by whichever worker calls then.
--   A call for 0 packets only says that the worker lives. With 'own' it answers what this worker took before and has not done, and
--   nothing else: of a call whose answer never came, or of its former run. Entries that were held as they
--   came stay with whoever has them. An entry that is no packet becomes a dead letter. After 128 of these, or that
--   were deleted, the call ends; but with 'own' not before there is an answer, as it would say that there is no more.
-- KEYS
--   1 spill STREAM, 2 spill_total HASH, 3 spill_workers ZSET, 4 dead STREAM, 5 journal STREAM
-- ARGV
--   1 worker (node/index), 2 most packets, 3 most bytes (only the last packet goes beyond), 4 'own' or 'new',
--   5 with 'own', if given: the entry behind which they are read, 6 the most that a packet may weigh that is
--   answered with its body (absent: any): a larger one ends the call
-- RETURNS
--   {entries in the stream, how many of the answered ones were a dead worker's, then one array for each packet:
--   {entry, packet id, how it came (lib/form.lua), messages, received (ms), cost in bytes (for spill_done), body ("": too large),
--   failed deliveries that count, pools that it has been in before ("": none)}}
-- COST
--   O(packets), and up to 128 entries that are no packets; about 60 us with 1 packet, 1300 us with 64 (of 1.2 KB), 35 us
--   when the spill is empty; once a second of the pool 3 us for each other consumer
local K_SPILL, K_SPILL_TOTAL, K_WORKERS, K_DEAD, K_JOURNAL = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
--@include form
--@include spill
--@include journal
local worker, max_packets, max_bytes, is_own = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == 'own'
local body_most = tonumber(ARGV[6]) or math.huge
local DEAD_AFTER_MS = 8000
local LEFT_AFTER_MS = 3000 -- the same for entries that a living worker has left to others
local LEFT = 'nobody' -- whose they are then; as the nodes have it
local GAP_MS = 3000 -- no worker called for so long: Redis was away, or all of them were
local CLAIM_EVERY_MS = 1000
local FORGET_MS = 3600000
local DEAD_MOST = 10000 -- dead letters; as the nodes have it
local USELESS_MOST = 128 -- entries in one call that are no packets, or were deleted
local answer, claimed, bytes, useless = {0, 0}, 0, 0, 0
local claimed_ms = 0 -- when all consumers were last looked at
local went_back_until = 0 -- ms; the clock of Redis went back, and was there before

local function has_room()
  local may_look = useless < USELESS_MOST or is_own and #answer == 2
  return may_look and #answer - 2 < max_packets and bytes < max_bytes
end

-- An entry that is no packet leaves the spill as a dead letter. Where there are too many of these it stays where
-- it is, and is passed over.
local function bury(name, f, cost)
  local entries = redis.call('XLEN', K_DEAD)
  if entries >= DEAD_MOST then return end
  local why = not f.body and 'no body' or f.body == '' and 'an empty body' or
    'messages=' .. string.sub(f.messages or '1', 1, 20) .. ' received_ms=' .. string.sub(f.received_ms or '0', 1, 20)
  local fields = {'reason', 'not a packet: ' .. why, 'analyzer', '', 'node', f.node or '', 'messages', 1,
    'id', f.id or '', 'received_ms', '', 'body', f.body or ''}
  form_add(fields, form_of(f))
  redis.call('XADD', K_DEAD, '*', unpack(fields))
  spill_open()
  spill_forget_failures(name)
  redis.call('XACK', K_SPILL, GROUP, name)
  redis.call('XDEL', K_SPILL, name)
  spill_messages = spill_messages - (spill_number(f.messages, 1, 2 ^ 32 - 1) or 0)
  spill_bytes = spill_bytes - cost
  spill_close()
  if string.match(entries + 1, '^10*$') then -- as bury tells
    journal('dead', 'node', worker, 'now', entries + 1, 'cause', 'not a packet: ' .. why)
  end
end

-- Answers an entry as XREADGROUP and XCLAIM give it; one that was deleted meanwhile has no fields.
local function take(entry)
  if not entry[2] then
    useless = useless + 1
    return redis.call('XACK', K_SPILL, GROUP, entry[1])
  end
  local f = {}
  for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
  local id, form, body = f.id or '', form_of(f), f.body or ''
  local cost = spill_cost(id, form, body)
  local messages = spill_number(f.messages or 1, 1, 2 ^ 32 - 1)
  local received_ms = spill_number(f.received_ms or 0, 0, 2 ^ 53)
  if body == '' or not messages or not received_ms then
    useless = useless + 1
    return bury(entry[1], f, cost)
  end
  bytes = bytes + cost
  if cost > body_most then bytes, body = math.huge, '' end
  answer[#answer + 1] = {entry[1], id, form, messages, received_ms, cost, body, spill_failures(entry[1]),
    f.via or ''}
end

-- One by one, as what a packet weighs is known only when it is taken.
local function read_one(after)
  local streams = redis.call('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', 1, 'STREAMS', K_SPILL, after)
  return streams and streams[1][2][1]
end

-- What this worker has already, behind `after`.
local function read_own(after)
  while has_room() do
    local entry = read_one(after)
    if not entry then return end
    take(entry)
    after = entry[1]
  end
end

-- What nobody has. An entry behind the group's mark that was held as it came has an owner, and keeps it.
-- `mark`: the last entry that was given out.
local function read_new(mark)
  local passed = 0
  while has_room() and passed < max_packets do
    local held = redis.call('XPENDING', K_SPILL, GROUP, '(' .. mark, '+', 1)[1]
    local entry = read_one('>')
    if not entry then return end
    mark = entry[1]
    if held and held[1] == mark then
      redis.call('XCLAIM', K_SPILL, GROUP, held[2], 0, mark, 'JUSTID')
      passed = passed + 1
    else
      take(entry)
    end
  end
end

-- How many of a consumer's entries are now this worker's, or are gone.
local function claim(consumer)
  local moved = 0
  while has_room() do
    local pending = redis.call('XPENDING', K_SPILL, GROUP, '-', '+', 1, consumer)[1]
    if not pending then return moved end
    local entry = redis.call('XCLAIM', K_SPILL, GROUP, worker, 0, pending[1])[1]
    take(entry or {pending[1]})
    moved = moved + 1
    if entry and entry[2] then claimed = claimed + 1 end
  end
  return moved
end

-- Redis says 0 for how long a consumer has been idle until its clock is again where it was before it went back.
local function is_left_long(idle_ms, now_ms)
  return idle_ms >= LEFT_AFTER_MS or (idle_ms == 0 and now_ms < went_back_until)
end

-- Of who has never called nothing is known: it is given the time that the others have.
local function is_dead(consumer, idle_ms, now_ms)
  if consumer == LEFT then return is_left_long(idle_ms, now_ms) end
  local seen_ms = redis.call('ZSCORE', K_WORKERS, consumer)
  if not seen_ms then redis.call('ZADD', K_WORKERS, now_ms, consumer) end
  return seen_ms and now_ms - seen_ms >= DEAD_AFTER_MS
end

-- Nobody was seen in a time in which nobody called, and the clock of Redis may have been set.
local function move_calls(by_ms, now_ms)
  local flat = redis.call('ZRANGE', K_WORKERS, 0, -1, 'WITHSCORES')
  for k = 1, #flat, 2 do redis.call('ZADD', K_WORKERS, math.min(now_ms, flat[k + 1] + by_ms), flat[k]) end
end

-- When a script last looked at the clock, and until when it is behind where it was. Redis lets nobody who needs
-- memory begin when it is full; but a script that has begun to write goes on, and this one frees memory.
local function look_at_clock(now_ms)
  local gone = {} -- looked for now and then: an idle pool calls this many times a second
  if now_ms % 16 == 0 then
    gone = redis.call('ZRANGEBYSCORE', K_WORKERS, '-inf', now_ms - FORGET_MS, 'LIMIT', 0, 64)
  end
  redis.call('ZREM', K_WORKERS, '', unpack(gone)) -- '' is no worker's name
  local seen = redis.call('HMGET', K_SPILL_TOTAL, 'seen_ms', 'went_back_until_ms', 'claimed_ms')
  local seen_ms = tonumber(seen[1]) or now_ms
  went_back_until, claimed_ms = tonumber(seen[2]) or 0, tonumber(seen[3]) or 0
  if seen_ms > now_ms then went_back_until = math.max(went_back_until, seen_ms) end
  if seen_ms > now_ms or now_ms - seen_ms > GAP_MS then move_calls(now_ms - seen_ms, now_ms) end
  redis.call('HSET', K_SPILL_TOTAL, 'seen_ms', now_ms, 'went_back_until_ms', went_back_until)
end

-- Where there is no room for all, the next call goes on.
local function claim_from_dead(now_ms)
  if claimed_ms <= now_ms and now_ms - claimed_ms < CLAIM_EVERY_MS then return end
  for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', K_SPILL, GROUP)) do
    if not has_room() then return end
    local c = {}
    for i = 1, #flat, 2 do c[flat[i]] = flat[i + 1] end
    if c.name ~= worker and is_dead(c.name, c.idle, now_ms) and claim(c.name) >= c.pending then
      redis.call('XGROUP', 'DELCONSUMER', K_SPILL, GROUP, c.name)
      redis.call('ZREM', K_WORKERS, c.name)
    end
  end
  if has_room() then redis.call('HSET', K_SPILL_TOTAL, 'claimed_ms', now_ms) end
end

local t = redis.call('TIME')
local now_ms = t[1] * 1000 + math.floor(t[2] / 1000)
look_at_clock(now_ms)
redis.call('ZADD', K_WORKERS, now_ms, worker)
answer[1] = redis.call('XLEN', K_SPILL)
if answer[1] == 0 or max_packets == 0 then return answer end
local mark = spill_mark() -- there is a group from here on
if is_own then
  read_own(ARGV[5] or '0')
else
  claim_from_dead(now_ms)
  read_new(mark)
end
answer[2] = claimed
return answer
