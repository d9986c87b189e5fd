// Package querytree reads the query trees that PostgreSQL prints: of debug_print_rewritten, and
// of the catalogues' pg_node_tree columns.
//
//	({QUERY :commandType 1 … :rtable ({RANGETBLENTRY …} …) :targetList (…)})
//	      │
//	      ▼ Read
//	*Node{Kind: "QUERY", Fields: …}
//
// The form is PostgreSQL's own and is not documented beyond its source; which fields a node has depends on
// the version. So the reader knows the grammar alone: braces, lists, tokens with
// backslashes. Those who read a field say what its absence means.
//
// https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-DEBUG-PRINT-PARSE
package querytree
