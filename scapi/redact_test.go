package scapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSecretsInJSONAreMasked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"nothing secret":               {`{"a":1,"b":[true,null,"x"],"c":{}}`, `{"a":1,"b":[true,null,"x"],"c":{}}`},
		"a password":                   {`{"username":"u","password":"hunter2"}`, `{"username":"u","password":"***"}`},
		"a token that is a number":     {`{"token" : 1234567890, "x":1}`, `{"token" : "***", "x":1}`},
		"deep inside":                  {`{"a":[{"typeFields":{"communityString":"s3","passphrase":"p"}}]}`, `{"a":[{"typeFields":{"communityString":"***","passphrase":"***"}}]}`},
		"a whole object":               {`{"apiKeys":[{"id":"1","key":"kkkk"}],"z":1}`, `{"apiKeys":"***","z":1}`},
		"an empty one":                 {`{"password":"","privateKey":null,"publicKey":"pub"}`, `{"password":"","privateKey":null,"publicKey":"pub"}`},
		"a name with escapes":          {`{"pass\u0077ord":"hunter2"}`, `{"pass\u0077ord":"***"}`},
		"a value beside its name":      {`{"name":"SSH password","type":"x","value":"hunter2"}`, `{"name":"SSH password","type":"x","value":"***"}`},
		"a value before its name":      {`{"value":["hunter2"],"name":"SSH password"}`, `{"value":"***","name":"SSH password"}`},
		"a value beside another name":  {`{"name":"port","value":"22"}`, `{"name":"port","value":"22"}`},
		"repeated in a message":        {`{"password":"hunter2","error_msg":"no user with hunter2\n"}`, `{"password":"***","error_msg":"no user with ***\n"}`},
		"repeated before it is named":  {`{"error_msg":"hunter2 \u0068unter2","password":"hunter2"}`, `{"error_msg":"*** ***","password":"***"}`},
		"repeated as a key":            {`{"hunter2":1,"password":"hunter2"}`, `{"***":1,"password":"***"}`},
		"repeated as a number":         {`{"id":12345,"token":"12345"}`, `{"id":"***","token":"***"}`},
		"JSON in a text":               {`{"input":"{\"password\":\"hunter2\",\"x\":1}"}`, `{"input":"{\"password\":\"***\",\"x\":1}"}`},
		"a bare array":                 {`["a","b"]`, `["a","b"]`},
		"blanks around":                {" \n[1]\n", " \n[1]\n"},
		"a mark before":                {"\xef\xbb\xbf[1]", "[1]"},
		"cut off in a secret":          {`{"a":1,"password":"hunt`, `{"a":1,"password":"***"…`},
		"cut off in a secret object":   {`{"secret":{"a":"hunter2","b":`, `{"secret":"***"…`},
		"cut off in another text":      {`{"a":1,"b":"tex`, `{"a":1,"b":…`},
		"cut off in a number":          {`{"a":1,"b":123`, `{"a":1,"b":…`},
		"cut off in a name":            {`{"a":1,"passw`, `{"a":1,…`},
		"cut off behind a name":        {`{"a":1,"password"`, `{"a":1,"password"…`},
		"cut off behind a value":       {`{"a":1`, `{"a":…`},
		"cut off with the name known":  {`{"name":"password","value":"hunter2","x`, `{"name":"password","value":"***",…`},
		"broken":                       {`{"a":1,b:"hunter2"}`, `{"a":1,…`},
		"something behind":             {`{"a":1} password=hunter2`, `{"a":1} …`},
		"two values without a comma":   {`["a" "password"]`, `["a" …`},
		"no JSON at all":               {`{password:hunter2}`, `{…`},
		"a word of the protocol stays": {`{"password":"SET","a":"SET"}`, `{"password":"***","a":"SET"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := new(redactor).json([]byte(test.text)); got != test.want {
				t.Errorf("%s\n became %s\n want   %s", test.text, got, test.want)
			}
		})
	}
	deep := strings.Repeat("[", 10_000) + `"hunter2"` + strings.Repeat("]", 10_000)
	if got := new(redactor).json([]byte(deep)); strings.Contains(got, "hunter2") {
		t.Error("what is too deep to read is shown")
	}
}

func TestSecretsInOtherTextAreMasked(t *testing.T) {
	t.Parallel()
	r := &redactor{}
	r.learn("p&ss<w0rd>")
	for text, want := range map[string]string{
		`the password is p&ss<w0rd>!`:           `the password is ***!`,
		`<p>p&amp;ss&lt;w0rd&gt;</p>`:           `<p>***</p>`,
		`/x?q=p%26ss%3Cw0rd%3E`:                 `/x?q=***`,
		`accesskey=aaaa; secretkey=bbbb`:        `accesskey=***; secretkey=***`,
		`TNS_SESSIONID=0123; path=/`:            `TNS_SESSIONID=***; path=/`,
		`<input name="token" value="x"> token:`: `<input name="token" value="x"> token:`,
		`password : hunter2 and on`:             `password : *** and on`,
		`plain`:                                 `plain`,
	} {
		if got := r.text(text, false); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
	if got := r.text("and then p&ss<w0r", true); strings.Contains(got, "p&s") {
		t.Errorf("half a secret is shown: %s", got)
	}
}

func TestSecretsInHeadersAreMaskedAndKnown(t *testing.T) {
	t.Parallel()
	r := &redactor{}
	got := r.header(http.Header{
		"Cookie": {"TNS_SESSIONID=c00kie"}, "X-Securitycenter": {"1234567890"}, "X-Apikey": {"accesskey=acc3ss; secretkey=s3cret"},
		"Authorization": {"Basic dXNlcjpwYXNz"}, "X-Vault-Token": {"vau1t"}, "User-Agent": {"x"},
		"Referer": {"https://sc/?t=1234567890&c=c00kie"}, "Set-Cookie": {"TNS_SESSIONID=n3wer; path=/; secure; HttpOnly"},
	})
	for name, text := range got {
		for _, secret := range []string{"c00kie", "1234567890", "acc3ss", "s3cret", "dXNlcjpwYXNz", "vau1t", "n3wer"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %s", name, text)
			}
			if !r.repeats(secret) {
				t.Errorf("%s is not known", secret)
			}
		}
	}
	if got["User-Agent"] != "x" || got["Referer"] != "https://sc/?t=***&c=***" {
		t.Errorf("%v", got)
	}
	for _, word := range []string{"path", "/", "secure", "HttpOnly", "Basic"} {
		if r.repeats(word) {
			t.Errorf("%s is taken for a secret", word)
		}
	}
}

func TestFormsAndAddressesAreShownDecoded(t *testing.T) {
	t.Parallel()
	r := &redactor{}
	form := url.Values{"module": {"auth"}, "input": {`{"username":"u","password":"hunter2"}`}, "token": {"1234567890"}, "note": {"1234567890"}}
	if got, want := r.form(form), `input={"username":"u","password":"***"}&module=auth&note=***&token=***`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	u, err := url.Parse("https://user:hunter2@sc.test/rest/x?fields=id,name&token=77777")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.url(u), "https://sc.test/rest/x?fields=id,name&token=***"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTextsAreShortenedBetweenCharacters(t *testing.T) {
	t.Parallel()
	for limit := range 8 {
		got, cutOff := shorten("aüöä", limit)
		if len(got) > limit || !utf8.ValidString(got) || cutOff != (limit < 7) {
			t.Errorf("%d: %q, %v", limit, got, cutOff)
		}
	}
}

// planted is a secret that no fuzzer makes by itself.
const planted = "S3CR3T-Zq7!xK"

// FuzzRedact hides a secret in a document, under the name of one, repeats it
// elsewhere, and cuts the document off: no piece of the secret is shown.
func FuzzRedact(f *testing.F) {
	f.Add("a", "text", "before ", " after", uint16(1000), false)
	f.Add("", "\"\\u0000", "{\"", "}", uint16(60), true)
	f.Add("name", "password", "[", "", uint16(40), true)
	f.Add("value", "x", "", "", uint16(30), false)
	f.Fuzz(func(t *testing.T, key, value, before, after string, keep uint16, nested bool) {
		for _, s := range []string{key, value, before, after} {
			for i := range len(planted) - 3 {
				if strings.Contains(s, planted[i:i+4]) {
					t.Skip()
				}
			}
		}
		document := map[string]any{
			key:            value,
			"list":         []any{value, map[string]any{"authPassword": planted, key: 5}},
			"token":        planted,
			"secret":       map[string]any{key: planted},
			"error_msg":    before + planted + after,
			planted + "'s": value,
		}
		text, err := json.Marshal(document)
		if err != nil {
			t.Skip()
		}
		if nested {
			if text, err = json.Marshal(map[string]any{"input": string(text), "password": planted}); err != nil {
				t.Skip()
			}
		}
		r := &redactor{}
		r.learn(planted)
		got := r.json(text[:min(int(keep), len(text))])
		for i := range len(planted) - 3 {
			if strings.Contains(got, planted[i:i+4]) {
				t.Fatalf("%s\nshows %q of %s", got, planted[i:i+4], text)
			}
		}
		if int(keep) >= len(text) && !json.Valid([]byte(got)) {
			t.Errorf("%s became no JSON: %s", text, got)
		}
	})
}

// FuzzRedactAnything masks what may be no JSON.
func FuzzRedactAnything(f *testing.F) {
	f.Add([]byte(`{"a":[1,"x",{"token":5}],"value":"b","name":"key"}`))
	f.Add([]byte(`{"value":{"token":1},"name":"token"}`))
	f.Add([]byte(`["{\"a\":`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := new(redactor).json(text)
		if json.Valid(text) && len(text) < 100 && !json.Valid([]byte(got)) {
			t.Errorf("%s became no JSON: %s", text, got)
		}
	})
}
