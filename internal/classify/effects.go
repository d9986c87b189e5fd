package classify

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
)

// effects says what a statement changes for those after it.
func effects(n *pg_query.Node, command string) []Effect {
	var out []Effect
	switch v := n.GetNode().(type) {
	case *pg_query.Node_VariableSetStmt:
		return setEffects(v.VariableSetStmt)
	case *pg_query.Node_TransactionStmt:
		return transaction(v.TransactionStmt)
	case *pg_query.Node_DeallocateStmt:
		return []Effect{{Kind: Deallocate, Name: v.DeallocateStmt.Name}}
	case *pg_query.Node_DiscardStmt:
		if v.DiscardStmt.Target == pg_query.DiscardMode_DISCARD_ALL {
			return []Effect{{Kind: DiscardAll}}
		}
		if v.DiscardStmt.Target == pg_query.DiscardMode_DISCARD_TEMP {
			return []Effect{{Kind: DropTemporary}, {Kind: Catalog}}
		}
		return nil
	case *pg_query.Node_CreateStmt:
		kind := byte('r')
		if v.CreateStmt.Partspec != nil {
			kind = 'p'
		}
		e := created(v.CreateStmt.Relation, kind)
		e.Brief = v.CreateStmt.Oncommit == pg_query.OnCommitAction_ONCOMMIT_DROP
		out = append(out, e)
	case *pg_query.Node_CreateForeignTableStmt:
		out = append(out, created(v.CreateForeignTableStmt.BaseStmt.GetRelation(), 'f'))
	case *pg_query.Node_ViewStmt:
		e := created(v.ViewStmt.View, 'v')
		e.Query = readQuery(v.ViewStmt.Query)
		out = append(out, e)
	case *pg_query.Node_CreateSeqStmt:
		out = append(out, created(v.CreateSeqStmt.Sequence, 'S'))
	case *pg_query.Node_CompositeTypeStmt:
		out = append(out, created(v.CompositeTypeStmt.Typevar, 'c'))
	case *pg_query.Node_IndexStmt:
		if v.IndexStmt.Idxname != "" {
			e := created(v.IndexStmt.Relation, 'i')
			e.Name = v.IndexStmt.Idxname
			out = append(out, e)
		}
	case *pg_query.Node_DropStmt:
		out = append(out, dropped(v.DropStmt)...)
	case *pg_query.Node_RenameStmt:
		if r := v.RenameStmt; r.Relation != nil && r.Subname == "" && isRelation(r.RenameType) {
			out = append(out, Effect{Kind: RenameRelation, Schema: r.Relation.Schemaname, Name: r.Relation.Relname,
				Values: []string{r.Newname}})
		}
	case *pg_query.Node_AlterObjectSchemaStmt:
		if r := v.AlterObjectSchemaStmt; r.Relation != nil {
			out = append(out, Effect{Kind: MoveRelation, Schema: r.Relation.Schemaname, Name: r.Relation.Relname,
				Values: []string{r.Newschema}})
		}
	}
	if changesCatalog(command) {
		out = append(out, Effect{Kind: Catalog})
	}
	return out
}

// changesCatalog says whether names may mean something else after a command.
func changesCatalog(command string) bool {
	switch command {
	case "SELECT INTO", "IMPORT FOREIGN SCHEMA", "DO", "CALL", "DISCARD TEMP", "GRANT ROLE", "REVOKE ROLE",
		"DROP OWNED", "REASSIGN OWNED", "GRANT", "REVOKE":
		return true
	case "CREATE ROLE", "ALTER SYSTEM", "CREATE DATABASE", "DROP DATABASE", "ALTER DEFAULT PRIVILEGES":
		return false
	}
	return strings.HasPrefix(command, "CREATE ") || strings.HasPrefix(command, "ALTER ") ||
		strings.HasPrefix(command, "DROP ")
}

func isRelation(t pg_query.ObjectType) bool {
	switch t {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_VIEW, pg_query.ObjectType_OBJECT_MATVIEW,
		pg_query.ObjectType_OBJECT_SEQUENCE, pg_query.ObjectType_OBJECT_INDEX, pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		return true
	}
	return false
}

func created(r *pg_query.RangeVar, kind byte) Effect {
	return Effect{
		Kind: CreateRelation, Schema: r.GetSchemaname(), Name: r.GetRelname(), RelKind: kind,
		Temp: r.GetRelpersistence() == "t" || r.GetSchemaname() == "pg_temp",
	}
}

func dropped(d *pg_query.DropStmt) []Effect {
	if !isRelation(d.RemoveType) {
		return nil
	}
	var out []Effect
	for _, n := range d.Objects {
		parts := n.GetList().GetItems()
		if len(parts) == 0 {
			continue
		}
		e := Effect{Kind: DropRelation, Name: parts[len(parts)-1].GetString_().GetSval()}
		if len(parts) > 1 {
			e.Schema = parts[len(parts)-2].GetString_().GetSval()
		}
		out = append(out, e)
	}
	return out
}

func setEffects(v *pg_query.VariableSetStmt) []Effect {
	name := strings.ToLower(v.Name)
	switch v.Kind {
	case pg_query.VariableSetKind_VAR_SET_VALUE:
		e := Effect{Kind: SetParameter, Name: name, Local: v.IsLocal}
		for _, a := range v.Args {
			t, _ := constText(a)
			e.Values = append(e.Values, t)
		}
		return []Effect{e}
	case pg_query.VariableSetKind_VAR_SET_DEFAULT:
		return []Effect{{Kind: ResetParameter, Name: name, Local: v.IsLocal}}
	case pg_query.VariableSetKind_VAR_RESET:
		return []Effect{{Kind: ResetParameter, Name: name}}
	case pg_query.VariableSetKind_VAR_RESET_ALL:
		return []Effect{{Kind: ResetAll}}
	}
	return nil
}

func transaction(t *pg_query.TransactionStmt) []Effect {
	switch t.Kind {
	case pg_query.TransactionStmtKind_TRANS_STMT_BEGIN, pg_query.TransactionStmtKind_TRANS_STMT_START:
		return []Effect{{Kind: Begin}}
	case pg_query.TransactionStmtKind_TRANS_STMT_COMMIT:
		return []Effect{{Kind: Commit}}
	case pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK, pg_query.TransactionStmtKind_TRANS_STMT_PREPARE:
		// What PREPARE TRANSACTION holds is as invisible as what is rolled back.
		return []Effect{{Kind: Rollback}}
	case pg_query.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		return []Effect{{Kind: Savepoint, Name: t.SavepointName}}
	case pg_query.TransactionStmtKind_TRANS_STMT_RELEASE:
		return []Effect{{Kind: Release, Name: t.SavepointName}}
	case pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return []Effect{{Kind: RollbackTo, Name: t.SavepointName}}
	case pg_query.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:
		return []Effect{{Kind: Catalog}}
	}
	return nil
}
