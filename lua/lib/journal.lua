-- The journal: what happened in the pool, for people; the key events only tells those who listen. It is no
-- record of packets, so it alone is trimmed. Whoever includes this has set K_JOURNAL before.
--
-- What happens again within a minute is folded into one entry: the earlier entry goes, and the new one has
-- `count` and `first_ms`. What a person changed is never folded, for its order matters.
local JOURNAL_MOST = 1000

-- An entry that cannot be written is left out: for that no script ends half-way.
-- kind, then pairs of field and value: analyzer, node (node/worker), was, now, cause, epoch, by (who did it).
local function journal(kind, ...)
  local FOLD_LOOK = 32 -- entries back
  local FOLD_WITHIN_MS = 60000
  local NEVER_FOLDED = {weight = true, state = true, fault = true, clock_back = true}

  -- The fields of an entry as one text, without those that differ each time; how often it happened; when first.
  local function parse(flat)
    local parts, count, first_ms = {}, 1, nil
    for k = 1, #flat, 2 do
      local name, value = flat[k], flat[k + 1]
      if name == 'count' then
        count = tonumber(value) or 1
      elseif name == 'first_ms' then
        first_ms = tonumber(value)
      elseif name ~= 'epoch' then
        parts[#parts + 1] = name .. '=' .. value
      end
    end
    return table.concat(parts, '\0'), count, first_ms
  end

  -- Takes an equal entry of the last minute away. Returns the fields that the new one has besides.
  local function fold(fields)
    local latest = redis.pcall('XREVRANGE', K_JOURNAL, '+', '-', 'COUNT', FOLD_LOOK)
    if latest.err then return {} end
    local t = redis.call('TIME')
    local now, wanted = t[1] * 1000 + math.floor(t[2] / 1000), parse(fields)
    for _, entry in ipairs(latest) do
      local at = tonumber(string.match(entry[1], '^%d+'))
      local text, count, first_ms = parse(entry[2])
      if text == wanted and now - at < FOLD_WITHIN_MS then
        local gone = redis.pcall('XDEL', K_JOURNAL, entry[1])
        if gone ~= 1 then return {} end
        return {'count', string.format('%.0f', count + 1), 'first_ms', string.format('%.0f', first_ms or at)}
      end
    end
    return {}
  end

  local fields = {'kind', kind, ...}
  for k, value in ipairs(fields) do fields[k] = tostring(value) end
  local more = NEVER_FOLDED[kind] and {} or fold(fields)
  for _, value in ipairs(more) do fields[#fields + 1] = value end
  redis.pcall('XADD', K_JOURNAL, 'MAXLEN', '~', JOURNAL_MOST, '*', unpack(fields))
end

-- What the channel says of a change that somebody made.
local function by_whom(by)
  return by ~= '' and ' by ' .. by or ''
end
