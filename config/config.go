// Package config reads the configuration file: its types, defaults and
// validation. What Load and Parse return is valid; nothing else makes a Console
// or an Account that works. Everything wrong is reported at once, with file,
// line, column, key and what was expected.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

// Config is a valid configuration, in the order of the file.
type Config struct {
	Consoles []Console
	Labels   Labels
	SLA      []SLA
	Watches  []Watch
	Owners   []Owner

	printed *printed // what is in force, as Masked prints it
}

// Labels are the settings for label values.
type Labels struct {
	// Redact lists the labels whose names are hidden: repository, zone, scanner,
	// scan, host.
	Redact []string
	// hashKey is the key of the hashes that stand for redacted hosts.
	hashKey secret
}

// HashKey returns the key of the hashes that stand for hosts where these are
// redacted, as it is now; nil where none is configured.
func (l Labels) HashKey() ([]byte, error) {
	text, err := l.hashKey.read()
	if err != nil {
		return nil, fmt.Errorf("read labels.hash_key: %w", err)
	}
	if text == "" {
		return nil, nil
	}
	return []byte(text), nil
}

// Load reads and validates the file at path. known are the collectors that the
// file may name. The error is an *Error where the content is refused.
func Load(path string, known []Collector) (*Config, error) {
	data, err := regularfile.Read(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = errors.New("file does not exist")
		}
		return nil, refusal([]Problem{{
			File: path, Wrong: "cannot be read (" + fileTrouble(err) + ")",
			Expected: "a configuration file (config.yml.example explains every key)",
		}})
	}
	return Parse(data, path, known)
}

// Parse validates the content of a configuration file. path names it in errors,
// and relative paths in it start from path's folder. Files and environment
// variables that hold secrets must exist.
func Parse(data []byte, path string, known []Collector) (*Config, error) {
	d := &document{file: path, dir: filepath.Dir(path)}
	if path == "" {
		d.file = "configuration"
	}
	var c Config
	if root, ok := d.parse(data); ok {
		c = readConfig(root, known)
		c.printed = root.printed
	}
	if err := refusal(d.problems); err != nil {
		return nil, err
	}
	return &c, nil
}

// Console returns the console of that name.
func (c *Config) Console(name string) (Console, bool) {
	for _, console := range c.Consoles {
		if console.Name == name {
			return console, true
		}
	}
	return Console{}, false
}

func readConfig(root value, known []Collector) Config {
	var c Config
	m := root.mapping("a mapping with the key consoles")
	consoles, _ := m.take("consoles", "list of mappings", required, "The Security Centers, one entry for each.")
	collectors := m.sub("collectors", "What is collected, and how often: a mapping for every collector that shall differ from its defaults.")
	collectors.printed = &printed{} // apart: every console prints the settings that it has in the end
	global := readCollectors(collectors, known, nil, nil)
	watches, _ := m.take("watches", listKind("mappings", maxWatches), "[]", "Questions of your own that become metrics: the findings of some vulnerabilities, or of a saved query.")
	c.SLA = readSLAs(m)
	owners, _ := m.take("owners", listKind("mappings", maxOwners), "[]", "Who answers for which hosts: the asset lists of a team, whose findings are counted under its name.")
	c.Labels = readLabelSettings(m.sub("labels", "Settings for the values of labels."))
	m.close()

	m.needsEntry(consoles, "at least one console with name, url and accounts")
	entries := consoles.list("a list of consoles")
	names := map[string]value{}
	var marked value
	var places []consolePlaces
	taken := takenLabels(known)
	for _, e := range entries {
		console, at := readConsole(e, len(entries) == 1, taken)
		console.Redact, console.hashKey, console.SLA = c.Labels.Redact, c.Labels.hashKey, c.SLA
		at.name.unique(names, console.Name, "console")
		if console.Default {
			if marked.doc != nil {
				at.marked.refuse("is true here and at "+marked.path, "at most one default console")
			}
			marked = at.marked
		}
		c.Consoles = append(c.Consoles, console)
		places = append(places, at)
	}
	checkSameAs(c.Consoles, places)
	c.Watches = readWatches(watches, c.Consoles)
	c.Owners = readOwners(owners, c.Consoles, c.SLA)
	for i := range c.Consoles {
		console := &c.Consoles[i]
		console.Watches, console.Owners = watchesOf(c.Watches, console.Name), ownersOf(c.Owners, console.Name)
		wanted := map[string]bool{"watches": len(console.Watches) > 0, "owners": len(console.Owners) > 0}
		console.Collectors = settle(readCollectors(places[i].collectors, known, global, wanted))
	}
	return c
}

func readLabelSettings(m *mapping) Labels {
	var l Labels
	words := []string{"repository", "zone", "scanner", "scan", "host"}
	m.texts("redact", strings.Join(words, ", "), 0, &l.Redact, "The labels whose names shall not appear, because they give a network away. Ids stay.",
		"a list of labels", func(v value) (string, bool) { return v.choice(words...) })
	l.hashKey, _ = m.secretOf(secret{bytes: true}, "hash_key", "The key of the hashes that stand for redacted hosts (without one they change at every start)")
	m.close()
	return l
}

// unique refuses v where its name was seen before.
func (v value) unique(seen map[string]value, name, what string) {
	if first, twice := seen[name]; twice && name != "" {
		v.refuse(fmt.Sprintf("repeats the name %s of line %d", quote(name), first.line), "a different name for every "+what)
		return
	}
	seen[name] = v
}
