# Every version of every event is in the lock and in the registry, and no event is stored or sent unseen.
package nexus.architecture.registration

policy := "registration"

violations contains {
	"policy": policy,
	"rule": "not-locked",
	"why": sprintf("events.lock does not hold this schema of %s: a change of it would go unseen", [one.subject]),
	"repair": "run `nexus schemas generate` and commit events.lock",
	"file": one.file,
	"line": one.line,
} if {
	some one in input.events
	not one.locked
}

violations contains {
	"policy": policy,
	"rule": "not-registered",
	"why": sprintf("%s is in no registry: in production its events would be refused", [one.subject]),
	"repair": "run `nexus schemas register` and commit events.lock",
	"file": one.file,
	"line": one.line,
} if {
	some one in input.events
	one.locked
	not one.registered
}

violations contains {
	"policy": policy,
	"rule": "not-validated",
	"why": sprintf("events on %s meet neither their schema nor the registry", [one.path]),
	"repair": "let the actor store them: send a command, or append through the host that has a Gate",
	"file": one.file,
	"line": one.line,
} if {
	some one in input.publishers
	not one.validated
}
