-- claim: a node starts. Takes the id of its first worker, unless a process that lives has it.
--
-- GUARANTEES
--   Atomic: of two nodes that start with one id at the same moment, one gets it. An id is free when its lease
--   has ended, or when the caller knows that the process that held it has ended (ARGV 7). What that process
--   had borrowed goes back to the pot. Nothing is changed with 'in_use' and 'newer'.
-- KEYS
--   1 epoch STRING, 2 slot HASH, 3 url HASH, 4 weight HASH, 5 state HASH, 6 info HASH,
--   7 expires ZSET, 8 processed HASH, 9 nodes ZSET, 10 node_info HASH, 11 held HASH,
--   12 unreachable HASH, 13 hot STRING, 14 events CHANNEL, 15 journal STREAM,
--   16 report HASH
-- ARGV
--   1 worker (node/0), 2 its instance token, 3 "0", 4 "0" (both as for numbered calls, which come later),
--   5 lease (ms), 6 node info (JSON), 7 the first 8 digits of the token of a process that has ended ("" = none)
-- RETURNS
--   {'ok', epoch}, or {'in_use', ms until its lease ends, the first 8 digits of its token, its node info (JSON)},
--   or {'newer', layout of the vectors}: a newer program wrote them, and this one must not touch them
-- COST
--   O(slots), about 70 us with 3 analyzers.
--@include keys
--@include hot
--@include journal
--@include clock
--@include elect
--@include call
local lease_ms, info, ended = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local newer = newer_layout(redis.call('GETRANGE', K_HOT, 0, 7))
if newer then return {'newer', newer} end
local now = now_ms()
local h = hot_open(now)
local packed = redis.call('HGET', K_HELD, worker)
local other = packed and record_unpack(packed)
local left_ms = (tonumber(redis.call('ZSCORE', K_NODES, worker)) or 0) - now
if other and other.token ~= token and left_ms > 0 and string.sub(other.token, 1, 8) ~= ended then
  return {'in_use', left_ms, string.sub(other.token, 1, 8), redis.call('HGET', K_NODE_INFO, worker) or '{}'}
end

local record = record_open(h)
record.lease_end, record.info = now + lease_ms, info
redis.call('ZADD', K_NODES, record.lease_end, worker)
redis.call('HSET', K_NODE_INFO, worker, info)
record_save(record, {'ok', epoch_now()})
hot_save(h)
return {'ok', epoch_now()}
