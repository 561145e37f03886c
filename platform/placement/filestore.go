package placement

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"shop/platform/config"
)

// fileStore writes policies into the settings file, whose watchers are in every
// process that reads it. Guards and ramps stay with the process that took them.
type fileStore struct{ settings config.Config }

// Name implements Store.
func (*fileStore) Name() string { return inFile }

// Save implements Store.
func (s *fileStore) Save(ctx context.Context, module string, r Record, changed Fields, _ uint64) (uint64, error) {
	lock, err := lockFile(ctx, s.settings.File)
	if err != nil {
		return 0, errors.Join(ErrNotHere, fmt.Errorf("lock the settings file: %w", err))
	}
	defer lock.Close() // which gives it back
	content, err := os.ReadFile(s.settings.File)
	if err != nil {
		return 0, errors.Join(ErrNotHere, fmt.Errorf("read the settings file: %w", err))
	}
	wanted, err := s.wanted(module, r, changed, content)
	if err != nil {
		return 0, errors.Join(ErrNotHere, err)
	}
	if len(wanted) == 0 {
		return 0, ErrAsItWas
	}
	edited, err := edit(content, wanted)
	if err != nil {
		return 0, errors.Join(ErrNotHere, err)
	}
	if err := replace(s.settings.File, edited); err != nil {
		return 0, errors.Join(ErrNotHere, fmt.Errorf("write the settings file: %w", err))
	}
	return 0, nil
}

// wanted are the settings that have to be written into the file.
func (s *fileStore) wanted(module string, r Record, changed Fields, content []byte) ([]setting, error) {
	present, err := settingsIn(content)
	if err != nil {
		return nil, fmt.Errorf("read the settings file: %w", err)
	}
	var wanted []setting
	for _, v := range []struct {
		setting
		changed bool
	}{
		{setting{module + ".remote", strconv.Itoa(r.Remote)}, changed.Remote},
		{setting{module + ".shadow", strconv.Itoa(r.Shadow)}, changed.Shadow},
		{setting{module + ".fallback", r.Fallback.String()}, changed.Fallback},
	} {
		old, found := present[v.key]
		switch {
		case s.settings.Pinned(v.key) && s.pinned(module, v.key) != v.value:
			return nil, fmt.Errorf("%s is set in the environment, which wins over the settings file", config.EnvOf(v.key))
		case !v.changed, s.settings.Pinned(v.key), found && old == v.value, !found && v.value == defaultOf(v.key):
		default:
			wanted = append(wanted, v.setting)
		}
	}
	return wanted, nil
}

// Watch implements Store: the settings are watched anyway.
func (*fileStore) Watch(ctx context.Context, _ func(string, Record, uint64)) { <-ctx.Done() }

// pinned is the value that the environment gives to a setting of a module.
func (s *fileStore) pinned(module, key string) string {
	switch p := s.settings.PlacementOf(module); key {
	case module + ".remote":
		return strconv.Itoa(p.Remote)
	case module + ".shadow":
		return strconv.Itoa(p.Shadow)
	default:
		return p.Fallback
	}
}

// defaultOf is what a setting is where the file does not name it.
func defaultOf(key string) string {
	if filepath.Ext(key) == ".fallback" {
		return "none"
	}
	return "0"
}

// replace puts content in the file's place, so that nobody reads half of it. A
// file that is mounted alone cannot be replaced and is written in place; readers
// wait for it to stay the same.
func replace(path string, content []byte) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it was about
	}
	info, err := os.Stat(target)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it was about
	}
	draft, err := os.CreateTemp(filepath.Dir(target), ".shop-*.yaml")
	if errors.Is(err, fs.ErrPermission) {
		return overwrite(target, content)
	}
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it was about
	}
	defer os.Remove(draft.Name()) // it is there no more when all went well
	_, err = draft.Write(content)
	err = errors.Join(err, draft.Chmod(info.Mode().Perm()), draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(draft.Name(), target); err != nil {
		return overwrite(target, content)
	}
	return nil
}

// overwrite writes content into a file that is there.
func overwrite(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it was about
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}
