package sctest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"time"
)

// Upload is a file that a client has uploaded and not yet cleared.
type Upload struct {
	Handle   string // the console's name for it, by which imports ask
	Filename string // the client's
	Account  string // user name; nobody else can use the file
	Content  []byte
}

// Import is an uploaded file that a client has put to use.
type Import struct {
	Time       time.Time
	Kind       string // dashboard, report, policy, scanResult, repository, asset
	Name       string // that the client gave the imported thing
	Filename   string // of the upload
	Account    string // user name
	Repository string // id, of scan results and repositories
	Content    []byte
}

// Uploads returns the uploaded files, oldest first.
func (c *Console) Uploads() []Upload {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.uploads)
}

// Imports returns what was imported, oldest first.
func (c *Console) Imports() []Import {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.imports)
}

// upload keeps a file and returns its handle: six random characters, behind "scfile_" on SecurityCenter 4.
func (c *Console) upload(account, filename string, content []byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.uploaded++
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
	h := mix(c.o.Seed, 60, c.uploaded)
	handle := ""
	if c.o.Dialect == RPC {
		handle = "scfile_"
	}
	for range 6 {
		handle += string(letters[h%uint64(len(letters))])
		h /= uint64(len(letters))
	}
	c.uploads = append(c.uploads, Upload{Handle: handle, Filename: filename, Account: account, Content: content})
	return handle
}

// clearUpload forgets a file of the account; ok is false when it has no such file.
func (c *Console) clearUpload(account, handle string) (u Upload, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.uploads, func(u Upload) bool { return u.Handle == handle && u.Account == account })
	if at < 0 {
		return u, false
	}
	u = c.uploads[at]
	c.uploads = slices.Delete(slices.Clone(c.uploads), at, at+1)
	return u, true
}

// form is a multipart request: its fields, and the file, which is the part called Filedata.
type form struct {
	values   map[string]string
	filename string
	content  []byte // nil: no file
}

// readForm reads a multipart body, whatever its boundary; ok is false when it is none, or is damaged.
func readForm(contentType string, body []byte) (f form, ok bool) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return f, false
	}
	f.values = map[string]string{}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, true
		}
		if err != nil {
			return f, false
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return f, false
		}
		if part.FormName() == "Filedata" {
			f.filename, f.content = part.FileName(), append([]byte{}, content...)
		} else {
			f.values[part.FormName()] = string(content)
		}
	}
}

// uploadCall is file::upload and POST /file/upload.
func (x *exchange) uploadCall() (any, error) {
	f, ok := readForm(x.r.Header.Get("Content-Type"), x.body)
	if !ok || f.content == nil {
		return nil, refuse(1, "No file was uploaded.\n")
	}
	wanted := fields{"returnContent": phpJSON(f.values["returnContent"])}
	if x.c.o.Dialect == RPC {
		wanted = fields{}
		if decode(x.call.input, &wanted) != nil {
			return nil, refuse(1, "Invalid input.")
		}
	}
	o := object{"filename": x.c.upload(x.account.Username, f.filename, f.content), "originalFilename": f.filename, "content": "", "context": f.values["context"]}
	if wanted.text("returnContent") == "true" {
		o["content"] = string(f.content)
	}
	return o, nil
}

// input is the object that the request carries.
func (x *exchange) input() (fields, error) {
	data := x.body
	if x.c.o.Dialect == RPC {
		data = x.call.input
	}
	in := fields{}
	if decode(data, &in) != nil {
		return nil, refuse(1, "Invalid input.\n")
	}
	return in, nil
}

// clearCall is file::clear and POST /file/clear.
func (x *exchange) clearCall() (any, error) {
	in, err := x.input()
	if err != nil {
		return nil, err
	}
	if _, ok := x.c.clearUpload(x.account.Username, in.text("filename")); !ok {
		return nil, noUpload(in.text("filename"))
	}
	return object{"filename": in.text("filename")}, nil
}

func noUpload(handle string) error {
	return refuse(147, "Unable to find the uploaded file '%s'.\nThe file does not exist.\n", handle)
}

// importUpload puts an uploaded file of the account to use; handle is the member of the input that names it.
func (x *exchange) importUpload(kind, handle, repository string, in fields) (Import, error) {
	if in.text(handle) == "" {
		return Import{}, refuse(146, "No file was given.\n")
	}
	u, ok := x.c.clearUpload(x.account.Username, in.text(handle))
	if !ok {
		return Import{}, noUpload(in.text(handle))
	}
	done := Import{Time: x.now, Kind: kind, Name: in.text("name"), Filename: u.Filename, Account: u.Account, Repository: repository, Content: u.Content}
	x.c.mu.Lock()
	defer x.c.mu.Unlock()
	x.c.imports = append(x.c.imports, done)
	return done, nil
}

// imported is what an import answers: the new object, as far as it is known.
func (x *exchange) imported(done Import) object {
	x.c.mu.Lock()
	defer x.c.mu.Unlock()
	name := done.Name
	if name == "" {
		name = done.Filename
	}
	return object{"id": fmt.Sprint(1000 + len(x.c.imports)), "name": name, "description": "", "status": "0",
		"createdTime": epoch(x.now.Unix()), "modifiedTime": epoch(x.now.Unix())}
}

// importRPC is dashboard::importTab and report::import.
func importRPC(kind string) func(*exchange) (any, error) {
	return func(x *exchange) (any, error) {
		in, err := x.input()
		if err != nil {
			return nil, err
		}
		if in.text("name") == "" {
			return nil, refuse(146, "No name was given.")
		}
		done, err := x.importUpload(kind, "filename", "", in)
		if err != nil {
			return nil, err
		}
		return x.imported(done), nil
	}
}

// importObject is POST /dashboard/import, /reportDefinition/import, /policy/import and /asset/import.
func (x *exchange) importObject(kind string) (any, error) {
	in, err := x.input()
	if err != nil {
		return nil, err
	}
	if x.account.Administrator {
		return nil, x.forbidden()
	}
	if kind == "reportDefinition" {
		kind = "report"
	}
	done, err := x.importUpload(kind, "filename", "", in)
	if err != nil {
		return nil, err
	}
	if kind == "asset" {
		return "", nil
	}
	return x.imported(done), nil
}

// importScan is POST /scanResult/import.
func (x *exchange) importScan() (any, error) {
	in, err := x.input()
	if err != nil {
		return nil, err
	}
	var ref fields
	if decode(in["repository"], &ref) != nil || !x.reads(ref.text("id")) {
		return nil, refuse(146, "Group #0 does not have access to the Repository #%s.\n", ref.text("id"))
	}
	if x.account.Administrator {
		return nil, x.forbidden()
	}
	_, err = x.importUpload("scanResult", "filename", ref.text("id"), in)
	return "", err
}

// importRepository is POST /repository/{id}/import.
func (x *exchange) importRepository(id string) (any, error) {
	in, err := x.input()
	if err != nil {
		return nil, err
	}
	if !x.account.Administrator {
		return nil, x.forbidden()
	}
	if x.c.repository(id) == nil {
		return nil, notFound("repository", id)
	}
	done, err := x.importUpload("repository", "file", id, in)
	if err != nil {
		return nil, err
	}
	return object{"objectID": done.Repository, "objectType": "importRepository", "type": "now", "ownerID": "1"}, nil
}
