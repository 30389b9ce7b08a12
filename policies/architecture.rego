# Everything that is wrong with an application, of all four policies of its architecture.
package nexus.architecture

import data.nexus.architecture.decoupling
import data.nexus.architecture.immutability
import data.nexus.architecture.limits
import data.nexus.architecture.registration

# METADATA
# description: |
#   One object a violation: policy, rule, why, repair, file, line. Facts that lack a list are wrong, not empty.
# entrypoint: true
violations := ((decoupling.violations | immutability.violations) | limits.violations) | registration.violations if {
	every list in lists {
		is_array(input[list])
	}
}

lists := {"services", "aggregates", "imports", "calls", "events", "publishers", "statements", "routes"}
