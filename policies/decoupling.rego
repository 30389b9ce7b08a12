# Services know each other by contracts, events and bus commands alone: none waits for another, none looks inside.
package nexus.architecture.decoupling

policy := "decoupling"

violations contains {
	"policy": policy,
	"rule": "no-internal-import",
	"why": sprintf("%s imports %s of %s: a change inside %s can break %s", [
		one.from,
		one.specifier,
		one.to,
		one.to,
		one.from,
	]),
	"repair": sprintf("import the contract of %s instead, or move what both need into it", [one.to]),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.imports
	one.kind != "contract"
	one.from != one.to
}

# A service whose name is empty puts the application together: it may reach for everything.
violations contains {
	"policy": policy,
	"rule": "no-synchronous-call",
	"why": sprintf("%s waits for %s: when %s is slow or down, %s is too", [one.from, target(one), target(one), one.from]),
	"repair": instead(one),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.calls
	not one.how in {"bus", "event"}
	one.from != ""
	one.from != one.to
}

# What a manifest names has to be there: a slip of the pen, or a name that was changed since, is delivered by nobody.
violations contains {
	"policy": policy,
	"rule": "unknown-command",
	"why": sprintf("%s sends %s: no contract of another service has such a command", [one.from, one.aggregate]),
	"repair": sprintf("name it in \"sends\" as its contract does, or take it out of the manifest of %s", [one.from]),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.calls
	one.how == "bus"
	not is_open(one)
	not of_another(one, commands)
}

violations contains {
	"policy": policy,
	"rule": "unknown-event",
	"why": sprintf("%s listens to %s: no contract of another service has such an event", [one.from, one.aggregate]),
	"repair": sprintf("name it in \"consumes\" as its contract does, or take it out of the manifest of %s", [one.from]),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.calls
	one.how == "event"
	not is_open(one)
	not of_another(one, events)
}

# What a service really sends and listens to is what its manifest says: others rely on it when they change a contract.
violations contains {
	"policy": policy,
	"rule": "undeclared-command",
	"why": sprintf("%s sends %s, and its manifest does not say so", [named(one.from), one.aggregate]),
	"repair": sprintf("add it to \"sends\" in the manifest of %s, or do not send it", [named(one.from)]),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.calls
	one.how == "bus"
	told(one, commands)
	not one.aggregate in {name | some service in input.services; service.name == one.from; some name in service.sends}
}

violations contains {
	"policy": policy,
	"rule": "undeclared-event",
	"why": sprintf("%s listens to %s, and its manifest does not say so", [named(one.from), one.aggregate]),
	"repair": sprintf("add it to \"consumes\" in the manifest of %s, or do not listen to it", [named(one.from)]),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.calls
	one.how == "event"
	told(one, events)
	not one.aggregate in {name | some service in input.services; service.name == one.from; some name in service.consumes}
}

violations contains {
	"policy": policy,
	"rule": "one-owner",
	"why": sprintf("%s and %s both own %s: neither can change it alone", [first.name, second.name, aggregate]),
	"repair": sprintf("take %s out of \"owns\" in one of the two manifests", [aggregate]),
	"file": second.file,
	"line": second.line,
} if {
	some first in input.services
	some second in input.services
	first.name < second.name
	some aggregate in first.owns
	aggregate in second.owns
}

violations contains {
	"policy": policy,
	"rule": "unowned-aggregate",
	"why": sprintf("%s belongs to no service: nobody answers for it", [one.name]),
	"repair": sprintf("add %s to \"owns\" in the manifest of one service", [one.name]),
	"file": one.file,
	"line": one.line,
} if {
	some one in input.aggregates
	not owned(one.name)
}

# Of an address that leads to no service known: whoever is outside the application is waited for by consent.
instead(one) := sprintf(
	"if that is outside the application, add \"%s\" to \"outside\" in the service.json of %s; else send a bus command, or listen to events",
	[one.aggregate, one.from],
) if {
	one.to == ""
	one.how == "http"
} else := sprintf("send a bus command to %s, or listen to its events and keep what is needed", [target(one)])

target(one) := one.to if one.to != ""

target(one) := one.aggregate if one.to == ""

commands contains concat(".", [one.name, command]) if {
	some one in input.aggregates
	some command in one.commands
}

events contains concat(".", [one.aggregate, one.type]) if {
	some one in input.events
}

named(service) := service if service != ""

named(service) := "a part that lies in no service" if service == ""

# Where the source does not say what is sent, a manifest cannot either.
is_open(one) if contains(one.aggregate, "*")

told(one, names) if of_another(one, names)

told(one, _) if is_open(one)

of_another(one, names) if {
	one.aggregate in names
	one.from != one.to
}

owned(name) if {
	some one in input.services
	name in one.owns
}
