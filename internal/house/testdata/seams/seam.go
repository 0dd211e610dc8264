package seams

type Store interface {
	Get(id int) string
	Put(id int, text string)
	Drop(id int) // want "Store.Drop is not tried"
}

type Subscriber interface {
	Deliver(text string)
	Refuse() // want "Subscriber.Refuse is not tried"
}
