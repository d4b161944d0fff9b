-- Requests for wrk: `wrk … -- EVENTS_A_REQUEST RUN`. Every event is new, of about 300 bytes, from one of 10,000 entities,
-- and happened within the last minutes before noon of one day.
local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

local count, run, made = 1, "0", 0

function init(args)
  count, run = tonumber(args[1]), args[2] .. "-" .. os.time()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = count == 1 and "application/json" or "application/x-ndjson"
end

local function event()
  made = made + 1
  return string.format(
    '{"source":"bench","event_type":"heartbeat","entity_id":"user_%04d","event_time":"2026-01-15T11:%02d:%02d.%03dZ",'
      .. '"payload":{"run":"%s","n":%d,"thread":%d,"device":"watch-7","app":{"version":"2.14.0","build":8841},'
      .. '"battery":0.83,"tags":["auto","sync"],"session":"0b9f4c1e-7c1d-4b59-9df1-2f6f2a9f8e11"}}',
    made * 7919 % 10000, made / 60000 % 60, made / 1000 % 60, made % 1000, run, made, thread_number
  )
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
