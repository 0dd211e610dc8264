package picture

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// halves is a picture whose left half is red and whose right half is blue.
func halves(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{R: 255, A: 255}
			if x >= width/2 {
				c = color.NRGBA{B: 255, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

// tinyWebP is a lossy WebP of one pixel.
const tinyWebP = "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA="

func TestSquare(t *testing.T) {
	t.Parallel()
	webp, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		t.Fatal(err)
	}
	shining := halves(300, 300)
	shining.SetNRGBA(150, 150, color.NRGBA{})
	for what, c := range map[string]struct {
		file []byte
		kind string
	}{
		"wide PNG":  {pngOf(t, halves(400, 100)), "image/jpeg"},
		"tall PNG":  {pngOf(t, halves(100, 400)), "image/jpeg"},
		"one pixel": {pngOf(t, halves(1, 1)), "image/jpeg"},
		"odd strip": {pngOf(t, halves(4096, 1)), "image/jpeg"},
		"shining":   {pngOf(t, shining), "image/png"},
		"JPEG":      {encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, halves(500, 300), nil) }), "image/jpeg"},
		"GIF":       {encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, halves(64, 64), nil) }), "image/jpeg"},
		"WebP":      {webp, "image/jpeg"},
	} {
		small, kind, err := Square(c.file)
		if err != nil || kind != c.kind {
			t.Errorf("%s: %s, %v", what, kind, err)
			continue
		}
		m, _, err := image.Decode(bytes.NewReader(small))
		if err != nil || m.Bounds() != image.Rect(0, 0, Side, Side) || len(small) > 200_000 {
			t.Errorf("%s: %v, %v, %d bytes", what, m.Bounds(), err, len(small))
		}
	}
	small, _, err := Square(pngOf(t, halves(400, 100)))
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, b, _ := m.At(20, 128).RGBA(); r < 0xe000 || b > 0x2000 { // the middle was cut out: half is red, half is blue
		t.Errorf("on the left: %x %x", r, b)
	}
	if r, _, b, _ := m.At(235, 128).RGBA(); b < 0xe000 || r > 0x2000 {
		t.Errorf("on the right: %x %x", r, b)
	}
}

// What else is in a file, such as where a picture was taken, does not come out.
func TestMetadataIsGone(t *testing.T) {
	t.Parallel()
	const secret = "GPS 48.8584 N 2.2945 E"
	plain := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, halves(50, 50), nil) })
	exif := append([]byte("\xff\xd8\xff\xe1\x00"), byte(len(secret)+8))
	exif = append(append(append(exif, "Exif\x00\x00"...), secret...), plain[2:]...)
	hidden := append(pngOf(t, halves(50, 50)), "<script>alert(1)</script>"+secret...)
	text := withChunks(t, 50, 50, chunk("tEXt", []byte("Comment\x00"+secret)))
	for what, file := range map[string][]byte{"EXIF": exif, "behind the end": hidden, "a chunk of text": text} {
		if !bytes.Contains(file, []byte(secret)) {
			t.Fatal("the test has no secret")
		}
		small, _, err := Square(file)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if bytes.Contains(small, []byte(secret)) || bytes.Contains(small, []byte("script")) {
			t.Errorf("%s: it comes out", what)
		}
	}
}

func chunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	body := append([]byte(name), data...)
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body))
}

// withChunks is a black PNG of a size, with further chunks after its header.
func withChunks(t *testing.T, width, height int, further ...[]byte) []byte {
	t.Helper()
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = append(binary.BigEndian.AppendUint32(header, uint32(height)), 8, 0, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header)...)
	for _, c := range further {
		file = append(file, c...)
	}
	rows := encoded(t, func(b *bytes.Buffer) error {
		z := zlib.NewWriter(b)
		_, err := z.Write(make([]byte, min(height*(1+width), 1<<20)))
		return errors.Join(err, z.Close())
	})
	return append(append(file, chunk("IDAT", rows)...), chunk("IEND", nil)...)
}

