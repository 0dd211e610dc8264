package report

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// The plot's measures, in its own units.
const (
	plotWidth = 760
	nameWidth = 130
	endWidth  = 150
	rowHeight = 22
	headSpace = 46
	panelGap  = 18
)

// panel is one figure of all candidates.
type panel struct {
	key   string
	title string
	col   column
}

func panels() []panel {
	a, d := columns("a"), columns("d")
	return []panel{
		{"a", "Memory of an idle connection", a[0]},
		{"b", "Server CPU per delivery, one room of 1,000", cpu()},
		{"c", "Server CPU per delivery, 100 rooms of ten", cpu()},
		{"d", "p99 from sending to receipt, 2,000 messages/s into 100 rooms of ten", d[1]},
	}
}

// style serves readers of light and of dark pages: the picture has no ground of its own.
const style = `<style>
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#24292f}
.t{font-weight:600}.q{fill:#57606a;font-size:11px}
.g{stroke:#d0d7de;stroke-width:1}.d{fill:#8c959f}.e{fill:#0969da}.f{fill:none;stroke:#57606a;stroke-width:2}
.eb{font-weight:600;fill:#0969da}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.q{fill:#9198a1}.g{stroke:#3d444d}.d{fill:#9198a1}.e{fill:#4493f8}
.f{stroke:#9198a1}.eb{fill:#4493f8}}
</style>
`

// SVG is a plot of four figures: a dot for each candidate on a scale of powers of ten, less is better. It is empty where
// none of the four was measured.
func (r *Results) SVG() string {
	var body strings.Builder
	y := 0
	for _, p := range panels() {
		y += r.panel(&body, p, y)
	}
	if y == 0 {
		return ""
	}
	fmt.Fprintf(&body, `<text class="q" x="0" y="%d">Less is better; each line is ten times the last.</text>`+"\n", y+8)
	y += panelGap
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n",
		plotWidth, y, "Earshot beside other servers: memory, processor time and latency; less is better") +
		style + body.String() + "</svg>\n"
}

// row is a candidate's place in a panel.
type row struct {
	name  string
	value float64
}

func (r *Results) panel(b *strings.Builder, p panel, y int) (height int) {
	var rows []row
	for _, c := range r.Candidates {
		if v := r.median(p.key, c, p.col.figure); !math.IsNaN(v) && v > 0 {
			rows = append(rows, row{c, v})
		}
	}
	if len(rows) == 0 {
		return 0
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Compare(a.value, b.value)
	})
	low := math.Floor(math.Log10(rows[0].value))
	high := math.Ceil(math.Log10(rows[len(rows)-1].value))
	if high <= low {
		high = low + 1
	}
	at := func(v float64) float64 {
		return nameWidth + (math.Log10(v)-low)/(high-low)*(plotWidth-nameWidth-endWidth)
	}
	fmt.Fprintf(b, `<text class="t" x="0" y="%d">%s</text>`+"\n", y+16, html.EscapeString(p.title))
	bottom := y + headSpace + rowHeight*len(rows)
	for e := low; e <= high; e++ {
		v := math.Pow(10, e)
		fmt.Fprintf(b, `<path class="g" d="M%.1f %dV%d"/><text class="q" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			at(v), y+headSpace-8, bottom-4, at(v), y+headSpace-13, html.EscapeString(strings.Replace(p.col.format(v), ".00", "", 1)))
	}
	for i, row := range rows {
		mid := y + headSpace + rowHeight*i + rowHeight/2
		dot, name := `class="d"`, ""
		switch row.name {
		case "Earshot":
			dot, name = `class="e"`, ` class="eb"`
		case "floor":
			dot = `class="f"`
		}
		fmt.Fprintf(b, `<text%s x="%d" y="%d" text-anchor="end">%s</text><circle %s cx="%.1f" cy="%d" r="5"/>`+
			`<text%s x="%.1f" y="%d">%s</text>`+"\n",
			name, nameWidth-14, mid+4, html.EscapeString(row.name), dot, at(row.value), mid,
			name, at(row.value)+11, mid+4, html.EscapeString(p.col.format(row.value)))
	}
	return bottom - y + panelGap
}
