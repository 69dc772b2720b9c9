package main

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show which extant this is",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON object")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return a.verbCommand(cmd, func([]string) error {
		r := versionFacts()
		if asJSON {
			return a.putJSON(r)
		}
		return r.write(a.out)
	})
}

// versionFacts is what the build has noted in the binary.
func versionFacts() facts {
	settings := map[string]string{}
	version := ""
	if b, ok := debug.ReadBuildInfo(); ok {
		version = b.Main.Version
		for _, s := range b.Settings {
			settings[s.Key] = s.Value
		}
	}
	var r facts
	r.add("extant", "version", cmp.Or(version, "(devel)"))
	if rev := settings["vcs.revision"]; rev != "" {
		r.add("commit", "commit", rev)
		r.add("commit time", "commit_time", settings["vcs.time"])
		r.add("changed since", "modified", settings["vcs.modified"] == "true")
	}
	r.add("go", "go", runtime.Version())
	r.addAs("system", "system", runtime.GOOS+"/"+runtime.GOARCH, "%s/%s", runtime.GOOS, runtime.GOARCH)
	return r
}
