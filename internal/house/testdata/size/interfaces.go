package size

import "io"

type just interface {
	A()
	B()
	C()
	D()
	E()
	F()
	G()
}

type over interface { // want "over has 8 methods"
	A()
	B()
	C()
	D()
	E()
	F()
	G()
	H()
}

type together interface {
	just
	io.Reader
	io.Writer
}

type mixed interface { // want "mixed has 8 methods"
	A()
	B()
	C()
	D()
	E()
	F()
	just
	io.Closer
}
