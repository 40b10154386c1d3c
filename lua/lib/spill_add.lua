-- A packet goes into the spill. Whoever includes this has included form and spill.

-- The name of its entry, or false where there is no room.
local function spill_add(max_bytes, id, form, messages, received_ms, node, body, via)
  local cost = spill_cost(id, form, body)
  if spill_bytes + cost > max_bytes then return false end
  spill_messages, spill_bytes = spill_messages + messages, spill_bytes + cost
  local fields = {'id', id}
  form_add(fields, form)
  for _, text in ipairs({'messages', messages, 'received_ms', received_ms, 'node', node}) do fields[#fields + 1] = text end
  if via and via ~= '' then fields[#fields + 1], fields[#fields + 2] = 'via', via end
  fields[#fields + 1], fields[#fields + 2] = 'body', body
  return redis.call('XADD', K_SPILL, '*', unpack(fields))
end
