package scapi

// masked stands for a secret in what is shown.
const masked = "***"

// Mask returns what takes secrets out of a text, in all spellings in which a console or anything before it may repeat
// them: escaped for JSON, addresses and HTML, in base64, in parts. It is what the errors and logs of a Client pass
// through, for those who show texts that did not.
func Mask(secrets ...string) func(text string) string {
	m := &mask{}
	m.learn(secrets...)
	return m.text
}
