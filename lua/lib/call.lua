-- Numbered calls: what a worker holds, and its last answer, so that a call may be sent twice.
--
-- ARGV of each such script begin: 1 worker, 2 its instance token, 3 call number, 4 epoch it knows.
-- The record is {token, number, answer, taken, unreachable, lease_end, absent}; absent: it has not settled since
-- it came, or came back.
local worker, token, number, known_epoch = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

-- The record of this worker; a new instance under the same name starts empty, and what the former
-- one held goes back to the pot.
local function record_open(h)
  local packed = redis.call('HGET', K_HELD, worker)
  local record = packed and cmsgpack.unpack(packed)
  if record and record.token == token then return record end
  if record then
    for i = 1, math.min(S, #record.taken) do h[CREDIT + i] = h[CREDIT + i] + record.taken[i] end
  end
  return {token = token, number = 0, taken = {}, unreachable = '', absent = true}
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
end

-- How long a window is, in us: at least, so that Redis spends at most a third of its time on settling
-- (one settle costs about 50 us and 1.2 us per slot), and at most. While somebody is out of some
-- worker's reach the others make up for it, so credit must not grow old.
local LEASE_MAX_US = 100000
local function window_us(h)
  local least = math.max(10000, math.floor(3 * h[WORKERS] * (50 + 1.2 * S)))
  return least, h[REPORTS] > 0 and least or math.max(least, LEASE_MAX_US)
end
