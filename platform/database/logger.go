package database

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	gormlogger "gorm.io/gorm/logger"
)

// loggedLength cuts the text of a statement in the log, in bytes.
const loggedLength = 1000

// statementLogger takes what GORM has to say to slog: statements that were
// slow, without their parameters, which hold personal data. Failures are the
// caller's to log, since they are returned to him.
type statementLogger struct {
	log    *slog.Logger
	module string
	slow   time.Duration
}

// LogMode implements gormlogger.Interface; the level is slog's to decide.
func (l *statementLogger) LogMode(gormlogger.LogLevel) gormlogger.Interface { return l }

// Info implements gormlogger.Interface. GORM has nothing to tell here but that
// a callback was replaced, which this package does itself.
func (l *statementLogger) Info(context.Context, string, ...any) {}

// Warn implements gormlogger.Interface.
func (l *statementLogger) Warn(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, "gorm warns", "module", l.module, "message", strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// Error implements gormlogger.Interface.
func (l *statementLogger) Error(ctx context.Context, format string, args ...any) {
	l.log.ErrorContext(ctx, "gorm failed", "module", l.module, "message", strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// Trace implements gormlogger.Interface.
func (l *statementLogger) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), _ error) {
	took := time.Since(begin)
	if took < l.slow {
		return
	}
	text, rows := statement()
	l.log.WarnContext(ctx, "slow statement", "module", l.module,
		"duration_ms", took.Milliseconds(), "rows", rows, "statement", text[:min(len(text), loggedLength)])
}

// ParamsFilter implements gorm.ParamsFilter: statements are logged with their
// placeholders.
func (l *statementLogger) ParamsFilter(_ context.Context, text string, _ ...any) (string, []any) {
	return text, nil
}
