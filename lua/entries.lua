-- entries: what is in the stream `dead` or `spill`, for people: without bodies, or with what fits of one.
--
-- GUARANTEES
--   Read-only: runs on a replica too. Never more than 4 MiB of bodies are looked at, but for the first:
--   there may be more entries than are answered, and none only where there are none.
-- KEYS
--   1 dead STREAM, 2 spill STREAM
-- ARGV
--   1 dead or spill, 2 forward or backward, 3 the first name, 4 the last one (both as XRANGE and XREVRANGE have
--   them), 5 most entries, 6 most bytes of each body
-- RETURNS
--   {{name, {field, value, ...}}, ...}: `body` cut, and `bytes`, its whole length
-- COST
--   O(entries and their bodies), about 40 us with 16 of 1.2 KB.
local K_DEAD, K_SPILL = KEYS[1], KEYS[2]
local STEP_BYTES = 4 * 1024 * 1024
local stream = ARGV[1] == 'dead' and K_DEAD or K_SPILL
local range = ARGV[2] == 'backward' and 'XREVRANGE' or 'XRANGE'
local from, most_entries, most_body = ARGV[3], tonumber(ARGV[5]), tonumber(ARGV[6])
local answer, seen_bytes = {}, 0
while #answer < most_entries and seen_bytes < STEP_BYTES do
  local entry = redis.call(range, stream, from, ARGV[4], 'COUNT', 1)[1]
  if not entry then break end
  local fields, bytes = entry[2], 0
  for k = 1, #fields, 2 do
    if fields[k] == 'body' then
      bytes = #fields[k + 1]
      fields[k + 1] = string.sub(fields[k + 1], 1, most_body)
    end
  end
  fields[#fields + 1], fields[#fields + 2] = 'bytes', tostring(bytes)
  answer[#answer + 1] = entry
  seen_bytes, from = seen_bytes + bytes, '(' .. entry[1]
end
return answer
