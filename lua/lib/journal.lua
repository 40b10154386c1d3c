-- The journal: what happened in the pool, for people; the key events only tells those who listen. It is no
-- record of packets, so it alone is trimmed. Whoever includes this has set K_JOURNAL before.
--
-- What happens again within a minute is folded into one entry: the earlier entry goes, and the new one has
-- `count` and `first_ms`. What a person changed is never folded, for its order matters.
local JOURNAL_MOST = 1000
local journal_tail -- the latest entries first, as this call has found and left them; nil: not looked at

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

  local function note(place, name, fields)
    local text, count, first_ms = parse(fields)
    table.insert(journal_tail, place, {name = name, text = text, count = count, first_ms = first_ms})
  end

  local function look()
    local latest = redis.pcall('XREVRANGE', K_JOURNAL, '+', '-', 'COUNT', FOLD_LOOK)
    journal_tail = {}
    for _, entry in ipairs(latest.err and {} or latest) do note(#journal_tail + 1, entry[1], entry[2]) end
  end

  -- Takes an equal entry of the last minute away. Returns the fields that the new one has besides.
  local function fold(fields)
    local t = redis.call('TIME')
    local now, wanted = t[1] * 1000 + math.floor(t[2] / 1000), parse(fields)
    for k, entry in ipairs(journal_tail) do
      local at = tonumber(string.match(entry.name, '^%d+'))
      if entry.text == wanted and now - at < FOLD_WITHIN_MS then
        table.remove(journal_tail, k)
        if redis.pcall('XDEL', K_JOURNAL, entry.name) ~= 1 then return {} end
        return {'count', string.format('%.0f', entry.count + 1), 'first_ms', string.format('%.0f', entry.first_ms or at)}
      end
    end
    return {}
  end

  local fields = {'kind', kind, ...}
  for k, value in ipairs(fields) do fields[k] = tostring(value) end
  local is_folded = not NEVER_FOLDED[kind]
  if is_folded and not journal_tail then look() end
  local more = is_folded and fold(fields) or {}
  for _, value in ipairs(more) do fields[#fields + 1] = value end
  local name = redis.pcall('XADD', K_JOURNAL, 'MAXLEN', '~', JOURNAL_MOST, '*', unpack(fields))
  if journal_tail and type(name) == 'string' then note(1, name, fields) end
end

-- What the channel says of a change that somebody made.
local function by_whom(by)
  return by ~= '' and ' by ' .. by or ''
end
