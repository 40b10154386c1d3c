-- bury: a packet that an analyzer refuses as bad, or at which analyzers fail, goes to the dead-letter stream.
--
-- GUARANTEES
--   Bounded by admission: nothing is ever trimmed. With 'full' nothing was changed.
-- KEYS
--   1 dead STREAM, 2 journal STREAM, 3 spill_pushes HASH
-- ARGV
--   1 body, 2 messages, 3 analyzer that refused it, 4 why: a text, or the status it answered, 5 node, 6 most entries,
--   7 its own id ("" = it has none), 8 how it came (lib/form.lua), 9 when it was received (ms, the node's clock),
--   10 most bytes (as Redis estimates them), 11 who calls, 12 the number of its call, by which it can be taken
--   back (spill_void), 13 what the analyzer said of it; 7 to 13 may be missing
-- RETURNS
--   {'ok', entries} or {'full', entries}; {'void', 0} if it was taken back before it ran
-- COST
--   O(1), about 30 us
local K_DEAD, K_JOURNAL, K_PUSHES = KEYS[1], KEYS[2], KEYS[3]
--@include form
--@include journal
--@include ticket
local who, number = ARGV[11] ~= '' and ARGV[11] or nil, ARGV[12]
if who and ticket_is_void(who, number) then return {'void', 0} end
local reason = tonumber(ARGV[4]) and 'status ' .. ARGV[4] or ARGV[4]
local said = ARGV[13] or ''
local entries = redis.call('XLEN', K_DEAD)
local bytes = redis.pcall('MEMORY', 'USAGE', K_DEAD)

-- Where MEMORY is forbidden, each entry is taken to be as large as the larger one of the first and the last.
local function guess()
  local most = 0
  for _, range in ipairs({{'XRANGE', '-', '+'}, {'XREVRANGE', '+', '-'}}) do
    for _, entry in ipairs(redis.call(range[1], K_DEAD, range[2], range[3], 'COUNT', 1)) do
      local size = 128
      for _, text in ipairs(entry[2]) do size = size + #text end
      most = math.max(most, size)
    end
  end
  return entries * most
end

bytes = type(bytes) == 'table' and guess() or bytes or 0
if entries >= tonumber(ARGV[6]) or bytes + #ARGV[1] > (tonumber(ARGV[10]) or math.huge) then
  return {'full', entries}
end
local fields = {'reason', reason, 'analyzer', ARGV[3], 'node', ARGV[5], 'messages', ARGV[2], 'id', ARGV[7] or '',
  'received_ms', ARGV[9] or '', 'body', ARGV[1]}
form_add(fields, ARGV[8] or '')
if said ~= '' then
  fields[#fields + 1], fields[#fields + 2] = 'answer', said
end
local name = redis.call('XADD', K_DEAD, '*', unpack(fields))
if who then ticket_write(who, number, name .. ' 0 0') end
entries = entries + 1
-- the first, the tenth, the hundredth, ...: many may come at once
if string.match(entries, '^10*$') then
  journal('dead', 'analyzer', ARGV[3], 'node', ARGV[5], 'now', entries, 'cause', reason)
end
return {'ok', entries}
