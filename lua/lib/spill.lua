-- The stream `spill`, its group, and `spill_total`: what is in it now. Whoever includes this has set
-- K_SPILL and K_SPILL_TOTAL before.
local GROUP = 'nodes'
local spill_messages, spill_bytes, spill_is_guessed = 0, 0, false

-- Of an entry: what the packet brings along, and about what Redis needs around it. form: as lib/form.lua says.
local function spill_cost(id, form, body) return #id + #form + #body + 128 end

-- From the oldest entry on: a group that was lost gets again what was taken and not done.
local function spill_group_create()
  redis.call('XGROUP', 'CREATE', K_SPILL, GROUP, '0', 'MKSTREAM')
end

-- The entry up to which the group's entries have been given out.
local function spill_mark()
  local groups = redis.call('XINFO', 'GROUPS', K_SPILL)
  for _, flat in ipairs(groups) do
    local g = {}
    for i = 1, #flat, 2 do g[flat[i]] = flat[i + 1] end
    if g.name == GROUP then return g['last-delivered-id'] end
  end
  spill_group_create()
  return '0-0'
end

-- Entries that nobody has are in the spill from now on. True: that is news. `before`: entries in it before.
local function spill_begin(before)
  return redis.call('HSET', K_SPILL_TOTAL, 'began', 1) == 1 or before == 0
end

-- The spill is empty. True: entries that nobody had were in it.
local function spill_end() return redis.call('HDEL', K_SPILL_TOTAL, 'began') == 1 end

-- Anybody may have written an entry. A whole number between the bounds, or nil.
local function spill_number(text, least, most)
  local n = tonumber(text)
  return n and n >= least and n <= most and n == math.floor(n) and n or nil
end

-- An empty spill has no messages and no bytes, whatever the totals say. Totals that are gone are guessed: a message
-- in each packet, and what Redis needs for the stream. Returns the entries in it.
local function spill_open()
  local entries = redis.call('XLEN', K_SPILL)
  if entries > 0 then
    local total = redis.call('HMGET', K_SPILL_TOTAL, 'messages', 'bytes', 'packets')
    spill_is_guessed = not tonumber(total[3])
    spill_messages = spill_number(total[1], 0, 2 ^ 53) or spill_is_guessed and entries or 0
    spill_bytes = spill_number(total[2], 0, 2 ^ 53)
      or spill_is_guessed and tonumber(redis.pcall('MEMORY', 'USAGE', K_SPILL)) or 0
  end
  return entries
end

-- Writes the totals, and where they were guessed leaves word for spill_look. Returns the entries in the spill.
local function spill_close()
  local entries = redis.call('XLEN', K_SPILL)
  if entries == 0 then spill_messages, spill_bytes = 0, 0 end
  redis.call('HSET', K_SPILL_TOTAL, 'packets', entries, 'messages', math.max(0, spill_messages),
    'bytes', math.max(0, spill_bytes))
  if spill_is_guessed then redis.call('HSET', K_SPILL_TOTAL, 'guessed', 1) end
  return entries
end

-- Deliveries of an entry's packet that failed, as far as they count. They are beside it, as they grow while it is held.
local function spill_set_failures(name, failures)
  redis.call('HSET', K_SPILL_TOTAL, 'failures:' .. name, failures)
end

local function spill_failures(name)
  return spill_number(redis.call('HGET', K_SPILL_TOTAL, 'failures:' .. name), 0, 100) or 0
end

-- The entry is gone.
local function spill_forget_failures(name) redis.call('HDEL', K_SPILL_TOTAL, 'failures:' .. name) end
