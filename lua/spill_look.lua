-- spill_look: what is in the spill and among the dead letters, for the registry and for people; what is lost
-- there is noticed, and put right from what is still there.
--
-- GUARANTEES
--   Atomic. A key of another type than its own is deleted, because every script would fail. Totals that are
--   gone are guessed until the spill has been empty once. Where nothing is lost, nothing is changed but the
--   journal, whose entries leave it with the answer.
-- KEYS
--   1 spill STREAM, 2 spill_total HASH, 3 spill_workers ZSET, 4 dead STREAM, 5 journal STREAM,
--   6 spill_pushes HASH
-- ARGV
--   1 how many entries of the journal to answer at most: 0 where it is the registry's
-- RETURNS
--   {keys that were lost ("spill spill_total", "" = none), packets, messages, bytes, dead letters, and the
--   oldest entries of the journal, each {field, value, ...}}
-- COST
--   O(1), about 20 us, and 10 us for each entry of the journal
local K_SPILL, K_SPILL_TOTAL, K_WORKERS, K_DEAD, K_JOURNAL = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
--@include spill
--@include journal
local TYPES = {[K_SPILL] = 'stream', [K_SPILL_TOTAL] = 'hash', [K_WORKERS] = 'zset', [K_DEAD] = 'stream',
  [KEYS[6]] = 'hash'}
local lost = {}

local function lose(key) lost[#lost + 1] = string.match(key, '[^:]*$') end

local function delete_strangers()
  for key, kind in pairs(TYPES) do
    local found = redis.call('TYPE', key).ok
    if found ~= kind and found ~= 'none' then
      redis.call('DEL', key)
      lose(key)
    end
  end
end

-- What was in the spill is gone with it. What its totals were is guessed until it has been empty once.
local function mend_totals()
  local n = redis.call('XLEN', K_SPILL)
  local total = tonumber(redis.call('HGET', K_SPILL_TOTAL, 'packets'))
  if n == 0 and (total or 0) > 0 then
    redis.call('HSET', K_SPILL_TOTAL, 'packets', 0, 'messages', 0, 'bytes', 0)
    lose(K_SPILL)
  elseif n > 0 and not total then
    spill_open()
    spill_close()
  end
  if redis.call('HDEL', K_SPILL_TOTAL, 'guessed') == 1 then lose(K_SPILL_TOTAL) end -- here, or by another script
end

-- An answer that nobody gets takes its entries with it: they are for people.
local function take_journal(answer, most)
  if most == 0 then return answer end
  for _, entry in ipairs(redis.call('XRANGE', K_JOURNAL, '-', '+', 'COUNT', most)) do
    redis.call('XDEL', K_JOURNAL, entry[1])
    answer[#answer + 1] = entry[2]
  end
  return answer
end

delete_strangers()
mend_totals()
table.sort(lost)
if #lost > 0 then journal('data_lost', 'cause', table.concat(lost, ' ')) end
local n_packets = spill_open()
return take_journal({table.concat(lost, ' '), n_packets, spill_messages, spill_bytes, redis.call('XLEN', K_DEAD)},
  tonumber(ARGV[1]))
