package picture

import (
	"bytes"
	"image"

	"github.com/bep/imagemeta"
)

// mostTags is how many tags of a file are looked at. The way that a picture lies is among the first ones of its first
// directory (Exif 3.0, section 4.6.5: tags stand in ascending order).
const mostTags = 200

// orientation tells how a picture lies, from 1, as it is to be seen, to 8 (Exif 3.0, section 4.6.5.1.5). What is broken, or not
// there, or anything else, lies as it is: a file is not refused for it.
func orientation(file []byte, mediaType string) (lies uint16) {
	kinds := map[string]imagemeta.ImageFormat{
		"image/jpeg": imagemeta.JPEG, "image/png": imagemeta.PNG, "image/webp": imagemeta.WebP,
	}
	kind, ok := kinds[mediaType]
	if !ok {
		return 1
	}
	lies = 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(file), ImageFormat: kind, Sources: imagemeta.EXIF, LimitNumTags: mostTags,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if value, is := tag.Value.(uint16); is && value >= 1 && value <= 8 {
				lies = value
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 1
	}
	return lies
}

// turned gives the square picture as it is to be seen, of one that lies so. What is cut square from the middle is the same
// before and after, so that only the small picture is turned.
func turned(m *image.NRGBA, lies uint16) *image.NRGBA {
	if lies == 1 {
		return m
	}
	last := m.Rect.Dx() - 1
	out := image.NewNRGBA(m.Rect)
	for y := range last + 1 {
		for x := range last + 1 {
			fromX, fromY := x, y
			switch lies {
			case 2: // mirrored
				fromX = last - x
			case 3: // upside down
				fromX, fromY = last-x, last-y
			case 4: // upside down, and mirrored
				fromY = last - y
			case 5: // turned to the left, and mirrored
				fromX, fromY = y, x
			case 6: // turned to the left
				fromX, fromY = y, last-x
			case 7: // turned to the right, and mirrored
				fromX, fromY = last-y, last-x
			case 8: // turned to the right
				fromX, fromY = last-y, x
			}
			out.SetNRGBA(x, y, m.NRGBAAt(fromX, fromY))
		}
	}
	return out
}
