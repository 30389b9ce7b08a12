# Who may do what: a yes needs a scope that is named here, everything else is no.
#
# Asked before every action, so it looks at nothing but the question: no data, no clock, no built-in outside of Wasm.
package nexus.authorization

# METADATA
# description: |
#   Whether the action is allowed, and the rule that says so. Anything but `allow: true` is a denial.
# entrypoint: true
default decision := {"allow": false, "rule": "nothing-allows-it"}

decision := {"allow": false, "rule": "action-unknown"} if {
	not input.action in actions
} else := {"allow": false, "rule": "principal-incomplete"} if {
	not principal_complete
} else := {"allow": false, "rule": "target-missing"} if {
	input.action in {"command", "append", "publish"}
	not target_named
} else := {"allow": false, "rule": "publish-over-http"} if {
	input.action == "publish"
	input.path != ""
} else := {"allow": true, "rule": needed.rule} if {
	some scope in needed.scopes
	scope in input.scopes
} else := {"allow": false, "rule": needed.rule} if {
	needed
}

actions := {"command", "read", "history", "stream", "search", "append", "publish", "redrive", "operate"}

# A token without tenant or subject never comes so far; a service in the process might forget one.
principal_complete if {
	is_string(input.tenant)
	input.tenant != ""
	is_string(input.subject)
	input.subject != ""
	is_array(input.scopes)
}

target_named if {
	is_string(input.aggregate)
	input.aggregate != ""
	is_string(input.type)
	input.type != ""
}

# The rule that stands for this action, and the scopes of which one is needed.
# Only what a command decides is appended, so who may command an aggregate may append its events, and nobody else.
needed := {"rule": concat("-", [input.action, "scope"]), "scopes": commanding} if {
	input.action in {"command", "append"}
} else := {"rule": concat("-", [input.action, "scope"]), "scopes": {scope}} if {
	scope := plain[input.action]
} else := {"rule": in_area.rule, "scopes": {in_area.scope}} if {
	in_area
} else := {"rule": "read-scope", "scopes": {"read"}} if {
	input.action == "read"
	not area in closed
} else := {"rule": "ops-scope", "scopes": {"ops"}} if {
	input.action == "operate"
	not area in closed
}

commanding := {concat(":", ["commands", input.aggregate]), "commands:*"}

# Actions that need the same scope wherever they are asked for. No token should carry `publish`: it is the router's own.
plain := {
	"history": "history",
	"stream": "stream",
	"search": "read",
	"publish": "publish",
	"redrive": "dead-letters:operate",
}

# Parts of the API with scopes of their own, by the first segment behind the version. Aggregates begin with a capital
# letter, so none is called so.
areas := {
	"schemas": {
		"read": {"rule": "schemas-read-scope", "scope": "schemas:read"},
		"operate": {"rule": "schemas-write-scope", "scope": "schemas:write"},
	},
	"policies": {"read": {"rule": "policies-read-scope", "scope": "policies:read"}},
	"dead-letters": {
		"read": {"rule": "dead-letters-read-scope", "scope": "dead-letters:read"},
		"operate": {"rule": "redrive-scope", "scope": "dead-letters:operate"},
	},
	"sagas": {
		"read": {"rule": "sagas-read-scope", "scope": "sagas:read"},
		"operate": {"rule": "sagas-operate-scope", "scope": "sagas:operate"},
	},
	"schedules": {
		"read": {"rule": "schedules-operate-scope", "scope": "schedules:operate"},
		"operate": {"rule": "schedules-operate-scope", "scope": "schedules:operate"},
	},
	"projections": {
		"read": {"rule": "ops-scope", "scope": "ops"},
		"operate": {"rule": "ops-scope", "scope": "ops"},
	},
	"metrics": {"read": {"rule": "ops-scope", "scope": "ops"}},
}

# What an area does not name is not allowed in it.
closed := {name | some name, _ in areas}

in_area := areas[area][input.action]

default area := ""

area := segments[2] if segments[1] == "v1"

area := "metrics" if input.path == "/metrics"

segments := split(input.path, "/")
