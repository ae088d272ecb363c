-- Look-ups for wrk, on one thread: repeated (one target again and again) or each of another organisation.
-- Arguments: target before and after the number, mark, first number, how many organisations, "same" or "different".
local before, after, mark, first, count, same
local sent = 0

function init(args)
  before, after, mark = args[1], args[2], args[3]
  first, count, same = tonumber(args[4]), tonumber(args[5]), args[6] == "same"
end

function request()
  local target = before .. string.format("%d", (first + sent) % count) .. after .. mark
  if not same then
    sent = sent + 1
    target = target .. "-" .. sent
  end
  return wrk.format("GET", target, { ["Accept"] = "application/sparql-results+json" })
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.6f, "errors": %d, "p50": %.6f, "p99": %.6f}\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end
