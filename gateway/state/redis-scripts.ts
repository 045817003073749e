/**
 * The arithmetic of `budget-arithmetic.ts` in Lua, with the clock of the Redis server. A key holds how much of a budget is
 * spent and when it was so, and is gone when the budget is full again.
 */
const arithmetic = `
local dayMs = 86400000

local function windowStart(window, ms)
  local days = math.floor(ms / dayMs)
  if window == 'day' then return days * dayMs end
  -- The day of the month, as in https://howardhinnant.github.io/date_algorithms.html#civil_from_days
  local shifted = days + 719468
  local ofEra = shifted % 146097
  local year = math.floor((ofEra - math.floor(ofEra / 1460) + math.floor(ofEra / 36524) - math.floor(ofEra / 146096)) / 365)
  local ofYear = ofEra - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * ofYear + 2) / 153)
  return (days - (ofYear - math.floor((153 * month + 2) / 5))) * dayMs
end

local function windowEnd(window, ms)
  local start = windowStart(window, ms)
  if window == 'day' then return start + dayMs end
  return windowStart(window, start + 32 * dayMs)
end

local function readRule(index)
  local first = (index - 1) * 4
  return {
    key = KEYS[index],
    capacity = tonumber(ARGV[first + 1]),
    refillPerMs = tonumber(ARGV[first + 2]),
    window = ARGV[first + 3] ~= '' and ARGV[first + 3] or nil,
    amount = tonumber(ARGV[first + 4]),
  }
end

local function bounded(rule, spent)
  return math.min(math.max(0, spent), 2 * rule.capacity)
end

local function readText(key)
  local found = redis.pcall('GET', key)
  if type(found) ~= 'table' then return found or '' end
  -- What is no text is no budget either, and will be one. Everything else is an error.
  if string.find(found.err, 'WRONGTYPE', 1, true) then return '' end
  error(found.err)
end

local function readSpent(rule, now)
  local spent, at = string.match(readText(rule.key), '^(%S+) (%S+)$')
  spent, at = tonumber(spent), tonumber(at)
  -- What is no number is not equal to itself.
  if not spent or not at or spent ~= spent or at ~= at then return 0, now end
  spent = bounded(rule, spent)
  if not rule.window then
    -- Written by a clock that has been set back since: the bucket fills from now on.
    return math.max(0, spent - rule.refillPerMs * math.max(0, now - at)), now, at > now
  end
  if windowStart(rule.window, now) > windowStart(rule.window, at) then return 0, now end
  return spent, math.max(at, now)
end

-- 10 years: what a time to live may be without an overflow.
local longestMs = 315360000000

local function write(rule, spent, at, now)
  spent = bounded(rule, spent)
  if spent == 0 then return redis.call('DEL', rule.key) end
  local ttlMs
  if rule.window then
    -- A minute more than the window, for a replica whose clock is behind.
    ttlMs = windowEnd(rule.window, at) - now + 60000
  else
    ttlMs = spent / rule.refillPerMs
  end
  ttlMs = math.max(1, math.min(math.ceil(ttlMs), longestMs))
  redis.call('SET', rule.key, string.format('%.17g %.17g', spent, at), 'PX', string.format('%.0f', ttlMs))
end

local function readNow()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end
`;

/**
 * Takes all charges or none. Answers the index of the one that has to wait longest, or -1; for how long, or -1 for ever;
 * now; and of each budget what is spent. Numbers as text, because Redis cuts fractions off.
 */
export const reserveScript = `${arithmetic}
local allowance = 1 + 1e-13

local function waitFor(rule, spent, amount, now)
  local limit = rule.capacity * allowance
  if not (amount > 0 and amount <= limit) then return math.huge end
  local over = spent + amount - limit
  if over <= 0 then return 0 end
  if rule.window then return math.ceil(windowEnd(rule.window, now) - now) end
  return math.max(1, math.ceil(over / rule.refillPerMs))
end

local now = readNow()
local rules, drafts = {}, {}
local refused, longest = -1, 0
for index = 1, #KEYS do
  local rule = readRule(index)
  rules[index] = rule
  local draft = drafts[rule.key]
  if not draft then
    local spent, at, isAhead = readSpent(rule, now)
    draft = { rule = rule, spent = spent, at = at, isAhead = isAhead, wanted = 0 }
    drafts[rule.key] = draft
  end
  if rule.amount ~= 0 then
    draft.wanted = draft.wanted + rule.amount
    local wait = waitFor(rule, draft.spent, draft.wanted, now)
    if wait > longest then refused, longest = index - 1, wait end
  end
end
local isTaken = refused == -1
for _, draft in pairs(drafts) do
  local taken = isTaken and draft.wanted or 0
  draft.spent = draft.spent + taken
  if taken > 0 or draft.isAhead then write(draft.rule, draft.spent, draft.at, now) end
end
local answer = {
  tostring(refused),
  longest == math.huge and '-1' or string.format('%.17g', longest),
  string.format('%.17g', now),
}
for index, rule in ipairs(rules) do answer[index + 3] = string.format('%.17g', drafts[rule.key].spent) end
return answer
`;

/** Gives back, or takes in addition. The last argument is when the charges were taken. */
export const settleScript = `${arithmetic}
local now = readNow()
local takenAt = tonumber(ARGV[#KEYS * 4 + 1])
for index = 1, #KEYS do
  local rule = readRule(index)
  if not rule.window or windowStart(rule.window, takenAt) >= windowStart(rule.window, now) then
    local spent, at = readSpent(rule, now)
    write(rule, spent - rule.amount, at, now)
  end
end
return 1
`;

/** The start and the end of the window (first argument) of a moment (second argument), for the test that compares. */
export const windowScript = `${arithmetic}
local window, ms = ARGV[1], tonumber(ARGV[2])
return { string.format('%.17g', windowStart(window, ms)), string.format('%.17g', windowEnd(window, ms)) }
`;
