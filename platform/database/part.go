package database

import "strings"

// Part is a piece of a statement and the arguments of its placeholders. With
// parts, a package that keeps a table beside a module's own (its outbox, its
// idempotency records) takes part in a statement that the module composes, so
// that on PostgreSQL one statement can be what else is a transaction of many
// round trips.
type Part struct {
	SQL  string
	Args []any
}

// SQL is a part made of text with a "?" for each argument.
func SQL(text string, args ...any) Part { return Part{SQL: text, Args: args} }

// Compose is the parts one after the other, for DB.Write(ctx).Raw and Exec.
func Compose(parts ...Part) (text string, args []any) {
	length, count := 0, 0
	for _, part := range parts {
		length, count = length+len(part.SQL), count+len(part.Args)
	}
	var all strings.Builder
	all.Grow(length)
	args = make([]any, 0, count)
	for _, part := range parts {
		all.WriteString(part.SQL)
		args = append(args, part.Args...)
	}
	return all.String(), args
}
