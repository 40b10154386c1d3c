-- The accounts: what became of every packet that was received. Each run of a worker tells its own
-- figures since its start, as JSON in the field worker#run (the first 8 digits of its token); those of
-- runs that ended long ago are added up in the field GONE.
local ACCOUNTS = {'received', 'taken', 'delivered', 'spilled', 'dead', 'refused', 'lost', 'in_flight'}
local GONE = 'gone'
-- What a run had told when it was added up stays for a week under this prefix: it may only have been cut off, and
-- what it tells then takes the place of that.
local ADDED_UP = '~'
-- Says that counters or accounts were lost once, so that they may differ. Like those it is no account.
local HAS_LOST = '~lost'

local function accounts_new()
  local sums = {}
  for _, name in ipairs(ACCOUNTS) do sums[name] = {0, 0} end
  return sums
end

local function is_amount(value)
  return type(value) == 'number' and math.abs(value) <= 2 ^ 53
end

-- Adds nothing and returns nil where it is not what a worker tells: anybody may have written the field.
local function accounts_add(sums, json)
  local is_json, told = pcall(cjson.decode, json)
  if not is_json or type(told) ~= 'table' then return nil end
  for _, name in ipairs(ACCOUNTS) do
    local pair = told[name]
    if pair and not (type(pair) == 'table' and is_amount(pair[1]) and is_amount(pair[2])) then return nil end
  end
  for _, name in ipairs(ACCOUNTS) do
    local sum, pair = sums[name], told[name]
    if pair then sum[1], sum[2] = sum[1] + pair[1], sum[2] + pair[2] end
  end
  return told
end

-- What a run is: 'live'; 'ended', as far as its worker's lease tells (it may be cut off); 'replaced':
-- another process is this worker now.
local function run_state(field, now)
  local worker, run = string.match(field, '^(.*)#(.-)$')
  if not worker then return 'ended' end
  local packed = redis.call('HGET', K_HELD, worker)
  local record = packed and record_unpack(packed)
  if record and string.sub(record.token, 1, 8) ~= run then return 'replaced' end
  local lease_end = redis.call('ZSCORE', K_NODES, worker)
  return lease_end and tonumber(lease_end) > now and 'live' or 'ended'
end
