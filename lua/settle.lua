-- settle: the end of a worker's window. Gives back what is left of its lease, adds its counters,
-- takes credit for the next window.
--
-- GUARANTEES
--   Atomic. A repeated call number gets the recorded answer and changes nothing. A worker never sends
--   what it holds, only how it changed it (the delta): what it holds is on record here, so pot + held
--   is conserved whoever dies, and a worker whose lease was reaped settles as if nothing had happened.
--   With 'behind' nothing was changed. Accounts are absolute: whatever Redis lost, they are right
--   again with the next ones.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH, 17 credit HASH, 18 routed HASH, 19 delivered HASH,
--   20 delivered_packets HASH, 21 forgiven HASH, 22 accounts HASH
-- ARGV
--   1 worker (node/index), 2 instance token, 3 call number, 4 epoch the worker knows,
--   5 lease of the worker (ms), 6 messages expected in the next window (0: no lease wanted),
--   7 deltas (packed doubles, columns of n slots: credit, routed, delivered, delivered packets,
--     forgiven; messages, but for the packets), 8 slots out of reach ("1,~4,!7"; ~: being tried
--     again, !: takes deliveries and does not answer),
--   9 most credit an analyzer may be owed (messages), 10 node info (JSON, "" = as before),
--   11 "1": the worker goes idle, write the readable hashes now, or "leave": this is its last call,
--   12 accounts of this run of the worker, absolute (JSON, "" = as before): {"received":[packets,
--     messages],"taken":[..],"delivered":[..],"spilled":[..],"dead":[..],"refused":[..],"lost":[..],
--     "in_flight":[..]}; received + taken = the sum of the others,
--   13 columns in 7: 5 (or ""), or 2, the first ones; what was delivered comes every 500 ms, and when
--     the worker goes idle or leaves,
--   14 slots that get less than their share, so that their latency stays below a limit ("1,4"; absent: none)
-- RETURNS
--   {'ok', epoch, shortest window (us), longest (us), credit taken (packed doubles by slot), price of a
--   route call (us), of a packet in it (us)} or {'behind', epoch}
--   or {'stale', last call number} for a number below the last one; an error if a delta is not finite
-- COST
--   O(slots); about 70 us with 3 analyzers, 95 us with 20, 390 us with 200. Every 500 ms,
--   and when a worker goes idle, five HSET of all slots more.
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
--@include call
local K_CREDIT, K_ROUTED, K_DELIVERED, K_DELIVERED_PACKETS = KEYS[17], KEYS[18], KEYS[19], KEYS[20]
local K_FORGIVEN, K_ACCOUNTS = KEYS[21], KEYS[22]
--@include accounts
--@include house
local lease_ms, expected, deltas = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local out_of_reach, catchup_max, node_info, last = ARGV[8], tonumber(ARGV[9]), ARGV[10], ARGV[11]
local accounts, columns = ARGV[12], tonumber(ARGV[13]) or 5
local slow = ARGV[14] or ''

-- False: the deltas are not finite.
local function deposit(h, record)
  local n = #deltas / 8 / columns
  local d, sum = unpack_doubles(deltas, columns * n), 0
  local credit, routed = CREDIT, ROUTED
  for i = 1, n do
    local c, r, to, also = d[i], d[n + i], credit + i, routed + i
    sum = sum + c + r
    h[to] = h[to] + c
    h[also] = h[also] + r
  end
  if columns == 5 then
    hot_widen(h)
    for column = 0, 2 do
      local from, to = (2 + column) * n, DELIVERED + column * S
      for i = 1, n do
        local x = d[from + i]
        sum, h[to + i] = sum + x, h[to + i] + x
      end
    end
  end
  give_back(h, record)
  return sum - sum == 0
end

-- Credit for the next window: the pot projected on what the worker can reach, so that it sums to 0,
-- scaled so that catching up takes at most half of anyone's flow. Who is not eligible has no credit.
local function take(h)
  local share, credit, t = SHARE, CREDIT, {}
  for i = 1, S do t[i] = h[credit + i] end
  if out_of_reach ~= '' then
    local sum, excess, out = 0, 0, {}
    for slot in string.gmatch(out_of_reach, '%d+') do out[slot + 1] = true end
    for i = 1, S do
      if not out[i] then sum, excess = sum + h[share + i], excess + t[i] end
    end
    if sum <= 0 then return '' end
    for i = 1, S do t[i] = out[i] and 0 or t[i] - h[share + i] * excess / sum end
  end
  local scale, half = 1, 0.5 * expected
  for i = 1, S do
    local x = t[i]
    if x < 0 then
      local most = half * h[share + i]
      if x * scale < -most then scale = most / -x end
    end
  end
  if scale < 1 then
    for i = 1, S do t[i] = t[i] * scale end
  end
  for i = 1, S do
    local at = credit + i
    h[at] = h[at] - t[i]
  end
  return pack_doubles(t, S)
end

