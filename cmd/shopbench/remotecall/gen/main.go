// Command gen makes Go code from a .proto file without protoc: it compiles the
// file itself and hands it to the plugins that the go.mod pins as tools.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	out := flag.String("out", ".", "`folder` that the code is written to")
	flag.Parse()
	if err := generate(context.Background(), flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// generate writes to a folder what the plugins make of a .proto file in the
// working directory.
func generate(ctx context.Context, source, out string) error {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{}),
		SourceInfoMode: protocompile.SourceInfoStandard, // comments
	}
	compiled, err := compiler.Compile(ctx, source)
	if err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	request, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{source},
		Parameter:      new("paths=source_relative"),
		ProtoFile:      withImports(compiled[0], map[string]bool{}),
	})
	if err != nil {
		return fmt.Errorf("encode the plugins' request: %w", err)
	}
	for _, plugin := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		files, err := ask(ctx, plugin, request)
		if err != nil {
			return fmt.Errorf("run %s: %w", plugin, err)
		}
		for _, file := range files {
			if err := os.WriteFile(filepath.Join(out, file.GetName()), []byte(file.GetContent()), 0o600); err != nil {
				return fmt.Errorf("write the code: %w", err)
			}
		}
	}
	return nil
}

// withImports returns a file after all that it imports, each once, which is the
// order that plugins expect.
func withImports(file protoreflect.FileDescriptor, had map[string]bool) []*descriptorpb.FileDescriptorProto {
	if had[file.Path()] {
		return nil
	}
	had[file.Path()] = true
	var files []*descriptorpb.FileDescriptorProto
	for i := range file.Imports().Len() {
		files = append(files, withImports(file.Imports().Get(i).FileDescriptor, had)...)
	}
	return append(files, protoutil.ProtoFromFileDescriptor(file))
}

// ask lets a plugin answer a request.
func ask(ctx context.Context, plugin string, request []byte) ([]*pluginpb.CodeGeneratorResponse_File, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", plugin) //nolint:gosec // one of two names
	cmd.Stdin, cmd.Stderr = bytes.NewReader(request), os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(said, &response); err != nil {
		return nil, fmt.Errorf("decode its answer: %w", err)
	}
	if response.Error != nil {
		return nil, errors.New(response.GetError())
	}
	return response.GetFile(), nil
}
