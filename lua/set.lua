-- set: an operator changes an analyzer's weight, administrative state, or simulated fault.
--
-- GUARANTEES
--   Atomic; a new epoch tells every node, and is the analyzer's revision. Values are the caller's to
--   check. With 'changed' nothing was changed.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH
-- ARGV
--   1 id, 2 revisions by commas, one of which it must have ("*" = any), 3 who does it, for the journal
--   ("" = not said), then pairs: "weight" and a number >= 0, "state" and active, draining or disabled, "fault" and a fault the analyzer
--   understands ("" = none)
-- RETURNS
--   {'ok' or 'changed', epoch, its revision now} or {'unknown', epoch}
-- COST
--   O(slots), about 100 us with 3 analyzers.
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
local id, by = ARGV[1], ARGV[3]
local info_json = redis.call('HGET', K_INFO, id)
if not info_json or redis.call('HEXISTS', K_URL, id) == 0 then
  return {'unknown', epoch_now()}
end
local info = decode(info_json)
local revision = string.format('%.0f', finite(info.revision))
if ARGV[2] ~= '*' and not string.find(',' .. ARGV[2] .. ',', ',' .. revision .. ',', 1, true) then
  return {'changed', epoch_now(), tonumber(revision)}
end
local now = now_ms()
local h = hot_open(now)
local was = {}
info.revision = epoch_now() + 1 -- that the election makes
for k = 4, #ARGV, 2 do
  local field, value = ARGV[k], ARGV[k + 1]
  if field == 'weight' then
    was[field] = redis.call('HGET', K_WEIGHT, id)
    redis.call('HSET', K_WEIGHT, id, value)
    info.weight = value
  elseif field == 'state' then
    was[field] = redis.call('HGET', K_STATE, id)
    redis.call('HSET', K_STATE, id, value)
    info.state = value
  elseif field == 'fault' then
    was[field] = info.fault
    info.fault = value ~= '' and value or nil
  end
end
redis.call('HSET', K_INFO, id, cjson.encode(info))
elect(h, now, 'set ' .. id .. by_whom(by), true)
hot_save(h)
for k = 4, #ARGV, 2 do
  journal(ARGV[k], 'analyzer', id, 'was', was[ARGV[k]] or '', 'now', ARGV[k + 1], 'cause', 'an operator',
    'epoch', epoch_now(), 'by', by)
end
return {'ok', epoch_now(), info.revision}