-- `changes`: "was now" -> analyzers. Many that change alike are one entry, or they would leave no room for others.
local function tell_changes(kind, changes)
  local MANY = 8
  for change, ids in pairs(changes) do
    local was, now = string.match(change, '^(%S+) (%S+)$')
    table.sort(ids)
    if #ids > MANY then
      journal(kind, 'analyzer', #ids .. ' analyzers', 'node', worker, 'was', was, 'now', now,
        'cause', table.concat(ids, ' ', 1, MANY) .. ' ...')
    else
      for _, id in ipairs(ids) do journal(kind, 'analyzer', id, 'node', worker, 'was', was, 'now', now) end
    end
  end
end

local function add_change(changes, id, was, now)
  local change = was .. ' ' .. now
  changes[change] = changes[change] or {}
  table.insert(changes[change], id)
end

-- Who came, and whom this worker has lost, or reaches again. A trial in between is no news.
local function tell(record)
  if record.absent then journal('node_joined', 'node', worker) end
  local was, is, names, changes = {}, {}, {}, {}
  for mark, slot in string.gmatch(record.unreachable, '([~!]?)(%d+)') do
    was[slot] = mark == '!' and 'hanging' or 'open'
  end
  for mark, slot in string.gmatch(out_of_reach, '([~!]?)(%d+)') do
    is[slot] = mark == '!' and 'hanging' or mark == '~' and was[slot] or 'open'
  end
  local slots = redis.call('HGETALL', K_SLOT)
  for k = 1, #slots, 2 do names[slots[k + 1]] = slots[k] end
  for slot, now in pairs(is) do
    if was[slot] ~= now then add_change(changes, names[slot] or slot, was[slot] or 'closed', now) end
  end
  for slot, old in pairs(was) do if not is[slot] then add_change(changes, names[slot] or slot, old, 'closed') end end
  tell_changes('breaker', changes)
end

-- Which analyzers this worker gives less than their share, or all of it again.
local function tell_slow(record)
  local was, is, changes = {}, {}, {}
  for slot in string.gmatch(record.slow or '', '%d+') do was[slot] = true end
  for slot in string.gmatch(slow, '%d+') do is[slot] = true end
  local slots = redis.call('HGETALL', K_SLOT)
  for k = 1, #slots, 2 do
    local slot = slots[k + 1]
    if was[slot] ~= is[slot] then
      add_change(changes, slots[k], was[slot] and 'slow' or 'usual', is[slot] and 'slow' or 'usual')
    end
  end
  tell_changes('slow', changes)
  record.slow = slow
end

local now = now_ms()
local epoch = epoch_now()
if epoch < known_epoch then return {'behind', epoch} end
local h = hot_open(now)
local record = record_open(h)
local answer = answered(record, epoch)
if answer then return answer end
if #deltas > 8 * columns * S then return {'behind', epoch} end

if not deposit(h, record) then return redis.error_reply('ERR deltas are not finite') end
local left_ms = (record.lease_end or 0) - now
if left_ms < lease_ms / 2 or left_ms > lease_ms then -- more than a lease is left only where the clock went back
  record.lease_end = now + lease_ms
  local is_new = redis.call('ZADD', K_NODES, record.lease_end, worker)
  if is_new == 1 and left_ms > 0 then note_loss('nodes') end -- a live lease is removed by nobody
end
if node_info ~= '' then
  redis.call('HSET', K_NODE_INFO, worker, node_info)
  record.info = node_info -- a second copy, for mend
end
if accounts ~= '' then
  local run = worker .. '#' .. string.sub(token, 1, 8)
  if record.absent then take_out(run, now) end
  local is_new = redis.call('HSET', K_ACCOUNTS, run,
    string.format('{"at_ms":%.0f,', now) .. string.sub(accounts, 2))
  if is_new == 1 and record.told and not record.absent then note_loss('accounts') end
  record.told = true
end
if record.absent then h[WORKERS] = count_workers(now) end
if out_of_reach ~= record.unreachable or record.absent then
  if out_of_reach == '' then
    redis.call('HDEL', K_UNREACHABLE, worker)
  else
    redis.call('HSET', K_UNREACHABLE, worker, out_of_reach)
  end
  tell(record)
  record.unreachable, record.absent = out_of_reach, nil
  elect(h, now, 'reach of ' .. worker)
end
if slow ~= (record.slow or '') then tell_slow(record) end
tidy(h, catchup_max)
if expected > 0 then record.taken = take(h) end

if last ~= '' or now - h[SHOWN] >= HOUSE_EVERY_MS then
  if last == 'leave' then
    redis.call('ZADD', K_NODES, now, worker) -- its lease ends now
    record_save(record, {'ok', epoch, 0, 0, '', 0, 0})
  end
  keep_house(h, now, last == 'leave' and worker)
end
hot_save(h)

epoch = epoch_now()
answer = answer_with(h, epoch, record.taken)
if last ~= 'leave' then record_save(record, answer) end
return answer
