# Both sides of every rule of the architecture, each on a whole set of facts with one thing changed.
package nexus.architecture_test

import data.nexus.architecture

place := {"file": "app.ts", "line": 7}

orders := object.union(place, {
	"name": "orders",
	"folder": "orders",
	"owns": ["Order"],
	"consumes": ["Payment.PaymentTaken"],
	"sends": ["Payment.TakePayment"],
	"file": "orders/service.json",
})

payments := object.union(place, {
	"name": "payments",
	"folder": "payments",
	"owns": ["Payment"],
	"consumes": [],
	"sends": [],
	"file": "payments/service.json",
})

event := object.union(place, {
	"aggregate": "Order",
	"type": "OrderPlaced",
	"version": 1,
	"subject": "Order.OrderPlaced.v1",
	"service": "orders",
	"route": "core",
	"locked": true,
	"registered": true,
})

taken := object.union(event, {
	"aggregate": "Payment",
	"type": "PaymentTaken",
	"subject": "Payment.PaymentTaken.v1",
	"service": "payments",
})

order := object.union(place, {"name": "Order", "service": "orders", "commands": ["PlaceOrder"]})

payment := object.union(place, {"name": "Payment", "service": "payments", "commands": ["TakePayment"]})

call := object.union(place, {"from": "orders", "to": "payments", "aggregate": "Payment.TakePayment", "how": "bus"})

imported := object.union(place, {"from": "orders", "to": "payments", "specifier": "../payments/x.ts", "kind": "contract"})

statement := object.union(place, {
	"kind": "sql",
	"operation": "INSERT",
	"table": "events",
	"events": true,
	"tombstone": false,
})

publisher := object.union(place, {"path": "EventStore.commit", "validated": true})

route := object.union(place, {
	"method": "GET",
	"path": "/v1/events",
	"temporal": true,
	"limit": {"requests": 10, "windowSeconds": 60, "per": "client"},
})

# Breaks nothing.
sound := {
	"app": "shop",
	"services": [orders, payments],
	"aggregates": [order, payment],
	"imports": [imported],
	"calls": [call],
	"events": [event, taken],
	"publishers": [publisher],
	"statements": [statement],
	"routes": [route],
}

found(more) := all if {
	all := architecture.violations with input as object.union(sound, more)
}

rules(more) := {sprintf("%s/%s", [one.policy, one.rule]) | some one in found(more)}

clean(more) if count(found(more)) == 0

only(more, rule) if rules(more) == {rule}

called(more) := {"calls": [object.union(call, more)]}

importing(more) := {"imports": [object.union(imported, more)]}

stated(more) := {"statements": [object.union(statement, more)]}

event_of(more) := {"events": [object.union(event, more), taken]}

limited(limit) := {"routes": [object.union(route, {"limit": limit})]}

serving(more) := {"services": [orders, object.union(payments, more)]}

test_sound_facts_break_nothing if clean({})

test_a_violation_says_all_there_is_to_say if {
	some one in found(importing({"kind": "internal"}))
	object.keys(one) == {"policy", "rule", "why", "repair", "file", "line"}
	one.file == "app.ts"
	one.line == 7
	one.why == "orders imports ../payments/x.ts of payments: a change inside payments can break orders"
	one.repair == "import the contract of payments instead, or move what both need into it"
}

test_several_violations_are_all_found if rules(object.union(importing({"kind": "internal"}), called({"how": "http"}))) == {
	"decoupling/no-internal-import",
	"decoupling/no-synchronous-call",
}

test_facts_without_a_list_are_no_clean_facts if every list in architecture.lists {
	facts := object.remove(sound, [list])
	not architecture.violations with input as facts
}

test_no_facts_are_no_clean_facts if not architecture.violations with input as null

test_import_of_a_contract if clean(importing({"kind": "contract"}))

test_import_of_an_internal if only(importing({"kind": "internal"}), "decoupling/no-internal-import")

test_import_of_an_unknown_kind if only(importing({"kind": "other"}), "decoupling/no-internal-import")

test_import_within_a_service if clean(importing({"kind": "internal", "to": "orders"}))

test_command_of_a_contract if clean(called({"aggregate": "Payment.TakePayment"}))

