# Both sides of every rule of the authorisation: what it lets through, and what it refuses under which name.
package nexus.authorization_test

import data.nexus.authorization

question := {
	"action": "read",
	"app": "shop",
	"aggregate": "",
	"type": "",
	"tenant": "t",
	"subject": "alice",
	"scopes": [],
	"path": "",
}

target := {"aggregate": "Order", "type": "PlaceOrder"}

asked(more) := answer if {
	answer := authorization.decision with input as object.union(question, more)
}

allowed(more) if asked(more).allow == true

refused(more, rule) if asked(more) == {"allow": false, "rule": rule}

commanding(scopes) := object.union(target, {"action": "command", "scopes": scopes})

appending(scopes) := object.union(target, {"action": "append", "scopes": scopes})

publishing(scopes) := object.union(target, {"action": "publish", "scopes": scopes})

at(action, path, scopes) := {"action": action, "path": path, "scopes": scopes}

test_command_with_the_scope_of_its_aggregate if allowed(commanding(["commands:Order"]))

test_command_with_the_scope_of_all_aggregates if allowed(commanding(["read", "commands:*"]))

test_command_over_http if allowed(object.union(commanding(["commands:Order"]), {"path": "/v1/Order/{id}/commands/PlaceOrder"}))

test_command_without_a_scope_is_refused if refused(commanding([]), "command-scope")

test_command_with_the_scope_of_another_aggregate_is_refused if refused(commanding(["commands:Payment"]), "command-scope")

test_command_with_a_scope_in_other_letters_is_refused if refused(commanding(["commands:order", "Commands:Order"]), "command-scope")

test_command_with_a_part_of_a_scope_is_refused if refused(commanding(["commands:", "commands", "commands:Ord", "*"]), "command-scope")

test_command_with_all_other_scopes_is_refused if refused(commanding(["read", "history", "stream", "ops", "publish"]), "command-scope")

test_command_without_a_type_is_refused if refused(object.union(commanding(["commands:*"]), {"type": ""}), "target-missing")

test_command_without_an_aggregate_is_refused if refused(object.union(commanding(["commands:*"]), {"aggregate": ""}), "target-missing")

test_command_of_a_number_is_refused if refused(object.union(commanding(["commands:*"]), {"aggregate": 7}), "target-missing")

test_append_with_the_scope_of_its_aggregate if allowed(appending(["commands:Order"]))

test_append_without_it_is_refused if refused(appending(["commands:Payment", "publish"]), "append-scope")

test_append_without_a_type_is_refused if refused(object.union(appending(["commands:*"]), {"type": ""}), "target-missing")

test_publish_in_the_process if allowed(publishing(["publish"]))

test_publish_without_the_scope_is_refused if refused(publishing(["commands:*"]), "publish-scope")

test_publish_over_http_is_refused if refused(object.union(publishing(["publish"]), {"path": "/v1/Order/{id}"}), "publish-over-http")

test_publish_without_a_type_is_refused if refused(object.union(publishing(["publish"]), {"type": ""}), "target-missing")

all_scopes := {"commands:*", "read", "history", "stream", "schemas:read", "schemas:write", "policies:read", "dead-letters:read", "dead-letters:operate", "sagas:read", "sagas:operate", "schedules:operate", "ops", "publish"}

# Every scope but one.
but(scope) := [one | some one in all_scopes; one != scope]

test_read_a_state_with_its_scope if allowed(at("read", "/v1/Order/{id}", ["read"]))

test_read_a_state_with_all_other_scopes_is_refused if refused(at("read", "/v1/Order/{id}", but("read")), "read-scope")

test_read_within_the_process_with_its_scope if allowed(at("read", "", ["read"]))

test_read_within_the_process_with_all_other_scopes_is_refused if refused(at("read", "", but("read")), "read-scope")

test_read_a_view_with_its_scope if allowed(at("read", "/v1/views/{projection}", ["read"]))

test_read_a_view_with_all_other_scopes_is_refused if refused(at("read", "/v1/views/{projection}", but("read")), "read-scope")

test_read_schemas_with_its_scope if allowed(at("read", "/v1/schemas", ["schemas:read"]))

test_read_schemas_with_all_other_scopes_is_refused if refused(at("read", "/v1/schemas", but("schemas:read")), "schemas-read-scope")

test_read_revisions_with_its_scope if allowed(at("read", "/v1/schemas/{subject}/revisions", ["schemas:read"]))

test_read_revisions_with_all_other_scopes_is_refused if refused(at("read", "/v1/schemas/{subject}/revisions", but("schemas:read")), "schemas-read-scope")

test_register_a_schema_with_its_scope if allowed(at("operate", "/v1/schemas/{subject}/revisions", ["schemas:write"]))

test_register_a_schema_with_all_other_scopes_is_refused if refused(at("operate", "/v1/schemas/{subject}/revisions", but("schemas:write")), "schemas-write-scope")

test_read_violations_with_its_scope if allowed(at("read", "/v1/policies/violations", ["policies:read"]))

test_read_violations_with_all_other_scopes_is_refused if refused(at("read", "/v1/policies/violations", but("policies:read")), "policies-read-scope")

test_read_dead_letters_with_its_scope if allowed(at("read", "/v1/dead-letters", ["dead-letters:read"]))

