package database

import (
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"gorm.io/gorm"
)

// observe puts counting, measuring and tracing around each of GORM's callbacks
// that runs a statement. Around and not before and after, because GORM would
// carry a value from one to the other in a map made for each statement.
func observe(session *gorm.DB, o Options) error {
	callbacks := session.Callback()
	for _, step := range []struct {
		operation, name string
		get             func(name string) func(*gorm.DB)
		replace         func(name string, fn func(*gorm.DB)) error
	}{
		{"create", "gorm:create", callbacks.Create().Get, callbacks.Create().Replace},
		{"query", "gorm:query", callbacks.Query().Get, callbacks.Query().Replace},
		{"update", "gorm:update", callbacks.Update().Get, callbacks.Update().Replace},
		{"delete", "gorm:delete", callbacks.Delete().Get, callbacks.Delete().Replace},
		{"row", "gorm:row", callbacks.Row().Get, callbacks.Row().Replace},
		{"raw", "gorm:raw", callbacks.Raw().Get, callbacks.Raw().Replace},
	} {
		run := step.get(step.name)
		if run == nil {
			return fmt.Errorf("gorm has no callback %s", step.name)
		}
		if step.operation == "row" {
			run = translated(run)
		}
		if o.Tracer != nil {
			run = traced(o, step.operation, run)
		}
		if o.Metrics != nil {
			run = o.Metrics.measured(o.Module, step.operation, run)
		}
		if err := step.replace(step.name, counted(run)); err != nil {
			return fmt.Errorf("replace %s: %w", step.name, err)
		}
	}
	return nil
}

// translated does what GORM leaves out in its callback for Raw with Scan, Row and
// Rows: the others translate their errors. When the caller gave up, that is the
// error, and no fault of the database.
func translated(run func(*gorm.DB)) func(*gorm.DB) {
	return func(tx *gorm.DB) {
		run(tx)
		if tx.Error == nil || tx.Statement.Context.Err() != nil {
			return
		}
		if translator, ok := tx.Dialector.(gorm.ErrorTranslator); ok {
			tx.Error = translator.Translate(tx.Error)
		}
	}
}

func counted(run func(*gorm.DB)) func(*gorm.DB) {
	return func(tx *gorm.DB) {
		countStatement(tx.Statement.Context)
		run(tx)
	}
}

// traced makes a span of the statement inside a trace that is kept. Statements
// of no trace (a worker that looks for work) make none of their own.
func traced(o Options, operation string, run func(*gorm.DB)) func(*gorm.DB) {
	system := "postgresql"
	if o.URL == "" {
		system = "sqlite"
	}
	fixed := trace.WithAttributes(
		attribute.String("db.system.name", system),
		attribute.String("db.namespace", o.Module),
		attribute.String("db.operation.name", operation),
	)
	return func(tx *gorm.DB) {
		ctx := tx.Statement.Context
		if !trace.SpanContextFromContext(ctx).IsSampled() {
			run(tx)
			return
		}
		name := operation + " " + o.Module
		if tx.Statement.Table != "" {
			name += "." + tx.Statement.Table
		}
		_, span := o.Tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(time.Now()), fixed)
		defer span.End()
		run(tx)
		text := tx.Statement.SQL.String()
		span.SetAttributes(
			attribute.String("db.query.text", text[:min(len(text), loggedLength)]),
			attribute.Int64("db.response.returned_rows", tx.RowsAffected),
		)
		if tx.Error != nil {
			span.SetStatus(codes.Error, tx.Error.Error())
		}
	}
}
