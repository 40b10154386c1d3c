-- The accounts: what became of every packet that was received. Each run of a worker tells its own
-- figures since its start, as JSON in the field worker#run (the first 8 digits of its token); those of
-- runs that ended long ago are added up in the field `gone`.
-- Whoever includes this has set K_ACCOUNTS before. Most calls of settle do without, so all of it is in a function.
local function open_accounts()
  local NAMES = {'received', 'taken', 'delivered', 'spilled', 'dead', 'refused', 'lost', 'in_flight'}
  local accounts = {
    GONE = 'gone',
    -- What a run had told when it was added up stays for a week under this prefix: it may only have been cut off, and
    -- what it tells then takes the place of that.
    ADDED_UP = '~',
    -- Says that counters or accounts were lost once, so that they may differ. Like those it is no account.
    HAS_LOST = '~lost',
  }

  function accounts.zero()
    local sums = {}
    for _, name in ipairs(NAMES) do sums[name] = {0, 0} end
    return sums
  end

  local function is_amount(value)
    return type(value) == 'number' and math.abs(value) <= 2 ^ 53
  end

  -- Adds nothing and returns nil where it is not what a worker tells: anybody may have written the field.
  function accounts.add(sums, json)
    local is_json, told = pcall(cjson.decode, json)
    if not is_json or type(told) ~= 'table' then return nil end
    for _, name in ipairs(NAMES) do
      local pair = told[name]
      if pair and not (type(pair) == 'table' and is_amount(pair[1]) and is_amount(pair[2])) then return nil end
    end
    for _, name in ipairs(NAMES) do
      local sum, pair = sums[name], told[name]
      if pair then sum[1], sum[2] = sum[1] + pair[1], sum[2] + pair[2] end
    end
    return told
  end

  -- Takes a part out of sums that it was added to.
  function accounts.subtract(sums, part)
    for _, name in ipairs(NAMES) do
      for k = 1, 2 do sums[name][k] = math.max(0, sums[name][k] - part[name][k]) end
    end
  end

  function accounts.save_gone(sums, now)
    local parts = {}
    for k, name in ipairs(NAMES) do
      parts[k] = string.format('"%s":[%.0f,%.0f]', name, sums[name][1], sums[name][2])
    end
    redis.call('HSET', K_ACCOUNTS, accounts.GONE, string.format('{"at_ms":%.0f,%s}', now, table.concat(parts, ',')))
  end

  -- What a run is: 'live'; 'ended', as far as its worker's lease tells (it may be cut off); 'replaced':
  -- another process is this worker now.
  function accounts.run_state(field, now)
    local worker, run = string.match(field, '^(.*)#(.-)$')
    if not worker then return 'ended' end
    local packed = redis.call('HGET', K_HELD, worker)
    local record = packed and record_unpack(packed)
    if record and string.sub(record.token, 1, 8) ~= run then return 'replaced' end
    local lease_end = redis.call('ZSCORE', K_NODES, worker)
    return lease_end and tonumber(lease_end) > now and 'live' or 'ended'
  end

  return accounts
end
