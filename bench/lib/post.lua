-- What wrk sends, to all contestants alike: packets of log messages.
--   wrk -s post.lua URL -- BYTES MESSAGES     every packet the same
--   wrk -s post.lua URL -- mixed              1 to 1000 messages each, heavy tail (pareto, shape 1.1)
--   wrk -s post.lua URL -- file FILE TYPE [ENCODING]   what is in the file
-- At the end one line: result REQUESTS MICROSECONDS MEAN-BODY-BYTES ERRORS
local MIXED = 512 -- packets, sent in turn
local text = string.rep("connection from upstream accepted, handled in 12 ms, status=200 queue=7 ", 1000)

local function packet(n_messages, message_bytes)
  local messages = {}
  for i = 1, n_messages do
    local head = '{"level":"info","msg":"'
    messages[i] = head .. string.sub(text, i, i + message_bytes - #head - 3) .. '"}'
  end
  return '{"id":"p1","messages":[' .. table.concat(messages, ",") .. "]}"
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

-- A packet of the given size, or as near to it as messages of equal length come.
local function packet_of(bytes, n_messages)
  return packet(n_messages, math.max(26, math.floor((bytes - 25 - (n_messages - 1)) / n_messages)))
end

local bodies, next_body = {}, 0
threads = {}

function setup(thread) table.insert(threads, thread) end

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  math.randomseed(7)
  if args[1] == "mixed" then
    for i = 1, MIXED do bodies[i] = packet(math.min(1000, math.floor((1 - math.random()) ^ (-1 / 1.1))), 220) end
  elseif args[1] == "file" then
    bodies[1] = read(args[2])
    wrk.headers["Content-Type"] = args[3]
    wrk.headers["Content-Encoding"] = args[4]
  else
    bodies[1] = packet_of(tonumber(args[1]), tonumber(args[2]))
  end
  local bytes = 0
  for _, body in ipairs(bodies) do bytes = bytes + #body end
  mean_bytes = bytes / #bodies
  wrk.body = bodies[1]
  if #bodies == 1 then return end
  for i, body in ipairs(bodies) do bodies[i] = wrk.format(nil, nil, nil, body) end
  request = function()
    next_body = next_body % #bodies + 1
    return bodies[next_body]
  end
end

function done(summary)
  local e = summary.errors
  io.write(string.format("result %d %d %.0f %d\n", summary.requests, summary.duration, threads[1]:get("mean_bytes"),
    e.connect + e.read + e.write + e.status + e.timeout))
end
