-- spill_void: takes back a call of spill_push or bury whose answer never came: what it stored leaves again, and if
-- it has not run yet it stores nothing.
--
-- GUARANTEES
--   Atomic; may be repeated, also when its caller has gone on. What others have delivered or removed meanwhile changes nothing.
-- KEYS
--   1 spill STREAM, 2 spill_total HASH, 3 spill_pushes HASH, 4 dead STREAM, 5 journal STREAM
-- ARGV
--   1 who called, 2 the number of the call, 3 spill or dead: where it stored
-- RETURNS
--   {'ok', entries that left, entries in that stream now}
-- COST
--   O(entries), as spill_done
local K_SPILL, K_SPILL_TOTAL, K_PUSHES, K_DEAD, K_JOURNAL = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
--@include spill
--@include journal
--@include ticket
local who, number = ARGV[1], tonumber(ARGV[2])
local last, entries = ticket_read(who)
local removed = 0

local function remove(entry, messages, cost)
  if ARGV[3] == 'dead' then
    removed = removed + redis.call('XDEL', K_DEAD, entry)
    return
  end
  redis.pcall('XACK', K_SPILL, GROUP, entry) -- there may be no group
  spill_forget_failures(entry)
  if redis.call('XDEL', K_SPILL, entry) == 0 then return end
  removed = removed + 1
  spill_messages, spill_bytes = spill_messages - messages, spill_bytes - cost
end

if last > number then return {'ok', 0, redis.call('XLEN', ARGV[3] == 'dead' and K_DEAD or K_SPILL)} end
spill_open()
redis.call('HDEL', K_PUSHES, who) -- Redis may be full: who has begun by freeing memory may go on
if last == number then
  for entry, messages, cost in string.gmatch(entries, '(%d+%-%d+) (%d+) (%d+)') do remove(entry, messages, cost) end
end
ticket_write(who, number, 'void')
if ARGV[3] == 'dead' then return {'ok', removed, redis.call('XLEN', K_DEAD)} end
local left = removed > 0 and spill_close() or redis.call('XLEN', K_SPILL)
if left == 0 and removed > 0 and spill_end() then journal('spill_ended', 'cause', 'what was refused was taken back') end
return {'ok', removed, left}
