-- How a packet came. Nodes and scripts hand it on as one text: the media type, and for what is anything else than
-- plain JSON at /ingest five more lines. In the streams each line is a field of its own.
local FORM_FIELDS = {'type', 'path', 'query', 'method', 'tenant', 'format'}

-- Appends the fields to `fields`.
local function form_add(fields, form)
  local i = 0
  for text in string.gmatch(form .. '\n', '(.-)\n') do
    i = i + 1
    if FORM_FIELDS[i] and (i == 1 or text ~= '') then
      fields[#fields + 1], fields[#fields + 2] = FORM_FIELDS[i], text
    end
  end
end

-- The text again, of an entry's fields by their names. An older node wrote no format.
local function form_of(f)
  if not f.format then return f.type or '' end
  local lines = {}
  for i, name in ipairs(FORM_FIELDS) do lines[i] = string.gsub(f[name] or '', '\n', ' ') end
  return table.concat(lines, '\n')
end
