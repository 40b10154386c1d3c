-- Which analyzers nodes list: the field of a node in `kept` has its list, and until when it counts. Fields with a
-- '/' are no nodes: removed/ID is an analyzer that an operator removed while a node listed it.
-- Whoever includes this has set K_KEPT before.
local LIST_MS = 30000 -- a list counts for so long after its node's last call
local REMOVED, INSTANCE = 'removed/', '/instance'

local function set_of(list)
  local set = {}
  for _, value in ipairs(type(list) == 'table' and list or {}) do set[value] = true end
  return set
end

-- The lists of all nodes that count now: node -> {until_ms, ids as a set, unknown sources as a set}.
-- The second result is the fields of lists whose time is up, and of what no node wrote. Who deletes them looks which
-- analyzers are listed no more: nobody else can tell later.
local function kept_lists(now)
  local lists, ended, flat = {}, {}, redis.call('HGETALL', K_KEPT)
  for k = 1, #flat, 2 do
    if not string.find(flat[k], '/', 1, true) then
      local ok, list = pcall(cjson.decode, flat[k + 1])
      local until_ms = ok and type(list) == 'table' and tonumber(list.until_ms) or 0
      if until_ms > now + LIST_MS then -- the clock went back
        list.until_ms = now + LIST_MS
        redis.call('HSET', K_KEPT, flat[k], cjson.encode(list))
      end
      if until_ms > now then
        lists[flat[k]] = {ids = set_of(list.ids), unknown = set_of(list.unknown)}
      else
        ended[#ended + 1] = flat[k]
      end
    end
  end
  return lists, ended
end

local function is_listed(lists, id, source)
  for _, list in pairs(lists) do
    if list.ids[id] or source and list.unknown[source] then return true end
  end
  return false
end
