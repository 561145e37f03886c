package mailer

import (
	"context"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"

	gomail "github.com/wneessen/go-mail"

	"shop/modules/email/internal/app"
)

// File writes each message as an .eml file, which mail programs open. Writing
// one again replaces it.
type File struct {
	dir  string
	from *mail.Address
}

var _ app.Mailer = (*File)(nil)

// NewFile makes a mailer that writes into dir, which it creates when there is
// something to write.
func NewFile(dir string, from *mail.Address) *File { return &File{dir: dir, from: from} }

// Send implements app.Mailer. A reader sees whole files only.
func (f *File) Send(_ context.Context, m app.Message) error {
	message, err := compose(f.from, m, gomail.NoEncoding) // legible as it is
	if err != nil {
		return err
	}
	if err = os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of e-mails: %w", err)
	}
	// CreateTemp makes it readable for its owner alone: it may hold a token.
	file, err := os.CreateTemp(f.dir, ".*.tmp")
	if err != nil {
		return fmt.Errorf("write an e-mail to a file: %w", err)
	}
	_, err = message.WriteTo(file)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		name := m.At.UTC().Format("20060102T150405.000") + "-" + m.ID + ".eml"
		err = os.Rename(file.Name(), filepath.Join(f.dir, name))
	}
	if err != nil {
		_ = os.Remove(file.Name()) // what stopped the writing is the error to tell
		return fmt.Errorf("write an e-mail to a file: %w", err)
	}
	return nil
}

// Rest implements app.Mailer.
func (f *File) Rest() {}
