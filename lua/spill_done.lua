-- spill_done: packets taken from the stream `spill` have met their fate, and leave it.
--
-- GUARANTEES
--   Atomic; may be repeated: what is not there any more changes nothing.
-- KEYS
--   1 spill STREAM, 2 spill_total HASH, 3 journal STREAM
-- ARGV
--   three for each packet: entry, messages, cost in bytes (as spill_take answered)
-- RETURNS
--   {'ok', how many were still there, entries left}
-- COST
--   O(packets), about 45 us with 1, 400 us with 64
local K_SPILL, K_SPILL_TOTAL, K_JOURNAL = KEYS[1], KEYS[2], KEYS[3]
--@include spill
--@include journal

spill_open()
local removed = 0
for i = 1, #ARGV, 3 do
  redis.call('XACK', K_SPILL, GROUP, ARGV[i])
  spill_forget_failures(ARGV[i])
  if redis.call('XDEL', K_SPILL, ARGV[i]) == 1 then
    removed = removed + 1
    spill_messages, spill_bytes = spill_messages - ARGV[i + 1], spill_bytes - ARGV[i + 2]
  end
end
local left = spill_close()
if left == 0 and removed > 0 and spill_end() then journal('spill_ended', 'cause', 'all of it was delivered') end
return {'ok', removed, left}
