-- renew: an analyzer's heartbeat. Prolongs its lease and takes down what it says it processed.
--
-- GUARANTEES
--   Only the instance that owns the id can renew. What it processed is added to what earlier
--   instances of the id had processed. A lease that had run out is taken up again. One that has
--   deregistered stays unknown, but what it says it processed still counts. One of whom the registry has
--   lost something is unknown too.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH
-- ARGV
--   1 id, 2 instance token, 3 messages this instance processed so far ("" = not said)
-- RETURNS
--   {'ok', epoch, fault ("" = none)} or {'unknown', epoch} or {'taken', epoch}
-- COST
--   O(log analyzers), about 20 us; O(slots) when the lease had run out.
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
local id, instance, processed = ARGV[1], ARGV[2], ARGV[3]
local epoch = epoch_now()
local info_json = redis.call('HGET', K_INFO, id)
if not info_json then return {'unknown', epoch} end
local info = decode(info_json)
if not info.instance then return {'unknown', epoch} end
-- the node that brought it back may have known an earlier instance: this one registers again
if info.instance ~= instance then return {info.restored and 'unknown' or 'taken', epoch} end

local now = now_ms()
local lease_end = tonumber(redis.call('ZSCORE', K_EXPIRES, id))
if not lease_end then note_loss('expires') end
lease_end = lease_end or 0
if processed ~= '' then
  local total = finite(info.processed_base) + tonumber(processed)
  redis.call('HSET', K_PROCESSED, id, string.format('%.0f', total))
end
if info.left then return {'unknown', epoch} end
for _, key in ipairs({K_SLOT, K_URL, K_WEIGHT, K_STATE}) do
  if redis.call('HEXISTS', key, id) == 0 then return {'unknown', epoch} end -- lost: it registers again
end
redis.call('ZADD', K_EXPIRES, now + (tonumber(info.ttl_ms) or GRACE_MS), id)
if lease_end <= now then
  local h = hot_open(now)
  elect(h, now, 'renew ' .. id, true)
  hot_save(h)
  epoch = epoch_now()
  journal('back', 'analyzer', id, 'cause', 'heartbeat', 'epoch', epoch)
end
return {'ok', epoch, info.fault or ''}