test_read_dead_letters_with_all_other_scopes_is_refused if refused(at("read", "/v1/dead-letters", but("dead-letters:read")), "dead-letters-read-scope")

test_operate_dead_letters_with_its_scope if allowed(at("operate", "/v1/dead-letters/{id}", ["dead-letters:operate"]))

test_operate_dead_letters_with_all_other_scopes_is_refused if refused(at("operate", "/v1/dead-letters/{id}", but("dead-letters:operate")), "redrive-scope")

test_redrive_with_its_scope if allowed(at("redrive", "/v1/dead-letters/{id}/redrive", ["dead-letters:operate"]))

test_redrive_with_all_other_scopes_is_refused if refused(at("redrive", "/v1/dead-letters/{id}/redrive", but("dead-letters:operate")), "redrive-scope")

test_read_sagas_with_its_scope if allowed(at("read", "/v1/sagas/{id}", ["sagas:read"]))

test_read_sagas_with_all_other_scopes_is_refused if refused(at("read", "/v1/sagas/{id}", but("sagas:read")), "sagas-read-scope")

test_operate_sagas_with_its_scope if allowed(at("operate", "/v1/sagas/{id}/retry", ["sagas:operate"]))

test_operate_sagas_with_all_other_scopes_is_refused if refused(at("operate", "/v1/sagas/{id}/retry", but("sagas:operate")), "sagas-operate-scope")

test_read_schedules_with_its_scope if allowed(at("read", "/v1/schedules", ["schedules:operate"]))

test_read_schedules_with_all_other_scopes_is_refused if refused(at("read", "/v1/schedules", but("schedules:operate")), "schedules-operate-scope")

test_operate_schedules_with_its_scope if allowed(at("operate", "/v1/schedules", ["schedules:operate"]))

test_operate_schedules_with_all_other_scopes_is_refused if refused(at("operate", "/v1/schedules", but("schedules:operate")), "schedules-operate-scope")

test_read_projections_with_its_scope if allowed(at("read", "/v1/projections", ["ops"]))

test_read_projections_with_all_other_scopes_is_refused if refused(at("read", "/v1/projections", but("ops")), "ops-scope")

test_rebuild_with_its_scope if allowed(at("operate", "/v1/projections/{name}/rebuild", ["ops"]))

test_rebuild_with_all_other_scopes_is_refused if refused(at("operate", "/v1/projections/{name}/rebuild", but("ops")), "ops-scope")

test_read_metrics_with_its_scope if allowed(at("read", "/metrics", ["ops"]))

test_read_metrics_with_all_other_scopes_is_refused if refused(at("read", "/metrics", but("ops")), "ops-scope")

test_operate_anything_else_with_its_scope if allowed(at("operate", "", ["ops"]))

test_operate_anything_else_with_all_other_scopes_is_refused if refused(at("operate", "", but("ops")), "ops-scope")

test_history_with_its_scope if allowed(at("history", "/v1/Order/{id}/events", ["history"]))

test_history_with_all_other_scopes_is_refused if refused(at("history", "/v1/Order/{id}/events", but("history")), "history-scope")

test_history_within_the_process_with_its_scope if allowed(at("history", "", ["history"]))

test_history_within_the_process_with_all_other_scopes_is_refused if refused(at("history", "", but("history")), "history-scope")

test_stream_with_its_scope if allowed(at("stream", "/v1/stream", ["stream"]))

test_stream_with_all_other_scopes_is_refused if refused(at("stream", "/v1/stream", but("stream")), "stream-scope")

test_search_with_its_scope if allowed(at("search", "/v1/views/{projection}/query", ["read"]))

test_search_with_all_other_scopes_is_refused if refused(at("search", "/v1/views/{projection}/query", but("read")), "search-scope")

test_an_area_allows_only_what_it_names if refused(at("operate", "/v1/policies/violations", [one | some one in all_scopes]), "nothing-allows-it")

test_metrics_are_not_operated if refused(at("operate", "/metrics", [one | some one in all_scopes]), "nothing-allows-it")

test_unknown_action_is_refused if refused(object.union(commanding(["commands:*"]), {"action": "own"}), "action-unknown")

test_empty_action_is_refused if refused(object.union(commanding(["commands:*"]), {"action": ""}), "action-unknown")

test_missing_action_is_refused if authorization.decision.allow == false with input as object.remove(question, ["action"])

test_no_tenant_is_refused if refused(object.union(at("read", "", ["read"]), {"tenant": ""}), "principal-incomplete")

test_no_subject_is_refused if refused(object.union(at("read", "", ["read"]), {"subject": ""}), "principal-incomplete")

test_a_tenant_that_is_no_text_is_refused if refused(object.union(at("read", "", ["read"]), {"tenant": true}), "principal-incomplete")

test_scopes_in_one_text_are_refused if refused(at("read", "", "read"), "principal-incomplete")

test_scopes_as_an_object_are_refused if refused(at("read", "", {"0": "read"}), "principal-incomplete")

test_an_empty_question_is_refused if authorization.decision.allow == false with input as {}

test_no_question_is_refused if authorization.decision.allow == false with input as null

test_an_aggregate_called_as_an_area_is_no_area if allowed(at("read", "/v1/Schemas/{id}", ["read"]))
