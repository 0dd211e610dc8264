// Package picture makes of what somebody uploads a small square picture that is safe to show: it keeps nothing of the file
// but the colours of its middle, neither places and names of cameras (EXIF) nor what a file of two kinds hides.
//
// Files lie: a few bytes can say to be a picture of gigabytes. So the header is read first, and what decoding would cost is
// bounded by what it says.
package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"

	scale "golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"github.com/earshot-chat/earshot"
)

// The bounds of a picture.
const (
	// MaxBytes is the longest file.
	MaxBytes = 2 << 20
	// maxSide is the greatest width and height, in pixels.
	maxSide = 4096
	// maxMemory is what decoding may take, in bytes.
	maxMemory = 96 << 20
	// Side is the width and height of what comes out, in pixels.
	Side = 256
	// quality is that of a JPEG, of 100.
	quality = 85
)

// format is a kind of file that is taken.
type format struct {
	mediaType string
	is        func(file []byte) bool
	config    func(*bytes.Reader) (image.Config, error)
	decode    func(*bytes.Reader) (image.Image, error)
}

// formats are told by how a file begins, never by what somebody says that it is.
func formats() []format {
	begins := func(with string) func([]byte) bool {
		return func(file []byte) bool { return bytes.HasPrefix(file, []byte(with)) }
	}
	return []format{
		{
			"image/png", begins("\x89PNG\r\n\x1a\n"),
			func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) },
		},
		{
			"image/jpeg", begins("\xff\xd8\xff"),
			func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) },
		},
		{
			"image/gif", begins("GIF8"),
			func(r *bytes.Reader) (image.Config, error) { return gif.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) }, // the first frame only
		},
		{
			"image/webp", func(file []byte) bool {
				return len(file) >= 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP"
			},
			func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) },
		},
	}
}

// Check reads the header of a file, which costs next to nothing, and refuses what Square would not take: CodeTooLarge for too
// many bytes, CodeInvalid with the field "avatar" for what is no picture or one of too many pixels.
func Check(file []byte) error {
	_, err := check(file)
	return err
}

func check(file []byte) (format, error) {
	if len(file) > MaxBytes {
		return format{}, earshot.Errorf(earshot.CodeTooLarge, "A picture has at most %d MB.", MaxBytes>>20)
	}
	for _, f := range formats() {
		if !f.is(file) {
			continue
		}
		config, err := f.config(bytes.NewReader(file))
		if err != nil || config.Width < 1 || config.Height < 1 {
			return format{}, errBroken()
		}
		if config.Width > maxSide || config.Height > maxSide ||
			config.Width*config.Height*bytesPerPixel(config.ColorModel, file) > maxMemory {
			return format{}, earshot.FieldError("avatar", "The picture is too large: it may have %d by %d pixels at most, and fewer where each takes more room.", maxSide, maxSide)
		}
		return f, nil
	}
	return format{}, earshot.FieldError("avatar", "That is not a picture in one of the forms PNG, JPEG, GIF and WebP.")
}

func errBroken() error {
	return earshot.FieldError("avatar", "The picture is broken: it cannot be read.")
}

// bytesPerPixel is what decoding takes at the most.
func bytesPerPixel(model color.Model, file []byte) int {
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	}
	if _, ok := model.(color.Palette); ok {
		return 1
	}
	if progressive(file) {
		return 3 + 3*4 // all coefficients are kept, in four bytes each, until the last pass
	}
	return 4
}

// progressive tells whether a JPEG comes in several passes, by its frame header (ITU-T T.81, annex B.1.1.3: SOF2).
func progressive(file []byte) bool {
	if !bytes.HasPrefix(file, []byte("\xff\xd8")) {
		return false
	}
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff; {
		switch marker := rest[1]; {
		case marker == 0xff: // fill
			rest = rest[1:]
			continue
		case marker == 0xc2:
			return true
		case marker == 0xda, marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			return false
		}
		length := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if length > len(rest) {
			break
		}
		rest = rest[length:]
	}
	return true // not to be told: the dearer
}

// Square gives the middle of the picture as one of Side by Side pixels, turned as it is to be seen: a PNG where something shines through, a JPEG
// elsewhere. Errors as Check. It takes up to maxMemory and some tenths of a second, so the caller bounds how many run at once.
func Square(file []byte) (picture []byte, mediaType string, err error) {
	f, err := check(file)
	if err != nil {
		return nil, "", err
	}
	whole, err := f.decode(bytes.NewReader(file))
	if err != nil {
		return nil, "", errBroken()
	}
	bounds := whole.Bounds()
	side := min(bounds.Dx(), bounds.Dy())
	if side < 1 || side > maxSide {
		return nil, "", errBroken()
	}
	from := image.Rect(0, 0, side, side).Add(bounds.Min).Add(image.Pt((bounds.Dx()-side)/2, (bounds.Dy()-side)/2))
	small := image.NewNRGBA(image.Rect(0, 0, Side, Side))
	scale.CatmullRom.Scale(small, small.Bounds(), whole, from, draw.Src, nil)
	small = turned(small, orientation(file, f.mediaType))
	var out bytes.Buffer
	if small.Opaque() {
		err = jpeg.Encode(&out, small, &jpeg.Options{Quality: quality})
		return out.Bytes(), "image/jpeg", err
	}
	err = png.Encode(&out, small)
	return out.Bytes(), "image/png", err
}
