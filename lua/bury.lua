-- bury: a packet that an analyzer refuses as bad goes to the dead-letter stream.
--
-- GUARANTEES
--   Bounded by admission: nothing is ever trimmed. With 'full' nothing was changed.
-- KEYS
--   1 dead STREAM
-- ARGV
--   1 body, 2 messages, 3 analyzer that refused it, 4 status it answered, 5 node, 6 most entries
-- RETURNS
--   {'ok', entries} or {'full', entries}
-- COST
--   O(1)
local entries = redis.call('XLEN', KEYS[1])
if entries >= tonumber(ARGV[6]) then return {'full', entries} end
redis.call('XADD', KEYS[1], '*', 'reason', 'status ' .. ARGV[4], 'analyzer', ARGV[3], 'node', ARGV[5],
  'messages', ARGV[2], 'body', ARGV[1])
return {'ok', entries + 1}
