-- Requests for wrk: `wrk … -- EVENTS_A_REQUEST RUN alike|varied`. An event has about 300 bytes.
-- `alike`: every event is new, from one of 10,000 entities, and happened within one hour of one day.
-- `varied`: one of ten types and of 100,000 entities; nine of ten happened within the last minute, most others within the
-- last hour, one of a hundred within 30 days, one of a thousand has a clock that is ahead; one of fifty was sent before.
local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

local count, run, made = 1, "0", 0
local event

local PAYLOAD = '"payload":{"run":"%s","n":%d,"thread":%d,"device":"watch-7","app":{"version":"2.14.0","build":8841},'
  .. '"battery":0.83,"tags":["auto","sync"],"session":"0b9f4c1e-7c1d-4b59-9df1-2f6f2a9f8e11"}}'
local ALIKE = '{"source":"bench","event_type":"heartbeat","entity_id":"user_%04d","event_time":"2026-01-15T11:%02d:%02d.%03dZ",' .. PAYLOAD
local VARIED = '{"source":"bench","event_type":"type_%d","entity_id":"user_%05d","event_time":"%s.%03dZ",' .. PAYLOAD

local function alike()
  made = made + 1
  return string.format(
    ALIKE, made * 7919 % 10000, made / 60000 % 60, made / 1000 % 60, made % 1000, run, made, thread_number
  )
end

local function age_in_seconds()
  local dice = math.random(1000)
  if dice == 1 then return -math.random(300) end
  if dice <= 11 then return math.random(30 * 86400) end
  if dice <= 100 then return math.random(3600) end
  return math.random(60)
end

local sent, KEPT = {}, 10000

local function varied()
  made = made + 1
  if made > KEPT and made % 50 == 0 then return sent[math.random(KEPT)] end
  local time = os.date("!%Y-%m-%dT%H:%M:%S", os.time() - age_in_seconds())
  local text = string.format(
    VARIED, math.random(0, 9), math.random(0, 99999), time, math.random(0, 999), run, made, thread_number
  )
  sent[made % KEPT + 1] = text
  return text
end

function init(args)
  count, run = tonumber(args[1]), args[2] .. "-" .. os.time()
  event = args[3] == "varied" and varied or alike
  math.randomseed(tonumber(args[2]) + os.time())
  wrk.method = "POST"
  wrk.headers["Content-Type"] = count == 1 and "application/json" or "application/x-ndjson"
end

function request()
  if count == 1 then
    return wrk.format(nil, nil, nil, event())
  end
  local lines = {}
  for line = 1, count do
    lines[line] = event()
  end
  return wrk.format(nil, nil, nil, table.concat(lines, "\n"))
end
