package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"runtime"
	"testing"
	"time"
)

// lying is a JPEG that says how it lies; the EXIF data are what body makes of the byte order.
func lying(t testing.TB, m image.Image, tiff []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte("\xff\xd8\xff\xe1"), uint16(len(segment)+2))
	return append(append(head, segment...), b.Bytes()[2:]...)
}

// tiffOf is a directory of entries, of 12 bytes each (TIFF 6.0, section 2), and the offset of the next.
func tiffOf(order binary.AppendByteOrder, next uint32, entries ...[]byte) []byte {
	b := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II")
	}
	b = order.AppendUint32(order.AppendUint16(b, 42), 8)
	b = order.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = append(b, e...)
	}
	return order.AppendUint32(b, next)
}

func entry(order binary.AppendByteOrder, tag, kind uint16, count, value uint32) []byte {
	b := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, tag), kind), count)
	if kind == 3 && count == 1 { // a short stands at the beginning of its four bytes
		return order.AppendUint16(order.AppendUint16(b, uint16(value)), 0)
	}
	return order.AppendUint32(b, value)
}

func lies(order binary.AppendByteOrder, how uint32) []byte {
	return tiffOf(order, 0, entry(order, 0x112, 3, 1, how))
}

// corners tells what stands in the four corners, from the top left as one reads.
func corners(t *testing.T, file []byte) string {
	t.Helper()
	small, _, err := Square(file)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	var found []byte
	for _, at := range []image.Point{{20, 20}, {Side - 20, 20}, {20, Side - 20}, {Side - 20, Side - 20}} {
		r, g, b, _ := m.At(at.X, at.Y).RGBA()
		switch {
		case r > 0x8000 && g > 0x8000:
			found = append(found, 'y')
		case r > 0x8000:
			found = append(found, 'r')
		case g > 0x8000:
			found = append(found, 'g')
		case b > 0x8000:
			found = append(found, 'b')
		default:
			found = append(found, '?')
		}
	}
	return string(found)
}

// quarters is red, green, blue and yellow, from the top left as one reads, and as many pixels wide and high; what is beside
// the middle square is black.
func quarters(width, height int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	side := min(width, height)
	for y := range side {
		for x := range side {
			c := color.NRGBA{R: 255, A: 255}
			switch {
			case x >= side/2 && y >= side/2:
				c = color.NRGBA{R: 255, G: 255, A: 255}
			case x >= side/2:
				c = color.NRGBA{G: 255, A: 255}
			case y >= side/2:
				c = color.NRGBA{B: 255, A: 255}
			}
			m.SetNRGBA(x+(width-side)/2, y+(height-side)/2, c)
		}
	}
	return m
}

func TestTurned(t *testing.T) {
	t.Parallel()
	// Exif 3.0, section 4.6.5.1.5: where the first row and the first column of the file are to be seen.
	for how, want := range map[uint32]string{
		1: "rgby", 2: "gryb", 3: "ybgr", 4: "byrg", 5: "rbgy", 6: "bryg", 7: "ygbr", 8: "gyrb",
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			for _, m := range []image.Image{quarters(300, 300), quarters(500, 300), quarters(301, 400)} {
				if got := corners(t, lying(t, m, lies(order, how))); got != want {
					t.Errorf("%d, %v, %v: %s, not %s", how, order, m.Bounds(), got, want)
				}
			}
		}
	}
}

// What an EXIF part holds that is broken, endless or huge leaves the picture as it lies, soon and for little.
func TestBadOrientations(t *testing.T) { // not in parallel: it measures memory
	order := binary.LittleEndian
	many := make([][]byte, 5000)
	for i := range many {
		many[i] = entry(order, 0x10f, 2, 1<<31, 8)
	}
	cases := map[string][]byte{
		"nothing":                     nil,
		"a byte":                      {'I'},
		"no TIFF":                     []byte("MM\x00\x2bxxxxxxxxxxxx"),
		"a directory beyond the end":  order.AppendUint32([]byte("II*\x00"), 1<<31),
		"a directory in its own head": order.AppendUint32([]byte("II*\x00"), 0),
		"more entries than there are": append(order.AppendUint32([]byte("II*\x00"), 8), 0xff, 0xff),
		"itself as the next":          tiffOf(order, 8, entry(order, 0x10f, 2, 4, 0)),
		"itself as the EXIF part":     tiffOf(order, 8, entry(order, 0x8769, 4, 1, 8), entry(order, 0x8825, 4, 1, 8), entry(order, 0xa005, 4, 1, 8)),
		"a text of 4 GB":              tiffOf(order, 0, entry(order, 0x112, 2, 1<<32-1, 8)),
		"shorts without number":       tiffOf(order, 0, entry(order, 0x112, 3, 1<<32-1, 8)),
		"thousands of texts of 2 GB":  tiffOf(order, 8, many...),
		"an unknown kind":             tiffOf(order, 0, entry(order, 0x112, 99, 1, 6)),
		"0":                           lies(order, 0),
		"9":                           lies(order, 9),
		"65535":                       lies(order, 65535),
	}
	for n := range lies(order, 6) {
		cases[fmt.Sprintf("cut at %d", n)] = lies(order, 6)[:n:n]
	}
	for what, tiff := range cases {
		file := lying(t, quarters(64, 64), tiff)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		how := orientation(file, "image/jpeg")
		runtime.ReadMemStats(&after)
		whole := len(tiff) >= 20 && what[0] == 'c' // behind the entry nothing is needed
		if how != 1 && (!whole || how != 6) {
			t.Errorf("%s lies %d", what, how)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
			t.Errorf("%s took %d KiB", what, took>>10)
		}
		if took := time.Since(begin); took > time.Minute { // on any machine; what takes that long would take for ever
			t.Errorf("%s took %v", what, took)
		}
		if got := corners(t, file); how == 1 && got != "rgby" {
			t.Errorf("%s: %s", what, got)
		}
	}
	// A segment that says it is longer than the file.
	if how := orientation([]byte("\xff\xd8\xff\xe1\xff\xffExif\x00\x00II*\x00"), "image/jpeg"); how != 1 {
		t.Error(how)
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(lying(f, quarters(8, 8), lies(binary.LittleEndian, 6)))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, kind := range []string{"image/jpeg", "image/png", "image/webp", "image/gif"} {
			if how := orientation(file, kind); how < 1 || how > 8 {
				t.Errorf("%s: %d", kind, how)
			}
		}
	})
}