test_command_that_no_contract_has if only(called({"aggregate": "Payment.ReturnPayment"}), "decoupling/unknown-command")

test_command_of_no_aggregate if only(called({"aggregate": "Stock.TakePayment", "to": ""}), "decoupling/unknown-command")

test_command_of_ones_own if only(called({"aggregate": "Order.PlaceOrder", "to": "orders"}), "decoupling/unknown-command")

test_event_is_no_command if only(called({"aggregate": "Payment.PaymentTaken"}), "decoupling/unknown-command")

test_command_of_a_contract_that_nobody_owns if clean(called({"to": ""}))

test_event_of_a_contract if clean(called({"how": "event", "aggregate": "Payment.PaymentTaken"}))

test_event_that_no_contract_has if only(called({"how": "event", "aggregate": "Payment.PaymentLost"}), "decoupling/unknown-event")

test_event_of_ones_own if only(called({"how": "event", "aggregate": "Order.OrderPlaced", "to": "orders"}), "decoupling/unknown-event")

test_command_is_no_event if only(called({"how": "event"}), "decoupling/unknown-event")

test_command_that_the_manifest_does_not_name if only(
	object.union(called({"aggregate": "Payment.TakePayment"}), {"services": [object.union(orders, {"sends": []}), payments]}),
	"decoupling/undeclared-command",
)

test_command_that_nobody_can_tell if only(called({"aggregate": "Payment.*"}), "decoupling/undeclared-command")

test_event_that_the_manifest_does_not_name if only(
	object.union(
		called({"how": "event", "aggregate": "Payment.PaymentTaken"}),
		{"services": [object.union(orders, {"consumes": []}), payments]},
	),
	"decoupling/undeclared-event",
)

test_event_heard_outside_of_all_services if only(
	called({"how": "event", "aggregate": "Payment.PaymentTaken", "from": ""}),
	"decoupling/undeclared-event",
)

test_ask_of_another_service if only(called({"how": "ask"}), "decoupling/no-synchronous-call")

test_http_to_another_service if only(called({"how": "http"}), "decoupling/no-synchronous-call")

test_http_to_nobody_knows_whom if only(called({"how": "http", "to": "", "aggregate": "api.example"}), "decoupling/no-synchronous-call")

test_http_to_nobody_knows_whom_may_be_outside if {
	some one in architecture.violations with input as object.union(sound, called({"how": "http", "to": "", "aggregate": "env.MAIL_URL"}))
	contains(one.repair, "add \"env.MAIL_URL\" to \"outside\" in the service.json of orders")
}

test_call_of_an_unknown_kind if only(called({"how": "pigeon"}), "decoupling/no-synchronous-call")

test_ask_within_a_service if clean(called({"how": "ask", "to": "orders", "aggregate": "Order"}))

test_ask_of_the_entries if clean(called({"how": "ask", "from": ""}))

test_each_aggregate_has_one_owner if clean(serving({"owns": ["Payment", "Refund"]}))

test_two_owners if only(serving({"owns": ["Payment", "Order"]}), "decoupling/one-owner")

test_unowned_aggregate if only({"aggregates": [order, payment, object.union(order, {"name": "Stock", "service": ""})]}, "decoupling/unowned-aggregate")

test_insert_of_events if clean(stated({"operation": "INSERT"}))

test_select_of_events if clean(stated({"operation": "select"}))

test_update_of_events if only(stated({"operation": "UPDATE"}), "immutability/no-change-by-sql")

test_delete_of_events if only(stated({"operation": "DELETE"}), "immutability/no-change-by-sql")

test_replace_of_events if only(stated({"operation": "REPLACE"}), "immutability/no-change-by-sql")

test_drop_of_events if only(stated({"operation": "DROP"}), "immutability/no-change-by-sql")

test_alter_of_events if only(stated({"operation": "ALTER"}), "immutability/no-change-by-sql")

test_truncate_of_events if only(stated({"operation": "TRUNCATE"}), "immutability/no-change-by-sql")

test_merge_of_events if only(stated({"operation": "MERGE"}), "immutability/no-change-by-sql")

