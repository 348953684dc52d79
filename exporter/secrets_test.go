package exporter

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
)

// Masking itself is tested in scapi. Here it is seen that all that the
// configuration holds reaches it, and that no page goes around it.
func TestNoPageRepeatsASecretThatAConsoleRepeats(t *testing.T) {
	const (
		password, accessKey, secretKey = `p"a/s<Zq7>&w%o+r d-K4x9vB`, "acc3ssKEY0123456789", "s3cr3tKEYabcdef0"
		header, token, cookie          = "gat3wayT0kenValue", "1357924680", "c00kie9f8e7d6c5b4a"
	)
	// What gives one of them away, in any escaping.
	telling := []string{"K4x9vB", accessKey[:8], secretKey[:8], header[:8], token[:8], cookie[:8], "Zq7"}
	answers := map[string]func(w http.ResponseWriter, text string){
		"envelope": func(w http.ResponseWriter, text string) {
			message, _ := json.Marshal(text)
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"type":"regular","response":"","error_code":146,"error_msg":%s}`, message)
		},
		"HTML": func(w http.ResponseWriter, text string) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, html.EscapeString(text))
		},
		"redirect": func(w http.ResponseWriter, text string) {
			w.Header().Set("Location", "/x/"+url.PathEscape(text))
			w.WriteHeader(http.StatusFound)
		},
		"content type": func(w http.ResponseWriter, text string) {
			w.Header().Set("Content-Type", strings.NewReplacer("\n", " ", "\r", " ").Replace(text))
			fmt.Fprint(w, "x")
		},
		"form": func(w http.ResponseWriter, text string) { fmt.Fprint(w, url.Values{"echo": {text}}.Encode()) },
	}
	for name, answer := range answers {
		for _, api := range []string{"rest", "rpc"} {
			for _, atLogin := range []bool{true, false} {
				what := fmt.Sprintf("%s over %s, at login: %v", name, api, atLogin)
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					body, _ := io.ReadAll(req.Body)
					form, _ := url.ParseQuery(string(body))
					friendly := map[string]string{
						"/rest/token": `{"token":` + token + `}`, "/rest/system": `{"version":"6.4.0"}`,
						"/rest/currentUser": `{"id":"1","username":"u","role":{"id":"4"},"organization":{"id":"1"}}`,
						"/request.php":      map[string]string{"auth": `{"token":` + token + `,"sessionID":"` + cookie + `"}`, "system": `{"version":"4.8.1"}`}[form.Get("module")],
					}[req.URL.Path]
					login := req.URL.Path == "/rest/token" || form.Get("module") == "auth" || req.Header.Get("X-Apikey") != ""
					if friendly != "" && (!atLogin || !login) {
						http.SetCookie(w, &http.Cookie{Name: "TNS_SESSIONID", Value: cookie})
						fmt.Fprintf(w, `{"type":"regular","response":%s,"error_code":0,"error_msg":""}`, friendly)
						return
					}
					text := strings.Join([]string{req.Header.Get("X-Apikey"), req.Header.Get("X-Gateway"), req.Header.Get("Cookie"), req.Header.Get("X-Securitycenter"), string(body)}, "\n")
					answer(w, text)
				}))
				keys := ""
				if api == "rest" {
					keys = "      - {name: keys, access_key: " + accessKey + ", secret_key: " + secretKey + "}\n"
				}
				yaml := "consoles:\n  - name: hq\n    default: true\n    url: " + s.URL + "\n    api: " + api + "\n" +
					"    http: {http_headers: {X-Gateway: {secrets: [" + header + "]}}}\n    accounts:\n" +
					"      - {name: user, username: u, password: '" + password + "'}\n" + keys
				log := &record{}
				e, err := New(Options{
					Load:   func() (*config.Config, error) { return config.Parse([]byte(yaml), "config.yml", KnownCollectors()) },
					Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				if err != nil {
					t.Fatal(err)
				}
				texts := map[string]string{}
				for _, path := range []string{"/probe?target=hq", "/probe?target=hq&debug=true", "/metrics", "/", "/sd", "/-/ready"} {
					w := httptest.NewRecorder()
					e.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
					texts[path] = w.Body.String()
				}
				if name == "envelope" || name == "form" {
					var said strings.Builder
					err := e.Estimate(t.Context(), &said)
					texts["the estimate"] = fmt.Sprint(said.String(), err)
				}
				_ = e.Close() // the console does not let it log out
				s.Close()
				texts["the log"] = log.String()
				for where, text := range texts {
					if where != "/-/ready" && where != "/sd" && len(text) < 100 {
						t.Errorf("%s: %s says only %q", what, where, text)
					}
					for _, part := range telling {
						if i := strings.Index(text, part); i >= 0 {
							t.Errorf("%s: %s shows %q: …%s", what, where, part, text[max(0, i-200):min(len(text), i+200)])
						}
					}
				}
				if !atLogin && !strings.Contains(texts["the log"], "***") { // answers to logins are not quoted
					t.Errorf("%s: nothing was masked: %.2000s", what, texts["the log"])
				}
			}
		}
	}
}
