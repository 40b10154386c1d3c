-- spill_push: packets go to the stream `spill`: those that no analyzer can take, or those that a worker
-- is delivering and whose agents have waited long enough.
--
-- GUARANTEES
--   Atomic. Bounded by admission: nothing is ever trimmed. Packets are stored in the order given, as
--   long as there is room; with 'full' the rest was not. Who gets no answer does not know whether it
--   ran, and takes it back by its number (spill_void), also before it runs: 'void'. With a holder, that
--   worker has taken them as they come: nobody else gets them while it lives (see spill_take).
-- KEYS
--   1 spill STREAM, 2 spill_total HASH, 3 journal STREAM, 4 spill_pushes HASH
-- ARGV
--   1 node, 2 most bytes in the spill, then seven for each packet: its own id ("" = it has none), how it came
--   (lib/form.lua), messages, when it was received (ms, the node's clock), body, deliveries that failed and count, pools that it
--   has been in before ("" = none); then the holder, the
--   worker (node/index) that delivers them already ("" or absent = none), who calls, and the number of its call
--   (absent: not numbered)
-- RETURNS
--   {'ok', 'full' or 'void', packets stored, bytes in the spill now, the name of each entry}
-- COST
--   O(packets), about 45 us with 1, 550 us with 64 (of 1.2 KB)
local K_SPILL, K_SPILL_TOTAL, K_JOURNAL, K_PUSHES = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
--@include form
--@include spill
--@include spill_add
--@include journal
--@include ticket
local node, max_bytes = ARGV[1], tonumber(ARGV[2])
local n_packets = math.floor((#ARGV - 2) / 7)
local holder, who, number = unpack(ARGV, 3 + 7 * n_packets)
local names, stored = {}, {}
if holder == '' then holder = nil end

-- The entries are the holder's. The group's mark goes behind them, unless entries that nobody has are in
-- between; spill_take passes over them then.
local function hold(has_free)
  local claim = {'XCLAIM', K_SPILL, GROUP, holder, 0}
  for _, name in ipairs(names) do claim[#claim + 1] = name end
  claim[#claim + 1] = 'FORCE'
  claim[#claim + 1] = 'JUSTID'
  if not has_free then
    claim[#claim + 1] = 'LASTID'
    claim[#claim + 1] = names[#names]
  end
  redis.call(unpack(claim))
end

if who and ticket_is_void(who, number) then return {'void', 0, 0} end
if redis.call('EXISTS', K_SPILL) == 0 then spill_group_create() end
local before = spill_open()
local has_free = holder and #redis.call('XRANGE', K_SPILL, '(' .. spill_mark(), '+', 'COUNT', 1) > 0
local answer = 'ok'
for i = 3, 2 + 7 * n_packets, 7 do
  local name = spill_add(max_bytes, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], node, ARGV[i + 4], ARGV[i + 6])
  if not name then
    answer = 'full'
    break
  end
  names[#names + 1] = name
  stored[#stored + 1] = name .. ' ' .. ARGV[i + 2] .. ' ' .. spill_cost(ARGV[i], ARGV[i + 1], ARGV[i + 4])
  if ARGV[i + 5] ~= '0' then spill_set_failures(name, ARGV[i + 5]) end
end
if #names == 0 then return {answer, 0, spill_bytes} end
if who then ticket_write(who, number, table.concat(stored, ' ')) end
spill_close()
if holder then
  hold(has_free)
elseif spill_begin(before) then journal('spill_began', 'node', node, 'cause', 'no analyzer can take it') end
return {answer, #names, spill_bytes, unpack(names)}
