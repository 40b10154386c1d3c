-- replay: dead letters go to the stream `spill`, and so to analyzers again.
--
-- GUARANTEES
--   Atomic; bounded as spill_push is: with 'full' the rest stays where it is. May be repeated: what was
--   moved is not there any more.
-- KEYS
--   1 dead STREAM, 2 spill STREAM, 3 spill_total HASH, 4 journal STREAM
-- ARGV
--   1 most bytes in the spill, then the entries
-- RETURNS
--   {'ok' or 'full', how many were moved, how many were not there}
-- COST
--   O(entries), about 70 us with 1, 1500 us with 64 (of 1.2 KB)
local K_DEAD, K_SPILL, K_SPILL_TOTAL, K_JOURNAL = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
--@include form
--@include spill
--@include spill_add
--@include journal
local max_bytes = tonumber(ARGV[1])

-- An old letter does not say all that a packet has.
local function add(entry)
  local f = {}
  for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
  local form = form_of(f)
  if form == '' then form = 'application/json' end
  local received_ms = spill_number(f.received_ms, 0, 2 ^ 53) and f.received_ms or string.match(entry[1], '^%d+')
  return spill_add(max_bytes, f.id or '', form, spill_number(f.messages, 1, 2 ^ 32 - 1) or 1, received_ms, f.node or '',
    f.body or '')
end

if redis.call('EXISTS', K_SPILL) == 0 then spill_group_create() end
local before = spill_open()
local moved, missing, answer = 0, 0, 'ok'
for i = 2, #ARGV do
  local entry = redis.pcall('XRANGE', K_DEAD, ARGV[i], ARGV[i])[1] -- none either for what is no entry's name
  if not entry then
    missing = missing + 1
  elseif add(entry) then
    redis.call('XDEL', K_DEAD, ARGV[i])
    moved = moved + 1
  else
    answer = 'full'
    break
  end
end
if moved > 0 then spill_close() end
if moved > 0 and spill_begin(before) then journal('spill_began', 'cause', 'dead letters were replayed') end
return {answer, moved, missing}