// bombs are files that are small and say, or unpack to, much.
func bombs(t *testing.T) map[string][]byte {
	t.Helper()
	sized := func(width, height int) []byte { return withChunks(t, width, height) }
	return map[string][]byte{
		"50000 by 50000":        sized(50_000, 50_000),
		"wide":                  sized(1<<31-1, 1),
		"tall":                  sized(1, 1<<31-1),
		"just too wide":         sized(4097, 1),
		"too large in 16 bits":  deep(t, 4096, 4096),
		"a GIF of 65535":        append([]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00"), make([]byte, 100)...),
		"a JPEG of 65535":       []byte("\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda"),
		"a JPEG in passes":      []byte("\xff\xd8\xff\xc2\x00\x11\x08\x10\x00\x10\x00\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda"),
		"a WebP of 16384":       []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x3f\x00\xff\x3f\x00"),
		"256 MB after the rows": replaceRows(t, zeros(t, 256)),
	}
}

// zeros is so many megabytes of nothing as a PNG packs them (RFC 1950), without an end.
func zeros(t *testing.T, megabytes int) []byte {
	t.Helper()
	one := encoded(t, func(b *bytes.Buffer) error {
		z, err := flate.NewWriter(b, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			return err
		}
		return z.Flush() // what is flushed first refers to nothing before it: the same can follow, as often as wanted
	})
	return append([]byte("\x78\xda"), bytes.Repeat(one, megabytes)...)
}

// deep is the header of a PNG with 16 bits a colour.
func deep(t *testing.T, width, height int) []byte {
	t.Helper()
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = append(binary.BigEndian.AppendUint32(header, uint32(height)), 16, 6, 0, 0, 0)
	return append(append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header)...), chunk("IDAT", nil)...)
}

// replaceRows is a small PNG whose rows are followed by far more than there are.
func replaceRows(t *testing.T, rows []byte) []byte {
	t.Helper()
	file := withChunks(t, 10, 10)
	at := bytes.Index(file, []byte("IDAT")) - 4
	return append(append(append([]byte{}, file[:at]...), chunk("IDAT", rows)...), chunk("IEND", nil)...)
}

func TestBombs(t *testing.T) { // not in parallel: it measures memory
	for what, file := range bombs(t) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		small, _, err := Square(file)
		runtime.ReadMemStats(&after)
		if e := earshot.AsError(err); e == nil || e.Code != earshot.CodeInvalid || e.Field != "avatar" || small != nil {
			t.Errorf("%s (%d bytes): %v", what, len(file), err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
			t.Errorf("%s took %d KiB", what, took>>10)
		}
	}
	// Chunks that unpack to much, which the picture does not need, are not unpacked.
	for _, name := range []string{"zTXt", "iCCP", "iTXt"} {
		file := withChunks(t, 10, 10, chunk(name, append([]byte("x\x00\x00"), zeros(t, 128)...)))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := Square(file)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err != nil || took > 8<<20 {
			t.Errorf("%s: %v, %d KiB", name, err, took>>10)
		}
	}
}

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	webp, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string][]byte{
		"PNG":  pngOf(t, halves(20, 20)),
		"JPEG": encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, halves(20, 20), nil) }),
		"GIF":  encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, halves(20, 20), nil) }),
		"WebP": webp,
	}
	for what, file := range whole {
		for n := range file { // cut off anywhere: an error, or a picture that was whole without the rest
			small, _, err := Square(file[:n])
			if e := earshot.AsError(err); e != nil && (e.Code != earshot.CodeInvalid || e.Field != "avatar") {
				t.Fatalf("%s cut at %d: %v", what, n, err)
			}
			if (err == nil) != (small != nil) || (n < len(file)/2 && err == nil) {
				t.Fatalf("%s cut at %d: %v, %d bytes", what, n, err, len(small))
			}
		}
	}
	for what, file := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
		"HTML": []byte("<!doctype html>"), "PDF": []byte("%PDF-1.7"), "ZIP": []byte("PK\x03\x04"), "TIFF": []byte("II*\x00"), "BMP": []byte("BM"),
		"zeros": make([]byte, 1000), "a signature": []byte("\x89PNG\r\n\x1a\n"), "no pixels": withChunks(t, 0, 0),
	} {
		_, _, err := Square(file)
		if e := earshot.AsError(err); e == nil || e.Code != earshot.CodeInvalid || e.Field != "avatar" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := Check([]byte(strings.Repeat("\x89PNG\r\n\x1a\n", MaxBytes))); earshot.CodeOf(err) != earshot.CodeTooLarge {
		t.Errorf("too long: %v", err)
	}
}

func FuzzSquare(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00"))
	if webp, err := base64.StdEncoding.DecodeString(tinyWebP); err == nil {
		f.Add(webp)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		small, kind, err := Square(file)
		if err == nil && (len(small) == 0 || (kind != "image/png" && kind != "image/jpeg")) {
			t.Errorf("%d bytes of %q", len(small), kind)
		}
	})
}
