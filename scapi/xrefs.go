package scapi

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// catalogues are the names of cross references that clients of SecurityCenter
// 4 have always known, as the wire spells them.
var catalogues = [...]string{
	"APPLE-SA", "AUSCERT", "BID", "CERT", "CERT-FI", "CERT-VU", "CERTA", "CISCO-BUG-ID", "CISCO-SA", "CLSA", "CONNECTIVA",
	"CVE", "CWE", "DSA", "EDB-ID", "GLSA", "HPSB", "IAVA", "ICS-ALERT", "ICSA", "MDKSA", "MSFT", "MSVR", "NSFOCUS",
	"NessusID", "OSVDB", "OWASP", "OpenPKG-SA", "RHSA", "SSA", "Secunia", "SuSE", "TLSA", "TSLSA", "USN", "VMSA", "zone-h",
}

// xrefCatalogues are the names of cross references that a Client has learnt.
// The zero value is ready for use.
type xrefCatalogues struct {
	mu    sync.Mutex
	names []string // nil: none yet
}

// CrossReferenceNames returns the names of cross references that
// PluginFilter.Field takes, sorted: those of LearnCrossReferences, or a list of
// common ones before it was called. Nothing is sent.
func (c *Client) CrossReferenceNames() []string {
	c.xrefs.mu.Lock()
	defer c.xrefs.mu.Unlock()
	if c.xrefs.names != nil {
		return slices.Clone(c.xrefs.names)
	}
	return slices.Clone(catalogues[:])
}

// LearnCrossReferences reads the whole plugin list, and makes the names of the
// cross references in it those of CrossReferenceNames, which it returns. That
// takes a request for every page of plugins: REST GET
// /plugin?fields=id,xrefs, RPC plugin::init. A list without any cross
// reference changes nothing.
func (c *Client) LearnCrossReferences(ctx context.Context) ([]string, error) {
	p, err := c.planPlugins(ctx, PluginQuery{Fields: []string{"id", "xrefs"}})
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	err = p.each(ctx, func(plugin Plugin) bool {
		for _, ref := range plugin.CrossReferences {
			seen[ref.Name] = true
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	if len(seen) > 0 {
		names := slices.Sorted(maps.Keys(seen))
		c.xrefs.mu.Lock()
		c.xrefs.names = names
		c.xrefs.mu.Unlock()
	}
	return c.CrossReferenceNames(), nil
}

// pluginFilterField is a filter's field as the wire wants it: the name of a
// cross reference becomes xrefs:NAME-WITH-DASHES, whatever its case and
// whether it was written with "-" or "_".
func (c *Client) pluginFilterField(field string) string {
	name := dashed(field)
	for _, known := range c.CrossReferenceNames() {
		if strings.EqualFold(dashed(known), name) {
			return "xrefs:" + dashed(known)
		}
	}
	return field
}

func dashed(name string) string { return strings.ReplaceAll(name, "_", "-") }
