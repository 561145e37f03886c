package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"shop/modules/users"
	"shop/platform/config"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/telemetry"
)

// adminCommand looks after administrators.
type adminCommand struct {
	Create adminCreateCommand `cmd:"" help:"Create an administrator."`
}

type adminCreateCommand struct {
	Email         string `required:"" placeholder:"ADDRESS" help:"E-mail address to sign in with."`
	Name          string `default:"Administrator" help:"Name."`
	PasswordStdin bool   `help:"Read the password from the first line of standard input."`
}

// Help is printed below the usage.
func (adminCreateCommand) Help() string {
	return `Asks for the password on a terminal; elsewhere, or when it is left empty, one is made up and printed.

Examples:
  shop admin create --email ada@example.com --name "Ada Lovelace"
  shop admin create --email ada@example.com --password-stdin < password.txt`
}

// Run creates the administrator and prints the identifier, and the password if
// it was made up.
func (cmd adminCreateCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	password, err := cmd.password(c)
	if err != nil {
		return err
	}
	madeUp := password == ""
	if madeUp {
		password = newPassword()
	}
	logger := telemetry.NewLogger(cfg.LogFormat, "warn", c.err)
	return c.withApp(ctx, cfg, logger, func(app *App) error {
		created, err := app.Users.CreateAdministrator(asOperator(ctx), users.CreateAdministratorInput{
			Email: cmd.Email, Password: password, Name: cmd.Name,
		})
		if err != nil {
			return fmt.Errorf("create administrator: %w", err)
		}
		fmt.Fprintln(c.out, created)
		if madeUp {
			fmt.Fprintln(c.err, "password: "+password)
		}
		return nil
	})
}

// password is what the operator chose; empty to have one made up.
func (cmd adminCreateCommand) password(c *console) (string, error) {
	if cmd.PasswordStdin {
		line, err := bufio.NewReader(io.LimitReader(c.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read password: %w", err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", errors.New("read password: standard input is empty")
		}
		return line, nil
	}
	file, ok := c.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return "", nil
	}
	first, err := ask(c, file, "Password (empty: make one up): ")
	if err != nil || first == "" {
		return "", err
	}
	second, err := ask(c, file, "Again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

func ask(c *console, terminal *os.File, prompt string) (string, error) {
	fmt.Fprint(c.err, prompt)
	answer, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(c.err)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(answer), nil
}

// asOperator acts as the command line: whoever may start it may do everything.
func asOperator(ctx context.Context) context.Context { return identity.AsService(ctx, "shop") }

// newPassword makes up a password of 130 random bits that can be typed.
func newPassword() string {
	text := strings.ToLower(rand.Text()[:20])
	return strings.Join([]string{text[:5], text[5:10], text[10:15], text[15:]}, "-")
}

// defaultAdminEmail is the first administrator's when none is configured.
const defaultAdminEmail = "admin@localhost"

// credentials are shown once, when they have just been made.
type credentials struct{ email, password string }

// firstAdministrator makes an administrator when there is none. The result is
// nil unless it was made now with a password that nobody has seen yet.
func firstAdministrator(ctx context.Context, cfg config.Config, service users.Service) (*credentials, error) {
	made := credentials{email: cfg.AdminEmail, password: string(cfg.AdminPassword)}
	if made.email == "" {
		made.email = defaultAdminEmail
	}
	if made.password == "" {
		made.password = newPassword()
	}
	created, err := service.CreateAdministrator(asOperator(ctx), users.CreateAdministratorInput{
		Email: made.email, Password: made.password, Name: "Administrator", OnlyFirst: true,
	})
	if err != nil {
		return nil, fmt.Errorf("create the first administrator: %w", err)
	}
	if created == (id.User{}) || cfg.AdminPassword != "" {
		return nil, nil //nolint:nilnil // nothing to show
	}
	return &made, nil
}
