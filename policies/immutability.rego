# What happened has happened: no statement and no grant changes or takes away events.
package nexus.architecture.immutability

policy := "immutability"

violations contains {
	"policy": policy,
	"rule": rule_of[one.kind],
	"why": sprintf("%s on %s %s events that were stored", [one.operation, table(one), verb(one)]),
	"repair": repair_of[one.kind],
	"file": one.file,
	"line": one.line,
} if {
	some one in input.statements
	one.events
	not harmless(one)
	not tombstone(one)
}

rule_of := {
	"sql": "no-change-by-sql",
	"dynamodb": "no-change-by-request",
	"iam": "no-grant-to-change",
}

repair_of := {
	"sql": "append an event that says what is true now; end a stream with EventStore.tombstone",
	"dynamodb": "put a new item with attribute_not_exists; end a stream with EventStore.tombstone",
	"iam": "grant dynamodb:PutItem, dynamodb:GetItem, dynamodb:Query and dynamodb:Scan alone",
}

# Reading and adding, word for word: whatever is not named here counts as changing.
reading_or_adding := {
	"sql": {"SELECT", "INSERT", "CREATE", "PRAGMA", "EXPLAIN", "BEGIN", "COMMIT", "ROLLBACK"},
	"dynamodb": {
		"dynamodb:getitem",
		"dynamodb:batchgetitem",
		"dynamodb:transactgetitems",
		"dynamodb:query",
		"dynamodb:scan",
		"dynamodb:putitem",
		"dynamodb:conditioncheckitem",
		"dynamodb:describetable",
		"dynamodb:describestream",
		"dynamodb:getrecords",
		"dynamodb:getsharditerator",
		"dynamodb:liststreams",
	},
}

harmless(one) if {
	one.kind == "sql"
	upper(one.operation) in reading_or_adding.sql
}

harmless(one) if {
	one.kind in {"dynamodb", "iam"}
	lower(one.operation) in reading_or_adding.dynamodb
}

# The reserved last event of a stream, and only where the source names it.
tombstone(one) if {
	one.tombstone
	one.kind != "iam"
}

table(one) := "a table that cannot be told" if one.table == "*"

table(one) := one.table if one.table != "*"

verb(one) := "may change or delete" if one.kind == "iam"

verb(one) := "changes or deletes" if one.kind != "iam"
