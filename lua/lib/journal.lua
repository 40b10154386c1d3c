-- The journal: what happened in the pool, for people; the key events only tells those who listen. It is no
-- record of packets, so it alone is trimmed. Whoever includes this has set K_JOURNAL before.
local JOURNAL_MOST = 1000

-- An entry that cannot be written is left out: for that no script ends half-way.
-- kind, then pairs of field and value: analyzer, node (node/worker), was, now, cause, epoch.
local function journal(kind, ...)
  redis.pcall('XADD', K_JOURNAL, 'MAXLEN', '~', JOURNAL_MOST, '*', 'kind', kind, ...)
end
