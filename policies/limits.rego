# Questions after the past can cost a whole stream: each client may ask ten of them in any 60 seconds.
package nexus.architecture.limits

policy := "limits"

requests_max := 10

window_seconds := 60

violations contains {
	"policy": policy,
	"rule": "no-limit",
	"why": sprintf("%s %s asks after the past as often as somebody likes", [one.method, one.path]),
	"repair": "give its handler QueryLimiter.admit, as the routes of Nexus have it",
	"file": one.file,
	"line": one.line,
} if {
	some one in input.routes
	one.temporal
	not is_object(object.get(one, "limit", null))
}

violations contains {
	"policy": policy,
	"rule": "limit-too-high",
	"why": sprintf("%s %s lets %d questions through in %v s: more than %d in %d s", [
		one.method,
		one.path,
		one.limit.requests,
		one.limit.windowSeconds,
		requests_max,
		window_seconds,
	]),
	"repair": sprintf("lower `queries` or raise `queryWindowMs` in Limits, to %d in %d s", [requests_max, window_seconds]),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.routes
	one.temporal
	is_object(one.limit)
	not low_enough(one.limit)
}

# A window slides, so any 60 seconds are covered by so many of it, each with as many questions.
low_enough(limit) if {
	limit.windowSeconds > 0
	limit.requests * ceil(window_seconds / limit.windowSeconds) <= requests_max
}
