package house

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Module is the path that every package of the product begins with.
const Module = "github.com/earshot-chat/earshot"

// Package is what `go list -deps -json` tells of a package, as far as direction needs it. Test files are not part of
// it: tests may put together what they like.
type Package struct {
	ImportPath string
	Standard   bool
	// Imports are the direct ones, Deps all that are reached.
	Imports []string
	Deps    []string
}

// layer says what packages of the house a package may import.
type layer struct {
	// pattern is a package's path below the module, as for path.Match; "." is the root.
	pattern string
	// mayImport are patterns of the same kind; "*" alone is everything.
	mayImport []string
	// never are import paths, of the standard library or of other modules, that must not be reached on any way.
	never []string
}

// layers is the plan of the house. The first pattern that fits a package counts, and every package needs one.
func layers() []layer {
	noNetwork := []string{"net/http", "database/sql", "testing"}
	return []layer{
		{pattern: ".", never: []string{"net", "os/exec", "database/sql", "testing"}},
		{pattern: "names", mayImport: []string{"."}, never: noNetwork},
		{pattern: "hub", mayImport: []string{".", "names"}, never: noNetwork},
		{pattern: "hub/hubtest", mayImport: []string{".", "hub", "names", "store/sqlstore"}},
		{pattern: "account", mayImport: []string{".", "names", "internal/picture"}, never: noNetwork},
		{pattern: "wire", mayImport: []string{".", "names"}, never: noNetwork},
		// What transports share: talk for those that speak the JSON protocol, pack for those that compress, websocket for those that speak
		// WebSocket.
		{pattern: "transport/pack", never: noNetwork},
		{pattern: "transport/websocket", mayImport: []string{"."}, never: noNetwork[1:]},
		{pattern: "transport/websocket/websockettest"},
		{pattern: "transport/talk", mayImport: []string{".", "names", "hub", "wire"}, never: noNetwork},
		{
			pattern: "transport/*", mayImport: []string{".", "names", "hub", "account", "wire", "transport/talk", "transport/pack", "transport/websocket", "internal/wipe"},
			never: []string{"database/sql", "testing"},
		},
		{pattern: "httpd", mayImport: []string{".", "names", "hub", "account", "wire", "docs", "internal/xconnect", "internal/proxies"}, never: []string{"database/sql", "testing"}},
		{pattern: "store/storetest", mayImport: []string{".", "names"}, never: []string{"database/sql", "net/http"}},
		{pattern: "store/sqlstore/sqlstoretest", mayImport: []string{"store/sqlstore"}, never: []string{"net/http"}},
		{pattern: "store/*", mayImport: []string{"."}, never: []string{"net/http", "testing"}},
		{pattern: "store/*/*", mayImport: []string{"."}, never: []string{"net/http", "testing"}},
		{pattern: "import/*", mayImport: []string{"."}, never: []string{"net/http", "testing"}},
		{pattern: "relay/relaytest", mayImport: []string{"."}, never: noNetwork[:2]},
		{pattern: "relay/natsrelay", mayImport: []string{".", "wire"}, never: []string{"database/sql", "testing"}},
		{pattern: "relay/*", mayImport: []string{"."}, never: noNetwork},
		{pattern: "mail/*", mayImport: []string{"."}, never: []string{"net/http", "database/sql", "testing"}},
		{pattern: "config", mayImport: []string{"."}, never: noNetwork},
		{pattern: "client", mayImport: []string{".", "wire"}, never: []string{"database/sql", "testing"}},
		{pattern: "web", never: noNetwork},
		{pattern: "docs", never: noNetwork},
		{pattern: "cmd/earshot", mayImport: []string{"*"}, never: []string{"testing"}},
		{pattern: "e2e/program", never: noNetwork},
		{pattern: "e2e/*", mayImport: []string{".", "client", "e2e/program"}, never: []string{"database/sql"}},
		{pattern: "internal/house"},
		{pattern: "internal/certificate", never: noNetwork},
		{pattern: "internal/handover", never: noNetwork},
		{pattern: "internal/xconnect", never: noNetwork},
		{pattern: "internal/picture", mayImport: []string{"."}, never: append([]string{"net"}, noNetwork...)},
		{pattern: "internal/proxies", never: noNetwork[1:]},
		{pattern: "internal/passkey", mayImport: []string{"account"}, never: noNetwork[1:2]},
		{pattern: "internal/openid", mayImport: []string{".", "account"}, never: noNetwork[1:]},
		{pattern: "internal/openid/openidtest"},
		{pattern: "internal/leaktest"},
		{pattern: "internal/logtest"},
		{pattern: "internal/doctor", mayImport: []string{".", "wire"}, never: noNetwork[1:]},
		{pattern: "internal/authority", mayImport: []string{"internal/certificate"}, never: noNetwork[1:]},
		{pattern: "internal/wipe", never: noNetwork},
		{pattern: "internal/pgtest"},
	}
}

// Direction finds imports against the direction of the house: transports call the hub, the hub publishes to the relay,
// and only cmd/earshot puts adapters together.
func Direction(packages []Package) []Finding {
	var findings []Finding
	for _, p := range packages {
		below, ours := cutModule(p.ImportPath)
		if !ours || p.Standard {
			continue
		}
		i := slices.IndexFunc(layers(), func(l layer) bool { return match(l.pattern, below) })
		if i < 0 {
			findings = append(findings, Finding{
				File: p.ImportPath,
				Text: "has no place in the plan of the house: give it one in internal/house/direction.go",
			})
			continue
		}
		findings = append(findings, checkLayer(p, below, layers()[i])...)
	}
	findings = append(findings, rootOnStandard(packages)...)
	return sorted(findings)
}

func checkLayer(p Package, below string, l layer) []Finding {
	var findings []Finding
	for _, imported := range p.Imports {
		target, ours := cutModule(imported)
		if !ours || slices.Contains(l.mayImport, "*") {
			continue
		}
		if !slices.ContainsFunc(l.mayImport, func(pattern string) bool { return match(pattern, target) }) {
			findings = append(findings, Finding{
				File: p.ImportPath,
				Text: fmt.Sprintf("imports %s, but %s may import of the house only %v", imported, below, l.mayImport),
			})
		}
	}
	for _, banned := range l.never {
		if slices.Contains(p.Deps, banned) {
			findings = append(findings, Finding{
				File: p.ImportPath,
				Text: fmt.Sprintf("reaches %s, which %s must not, on whatever way (go mod why -m, or go list -deps)", banned, below),
			})
		}
	}
	return findings
}

// rootOnStandard holds the root to the standard library, through every package that it reaches.
func rootOnStandard(packages []Package) []Finding {
	standard := map[string]bool{}
	for _, p := range packages {
		standard[p.ImportPath] = p.Standard
	}
	var findings []Finding
	for _, p := range packages {
		if p.ImportPath != Module {
			continue
		}
		for _, dep := range p.Deps {
			if !standard[dep] {
				findings = append(findings, Finding{File: p.ImportPath, Text: "reaches " + dep + ": the root imports the standard library only"})
			}
		}
	}
	return findings
}

// cutModule gives the path below the module, "." for its root.
func cutModule(importPath string) (below string, ours bool) {
	if importPath == Module {
		return ".", true
	}
	return strings.CutPrefix(importPath, Module+"/")
}

func match(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}
