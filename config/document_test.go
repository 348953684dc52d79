package config

import (
	"strings"
	"testing"
)

func TestAFileThatIsNotWellFormedIsRefused(t *testing.T) {
	refuses(t, []refused{
		{"an empty file",
			"",
			"1:1: is empty, expected at least one console under consoles"},
		{"a file of comments",
			"# nothing\n",
			"1:1: is empty, expected at least one console under consoles"},
		{"a second document",
			minimal + "---\n" + minimal,
			"6:1: is a second YAML document, expected one document in the file"},
		{"a list for the whole file",
			"- a\n",
			"1:1: is a list, expected a mapping with the key consoles"},
		{"bad indentation",
			"consoles:\n  - name: hq\n   url: x\n",
			"3:1: is not valid YAML (did not find expected '-' indicator), expected valid YAML: brackets and quotes closed, keys of one block in one column"},
		{"bad indentation further down",
			minimal + "   timeout: 60s\n",
			"6:1: is not valid YAML (did not find expected '-' indicator), expected valid YAML: brackets and quotes closed, keys of one block in one column"},
		{"an unclosed quote",
			"consoles:\n  - name: \"hq\n    url: x\n",
			"2:1: is not valid YAML (found unexpected end of stream), expected valid YAML"},
		{"an unclosed bracket",
			"consoles:\n  - name: [hq\n    url: x\n",
			"2:1: is not valid YAML (did not find expected ',' or ']'), expected valid YAML: brackets and quotes closed, keys of one block in one column"},
		{"a tab for indentation",
			"consoles:\n\t- name: hq\n",
			"2:1: is not valid YAML (found character that cannot start any token), expected valid YAML"},
		{"a colon in a plain value",
			withAccount("name: a\n        username: u\n        password: hunter2: x"),
			"7:1: is not valid YAML (mapping values are not allowed in this context), expected valid YAML"},
		{"a control character",
			"consoles: \u0001\n",
			"1:1: is not valid YAML (control characters are not allowed), expected valid YAML"},
		{"an alias that does not exist",
			withAccount("name: a\n        username: u\n        password: *hunter2"),
			"7:1: is not valid YAML (an unquoted * begins a YAML alias, which is not supported), expected valid YAML"},
		{"an alias",
			atTop("labels: &x {}\nsla: *x"),
			"6:9: a YAML anchor (&) is not supported here, expected the value itself, in quotes where it begins with &, * or !" + "\n" +
				"7:6: a YAML alias (*) is not supported here, expected the value itself, in quotes where it begins with &, * or !"},
		{"an anchor that was meant as a password",
			withAccount("{name: a, username: u, password: &hunter2 x}"),
			"5:42: a YAML anchor (&) is not supported here, expected the value itself, in quotes where it begins with &, * or !"},
		{"a tag that was meant as a password",
			withAccount("{name: a, username: u, password: !hunter2 x}"),
			"5:42: a YAML tag (!) is not supported here, expected the value itself, in quotes where it begins with &, * or !"},
		{"a merge key",
			atTop("labels: {<<: {redact: []}}"),
			"6:10: labels.?: is not a known key, expected one of redact, hash_key, hash_key_file, hash_key_env"},
		{"an unknown key at the top",
			atTop("console: 1"),
			"6:1: console: is not a known key, expected one of consoles, collectors, watches, sla, owners, labels"},
		{"an unknown key of a console",
			inConsole("page-size: 5"),
			"6:5: consoles[0].?: is not a known key, expected one of name, url, api, default, labels, accounts, http, timeout, analysis_timeout, page_size, max_concurrent_requests, max_response_bytes, repositories, collectors"},
		{"an unknown key of an account",
			withAccount("{name: a, username: u, passwrd: p}"),
			"5:29: consoles[0].accounts[0].username: stands without a password, expected one of password, password_file, password_env beside it" + "\n" +
				"5:32: consoles[0].accounts[0].passwrd: is not a known key, expected one of name, username, password, password_file, password_env, access_key, access_key_file, access_key_env, secret_key, secret_key_file, secret_key_env, repositories, tls_config"},
		{"a value whose space after the colon was forgotten",
			withAccount("{name: a, username: u, password:hunter2}"),
			"5:29: consoles[0].accounts[0].username: stands without a password, expected one of password, password_file, password_env beside it" + "\n" +
				"5:32: consoles[0].accounts[0].?: is not a known key, expected one of name, username, password, password_file, password_env, access_key, access_key_file, access_key_env, secret_key, secret_key_file, secret_key_env, repositories, tls_config"},
		{"a key that stands twice",
			inConsole("timeout: 5s\ntimeout: 6s"),
			"7:5: consoles[0].timeout: stands twice, expected each key once"},
		{"a key that is a list",
			inConsole("[a]: 5"),
			"6:5: consoles[0]: has a key that is not a word, expected a mapping with name, url and accounts"},
	})
}

func TestAFileThatIsNoTextOrTooLargeIsRefused(t *testing.T) {
	refuses(t, []refused{
		{"bytes that are not UTF-8", "consoles:\n  é\xff", "2:4: is not UTF-8 text, expected a YAML file in UTF-8"},
		{"UTF-16", "\xff\xfec\x00", "1:1: is not UTF-8 text, expected a YAML file in UTF-8"},
		{"more than 1 MiB", minimal + strings.Repeat("#", 1<<20), "1:1: is larger than 1 MiB, expected a configuration file of at most 1 MiB"},
	})
}

func TestAByteOrderMarkIsIgnored(t *testing.T) {
	if c := parse(t, "\ufeff"+minimal); len(c.Consoles) != 1 {
		t.Errorf("got %d consoles, want 1", len(c.Consoles))
	}
}