test_update_of_another_table if clean(stated({"operation": "UPDATE", "events": false}))

test_put_of_an_item if clean(stated({"kind": "dynamodb", "operation": "dynamodb:PutItem"}))

test_updateitem_of_events if only(stated({"kind": "dynamodb", "operation": "dynamodb:UpdateItem"}), "immutability/no-change-by-request")

test_deleteitem_of_events if only(stated({"kind": "dynamodb", "operation": "dynamodb:DeleteItem"}), "immutability/no-change-by-request")

test_batchwriteitem_of_events if only(stated({"kind": "dynamodb", "operation": "dynamodb:BatchWriteItem"}), "immutability/no-change-by-request")

test_deletetable_of_events if only(stated({"kind": "dynamodb", "operation": "dynamodb:DeleteTable"}), "immutability/no-change-by-request")

test_transactwriteitems_of_events if only(stated({"kind": "dynamodb", "operation": "dynamodb:TransactWriteItems"}), "immutability/no-change-by-request")

test_delete_in_another_table if clean(stated({"kind": "dynamodb", "operation": "dynamodb:DeleteItem", "events": false}))

test_grant_to_put if clean(stated({"kind": "iam", "operation": "dynamodb:PutItem"}))

test_grant_to_everything if only(stated({"kind": "iam", "operation": "*"}), "immutability/no-grant-to-change")

test_grant_to_all_of_dynamodb if only(stated({"kind": "iam", "operation": "dynamodb:*"}), "immutability/no-grant-to-change")

test_grant_to_delete if only(stated({"kind": "iam", "operation": "dynamodb:DeleteItem"}), "immutability/no-grant-to-change")

test_grant_to_update if only(stated({"kind": "iam", "operation": "dynamodb:Update*"}), "immutability/no-grant-to-change")

test_grant_to_delete_in_small_letters if only(stated({"kind": "iam", "operation": "dynamodb:deleteitem"}), "immutability/no-grant-to-change")

test_grant_to_delete_in_another_table if clean(stated({"kind": "iam", "operation": "dynamodb:DeleteItem", "events": false}))

test_named_tombstone if clean(stated({"kind": "dynamodb", "operation": "dynamodb:UpdateItem", "tombstone": true}))

test_tombstone_is_no_grant if only(stated({"kind": "iam", "operation": "dynamodb:DeleteItem", "tombstone": true}), "immutability/no-grant-to-change")

test_locked_and_registered_event if clean(event_of({"locked": true, "registered": true}))

test_event_that_is_not_locked if only(event_of({"locked": false}), "registration/not-locked")

test_event_that_is_not_registered if only(event_of({"registered": false}), "registration/not-registered")

test_event_that_is_neither_is_first_to_be_locked if only(event_of({"locked": false, "registered": false}), "registration/not-locked")

test_validated_publisher if clean({"publishers": [publisher]})

test_publisher_past_the_gate if only({"publishers": [object.union(publisher, {"validated": false})]}, "registration/not-validated")

test_ten_in_a_minute if clean(limited({"requests": 10, "windowSeconds": 60, "per": "client"}))

test_fewer_in_longer if clean(limited({"requests": 3, "windowSeconds": 600, "per": "client"}))

test_five_in_half_a_minute if clean(limited({"requests": 5, "windowSeconds": 30, "per": "client"}))

test_eleven_in_a_minute if only(limited({"requests": 11, "windowSeconds": 60, "per": "client"}), "limits/limit-too-high")

test_ten_in_a_little_less if only(limited({"requests": 10, "windowSeconds": 59.9, "per": "client"}), "limits/limit-too-high")

test_one_a_second if only(limited({"requests": 1, "windowSeconds": 1, "per": "client"}), "limits/limit-too-high")

test_a_window_of_nothing if only(limited({"requests": 1, "windowSeconds": 0, "per": "client"}), "limits/limit-too-high")

test_no_limit if only(limited(null), "limits/no-limit")

test_limit_that_is_left_out if only({"routes": [object.remove(route, ["limit"])]}, "limits/no-limit")

test_no_limit_where_the_past_is_not_asked_for if clean({"routes": [object.union(route, {"temporal": false, "limit": null})]})
