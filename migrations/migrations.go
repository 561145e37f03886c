// Package migrations holds the SQL that makes and changes the modules'
// databases: <dialect>/<module>/0001_name.up.sql and .down.sql. The rules are
// in the README beside it; platform/database applies the files.
package migrations

import "embed"

// FS is the folders postgres and sqlite with a folder for each module.
//
//go:embed postgres sqlite
var FS embed.FS
