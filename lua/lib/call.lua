-- Numbered calls: what a worker holds, and its last answer, so that a call may be sent twice.
--
-- ARGV of each such script begin: 1 worker, 2 its instance token, 3 call number, 4 epoch it knows.
-- The record is {token, number, answer, taken (packed doubles by slot), unreachable, lease_end, absent, slow, former, told};
-- absent: it has not settled since it came, or came back; former: the run that it replaced; told: its accounts.
local worker, token, number, known_epoch = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

-- The record of this worker; a new instance under the same name starts empty, and what the former
-- one held goes back to the pot.
local function record_open(h)
  local packed = redis.call('HGET', K_HELD, worker)
  local record = packed and record_unpack(packed)
  if record and record.token == token then return record end
  local former
  if record then
    give_back(h, record)
    former = string.sub(record.token, 1, 8)
    -- this one was replaced before, so both processes live
    if record.former == string.sub(token, 1, 8) then journal('id_twice', 'node', worker) end
  elseif tonumber(redis.call('ZSCORE', K_NODES, worker) or 0) > 0 then
    note_loss('held')
  end
  local info = redis.call('HGET', K_NODE_INFO, worker) or nil
  return {token = token, former = former, number = 0, taken = '', unreachable = '', absent = true, info = info}
end

local function record_save(record, answer)
  record.number, record.answer = number, answer
  redis.call('HSET', K_HELD, worker, cmsgpack.pack(record))
end

-- An answer that changes nothing: {'behind', epoch} when this Redis has lost what the caller has seen
-- (the caller brings the roster back first), or the recorded answer when the number is not new.
local function answered(record, epoch)
  if epoch < known_epoch then return {'behind', epoch} end
  if number == record.number then return record.answer end
  if number < record.number then return {'stale', record.number} end
  -- a call is sent when the one before is answered: that answer was lost with what it had changed
  if record.number > 0 and number > record.number + 1 then note_loss('held') end
end

-- The answer of a call that was carried out. With it goes what keeps all workers together to about a third
-- of Redis' time, by what calls cost (us; per slot; per packet; per packet and slot): the shortest window,
-- so that settling takes no more, and the prices of a route call and of a packet in it, the time for which
-- a worker's part of that third is used up by them. The longest window keeps credit fresh: while somebody
-- is out of some worker's reach the others make up for it, so credit must not grow old.
local LEASE_MAX_US = 100000
local function answer_with(h, epoch, packed)
  local part = 3 * h[WORKERS]
  local least = math.max(10000, math.floor(part * (70 + 2 * S)))
  return {'ok', epoch, least, h[REPORTS] > 0 and least or math.max(least, LEASE_MAX_US), packed,
          math.floor(part * (70 + S)), math.ceil(part * (0.5 + 0.06 * S))}
end
