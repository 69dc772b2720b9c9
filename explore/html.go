package explore

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"sync"
)

//go:embed page.html
var pageText string

// page is parsed when a page is wanted, not whenever a program starts that could draw one.
var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageText)) })

// HTML draws the diagram as a page of its own: a slider goes through the steps one by one. The page loads
// nothing and sends nothing.
func (d *Diagram) HTML(title string) string {
	type row struct {
		Row
		Step  int
		Class string
		Text  string
	}
	data := struct {
		Title   string
		Columns []string
		Rows    []row
		Steps   int
	}{Title: title, Columns: d.Columns}
	for i, r := range d.Rows {
		// A call is shown together with what it leads to.
		if i == 0 || d.Rows[i-1].Kind != RowCall || d.Rows[i-1].Column != r.Column {
			data.Steps++
		}
		data.Rows = append(data.Rows, row{r, data.Steps, rowClasses[r.Kind], r.line()})
	}
	var b strings.Builder
	if err := page().Execute(&b, data); err != nil {
		return fmt.Sprintf("<p>%s</p>", template.HTMLEscapeString(err.Error()))
	}
	return b.String()
}

var rowClasses = [...]string{RowCall: "call", RowOperation: "op", RowNote: "note", RowFailure: "fail"}
