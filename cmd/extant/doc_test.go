package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const commandDoc = "../../docs/command.md"

// TestCommandDoc holds docs/command.md to what the command says of itself: below "<!-- extant VERB --help -->" stands its help, in a
// fence. With -update it is written there.
func TestCommandDoc(t *testing.T) {
	b, err := os.ReadFile(commandDoc)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	root := newRoot(newApp(context.Background(), strings.NewReader(""), io.Discard, io.Discard), nil)
	for _, cmd := range root.Commands() {
		if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		mark := "<!-- extant " + cmd.Name() + " --help -->\n"
		before, after, ok := strings.Cut(doc, mark)
		if !ok {
			t.Errorf("%s says nothing of %s", commandDoc, cmd.Name())
			continue
		}
		_, rest, ok := strings.Cut(after[len("```text\n"):], "```\n")
		if !ok {
			t.Fatalf("%s: no fence after %s", commandDoc, mark)
		}
		doc = before + mark + "```text\n" + helpText(cmd) + "```\n" + rest
	}
	switch {
	case doc == string(b):
	case *update:
		if err := os.WriteFile(commandDoc, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not up to date; -update writes it\n%s", commandDoc, firstDifference(string(b), doc))
	}
}

// helpText is the help of a verb without the flags that all have.
func helpText(cmd *cobra.Command) string {
	r := extantRun(cmd.Name(), "--help")
	text, _, _ := strings.Cut(r.out, "\nGlobal Flags:")
	return strings.TrimRight(text, "\n") + "\n"
}

// TestHelp makes sure that every verb has what a manual page has: a synopsis, a description, examples, and a line for each flag.
func TestHelp(t *testing.T) {
	root := newRoot(newApp(context.Background(), strings.NewReader(""), io.Discard, io.Discard), nil)
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" || cmd.Name() == "completion" || cmd.Name() == "version" {
			continue
		}
		if cmd.Long == "" || cmd.Example == "" || cmd.Short == "" || cmd.GroupID == "" || !strings.Contains(cmd.Use, " ") {
			t.Errorf("%s lacks a description, an example, a group or a synopsis", cmd.Name())
		}
		long, _, _ := strings.Cut(helpText(cmd), "\nUsage:")
		for line := range strings.Lines(long) {
			if line[0] != ' ' && len([]rune(line)) > helpWidth+1 {
				t.Errorf("%s: a line of %d characters: %.40q", cmd.Name(), len([]rune(line)), line)
			}
		}
	}
}

// TestVerbs makes sure that a verb is called what the table of verbs calls it, and that a command line that begins with it has no other built.
func TestVerbs(t *testing.T) {
	for _, v := range verbs {
		root := newRoot(newApp(context.Background(), strings.NewReader(""), io.Discard, io.Discard), []string{v.name, "x"})
		if list := root.Commands(); len(list) != 1 || list[0].Name() != v.name {
			t.Errorf("%s builds %d commands, of which the first is %s", v.name, len(list), list[0].Name())
		}
	}
}
