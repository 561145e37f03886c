package serviceauth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyFile is where a single process keeps the key that it made for itself.
const keyFile = "service.key"

// minimumKey is the least length of a key in bytes: that of the hash beneath
// HS256 (RFC 7518 section 3.2).
const minimumKey = 32

// Keys are the secrets of service tokens, by name. The first one signs, all of
// them verify; that is how keys are rotated without a refused call: append the
// new one everywhere, move it to the front everywhere, remove the old one. The
// zero value has no key and verifies nothing.
type Keys struct{ list []key }

type key struct {
	name   string
	secret []byte
}

// errKeys says how keys are written. It holds nothing of what was written.
var errKeys = errors.New("use name:base64 of at least 32 random bytes, several separated by commas, such as k1:$(openssl rand -base64 32)")

// ParseKeys reads "k2:<base64>,k1:<base64>", in standard or URL-safe base64.
func ParseKeys(text string) (Keys, error) {
	var keys Keys
	for item := range strings.SplitSeq(text, ",") {
		name, encoded, _ := strings.Cut(strings.TrimSpace(item), ":")
		secret, err := decode(encoded)
		if name == "" || err != nil || len(secret) < minimumKey {
			return Keys{}, errKeys
		}
		if _, exists := keys.find(name); exists {
			return Keys{}, fmt.Errorf("two keys are named %q", name)
		}
		keys.list = append(keys.list, key{name, secret})
	}
	return keys, nil
}

func decode(encoded string) ([]byte, error) {
	encoded = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(encoded, "="))
	return base64.RawStdEncoding.DecodeString(encoded) //nolint:wrapcheck // the caller replaces it: the text is a secret
}

// UnmarshalText reads what ParseKeys reads.
func (k *Keys) UnmarshalText(text []byte) error {
	parsed, err := ParseKeys(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// IsZero reports whether there is no key.
func (k Keys) IsZero() bool { return len(k.list) == 0 }

// String names the keys and hides the secrets.
func (k Keys) String() string {
	names := make([]string, len(k.list))
	for i, key := range k.list {
		names[i] = key.name + ":***"
	}
	return strings.Join(names, ",")
}

func (k Keys) find(name string) ([]byte, bool) {
	for _, key := range k.list {
		if key.name == name {
			return key.secret, true
		}
	}
	return nil, false
}

// LoadOrCreate returns the key that is kept in directory, readable by its owner
// only, and makes it first when there is none. Processes that start at once in
// the same directory agree on one key.
func LoadOrCreate(directory string) (Keys, error) {
	path := filepath.Join(directory, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if failure := create(path); failure != nil {
			return Keys{}, fmt.Errorf("make service key: %w", failure)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return Keys{}, fmt.Errorf("read service key: %w", err)
	}
	keys, err := ParseKeys(strings.TrimSpace(string(text)))
	if err != nil {
		return Keys{}, fmt.Errorf("read service key from %s: %w; remove the file to have a new one made", path, err)
	}
	return keys, nil
}

// create writes a new key beside path and links it there, so that nobody sees
// half a file and of two processes one wins.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), keyFile+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) // a draft that stays is harmless
	secret := make([]byte, minimumKey)
	_, _ = rand.Read(secret) // never fails
	_, err = fmt.Fprintf(draft, "k1:%s\n", base64.StdEncoding.EncodeToString(secret))
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
