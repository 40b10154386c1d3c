-- deregister: an analyzer leaves, or is removed.
--
-- GUARANTEES
--   Only the instance that owns the id, or an operator, can remove it; one that is removed and lives
--   registers again at its next heartbeat. From the new epoch on it gets nothing. Its
--   credit is spread over the others by weight. Its counters and its slot stay, so that sums still
--   add up, until the slot is needed an hour later; and so does who it was, so that it can still
--   say with renew what it processed of the packets that were on their way.
--   One that an operator removes while a node lists it stays away: see keep.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH, 17 kept HASH
-- ARGV
--   1 id, 2 instance token ("" = whichever it is), 3 messages this instance processed so far
--   ("" = not said), 4 who removes it ("" or missing: itself), 5 only if its lease ended this many ms ago
--   ("" or missing: whether or not it ended), 6 who does it, for the journal ("" or missing: not said)
-- RETURNS
--   {'ok', epoch} or {'unknown', epoch} or {'taken', epoch} or {'kept', epoch}
-- COST
--   O(slots), about 100 us with 3 analyzers.
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
--@include leave
local K_KEPT = KEYS[17]
--@include kept
local id, instance, processed = ARGV[1], ARGV[2], ARGV[3]
local cause, silent_ms, by = ARGV[4] or '', tonumber(ARGV[5]), ARGV[6] or ''
local epoch = epoch_now()
local info_json = redis.call('HGET', K_INFO, id)
if not info_json then return {'unknown', epoch} end
local info = decode(info_json)
if instance ~= '' and not info.instance then return {'unknown', epoch} end
if instance ~= '' and info.instance ~= instance then return {'taken', epoch} end
if info.left then return {'unknown', epoch} end

local now = now_ms()
if silent_ms and now - tonumber(redis.call('ZSCORE', K_EXPIRES, id) or now) < silent_ms then return {'kept', epoch} end
local h = hot_open(now)
if processed ~= '' then
  local total = finite(info.processed_base) + tonumber(processed)
  redis.call('HSET', K_PROCESSED, id, string.format('%.0f', total))
end
local is_operator = instance == '' and not silent_ms
-- Its process lives, and registers again: only who leaves by itself is remembered as gone for good.
if is_operator then info.started_ms = nil end
leave(id, info, now)
if is_operator and is_listed(kept_lists(now), id, info.source) then redis.call('HSET', K_KEPT, REMOVED .. id, now) end
elect(h, now, 'deregister ' .. id .. by_whom(by), true)
hot_save(h)
journal('left', 'analyzer', id, 'cause', cause ~= '' and cause or 'it said so', 'epoch', epoch_now(), 'by', by)
return {'ok', epoch_now()}
